"""A checkpoint folder to an EEG-VLM and its processor, laid out in memory as reading wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from eegvlm.model.modeling import EegVlmForConditionalGeneration
from eegvlm.model.processing import EegVlmProcessor

UNREADABLE = (OSError, ValueError, SafetensorError)
"""What is raised where a file of a checkpoint is missing or damaged."""


def load_eeg_vlm(folder: Path, dtype: torch.dtype) -> tuple[Any, EegVlmProcessor]:
    """Load a model and its processor; the enhancement network's weights lie with their channels last.

    Raises
    ------
    OSError, ValueError, safetensors.SafetensorError
        If a file is missing or damaged (:data:`UNREADABLE`).
    """
    processor = EegVlmProcessor.from_pretrained(folder)
    model = EegVlmForConditionalGeneration.from_pretrained(folder, dtype=dtype)
    if model.config.alignment != "none":
        model.model.enhancement.to(memory_format=torch.channels_last)
    return model, processor
