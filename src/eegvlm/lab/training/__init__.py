"""A recipe (YAML) to a checkpoint, in named phases that can be killed and resumed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from eegvlm.core.extras import missing_extra

if TYPE_CHECKING:
    from eegvlm.lab.training.merging import merge
    from eegvlm.lab.training.recipe import Recipe, read_recipe
    from eegvlm.lab.training.run import train

__all__ = ["Recipe", "merge", "read_recipe", "train"]

_FILES = {"Recipe": "recipe", "merge": "merging", "read_recipe": "recipe", "train": "run"}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"eegvlm.lab.training.{_FILES[name]}"), name)
    except ModuleNotFoundError as error:
        raise missing_extra(error, f"eegvlm.lab.training.{name}") or error from error
