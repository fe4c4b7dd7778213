"""Which epochs of a night are looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import STAGES


def choose_epochs(stages: npt.NDArray[np.integer], most: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw epochs, as many of each stage as there are and can be.

    Parameters
    ----------
    stages
        Of the night, (n_epochs,); -1 where an epoch cannot be chosen.
    most
        How many are drawn at most.
    rng
        The draw.

    Returns
    -------
    numpy.ndarray
        Places, from 0, in the order of time. Where a stage has fewer epochs than its share, others have more.
    """
    left = [rng.permutation(np.flatnonzero(stages == stage)) for stage in STAGES]
    order = [epochs[turn] for turn in range(max(map(len, left))) for epochs in left if turn < len(epochs)]
    return np.sort(np.array(order[:most], np.intp))
