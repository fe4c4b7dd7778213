"""Settings of a model's forward pass that not every model has, or that versions of transformers call by other names."""

from __future__ import annotations

from inspect import signature
from typing import Any


def last_positions(model: Any, count: int) -> dict[str, int]:
    """Return the setting by which a model computes logits of its last positions only; none where it has none."""
    has_setting = "logits_to_keep" in signature(type(model).forward).parameters
    return {"logits_to_keep": count} if has_setting else {}


def read_so_far(kind: type, cache: Any) -> dict[str, Any]:
    """Return the setting by which models of a kind go on from the keys and values of tokens that they have read.

    transformers 5 calls it ``past_key_values`` first and ``cache`` later, and warns of the older name.
    """
    has_cache = "cache" in signature(kind.forward).parameters  # type: ignore[attr-defined]
    return {"cache" if has_cache else "past_key_values": cache}


def cache_in(outputs: Any) -> Any:
    """Return the keys and values in a model's outputs, whichever name they have there."""
    return outputs["cache" if "cache" in outputs.keys() else "past_key_values"]  # noqa: SIM118 (`in` alone warns)
