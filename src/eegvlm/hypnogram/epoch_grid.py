"""Which epochs a scored recording is cut into: those counted from its start, or the scorer's own.

A scoring that starts 11.3 s into its recording has epochs that start at 11.3 s, 41.3 s and so on. Cut at 0 s and 30 s,
each epoch of the recording would hold two of the scorer's, and near every change of stage one label would be wrong by
our doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eegvlm.hypnogram.resample import count_epochs

GridName = Literal["scoring", "recording"]
GRIDS: tuple[GridName, ...] = ("scoring", "recording")
EPOCH_S = 30.0
SHORT_EPOCH_S = 20.0
"""Length of the epochs of Rechtschaffen and Kales that are extended on both sides (part of MASS)."""

# Files round their times to tenths of a second; an epoch that is off by less starts with the recording's.
_ROUNDING_S = 0.05


@dataclass(frozen=True)
class EpochGrid:
    """Epochs of one length in a row.

    Attributes
    ----------
    onset_s
        Start of the first one, seconds after the recording's start; from 0 to less than an epoch.
    epoch_s
        Seconds from one start to the next.
    n_epochs
        Number of epochs, an incomplete last one included.
    """

    onset_s: float
    epoch_s: float
    n_epochs: int


def recording_grid(duration_s: float, *, epoch_s: float = EPOCH_S) -> EpochGrid:
    """Return the epochs that start with the recording."""
    return EpochGrid(0.0, epoch_s, count_epochs("recording", duration_s, epoch_s))


def scoring_grid(onset_s: float, duration_s: float, *, epoch_s: float = EPOCH_S) -> EpochGrid:
    """Return the epochs of a recording that start where a scorer's do.

    Parameters
    ----------
    onset_s
        Start of the scoring's first epoch, seconds after the recording's start; may lie outside of the recording.
    duration_s
        Length of the recording, seconds.
    epoch_s
        Length of an epoch, seconds.

    Returns
    -------
    EpochGrid
        What lies before its first epoch belongs to no epoch. Within 0.05 s the recording's own epochs are taken, and so
        they are where the recording would end before the first epoch.
    """
    phase = onset_s % epoch_s
    if min(phase, epoch_s - phase) <= _ROUNDING_S or phase >= duration_s:
        return recording_grid(duration_s, epoch_s=epoch_s)
    phase = round(phase, 6)
    return EpochGrid(phase, epoch_s, count_epochs("recording", duration_s - phase, epoch_s))
