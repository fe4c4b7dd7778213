"""Slow waves and the share of an epoch they fill.

AASM manual: 0.5-2 Hz, more than 75 µV from peak to peak. Waves are found between zero crossings of the signal below
4 Hz, as in Massimini et al. 2004, J. Neurosci. 24:6862-6870, and Carrier et al. 2011, Eur. J. Neurosci. 33:758-766.
The 20 % rule of N3 is the share of the epoch that these waves fill, overlaps counted once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra
from eegvlm.evidence.event_table import Bools, EventTable, Floats
from eegvlm.scoring.limits import SLOW_WAVE_LEAST_UV, SLOW_WAVE_S

RATE = 50


@dataclass(frozen=True)
class Waves:
    """Every negative half-wave below 4 Hz with the larger of its two positive neighbours.

    Attributes
    ----------
    onset_s, end_s
        float64 (n,): zero crossings around both half-waves.
    trough_s
        float64 (n,): where the negative peak lies.
    negative_uv, positive_uv
        float64 (n,): heights of both peaks, both positive numbers.
    negative_s
        float64 (n,): length of the negative half-wave.
    """

    onset_s: Floats
    end_s: Floats
    trough_s: Floats
    negative_uv: Floats
    positive_uv: Floats
    negative_s: Floats

    @property
    def height_uv(self) -> Floats:
        """Peak to peak."""
        return self.negative_uv + self.positive_uv

    @property
    def duration_s(self) -> Floats:
        """Length of the wave."""
        return self.end_s - self.onset_s

    def events(self, mask: Bools) -> EventTable:
        """Return the waves where ``mask`` is true as events."""
        length = self.duration_s[mask]
        return EventTable.of(self.onset_s[mask], self.end_s[mask], self.height_uv[mask], 1.0 / length)


def find_waves(signal: ChannelSpectra) -> Waves:
    """Cut the activity of 0.3 to 4 Hz at its zero crossings."""
    slow = signal.band(0.3, 4.0, rate=RATE, rolloff=(0.2, 1.0))
    below = slow < 0
    crossing = np.flatnonzero(below[1:] != below[:-1])
    if len(crossing) < 4:
        return Waves(*(np.zeros(0) for _ in range(6)))
    before, after = slow[crossing], slow[crossing + 1]
    at = (crossing + before / (before - after)) / RATE
    peak = np.maximum.reduceat(np.abs(slow), crossing + 1)[:-1].astype(np.float64)
    length = np.diff(at)
    # half-wave k lies between crossings k and k+1; the first whole negative one that has both neighbours
    first = 1 if below[crossing[1] + 1] else 2
    negative = np.arange(first, len(length) - 1, 2)
    fits = (length >= 0.15) & (length <= SLOW_WAVE_S[1])
    left = np.where(fits[negative - 1], peak[negative - 1], 0)
    right = np.where(fits[negative + 1], peak[negative + 1], 0)
    # a wave goes down, then up; only a clearly larger rise before it says that the leads are swapped
    leads = left > 1.5 * right
    lowest = _trough(slow, crossing + 1)[negative] / RATE
    return Waves(
        np.where(leads, at[negative - 1], at[negative]),
        np.where(leads, at[negative + 1], at[negative + 2]),
        lowest,
        peak[negative],
        np.where(leads, left, right),
        length[negative],
    )


def slow_waves(waves: Waves, *, least_uv: float = SLOW_WAVE_LEAST_UV) -> EventTable:
    """Return the waves that meet the definition: 0.5-2 s long (0.5-2 Hz), more than ``least_uv`` peak to peak."""
    least, longest = SLOW_WAVE_S
    fits = (waves.duration_s >= least) & (waves.duration_s <= longest) & (waves.height_uv > least_uv)
    fits &= (waves.negative_s >= 0.2) & (waves.negative_s <= 1.25)
    return waves.events(fits)


def _trough(slow: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the sample of the largest deflection in each half-wave (the last stretch is left out)."""
    height = np.abs(slow)
    top = np.maximum.reduceat(height, starts)
    which = np.searchsorted(starts, np.arange(len(slow)), side="right") - 1
    hit = np.flatnonzero((which >= 0) & (height == top[which]))
    troughs = np.zeros(len(starts), np.int64)
    troughs[which[hit][::-1]] = hit[::-1]
    return troughs[:-1]
