"""How experts disagree: what others call an epoch that one of them gave a stage."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

_TABLE = Path(__file__).with_name("scorer_spread.json")


@cache
def scorer_spread() -> npt.NDArray[np.float64]:
    """Return the chances (5, 5) that another expert gives an epoch the stage of the column, by the first one's.

    References
    ----------
    Guillot et al. 2020, Dreem Open Datasets, IEEE TNSRE 28(9):1955-1965; ``benchmarks/fit_scorer_spread.py``.
    """
    matrix = np.array(json.loads(_TABLE.read_text(encoding="utf-8"))["matrix"], dtype=np.float64)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))
