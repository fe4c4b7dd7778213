"""In which precision a run multiplies, and holds what does not move."""

from __future__ import annotations

import torch

from eegvlm.lab.training.recipe import Recipe
from eegvlm.model.precision import multiplies_bfloat16


def use_bfloat16(precision: str) -> bool:
    """Say whether to compute in bfloat16; ``"auto"`` does where the processor has instructions for it."""
    if precision != "auto":
        return precision == "bfloat16"
    return torch.cuda.is_available() or multiplies_bfloat16()


def frozen_dtype(recipe: Recipe) -> torch.dtype:
    """Return the precision in which a recipe holds weights that do not move."""
    in_bfloat16 = use_bfloat16(recipe.precision) and recipe.frozen_in == "bfloat16"
    return torch.bfloat16 if in_bfloat16 else torch.float32
