"""A night through the model: batches, calibrated probabilities, reasons, files, resume."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.staging.explaining import measure_drawn
    from eegvlm.staging.night import StagedNight
    from eegvlm.staging.probing import Probe
    from eegvlm.staging.review import Review, ReviewShare
    from eegvlm.staging.stager import Stager

__all__ = ["Probe", "Review", "ReviewShare", "StagedNight", "Stager", "measure_drawn"]

_FILES = {
    "Probe": "probing",
    "Review": "review",
    "ReviewShare": "review",
    "StagedNight": "night",
    "Stager": "stager",
    "measure_drawn": "explaining",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"eegvlm.staging.{_FILES[name]}"), name)
