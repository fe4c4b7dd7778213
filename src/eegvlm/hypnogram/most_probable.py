"""Probabilities to stages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram.stage import Stage


def most_probable(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    """Return the most probable stage of each epoch.

    Parameters
    ----------
    probabilities
        (n, 5), in the order W, N1, N2, N3, R; NaN where an epoch was not read.

    Returns
    -------
    numpy.ndarray
        int8 (n,); unscored where an epoch was not read.

    Examples
    --------
    >>> most_probable(np.array([[0.1, 0.2, 0.6, 0.1, 0.0], [np.nan] * 5])).tolist()
    [2, -1]
    """
    is_read = np.isfinite(probabilities).all(axis=1)
    return np.where(is_read, np.nan_to_num(probabilities).argmax(axis=1), Stage.UNSCORED).astype(np.int8)
