"""How often each stage follows each other one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eegvlm.core.extras import import_extra
from eegvlm.hypnogram.agreement import confusion_matrix
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import STAGES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class StageTransitions:
    """From each stage to the stage of the next epoch.

    Attributes
    ----------
    counts
        int64, shape (5, 5): rows the stage before, columns the stage after, in the order W, N1, N2, N3, R. Pairs of
        which one epoch is unscored are not counted.
    """

    counts: NDArray[np.int64]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The rows divided by their sums, NaN for a stage that nothing follows: float64, shape (5, 5)."""
        sums = self.counts.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.full(self.counts.shape, np.nan)
        np.divide(self.counts, sums, out=shares, where=sums > 0)
        return shares

    def to_dataframe(self) -> pd.DataFrame:
        """Return the counts, labelled by stage.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pandas = import_extra("pandas", "pandas", "Transitions.to_dataframe")
        labels = [stage.label for stage in STAGES]
        return pandas.DataFrame(
            self.counts, index=pandas.Index(labels, name="from"), columns=pandas.Index(labels, name="to")
        )


def stage_transitions(hypnogram: Hypnogram) -> StageTransitions:
    """Count the transitions of a scored night, epoch by epoch."""
    return StageTransitions(confusion_matrix(hypnogram.stages[:-1], hypnogram.stages[1:]))
