"""How much memory the activations of transformers take: counted, not measured; see :mod:`.estimate`."""

from __future__ import annotations

from typing import Any

from eegvlm.lab.training.phase_recipe import Phase
from eegvlm.lab.training.precision import use_bfloat16
from eegvlm.lab.training.recipe import Recipe

# Tokens of text beside the picture's: a prompt with its answer, and reasons.
ASKED, REASONED = 64, 160
FLOAT32 = 4


def product_bytes(recipe: Recipe) -> int:
    """Return the bytes of a value in the precision of the products."""
    return 2 if use_bfloat16(recipe.precision) else FLOAT32


def kept_by_transformer(config: Any, tokens: int, product: int, *, gated: bool, checkpointed: bool) -> int:
    """Return the bytes that a transformer keeps of one sequence for the backward pass.

    Parameters
    ----------
    config
        Its ``hidden_size``, ``intermediate_size`` and ``num_hidden_layers``.
    tokens
        Length of the sequence.
    product
        Bytes of a value in the precision of the products.
    gated
        Whether the feed-forward has a gate (Llama) or not (CLIP).
    checkpointed
        Whether layers are computed again.
    """
    hidden, wide, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    layer = 6 * hidden * FLOAT32 + (6 * hidden + (4 if gated else 2) * wide) * product
    return int(tokens * (layers * hidden * FLOAT32 + layer if checkpointed else layers * layer))


def kept_by_tower(phase: Phase, config: Any, product: int) -> int:
    """Return the bytes that the vision tower keeps of one picture; a frozen one keeps nothing.

    Parameters
    ----------
    phase, config
        Of the recipe, and the model's.
    product
        Bytes of a value in the precision of the products.
    """
    if "tower" not in phase.trains:
        return 0
    patches = config.tower_grid[0] * config.tower_grid[1] + 1
    checkpointed = phase.gradient_checkpointing
    return kept_by_transformer(config.vision_config, patches, product, gated=False, checkpointed=checkpointed)
