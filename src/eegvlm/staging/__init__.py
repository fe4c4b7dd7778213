"""A night through the model: batches, calibrated probabilities, files, resume."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.staging.night import StagedNight
    from eegvlm.staging.stager import Stager

__all__ = ["StagedNight", "Stager"]

_FILES = {"StagedNight": "night", "Stager": "stager"}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"eegvlm.staging.{_FILES[name]}"), name)
