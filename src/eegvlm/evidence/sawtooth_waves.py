"""Sawtooth waves: trains of notched 2-6 Hz waves.

AASM manual: "trains of sharply contoured or triangular, often serrated, 2-6 Hz waves, maximal over the central head
regions". Weak evidence: on one channel much else looks alike.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra, background, smoothed
from eegvlm.evidence.event_table import NO_EVENTS, EventTable, highest, joined, runs, sums
from eegvlm.scoring.limits import SAWTOOTH_HZ, SAWTOOTH_LEAST_UV, SAWTOOTH_S

_RATE = 32


def sawtooth_waves(signal: ChannelSpectra, *, stands_out: float = 1.9, skewed: float = 0.45) -> EventTable:
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
        return NO_EVENTS
    low, high = SAWTOOTH_HZ
    shifted, middle = signal.analytic(low, high, rate=_RATE, rolloff=(0.8, 1.0))
    envelope = smoothed(np.abs(shifted), _RATE // 2 + 1)
    usual = background(envelope, rate=_RATE, block_s=3.0, blocks=21)
    slower = signal.envelope(0.4, 1.6, rate=_RATE, rolloff=(0.3, 0.5))
    starts, stops = joined(*runs((envelope > stands_out * usual) & (envelope > slower)), 0.25 * _RATE)
    amplitude = 2 * highest(envelope, starts, stops)
    whole = signal.band(1.5, 13.0, rate=_RATE, rolloff=(0.8, 2.0))
    slope = np.diff(whole, prepend=whole[:1])
    length = stops - starts
    second, third = sums(slope**2, starts, stops), sums(slope**3, starts, stops)
    skew = np.abs(third / np.maximum(length, 1)) / np.maximum(second / np.maximum(length, 1), 1e-9) ** 1.5
    turn = np.angle(shifted[1:] * np.conj(shifted[:-1])) * (_RATE / (2 * np.pi))
    weight = (envelope[1:] ** 2).astype(np.float32)
    last = np.maximum(stops - 1, starts + 1)
    hz = middle + sums((turn * weight).astype(np.float32), starts, last) / np.maximum(sums(weight, starts, last), 1e-9)
    least, longest = SAWTOOTH_S
    fits = (length >= least * _RATE) & (length <= longest * _RATE) & (amplitude >= SAWTOOTH_LEAST_UV) & (skew >= skewed)
    fits &= (hz >= low) & (hz <= high)
    return signal.seen(EventTable.of(starts[fits] / _RATE, stops[fits] / _RATE, amplitude[fits], hz[fits]))
