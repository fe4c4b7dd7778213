"""What a model that reads evidence is given; names alone, so that nothing waits for torch."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
Inputs = Literal["both", "picture", "evidence"]
INPUTS: tuple[Inputs, ...] = ("both", "picture", "evidence")
"""``evidence`` asks the evidence encoder alone, or shows empty pictures."""
