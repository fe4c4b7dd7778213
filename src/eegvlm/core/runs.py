"""Runs in an array: where stretches of true values, or of one value, begin and stop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def true_runs(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the stretches of true values.

    Parameters
    ----------
    mask
        bool (n,).

    Returns
    -------
    int64 (k, 2)
        First and stop of each; the stop is not part of it.

    Examples
    --------
    >>> true_runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2).astype(np.int64, copy=False)


def equal_runs(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the stretches of one value.

    Parameters
    ----------
    values
        Shape (n,), without NaN.

    Returns
    -------
    int64 (k, 2)
        First and stop of each; the stop is not part of it.

    Examples
    --------
    >>> equal_runs(np.array([2, 2, 0, 2])).tolist()
    [[0, 2], [2, 3], [3, 4]]
    """
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(values)]]) if len(values) else changes
    return np.stack([edges[:-1], edges[1:]], axis=1).astype(np.int64, copy=False)
