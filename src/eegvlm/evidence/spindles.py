"""Sleep spindles: bursts of 11-16 Hz that last at least half a second and stand out from what surrounds them.

AASM manual: "a train of distinct sinusoidal waves, 11-16 Hz (most commonly 12-14 Hz), with a duration >= 0.5 s". As in
the A7 detector (Lacourse et al. 2019, J. Neurosci. Methods 316:3-11) a burst must be large in absolute terms, large
beside the same channel's own sigma of the surrounding minute, and large beside the other bands at that moment; its
borders lie where the envelope falls to a fraction of its peak, as in Mölle et al. 2011, Sleep 34:1411-1421.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra, background, smoothed
from eegvlm.evidence.event_table import NO_EVENTS, EventTable, Floats, highest, joined, runs, sums
from eegvlm.scoring.limits import SPINDLE_HZ, SPINDLE_LEAST_NYQUIST_HZ, SPINDLE_LEAST_UV, SPINDLE_S

_RATE = 32
_PEAK, _BORDER = 2.6, 1.15  # times the surrounding sigma
_BESIDE = 0.9  # times the slower and faster activity of the moment


def detect_spindles(
    signal: ChannelSpectra, *, peak: float = _PEAK, border: float = _BORDER, beside: float = _BESIDE
) -> EventTable:
    """Return the spindles of one EEG channel, with peak-to-peak amplitude (µV) and mean frequency (Hz).

    Parameters
    ----------
    signal
        The channel; at less than 36 Hz it holds no spindles and none are returned.
    peak, border
        Envelope beside the median of the surrounding minute, at its highest and at the spindle's borders.
    beside
        Sigma envelope beside the mean of its neighbours (5-10 and 17.5-26 Hz) that the peak must reach.
    """
    if signal.nyquist < SPINDLE_LEAST_NYQUIST_HZ:
        return NO_EVENTS
    low, high = SPINDLE_HZ
    least, longest = SPINDLE_S
    shifted, middle = signal.analytic(low, high, rate=_RATE, rolloff=(1.0, 1.0))
    envelope = smoothed(np.abs(shifted), 5)
    usual = background(envelope, rate=_RATE, block_s=3.0, blocks=21)
    slower = signal.envelope(5.0, 10.0, rate=_RATE, rolloff=(1.0, 1.0))
    faster = signal.envelope(17.5, min(26.0, signal.nyquist), rate=_RATE, rolloff=(1.0, 1.0))
    # muscle is broad: the faster band weighs double, it is smaller by nature
    rest = smoothed(np.maximum(slower, 2 * faster), 25)
    over = envelope / np.maximum(usual, np.float32(SPINDLE_LEAST_UV / 2 / peak))
    starts, stops = joined(*runs(over > border), 0.1 * _RATE)
    top = highest(np.asarray(over, np.float32), starts, stops)
    good = (top >= peak) & (stops - starts >= (least - 0.1) * _RATE)
    starts, stops, top = starts[good], stops[good], top[good]
    alone = sums(envelope, starts, stops) / np.maximum(sums(rest, starts, stops), 1e-9)
    amplitude = 2.0 * highest(envelope, starts, stops)
    turn = np.angle(shifted[1:] * np.conj(shifted[:-1])) * (_RATE / (2 * np.pi))
    weight = (envelope[1:] ** 2).astype(np.float32)
    last = np.maximum(stops - 1, starts + 1)
    hz: Floats = middle + sums((turn * weight).astype(np.float32), starts, last) / np.maximum(
        sums(weight, starts, last), 1e-12
    )
    good = (alone >= beside) & (amplitude >= SPINDLE_LEAST_UV) & (hz >= low) & (hz <= high)
    good &= (stops - starts >= least * _RATE) & (stops - starts <= longest * _RATE)
    events = EventTable.of(starts[good] / _RATE, stops[good] / _RATE, amplitude[good], hz[good])
    return signal.seen(events)
