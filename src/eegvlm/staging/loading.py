"""A checkpoint folder to a model that stages, and its processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from eegvlm.errors import InputError
from eegvlm.model import EegVlmProcessor, GeneralProcessor
from eegvlm.model.general import is_general, load_general_model
from eegvlm.model.loading import UNREADABLE, load_eeg_vlm


def load_checkpoint(folder: Path, precision: torch.dtype) -> tuple[Any, EegVlmProcessor | GeneralProcessor]:
    """Load an EEG-VLM, or a general-purpose model that was made a stager.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    if is_general(folder):
        return load_general_model(folder, precision), GeneralProcessor.from_pretrained(folder)
    try:
        return load_eeg_vlm(folder, precision)
    except UNREADABLE as error:
        hint = "use a folder with config.json, model.safetensors and the processor's files"
        raise InputError(folder, "model", error, hint) from error
