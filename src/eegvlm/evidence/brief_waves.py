"""Vertex sharp waves and sawtooth waves: what the EEG shows between K-complexes and rhythms.

AASM manual: vertex sharp waves are "sharply contoured waves with duration < 0.5 s, maximal over the central region and
distinguishable from the background"; sawtooth waves are "trains of sharply contoured or triangular, often serrated,
2-6 Hz waves, maximal over the central head regions". Both are weak evidence: on one channel much else looks alike.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.continuous import Continuous, background, smoothed
from eegvlm.evidence.marks import NO_MARKS, Marks, highest, joined, runs, sums
from eegvlm.evidence.slow_waves import Waves
from eegvlm.scoring.limits import (
    SAWTOOTH_HZ,
    SAWTOOTH_LEAST_UV,
    SAWTOOTH_S,
    SLOW_WAVE_LEAST_UV,
    SLOW_WAVE_S,
    VERTEX_WAVE_LEAST_UV,
    VERTEX_WAVE_S,
)

_RATE = 64


def vertex_waves(signal: Continuous, waves: Waves, *, stands_out: float = 5.5) -> Marks:
    """Return negative deflections of 60 to 250 ms (at their crossings) that stand alone among faster activity.

    Parameters
    ----------
    signal
        The channel.
    waves
        Its slow waves: a sharp wave that is a part of a large one is none of its own.
    stands_out
        Height beside the surrounding mean of the rectified 3-12 Hz activity.
    """
    sharp = signal.band(3.0, 12.0, rate=_RATE, rolloff=(2.0, 3.0))
    usual = background(np.abs(sharp), rate=_RATE, block_s=2.0, blocks=11)
    starts, stops = runs(sharp < 0)
    depth = highest(-sharp, starts, stops)
    length = (stops - starts) / _RATE
    middle = (starts + stops) // 2
    # a wave of a rhythm has neighbours as deep as itself
    neighbours = (
        np.maximum(np.concatenate([[0], depth[:-1]]), np.concatenate([depth[1:], [0]])) if len(depth) else depth
    )
    above = runs(sharp >= 0)
    rebound = np.append(highest(sharp, *above), np.float32(0))  # none follows what the night's end cuts off
    height = depth + rebound[np.searchsorted(above[0], stops)]
    least, longest = VERTEX_WAVE_S
    fits = (length >= least) & (length <= longest) & (depth >= stands_out * usual[middle]) & (depth >= 1.4 * neighbours)
    fits &= height >= VERTEX_WAVE_LEAST_UV
    large = waves.marks((waves.height_uv > SLOW_WAVE_LEAST_UV) & (waves.duration_s >= SLOW_WAVE_S[0])).covered(
        _RATE, len(sharp)
    )
    fits &= ~large[middle]
    return signal.seen(Marks.of(starts[fits] / _RATE, stops[fits] / _RATE, height[fits]))


def sawtooth_waves(signal: Continuous, *, stands_out: float = 1.9, skewed: float = 0.45) -> Marks:
    """Return trains of at least 1 s of notched 2-6 Hz waves that rise and fall at different speeds.

    Parameters
    ----------
    signal
        The channel.
    stands_out
        Envelope of 2-6 Hz beside that of the surrounding minute.
    skewed
        Least skewness of the slope: 0 for a sine, about 1 for a saw.
    """
    if signal.nyquist < 14:
        return NO_MARKS
    low, high = SAWTOOTH_HZ
    shifted, middle = signal.analytic(low, high, rate=_RATE // 2, rolloff=(0.8, 1.0))
    rate = _RATE // 2
    envelope = smoothed(np.abs(shifted), rate // 2 + 1)
    usual = background(envelope, rate=rate, block_s=3.0, blocks=21)
    slower = signal.envelope(0.4, 1.6, rate=rate, rolloff=(0.3, 0.5))
    starts, stops = joined(*runs((envelope > stands_out * usual) & (envelope > slower)), 0.25 * rate)
    amplitude = 2 * highest(envelope, starts, stops)
    whole = signal.band(1.5, 13.0, rate=rate, rolloff=(0.8, 2.0))
    slope = np.diff(whole, prepend=whole[:1])
    length = stops - starts
    second, third = sums(slope**2, starts, stops), sums(slope**3, starts, stops)
    skew = np.abs(third / np.maximum(length, 1)) / np.maximum(second / np.maximum(length, 1), 1e-9) ** 1.5
    turn = np.angle(shifted[1:] * np.conj(shifted[:-1])) * (rate / (2 * np.pi))
    weight = (envelope[1:] ** 2).astype(np.float32)
    last = np.maximum(stops - 1, starts + 1)
    hz = middle + sums((turn * weight).astype(np.float32), starts, last) / np.maximum(sums(weight, starts, last), 1e-9)
    least, longest = SAWTOOTH_S
    fits = (length >= least * rate) & (length <= longest * rate) & (amplitude >= SAWTOOTH_LEAST_UV) & (skew >= skewed)
    fits &= (hz >= low) & (hz <= high)
    return signal.seen(Marks.of(starts[fits] / rate, stops[fits] / rate, amplitude[fits], hz[fits]))
