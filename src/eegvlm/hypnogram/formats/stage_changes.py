"""Rows that say where a stage starts and not how long it lasts: one per epoch, or one at each change.

The difference matters where rows are missing: between the rows of epochs a hole is unscored, between the rows of
changes the stage goes on. A list of changes never repeats a stage; in a night with one row an epoch nearly every
row repeats the one before.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.epoch_lengths import EPOCH_LENGTHS_S, GRID_TOLERANCE

_FEW_ROWS = 10  # fewer rows of real epochs may all differ
_FEW_PAUSES, _FEW_PAUSES_SHARE = 3, 0.02


class Rows(Enum):
    """What the rows of a list without lengths are."""

    EPOCHS = "epochs"
    CHANGES = "changes"
    UNCLEAR = "unclear"


class ChangeReading(NamedTuple):
    """What the rows are, and the step from one to the next where they are epochs."""

    rows: Rows
    step: float


def read_rows(
    starts: NDArray[np.float64], stages: NDArray[np.int8], *, step: float | None = None, tolerance: float = 0.0
) -> ChangeReading:
    """Tell what the rows of a list without lengths are.

    Parameters
    ----------
    starts
        float, shape (n,): where each row starts, ascending and without repeats, seconds or epochs.
    stages
        int8, shape (n,): the stage of each row.
    step
        The length of an epoch, where it is known.
    tolerance
        How far a step may be off the length of an epoch because times are rounded.
    """
    steps = np.diff(starts)
    if not len(steps):
        return ChangeReading(Rows.EPOCHS, step or 0.0)
    step = step or _common_step(steps, tolerance)
    slack = max(GRID_TOLERANCE * step, tolerance)
    near = np.abs(steps - step) <= slack
    if near.all() and step <= EPOCH_LENGTHS_S[0] * (1 + GRID_TOLERANCE):
        return ChangeReading(Rows.EPOCHS, step)
    changes = bool((stages[1:] != stages[:-1]).all())
    if changes:
        if len(starts) >= _FEW_ROWS or not near.any():
            return ChangeReading(Rows.CHANGES, step)
        return ChangeReading(Rows.UNCLEAR, step)
    holes = steps > step + slack
    # Recorders pause for any time, but rarely: many steps that are no multiples of one epoch are epochs of two lengths.
    off = np.abs(steps / step - np.round(steps / step)) * step if step > 0 else steps
    odd = np.count_nonzero(holes & (off > np.maximum(slack, GRID_TOLERANCE * steps)))
    if near.mean() >= 0.5 and (near | holes).all() and odd <= max(_FEW_PAUSES, _FEW_PAUSES_SHARE * len(steps)):
        return ChangeReading(Rows.EPOCHS, step)
    return ChangeReading(Rows.UNCLEAR, step)


def _common_step(steps: NDArray[np.float64], tolerance: float) -> float:
    """Return the usual length of epochs that most steps have, else the most frequent step."""
    for length in EPOCH_LENGTHS_S:
        if (np.abs(steps - length) <= max(GRID_TOLERANCE * length, tolerance)).mean() >= 0.5:
            return length
    values, counts = np.unique(np.round(steps, 3), return_counts=True)
    return float(values[counts.argmax()])
