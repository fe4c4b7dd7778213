"""EEG-VLM: configuration, enhancement, alignment, modeling, processing, presets, packaged weights.

The names are imported when they are asked for: transformers takes seconds to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegvlm.model.configuration import EegVlmConfig
    from eegvlm.model.general import StagerSettings
    from eegvlm.model.general_processing import GeneralProcessor
    from eegvlm.model.image_processing import EegVlmImageProcessor
    from eegvlm.model.modeling import EegVlmForConditionalGeneration
    from eegvlm.model.presets import preset
    from eegvlm.model.processing import EegVlmProcessor
    from eegvlm.model.weights import checkpoint_path

__all__ = [
    "EegVlmConfig",
    "EegVlmForConditionalGeneration",
    "EegVlmImageProcessor",
    "EegVlmProcessor",
    "GeneralProcessor",
    "StagerSettings",
    "checkpoint_path",
    "preset",
]

_FILES = {
    "EegVlmConfig": "configuration",
    "EegVlmForConditionalGeneration": "modeling",
    "EegVlmImageProcessor": "image_processing",
    "EegVlmProcessor": "processing",
    "GeneralProcessor": "general_processing",
    "StagerSettings": "general",
    "checkpoint_path": "weights",
    "preset": "presets",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"eegvlm.model.{_FILES[name]}"), name)
