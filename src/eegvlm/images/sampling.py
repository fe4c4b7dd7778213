"""Epochs from all over a recording, which stand for the whole of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STRETCH, _ENOUGH = 10, 240  # epochs


def sampled_rows(usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return usable epochs from all over a recording: all of up to 240, or those in 24 stretches of ten, spread evenly.

    Parameters
    ----------
    usable
        bool (n_epochs,).

    Returns
    -------
    numpy.ndarray
        Their places in the recording, in order of time.
    """
    rows = np.flatnonzero(usable)
    if len(rows) <= _ENOUGH:
        return rows
    firsts = rows[[stretch.start for stretch in stretches(len(rows))]]
    places = np.unique(firsts[:, None] + np.arange(_STRETCH))
    places = places[places < len(usable)]
    return places[usable[places]]


def stretches(n: int) -> list[slice]:
    """Return which of n consecutive epochs to measure: all of up to 240, or 24 stretches of ten, spread evenly."""
    if n <= _ENOUGH:
        return [slice(0, n)]
    firsts = np.linspace(0, n - _STRETCH, _ENOUGH // _STRETCH).astype(int).tolist()
    return [slice(first, first + _STRETCH) for first in firsts]
