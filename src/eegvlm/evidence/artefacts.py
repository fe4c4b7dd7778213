"""What hides the signal: movement and muscle, and electrodes that pop or hold nothing.

Covered: bursts of muscle activity beside the usual level of the surrounding minutes, swings beyond what a brain makes,
steps that decay, dead stretches. Not covered: mains, sweat, the heart.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra, background, smoothed
from eegvlm.evidence.event_table import EventTable, highest, joined, runs
from eegvlm.scoring.limits import FLAT_UV, POP_LEAST_UV, SWING_UV

_RATE = 64


def movements(signal: ChannelSpectra, *, stands_out: float = 3.5) -> EventTable:
    """Return bursts of at least 0.5 s of muscle activity (above 20 Hz), or of swings of more than 400 µV.

    Parameters
    ----------
    signal
        An EEG channel.
    stands_out
        Activity above 20 Hz beside that of the surrounding ten minutes.
    """
    rate = 16
    whole = signal.band(0.3, min(30.0, 0.9 * signal.nyquist), rate=_RATE, rolloff=(0.2, 3.0))
    size = 2 * smoothed(np.abs(whole), _RATE // 2 + 1)[:: _RATE // rate]
    mask = size > SWING_UV / 2
    if signal.nyquist >= 28:
        high = min(45.0, 0.95 * signal.nyquist)
        fast = smoothed(signal.envelope(20.0, high, rate=32, rolloff=(2.0, 2.0)), 9)[::2]
        mask |= fast > stands_out * np.maximum(background(fast, rate=rate, block_s=10.0, blocks=61), 0.3)
    starts, stops = joined(*runs(mask), 0.5 * rate)
    long = stops - starts >= 0.5 * rate
    starts, stops = starts[long], stops[long]
    scale = _RATE // rate
    amplitude = highest(whole, scale * starts, scale * stops) + highest(-whole, scale * starts, scale * stops)
    return signal.seen(EventTable.of(starts / rate, stops / rate, amplitude))


def electrode_artefacts(signal: ChannelSpectra, *, stands_out: float = 15.0) -> EventTable:
    """Return pops (a step within 50 ms that does not swing back) and stretches of a second or more without activity."""
    whole = signal.band(0.3, min(30.0, 0.9 * signal.nyquist), rate=_RATE, rolloff=(0.2, 3.0))
    step = np.zeros_like(whole)
    step[1:-2] = whole[3:] - whole[:-3]
    size = np.abs(step)
    starts, stops = runs(
        size > np.maximum(POP_LEAST_UV, stands_out * background(size, rate=_RATE, block_s=2.0, blocks=15))
    )
    top = highest(size, starts, stops)
    # a pop decays over tenths of a second: the level before it is not met again at once, as after a sharp wave
    before = whole[np.maximum(starts - 3, 0)]
    after = whole[np.minimum(stops[:, None] + np.arange(2, 10), len(whole) - 1)] if len(stops) else np.zeros((0, 8))
    persists = np.abs(after - before[:, None]).min(axis=1) > 0.3 * top if len(stops) else np.zeros(0, np.bool_)
    alone = np.ones(len(starts), np.bool_)
    # movement makes steps in a row, a pop is one
    close = starts[1:] - stops[:-1] < 1.5 * _RATE
    alone[1:] &= ~close
    alone[:-1] &= ~close
    keep = persists & alone
    pops = EventTable.of(starts[keep] / _RATE, np.minimum(stops[keep] / _RATE + 0.6, signal.n_epochs * 30.0), top[keep])
    dead, until = runs(smoothed(np.abs(whole), _RATE // 2 + 1) < FLAT_UV / 2)
    long = until - dead >= _RATE
    flat = EventTable.of(dead[long] / _RATE, until[long] / _RATE, np.zeros(int(long.sum())))
    both = [np.concatenate([a, b]) for a, b in ((pops.onset_s, flat.onset_s), (pops.end_s, flat.end_s))]
    order = np.argsort(both[0], kind="stable")
    amplitude = np.concatenate([pops.amplitude_uv, flat.amplitude_uv])
    return signal.seen(EventTable.of(both[0][order], both[1][order], amplitude[order]))
