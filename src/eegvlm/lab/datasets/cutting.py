"""How a scored night is cut into epochs: on the scorer's own, or from the recording's start."""

from __future__ import annotations

from dataclasses import dataclass

from eegvlm.hypnogram.epoch_grid import (
    GRIDS,
    SHORT_EPOCH_S,
    EpochGrid,
    GridName,
    recording_grid,
    scoring_grid,
)
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.lab.datasets.problems import DatasetError

_SAME_S = 1e-3


@dataclass(frozen=True)
class Cutting:
    """Which epochs a night is cut into.

    Parameters
    ----------
    grid
        ``"scoring"``: epochs start where the default scorer's do, so that none is mixed by our doing. ``"recording"``:
        epochs count from the recording's start, and a scoring off them is resampled.
    extend_20s
        Whether the epochs of a 20-s scoring are kept, each with 5 s of signal added on both sides, instead of 30-s
        epochs that take the stage which fills most of them. Scorings in other epochs are cut as without it.

    Raises
    ------
    DatasetError
        Where the grid is not known, or 20-s epochs are to be extended on the recording's grid.
    """

    grid: GridName = "scoring"
    extend_20s: bool = False

    def __post_init__(self) -> None:
        if self.grid not in GRIDS:
            raise DatasetError("data set", "grid", self.grid, f"choose {' or '.join(GRIDS)}")
        if self.extend_20s and self.grid != "scoring":
            hint = "the epochs that are extended are the scorer's own: leave --grid out, or --extend-20s"
            raise DatasetError("data set", "grid", self.grid, hint)

    def extends(self, hypnogram: Hypnogram) -> bool:
        """Tell whether the epochs of a scoring are extended."""
        return self.extend_20s and abs(hypnogram.epoch_s - SHORT_EPOCH_S) < _SAME_S

    def epochs(self, placed: Hypnogram, duration_s: float) -> EpochGrid:
        """Return the epochs of a night.

        Parameters
        ----------
        placed
            The default scorer's, in its own epochs; its times count from the recording's start.
        duration_s
            Length of the recording, seconds.
        """
        if self.grid == "recording":
            return recording_grid(duration_s)
        if self.extends(placed):
            return scoring_grid(placed.onset_s, duration_s, epoch_s=SHORT_EPOCH_S)
        return scoring_grid(placed.onset_s, duration_s)


OWN_EPOCHS = Cutting()
"""The scorer's own epochs, 20-s ones resampled."""
