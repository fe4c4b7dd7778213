"""The five probabilities of an epoch as columns of text, kept to the last bit of a float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.stage import STAGES

COLUMNS = tuple(f"p_{stage.label}" for stage in STAGES)


def cells_of(row: NDArray[np.float32], *, missing: str) -> list[str]:
    """Write five probabilities with as many digits as it takes to read the same float32 back."""
    return [missing if np.isnan(value) else text_of(value) for value in row]


def text_of(value: np.float32) -> str:
    """Write one number with as many digits as it takes to read the same float32 back."""
    return np.format_float_positional(value, unique=True, trim="0")
