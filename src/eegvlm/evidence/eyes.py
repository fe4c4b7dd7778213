"""Eye movements: rapid, slow, and blinks, from two eye channels or one.

AASM manual: rapid eye movements are "conjugate, irregular, sharply peaked eye movements with an initial deflection
usually lasting < 500 ms"; slow ones are "conjugate, reasonably regular, sinusoidal eye movements with an initial
deflection that usually lasts > 500 ms"; blinks are "conjugate vertical eye movements at 0.5-2 Hz". Conjugate movements
are out of phase between E1 and E2, while frontal EEG is in phase: the difference of both channels keeps the first
and loses the second. With one channel the EEG in it cannot be told from the eyes so well, and more is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.evidence.channel_spectra import ChannelSpectra, background, smoothed
from eegvlm.evidence.event_table import EventTable, highest, joined, runs
from eegvlm.scoring.limits import BLINK_LEAST_UV, RAPID_EYE_MOVEMENT_LEAST_UV, SLOW_EYE_MOVEMENT_LEAST_UV

_RATE = 32


@dataclass(frozen=True)
class EyeMovements:
    """The events of the three kinds; with both eyes, the amplitude is that of their difference."""

    rapid: EventTable
    slow: EventTable
    blinks: EventTable


def eye_movements(
    left: ChannelSpectra,
    right: ChannelSpectra | None,
    frontal: ChannelSpectra | None,
    *,
    least_uv: float = RAPID_EYE_MOVEMENT_LEAST_UV,
    stands_out: float = 7.0,
    apart: float = 2.5,
) -> EyeMovements:
    """Find eye movements.

    Parameters
    ----------
    left, right
        The eye channels; ``right`` None where there is one only, whichever side it is.
    frontal
        A frontal EEG channel, in which blinks are seen as well; None where there is none.
    least_uv
        Smallest rapid eye movement, peak to peak.
    """
    look, common = _look(left, right)
    # of one channel the EEG is still in: ask for more
    factor = 1.0 if right is not None else 1.4
    jump_s = 0.1
    lag = round(jump_s * _RATE)
    step = np.zeros_like(look)
    step[lag // 2 : len(look) - (lag - lag // 2)] = look[lag:] - look[:-lag]
    size = np.abs(step)
    threshold = np.maximum(0.45 * least_uv * factor, stands_out * background(size, rate=_RATE, block_s=3.0, blocks=41))
    starts, stops = joined(*runs(size > threshold), 3)
    peak_at = (starts + stops) // 2
    top = _swing(look, starts, stops, reach=8)
    conjugate = top > apart * _swing(common, starts, stops, reach=8)
    pulse = _returns(look, peak_at)
    # most of a rapid movement happens at once, a slow one takes many times the step's length
    steep = highest(size, starts, stops) >= 0.3 * _swing(look, starts, stops, reach=20)
    rapid = (top >= least_uv * factor) & conjugate & steep
    # a pulse that comes back within half a second is a blink, most of all where the frontal EEG sees it
    seen_frontal = np.ones(len(starts), np.bool_)
    if frontal is not None:
        front = frontal.band(0.5, 6.0, rate=_RATE, rolloff=(0.3, 2.0))
        seen_frontal = _swing(front, starts, stops, reach=8) > 0.25 * top
    blink = rapid & pulse & seen_frontal & (top >= BLINK_LEAST_UV)
    moves = EventTable.of(np.maximum(starts - 2, 0) / _RATE, (stops + 10) / _RATE, top)
    rapid_marks, blink_marks = moves.keep(rapid & ~blink), _paired(moves.keep(blink))
    slow_marks = _slow(look, common, factor)
    fine = [left.seen(m) if right is None else right.seen(left.seen(m)) for m in (rapid_marks, slow_marks, blink_marks)]
    return EyeMovements(fine[0], fine[1], fine[2])


def _look(left: ChannelSpectra, right: ChannelSpectra | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the difference of both eyes, and half their sum, in which conjugate movements cancel."""
    eye = left.band(0.3, 8.0, rate=_RATE, rolloff=(0.2, 3.0))
    if right is None:
        return eye, np.zeros_like(eye)
    other = right.band(0.3, 8.0, rate=_RATE, rolloff=(0.2, 3.0))
    return other - eye, (eye + other) / 2


def _swing(values: np.ndarray, starts: np.ndarray, stops: np.ndarray, *, reach: int) -> npt.NDArray[np.float32]:
    """Return peak to peak around each stretch."""
    a, b = np.maximum(starts - reach // 4, 0), np.minimum(stops + reach, len(values))
    return highest(values, a, b) + highest(-values, a, b)


def _returns(look: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Tell whether the trace 0.45 s later is back within a third of the jump around ``at``."""
    before = look[np.clip(at - 5, 0, len(look) - 1)]
    reach = np.clip(at[:, None] + np.arange(-4, 10), 0, len(look) - 1)
    swing = np.abs(look[reach] - before[:, None]).max(axis=1) if len(at) else np.zeros(0)
    after = look[np.clip(at + 14, 0, len(look) - 1)]
    return np.asarray(np.abs(after - before) < 0.35 * np.maximum(swing, 1e-6))


def _paired(blinks: EventTable) -> EventTable:
    """Join the rise and the fall of one blink."""
    if not len(blinks):
        return blinks
    new = np.concatenate([[True], blinks.onset_s[1:] - blinks.onset_s[:-1] > 0.4])
    end = np.maximum.reduceat(blinks.end_s, np.flatnonzero(new))
    amplitude = np.maximum.reduceat(blinks.amplitude_uv, np.flatnonzero(new))
    return EventTable.of(blinks.onset_s[new], end, amplitude)


def _slow(look: np.ndarray, common: np.ndarray, factor: float) -> EventTable:
    """Find slow rolling: 0.2-0.7 Hz, large beside the faster part of the same trace and beside what both eyes share."""
    roll = smoothed(look, round(0.7 * _RATE))
    rest = smoothed(np.abs(look - roll), 2 * _RATE)
    shared = smoothed(np.abs(smoothed(common, round(0.7 * _RATE))), 2 * _RATE)
    height = smoothed(np.abs(roll), 2 * _RATE)
    mask = (height > 0.30 * SLOW_EYE_MOVEMENT_LEAST_UV * factor) & (height > 1.6 * rest) & (height > 1.5 * shared)
    starts, stops = joined(*runs(mask), 0.5 * _RATE)
    amplitude = highest(roll, starts, stops) + highest(-roll, starts, stops)
    crossings = np.concatenate([[0], np.cumsum((roll[1:] < 0) != (roll[:-1] < 0)), [0]])
    length = stops - starts
    hz = (crossings[np.maximum(stops - 1, 0)] - crossings[starts]) / np.maximum(2 * length / _RATE, 1e-6)
    fits = (length >= 1.2 * _RATE) & (amplitude >= SLOW_EYE_MOVEMENT_LEAST_UV * factor) & (hz < 1.0)
    return EventTable.of(starts[fits] / _RATE, stops[fits] / _RATE, amplitude[fits], np.maximum(hz[fits], 0.1))
