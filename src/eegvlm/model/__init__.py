"""EEG-VLM: configuration, enhancement, alignment, modeling, processing, presets, packaged weights.

The names are imported when they are asked for: transformers takes seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

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

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "configuration": ["EegVlmConfig"],
        "general": ["StagerSettings"],
        "general_processing": ["GeneralProcessor"],
        "image_processing": ["EegVlmImageProcessor"],
        "modeling": ["EegVlmForConditionalGeneration"],
        "presets": ["preset"],
        "processing": ["EegVlmProcessor"],
        "weights": ["checkpoint_path"],
    },
)
