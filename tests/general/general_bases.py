"""Tiny general-purpose vision-language models with random weights, as folders of a hub's kind."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
)

from eegvlm.images import ImageLayout
from eegvlm.model import StagerSettings

LAYOUT = ImageLayout.from_dict(
    {
        "name": "tiny-psg",
        "width": 64,
        "height": 32,
        "channels": 3,
        "rate": 100,
        "background": [255, 255, 255],
        "line_width": 1.25,
        "grid": [{"every_s": 5, "colour": [200, 200, 200]}],
        "panels": [
            {
                "name": name,
                "roles": roles,
                "rows": 1,
                "top": top,
                "height": 16,
                "microvolt_per_pixel": 8,
                "band": [0.3, 35],
                "colour": colour,
                "negative_up": True,
            }
            for name, roles, top, colour in (
                ("eeg", ["eeg_central", "eeg_frontal"], 0, [0, 0, 140]),
                ("eog", ["eog_left", "eog_right"], 16, [0, 120, 80]),
            )
        ],
    }
)
SETTINGS = StagerSettings(LAYOUT)

_LLAVA_TEMPLATE = (
    "{% for m in messages %}USER: {% for c in m['content'] %}{% if c['type'] == 'image' %}<image>\n"
    "{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
_QWEN_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}{% if c['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LANGUAGE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
}


def tokenizer(special: list[str], end: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of single bytes: N1 has two tokens, REM three."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(["<pad>", *special, *alphabet])}
    held = Tokenizer(models.BPE(vocabulary, []))
    held.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    held.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=held, pad_token="<pad>", eos_token=end, additional_special_tokens=special
    )


def llava_next(folder: Path, *, template: str | None = _LLAVA_TEMPLATE) -> Path:
    """Write a tiny LLaVA-NeXT; its pictures are cut into tiles."""
    words = tokenizer(["</s>", "<image>"], "</s>")
    pinpoints = [[32, 64], [64, 32], [64, 64]]
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(
            image_size=32,
            patch_size=8,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
        ),
        text_config=LlamaConfig(vocab_size=len(words), **_LANGUAGE),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=pinpoints,
    )
    pictures = LlavaNextImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, image_grid_pinpoints=pinpoints
    )
    processor = LlavaNextProcessor(
        pictures,
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    )
    return _write(LlavaNextForConditionalGeneration, config, processor, folder)


def _skip_without_torchvision(family: str) -> None:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip(f"{family}'s processor has a half for videos, which needs torchvision")


def _qwen_words() -> tuple[Any, dict[str, int]]:
    """Return a tokenizer with Qwen's special tokens, and those that a configuration names."""
    special = ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    words = tokenizer(["<|im_end|>", *special], "<|im_end|>")
    names = {"image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>"}
    names |= {"vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>"}
    return words, {name: words.convert_tokens_to_ids(token) for name, token in names.items()}


def qwen_vl(folder: Path) -> Path:
    """Write a tiny Qwen2.5-VL, whose positions have three dimensions; its processor is built on torchvision."""
    _skip_without_torchvision("Qwen2.5-VL")
    from transformers import Qwen2VLVideoProcessor

    words, ids = _qwen_words()
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 4,
            "window_size": 16,
            "fullatt_block_indexes": [1],
        },
        text_config={
            "vocab_size": len(words),
            "bos_token_id": None,
            "eos_token_id": words.eos_token_id,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
            **_LANGUAGE,
        },
        **ids,
    )
    pictures = Qwen2VLImageProcessor(patch_size=4, size={"shortest_edge": 64, "longest_edge": 4096})
    processor = Qwen2_5_VLProcessor(pictures, words, Qwen2VLVideoProcessor(patch_size=4), chat_template=_QWEN_TEMPLATE)
    return _write(Qwen2_5_VLForConditionalGeneration, config, processor, folder)


def qwen3_vl(folder: Path) -> Path:
    """Write a tiny Qwen3-VL; features of its tower go into layers of its language model, too."""
    _skip_without_torchvision("Qwen3-VL")
    from transformers import Qwen3VLVideoProcessor

    words, ids = _qwen_words()
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2], "mrope_interleaved": True}
    config = Qwen3VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 4,
            "deepstack_visual_indexes": [0],
            "num_position_embeddings": 16,
        },
        text_config={"vocab_size": len(words), "head_dim": 8, "rope_parameters": rope, **_LANGUAGE},
        **ids,
    )
    pictures = Qwen2VLImageProcessor(patch_size=4, size={"shortest_edge": 64, "longest_edge": 4096})
    processor = Qwen3VLProcessor(pictures, words, Qwen3VLVideoProcessor(patch_size=4), chat_template=_QWEN_TEMPLATE)
    return _write(Qwen3VLForConditionalGeneration, config, processor, folder)


def text_model(family: str) -> tuple[Any, Callable[..., dict[str, torch.Tensor]]]:
    """Return a tiny model without a processor, and what makes prompts for it.

    The prompts begin with a picture, then tokens that the number of the prompt decides; those of a batch are filled up
    on the left. What is said after a prompt can be given.
    """
    torch.manual_seed(0)
    text = {"vocab_size": 64, **_LANGUAGE}
    mrope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32}
    ids = {"image_token_id": 60, "video_token_id": 61, "vision_start_token_id": 62, "vision_end_token_id": 63}
    if family == "llava-next":
        towers = {"image_size": 32, "patch_size": 8, "hidden_size": 16, "intermediate_size": 32}
        tower = CLIPVisionConfig(**towers, num_hidden_layers=3, num_attention_heads=2)
        config: Any = LlavaNextConfig(
            vision_config=tower, text_config=LlamaConfig(**text), image_token_index=60, image_grid_pinpoints=[[32, 32]]
        )
        model: Any = LlavaNextForConditionalGeneration(config)
        visual = 36  # 16 of the whole, 16 of its one tile and 4 ends of rows
    elif family == "qwen2.5-vl":
        more = {"patch_size": 4, "window_size": 16, "fullatt_block_indexes": [1]}
        config = Qwen2_5_VLConfig(
            vision_config={**vision, **more},
            text_config={**text, "bos_token_id": None, "rope_parameters": mrope},
            **ids,
        )
        model, visual = Qwen2_5_VLForConditionalGeneration(config), 4
    else:
        more = {"patch_size": 4, "deepstack_visual_indexes": [0], "num_position_embeddings": 16}
        rope = {**mrope, "mrope_interleaved": True}
        config = Qwen3VLConfig(
            vision_config={**vision, **more}, text_config={**text, "head_dim": 8, "rope_parameters": rope}, **ids
        )
        model, visual = Qwen3VLForConditionalGeneration(config), 4

    def prompts(numbers: Sequence[int], behind: Sequence[int] = ()) -> dict[str, torch.Tensor]:
        lengths = [visual + 2 + number % 5 + len(behind) for number in numbers]
        ids = torch.zeros((len(numbers), max(lengths)), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        pictures = []
        for row, (number, length) in enumerate(zip(numbers, lengths, strict=True)):
            generator = torch.Generator().manual_seed(number)
            words = torch.randint(1, 50, (2 + number % 5,), generator=generator)
            ids[row, -length:] = torch.cat(
                [torch.full((visual,), 60), words, torch.tensor(list(behind), dtype=torch.int64)]
            )
            mask[row, -length:] = 1
            shape = (2, 3, 32, 32) if family == "llava-next" else (16, 3 * 2 * 4 * 4)
            pictures.append(torch.randn(shape, generator=generator))
        inputs = {"input_ids": ids, "attention_mask": mask}
        if family == "llava-next":
            return {
                **inputs,
                "pixel_values": torch.stack(pictures),
                "image_sizes": torch.tensor([[32, 32]] * len(numbers)),
            }
        grid = torch.tensor([[1, 4, 4]] * len(numbers))
        types = (ids == 60).int()
        return {**inputs, "pixel_values": torch.cat(pictures), "image_grid_thw": grid, "mm_token_type_ids": types}

    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.mul_(4 if weight.ndim > 1 and "norm" not in name else 1)
    return model.eval(), prompts


BASES = {"llava-next": llava_next, "qwen2.5-vl": qwen_vl}


def _write(kind: Any, config: Any, processor: Any, folder: Path) -> Path:
    torch.manual_seed(0)
    model = kind(config)
    with torch.no_grad():  # lively: answers differ from picture to picture
        for name, weight in model.named_parameters():
            weight.mul_(4 if weight.ndim > 1 and "norm" not in name else 1)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
