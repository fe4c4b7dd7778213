"""A night through the model: what it sees, calibrated probabilities, reasons, files, resume; a second reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

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

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "counterfactuals": ["Counterfactuals"],
        "night": ["StagedNight"],
        "one_call": ["stage"],
        "pipeline": ["StageOptions", "stage_file"],
        "redrawing": ["Redrawing"],
        "second_reader": ["SecondReader", "ask_second_reader", "second_reader_named"],
        "stager": ["Stager"],
    },
)
