"""The fields of a model small enough for tests, in the geometry of the real ones, and a stock LLaVA of that size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, ResNetConfig

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


ENHANCED = {
    "enhancement_config": tiny_fields()["enhancement_config"],
    "enhancement_channels": 16,
    "alignment": "add",
}


def stock_llava(folder: Path) -> LlavaForConditionalGeneration:
    """Write a tiny LLaVA as the llava-hf checkpoints lie on disk."""
    fields = {key: value for key, value in tiny_fields().items() if not key.startswith(("enhancement", "alignment"))}
    torch.manual_seed(7)
    llava = LlavaForConditionalGeneration(LlavaConfig(**fields)).eval()
    on_disk = {}
    for name, weight in llava.state_dict().items():
        name = name.replace("model.language_model.", "language_model.model.").replace(
            "lm_head", "language_model.lm_head"
        )
        name = name.replace("model.multi_modal_projector", "multi_modal_projector")
        name = name.replace("model.vision_tower.", "vision_tower.vision_model.").replace(
            "vision_model.vision_model", "vision_model"
        )
        on_disk[name] = weight.clone().contiguous()
    folder.mkdir(exist_ok=True)
    save_file(on_disk, folder / "model.safetensors", metadata={"format": "pt"})
    config = llava.config.to_dict() | {"architectures": ["LlavaForConditionalGeneration"]}
    (folder / "config.json").write_text(json.dumps(config, default=str))
    return llava
