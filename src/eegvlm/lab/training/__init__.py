"""A recipe (YAML) to a checkpoint, in named phases that can be killed and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lazy_loader

from eegvlm.core.extras import missing_extra

if TYPE_CHECKING:
    from eegvlm.lab.training.merging import merge
    from eegvlm.lab.training.recipe import Recipe, read_recipe
    from eegvlm.lab.training.run import train

__all__ = ["Recipe", "merge", "read_recipe", "train"]

_imported, _, _ = lazy_loader.attach(
    __name__, submod_attrs={"merging": ["merge"], "recipe": ["Recipe", "read_recipe"], "run": ["train"]}
)


def __getattr__(name: str) -> Any:
    try:
        return _imported(name)
    except ModuleNotFoundError as error:
        raise missing_extra(error, f"eegvlm.lab.training.{name}") or error from error
