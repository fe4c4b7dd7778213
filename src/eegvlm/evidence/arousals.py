"""Arousals: an abrupt shift to faster activity that lasts 3 s or longer.

AASM manual: "an abrupt shift of EEG frequency including alpha, theta and/or frequencies greater than 16 Hz (but not
spindles) that lasts at least 3 seconds, with at least 10 seconds of stable sleep preceding the change". Sleep cannot be
told from one shift, so what precedes must only be calm: the shift is measured beside the ten seconds before it.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra, background, smoothed
from eegvlm.evidence.event_table import NO_EVENTS, EventTable, highest, joined, runs
from eegvlm.scoring.limits import AROUSAL_LEAST_NYQUIST_HZ, AROUSAL_S

_RATE = 20


def detect_arousals(signal: ChannelSpectra, *, shift: float = 1.5) -> EventTable:
    """Return stretches of 3 to 15 s in which alpha and beta together are ``shift`` times what they were before."""
    if signal.nyquist < AROUSAL_LEAST_NYQUIST_HZ:
        return NO_EVENTS
    alpha = smoothed(signal.envelope(8.0, 11.5, rate=_RATE, rolloff=(1.0, 1.0)), _RATE // 2 + 1)
    beta_high = min(30.0, 0.95 * signal.nyquist)
    beta = smoothed(signal.envelope(16.5, beta_high, rate=_RATE, rolloff=(1.0, 2.0)), _RATE // 2 + 1)
    over = np.ones(len(alpha), np.float32)
    for band in (alpha, beta):
        usual = background(band, rate=_RATE, block_s=3.0, blocks=21)
        over *= band / np.maximum(usual, 0.5)
    over = np.sqrt(over)
    starts, stops = joined(*runs(over > shift), _RATE)
    # the smoothing widens a strong burst: its borders lie where it has fallen to a third
    level = np.zeros(len(over), np.float32)
    for start, stop, top in zip(starts, stops, highest(over, starts, stops), strict=True):
        level[start:stop] = top / 3
    starts, stops = joined(*runs(over > np.maximum(level, shift)), _RATE)
    length = stops - starts
    before = np.cumsum(np.concatenate([[0.0], over > shift]))
    calm = (before[starts] - before[np.maximum(starts - 10 * _RATE, 0)]) < 2 * _RATE
    least, longest = AROUSAL_S
    fits = calm & (length >= least * _RATE) & (length <= longest * _RATE)
    amplitude = 2 * highest(alpha, starts[fits], stops[fits])
    return signal.seen(EventTable.of(starts[fits] / _RATE, stops[fits] / _RATE, amplitude))
