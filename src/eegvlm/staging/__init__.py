"""A night through the model: what it sees, calibrated probabilities, reasons, files, resume; a second reader."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.staging.counterfactuals import Counterfactuals
    from eegvlm.staging.night import StagedNight
    from eegvlm.staging.one_call import stage
    from eegvlm.staging.pipeline import StageOptions, stage_file
    from eegvlm.staging.redrawing import Redrawing
    from eegvlm.staging.second_reader import SecondReader, ask_second_reader, second_reader_named
    from eegvlm.staging.stager import Stager

__all__ = [
    "Counterfactuals",
    "Redrawing",
    "SecondReader",
    "StageOptions",
    "StagedNight",
    "Stager",
    "ask_second_reader",
    "second_reader_named",
    "stage",
    "stage_file",
]

_FILES = {
    "Counterfactuals": "counterfactuals",
    "Redrawing": "redrawing",
    "SecondReader": "second_reader",
    "StageOptions": "pipeline",
    "StagedNight": "night",
    "Stager": "stager",
    "ask_second_reader": "second_reader",
    "second_reader_named": "second_reader",
    "stage": "one_call",
    "stage_file": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"eegvlm.staging.{_FILES[name]}"), name)
