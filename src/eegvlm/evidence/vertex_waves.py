"""Vertex sharp waves: what stands alone among faster activity.

AASM manual: "sharply contoured waves with duration < 0.5 s, maximal over the central region and distinguishable
from the background". Weak evidence: on one channel much else looks alike.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra, background
from eegvlm.evidence.event_table import EventTable, highest, runs
from eegvlm.evidence.slow_waves import Waves
from eegvlm.scoring.limits import SLOW_WAVE_LEAST_UV, SLOW_WAVE_S, VERTEX_WAVE_LEAST_UV, VERTEX_WAVE_S

_RATE = 64


def vertex_waves(signal: ChannelSpectra, waves: Waves, *, stands_out: float = 5.5) -> EventTable:
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
    large = waves.events((waves.height_uv > SLOW_WAVE_LEAST_UV) & (waves.duration_s >= SLOW_WAVE_S[0])).covered(
        _RATE, len(sharp)
    )
    fits &= ~large[middle]
    return signal.seen(EventTable.of(starts[fits] / _RATE, stops[fits] / _RATE, height[fits]))
