"""K-complexes: a sharp negative wave and the slower positive one after it that stand alone.

AASM manual: "a well-delineated, negative, sharp wave immediately followed by a positive component standing out from the
background EEG, with total duration >= 0.5 s, usually maximal in amplitude when recorded using frontal derivations". No
amplitude is demanded there; 60 µV peak to peak keeps out what nobody would mark (Bremer et al. 1970 and Devuyst et al.
2010 ask for 75 to 100 µV). "Standing out" is measured: beside the other slow waves of the surrounding half minute.
"""

from __future__ import annotations

import numpy as np

from eegvlm.evidence.event_table import EventTable, Floats
from eegvlm.evidence.slow_waves import Waves
from eegvlm.scoring.limits import K_COMPLEX_LEAST_UV, K_COMPLEX_S

_STANDS_OUT = 2.6
_NEIGHBOURS = 24  # waves around, about half a minute


def k_complexes(waves: Waves, *, stands_out: float = _STANDS_OUT, least_uv: float = K_COMPLEX_LEAST_UV) -> EventTable:
    """Return the waves that stand out ``stands_out`` times from the median of their neighbours."""
    height = waves.height_uv
    if not len(height):
        return waves.events(np.zeros(0, np.bool_))
    usual = _median_around(height, _NEIGHBOURS)
    least, longest = K_COMPLEX_S
    fits = (waves.duration_s >= least) & (waves.duration_s <= longest)
    fits &= (height >= least_uv) & (height >= stands_out * usual)
    fits &= (waves.negative_s >= 0.15) & (waves.negative_s <= 0.9)
    # the largest of a cluster is the complex; what trails it within a second is its after-swing
    fits &= _largest_within(waves.trough_s, np.where(fits, height, 0), 1.0)
    return waves.events(fits)


def _median_around(values: Floats, count: int) -> Floats:
    half = min(count // 2, len(values) - 1)
    padded = np.pad(values, half, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1))


def _largest_within(at_s: Floats, height: Floats, reach_s: float) -> np.ndarray:
    """Tell which waves have no larger one within reach; three neighbours to either side can lie that close."""
    largest = np.ones(len(height), np.bool_)
    for step in range(1, 4):
        close = at_s[step:] - at_s[:-step] < reach_s
        largest[step:] &= ~(close & (height[:-step] >= height[step:]))
        largest[:-step] &= ~(close & (height[step:] > height[:-step]))
    return largest
