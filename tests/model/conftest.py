"""A tiny model and inputs for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_model import IMAGE_TOKEN, tiny_fields

from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration


@pytest.fixture
def build() -> Callable[..., EegVlmForConditionalGeneration]:
    """Build a tiny model with random weights; keyword arguments change its configuration."""

    def _build(**changes: Any) -> EegVlmForConditionalGeneration:
        torch.manual_seed(0)
        return EegVlmForConditionalGeneration(EegVlmConfig(**tiny_fields(**changes))).eval()

    return _build


@pytest.fixture
def inputs() -> Callable[..., dict[str, torch.Tensor]]:
    """Build inputs for a model: pictures, and a prompt with their placeholders."""

    def _inputs(model: EegVlmForConditionalGeneration, batch: int = 3) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(1)
        blocks = model.config.visual_blocks
        visual: list[int] = []
        for count in blocks:
            visual += [9] * bool(visual) + [IMAGE_TOKEN] * count
        ids = torch.tensor([[1, *visual, 10, 11, 12]] * batch)
        channels, size = model.config.vision_config.num_channels, model.config.vision_config.image_size
        pixels = torch.randn(batch, channels, size, size, generator=generator)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}

    return _inputs
