"""Models that can give reasons: untrained ones, and one that has learnt a few texts by heart."""

from __future__ import annotations

from typing import Any

import torch

from eegvlm.images import load_layout
from eegvlm.lab.training.tokenizer import IMAGE, train_tokenizer
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, preset
from eegvlm.staging import Stager

PROMPTS = {"direct": "<image>Stage:", "reasoned": "<image>Reasons:"}


def untrained(
    *,
    context_epochs: int = 0,
    night_epochs: int = 0,
    seed: int = 0,
    lively: bool = True,
    key_value_heads: int | None = None,
    **more: Any,
) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Return a model of the packaged geometry; a lively one's answers differ from picture to picture.

    ``more`` are fields of its configuration.
    """
    torch.manual_seed(seed)
    tokenizer, layout = train_tokenizer(), load_layout("nano")
    around = {"context_epochs": context_epochs, "night_epochs": night_epochs, **more}
    config = preset("nano", image_token_index=tokenizer.convert_tokens_to_ids(IMAGE), **around)
    config.text_config.vocab_size = len(tokenizer)
    config.text_config.num_key_value_heads = key_value_heads or config.text_config.num_key_value_heads
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    processor = EegVlmProcessor.for_config(
        config, tokenizer, layout, image_mean=[0.0], image_std=[1.0], prompts=PROMPTS
    )
    model = EegVlmForConditionalGeneration(config)
    if lively:
        with torch.no_grad():
            model.model.multi_modal_projector.linear_2.weight.mul_(20)
            model.lm_head.weight.mul_(4)
            for reader in model.model.night.readers if night_epochs else ():
                reader.scale.normal_(std=30)
            for weight in model.model.evidence.readers.parameters() if config.reads_evidence else ():
                weight.normal_(std=0.3)
    return model.eval(), processor


def stager_of(
    model: EegVlmForConditionalGeneration, processor: EegVlmProcessor, smooth: str = "none", **more: Any
) -> Stager:
    return Stager(model, processor, {"model": "untrained", "notice": "Research use."}, smooth, **more)


def learn_by_heart(
    model: EegVlmForConditionalGeneration, processor: EegVlmProcessor, pictures: torch.Tensor, texts: list[str]
) -> None:
    """Train until the model says each picture's text."""
    pairs = [processor.encode_rationale(text) for text in texts]
    longest = max(len(answer) for _, answer in pairs)
    ids = torch.tensor([asked + answer + [0] * (longest - len(answer)) for asked, answer in pairs])
    labels = torch.tensor([[-100] * len(asked) + answer + [-100] * (longest - len(answer)) for asked, answer in pairs])
    pixel_values = processor.normalise(pictures)
    learning = [
        value for name, value in model.named_parameters() if "vision_tower" not in name and "enhancement" not in name
    ]
    model.requires_grad_(False)
    for value in learning:
        value.requires_grad_(True)
    optimizer = torch.optim.AdamW(learning, lr=2e-3)
    warming = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=10)
    for _ in range(150):
        loss = model(input_ids=ids, pixel_values=pixel_values, labels=labels).loss
        if loss.item() < 0.03:
            return
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        warming.step()
        optimizer.zero_grad()
    raise AssertionError(f"the texts were not learnt: loss {loss.item():.3f}")
