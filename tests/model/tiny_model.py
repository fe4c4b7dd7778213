"""The fields of a model small enough for tests, in the geometry of the real ones."""

from __future__ import annotations

from typing import Any

from transformers import CLIPVisionConfig, LlamaConfig, ResNetConfig

IMAGE_TOKEN = 3


def tiny_fields(**changes: Any) -> dict[str, Any]:
    return {
        "vision_config": CLIPVisionConfig(
            image_size=32,
            patch_size=8,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
        ),
        "text_config": LlamaConfig(
            vocab_size=64,
            hidden_size=24,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=128,
            pad_token_id=0,
        ),
        "enhancement_config": ResNetConfig(
            embedding_size=8,
            hidden_sizes=[8, 12],
            depths=[1, 1],
            layer_type="basic",
            out_features=["stage2"],
        ),
        "enhancement_channels": 16,
        "alignment": "add",
        "image_token_index": IMAGE_TOKEN,
        **changes,
    }
