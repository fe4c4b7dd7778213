"""A night through the model: batches, calibrated probabilities, reasons, files, resume; a second reader."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.staging.explaining import measure_drawn
    from eegvlm.staging.night import StagedNight
    from eegvlm.staging.probing import Probe
    from eegvlm.staging.review import Review, ReviewShare
    from eegvlm.staging.second_opinion import SecondOpinion, ask_second_reader
    from eegvlm.staging.second_reader import SecondReader, second_reader_named
    from eegvlm.staging.stager import Stager

__all__ = [
    "Probe",
    "Review",
    "ReviewShare",
    "SecondOpinion",
    "SecondReader",
    "StagedNight",
    "Stager",
    "ask_second_reader",
    "measure_drawn",
    "second_reader_named",
]

_FILES = {
    "Probe": "probing",
    "Review": "review",
    "ReviewShare": "review",
    "SecondOpinion": "second_opinion",
    "SecondReader": "second_reader",
    "StagedNight": "night",
    "Stager": "stager",
    "ask_second_reader": "second_opinion",
    "measure_drawn": "explaining",
    "second_reader_named": "second_reader",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"eegvlm.staging.{_FILES[name]}"), name)
