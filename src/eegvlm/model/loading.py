"""A checkpoint folder to an EEG-VLM and its processor, laid out in memory as reading wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from eegvlm.model.modeling import EegVlmForConditionalGeneration
from eegvlm.model.processing import EegVlmProcessor


def load_eeg_vlm(folder: Path, dtype: torch.dtype) -> tuple[Any, EegVlmProcessor]:
    """Load a model and its processor; the enhancement network's weights lie with their channels last.

    Raises
    ------
    OSError, ValueError
        If a file is missing or damaged.
    """
    processor = EegVlmProcessor.from_pretrained(folder)
    model = EegVlmForConditionalGeneration.from_pretrained(folder, dtype=dtype)
    if model.config.alignment != "none":
        model.model.enhancement.to(memory_format=torch.channels_last)
    return model, processor
