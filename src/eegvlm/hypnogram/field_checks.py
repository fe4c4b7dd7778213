"""What the fields of a scored night must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.stage import STAGES, Stage

QUALITY_WORDS = ("good", "doubtful", "unusable", "")
_SUM_TOLERANCE = 1e-3  # five probabilities rounded to four decimals may be off by this much


def checked_stages(stages: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.int8]:
    """Return stages as int8 (n,) that cannot be written to; refuse what is none."""
    values = np.asarray(stages)
    if values.ndim != 1 or values.size == 0:
        raise HypnogramError("hypnogram", "stages", f"shape {values.shape}", "give one stage an epoch, at least one")
    if not np.issubdtype(values.dtype, np.integer):
        raise HypnogramError("hypnogram", "stages", f"type {values.dtype}", "give integers, -1 to 4 (see Stage)")
    wrong = np.flatnonzero((values < Stage.UNSCORED) | (values > Stage.R))
    if wrong.size:
        where = f"{values[wrong[0]]} in epoch {wrong[0] + 1}"
        raise HypnogramError("hypnogram", "stages", where, "give integers, -1 to 4 (see Stage)")
    read_only = values.astype(np.int8)
    read_only.flags.writeable = False
    return read_only


def checked_quality(words: Iterable[str], n_epochs: int) -> tuple[str, ...]:
    """Return the words, one per epoch; refuse others."""
    quality = tuple(words)
    if len(quality) != n_epochs:
        raise HypnogramError(
            "hypnogram", "quality", f"{len(quality)} words", f"expected one for each of {n_epochs} epochs"
        )
    wrong = next((word for word in quality if word not in QUALITY_WORDS), None)
    if wrong is not None:
        raise HypnogramError("hypnogram", "quality", wrong, f"expected {', '.join(QUALITY_WORDS[:3])} or nothing")
    return quality


def checked_probabilities(probabilities: NDArray[np.float32], n_epochs: int) -> NDArray[np.float32]:
    """Return probabilities as float32 (n, 5) that cannot be written to; refuse rows that do not sum to 1."""
    values = np.asarray(probabilities)
    if values.shape != (n_epochs, len(STAGES)) or not np.issubdtype(values.dtype, np.floating):
        hint = f"give floats of shape ({n_epochs}, {len(STAGES)}), columns W N1 N2 N3 R"
        raise HypnogramError("hypnogram", "probabilities", f"{values.dtype} {values.shape}", hint)
    rows = values.astype(np.float32)
    is_known = ~np.isnan(rows).all(axis=1)
    with np.errstate(invalid="ignore"):
        sound = (rows >= 0).all(axis=1) & (np.abs(rows.sum(axis=1, dtype=np.float64) - 1) <= _SUM_TOLERANCE)
    wrong = np.flatnonzero(is_known & ~sound)
    if wrong.size:
        row = " ".join(f"{value:g}" for value in rows[wrong[0]])
        hint = "the five of an epoch must be 0 or more and sum to 1 (all NaN where unknown)"
        raise HypnogramError("hypnogram", f"probabilities of epoch {wrong[0] + 1}", row, hint)
    rows.flags.writeable = False
    return rows
