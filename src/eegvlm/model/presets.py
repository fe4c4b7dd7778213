"""Geometries by name: the packaged ``nano``, the papers' LLaVA-1.5 ones and a small one of their structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import CLIPVisionConfig, ConvNextConfig, LlamaConfig, PreTrainedConfig, ResNetConfig

from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.strip_configuration import StripConfig


def _nano() -> dict[str, Any]:
    return {
        "vision_config": CLIPVisionConfig(
            image_size=256,
            patch_size=32,
            num_channels=1,
            hidden_size=192,
            intermediate_size=768,
            num_hidden_layers=4,
            num_attention_heads=3,
            hidden_act="gelu",
        ),
        "text_config": LlamaConfig(
            vocab_size=1024,
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            tie_word_embeddings=True,
        ),
        "enhancement_config": StripConfig(hidden_sizes=[48, 64, 96, 128], out_features=["stage4"]),
        "enhancement_channels": 192,
        "enhancement_members": 2,
        "night_readers": 2,
        "night_hidden": 96,
        "alignment": "fused-only",
        "vision_feature_layer": -1,
    }


def _llava(hidden: int, intermediate: int, layers: int, heads: int) -> dict[str, Any]:
    """LLaVA-1.5's geometry with the paper's enhancement: ResNet-18, 1024 channels, one vector, ``add``."""
    return {
        "vision_config": CLIPVisionConfig(
            image_size=336,
            patch_size=14,
            hidden_size=1024,
            intermediate_size=4096,
            projection_dim=768,
            num_hidden_layers=24,
            num_attention_heads=16,
        ),
        "text_config": LlamaConfig(
            vocab_size=32064,
            hidden_size=hidden,
            intermediate_size=intermediate,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            max_position_embeddings=4096,
            rms_norm_eps=1e-5,
        ),
        "enhancement_config": BACKBONES["resnet-18"](),
        "enhancement_channels": 1024,
        "enhancement_size": 224,
        "alignment": "add",
        "image_token_index": 32000,
    }


def _tiny() -> dict[str, Any]:
    """LLaVA-1.5's structure, pictures of its size, and hardly a weight: to try a recipe on a CPU."""
    return {
        "vision_config": CLIPVisionConfig(
            image_size=336,
            patch_size=56,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
        ),
        "text_config": LlamaConfig(
            vocab_size=1024,
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=1024,
        ),
        "enhancement_config": ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", out_features=["stage2"]
        ),
        "enhancement_channels": 32,
        "enhancement_size": 112,
        "alignment": "add",
    }


BACKBONES: dict[str, Callable[[], PreTrainedConfig]] = {
    "resnet-18": lambda: ResNetConfig(
        embedding_size=64,
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        out_features=["stage4"],
    ),
    "convnext-base": lambda: ConvNextConfig(
        hidden_sizes=[128, 256, 512, 1024], depths=[3, 3, 27, 3], out_features=["stage4"]
    ),
}

PRESETS: dict[str, Callable[[], dict[str, Any]]] = {
    "nano": _nano,
    "tiny": _tiny,
    "llava-1.5-7b": lambda: _llava(4096, 11008, 32, 32),
    "llava-1.5-13b": lambda: _llava(5120, 13824, 40, 40),
}


def preset(name: str, **changes: Any) -> EegVlmConfig:
    """Return the configuration of a named geometry.

    Parameters
    ----------
    name
        One of :data:`PRESETS`.
    **changes
        Fields of :class:`EegVlmConfig` that replace the preset's.

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return EegVlmConfig(**{**PRESETS[name](), **changes})
