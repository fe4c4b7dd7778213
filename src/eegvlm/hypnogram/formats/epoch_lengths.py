"""The length of a scoring's epochs, told from the lengths of its stretches."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.resample import is_epoch_length

# Epoch lengths in use: 30 s (AASM), 20 s (part of MASS), and shorter ones of automatic scorers.
EPOCH_LENGTHS_S: Final = (30.0, 20.0, 10.0, 5.0, 4.0, 2.0, 1.0)
GRID_TOLERANCE: Final = 0.02  # of an epoch: clocks of recorders drift, files round


def epoch_length_s(durations_s: NDArray[np.float64]) -> float:
    """Tell the length of the epochs from the lengths of the events.

    If all events are equally long (the last may be shorter) and at most 30 s, that is the length. Otherwise
    it is the longest of 30, 20, 10, 5, 4, 2 and 1 s of which nine in ten events are a whole multiple; 30 s if
    there is none.
    """
    common = float(durations_s[0])
    slack = GRID_TOLERANCE * common
    equal = bool((np.abs(durations_s[:-1] - common) <= slack).all()) and durations_s[-1] <= common + slack
    if equal and is_epoch_length(common) and common <= EPOCH_LENGTHS_S[0] * (1 + GRID_TOLERANCE):
        usual = [length for length in EPOCH_LENGTHS_S if abs(length - common) <= GRID_TOLERANCE * length]
        return usual[0] if usual else common
    for length in EPOCH_LENGTHS_S:
        if are_multiples(durations_s, length):
            return length
    return 30.0


def are_multiples(durations_s: NDArray[np.float64], length_s: float) -> bool:
    """Tell whether nine in ten durations are whole multiples of a length."""
    multiples = np.round(durations_s / length_s)
    fits = (multiples >= 1) & (np.abs(durations_s - multiples * length_s) <= GRID_TOLERANCE * length_s)
    return bool(fits.mean() >= 0.9)
