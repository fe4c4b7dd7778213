"""The processor draws, expands and asks as the model expects."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.lab.training.tokenizer import IMAGE, train_tokenizer
from eegvlm.model import EegVlmProcessor, preset


@pytest.fixture(scope="module")
def processor() -> EegVlmProcessor:
    tokenizer = train_tokenizer()
    config = preset("nano", image_token_index=tokenizer.convert_tokens_to_ids(IMAGE))
    return EegVlmProcessor.for_config(
        config, tokenizer, load_layout("nano"), image_mean=[0.0], image_std=[1.0], prompts={"direct": "<image>Stage:"}
    )


def _signals(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"eeg": (rng.standard_normal((n, 3000)) * 20).astype(np.float32)}


def test_a_placeholder_is_expanded_to_the_tokens_of_each_block_with_a_newline_between(processor):
    two_levels = EegVlmProcessor(processor.tokenizer, processor.layout, visual_blocks=[3, 2])
    assert two_levels.placeholder == "<image><image><image>\n<image><image>"
    inputs = processor(signals=_signals(2))
    assert (inputs["input_ids"] == processor.image_token_id).sum(dim=1).tolist() == [64, 64]


def test_pictures_and_signals_give_the_same_inputs(processor):
    signals = _signals(3)
    from_signals = processor(signals=signals)
    from_pictures = processor(processor.draw(signals))
    for key in ("input_ids", "attention_mask", "pixel_values"):
        assert torch.equal(from_signals[key], from_pictures[key])
    assert from_signals["pixel_values"].shape == (3, 1, 256, 256)
    assert 0 <= from_signals["pixel_values"].min() < from_signals["pixel_values"].max() <= 1


def test_prompts_of_different_length_are_padded_on_the_left(processor):
    inputs = processor(signals=_signals(2), text=["<image>Stage:", "<image>The expert scored N2. Stage:"])
    assert inputs["attention_mask"][0, 0] == 0
    assert inputs["attention_mask"][:, -1].tolist() == [1, 1]
    assert inputs["input_ids"][0, -1] == inputs["input_ids"][1, -1]


def test_placeholders_and_pictures_must_agree_in_number(processor):
    with pytest.raises(ValueError, match="1 placeholders for 2 pictures"):
        processor(signals=_signals(2), text=["<image>Stage:", "Stage:"])
    with pytest.raises(ValueError, match="either pictures or signals"):
        processor()


def test_saving_keeps_layout_prompts_and_blocks(processor, tmp_path):
    processor.save_pretrained(tmp_path)
    again = EegVlmProcessor.from_pretrained(tmp_path)
    assert again.layout == processor.layout
    assert again.prompts == processor.prompts
    assert again.visual_blocks == processor.visual_blocks
    assert again.stage_token_ids == processor.stage_token_ids
    inputs, expected = again(signals=_signals(1)), processor(signals=_signals(1))
    assert torch.equal(inputs["input_ids"], expected["input_ids"])
    assert torch.equal(inputs["pixel_values"], expected["pixel_values"])


def test_a_label_that_is_not_one_token_is_refused(processor):
    spelt = EegVlmProcessor(processor.tokenizer, processor.layout, stage_tokens=("W", "N1", "N2", "N3", "REM sleep"))
    with pytest.raises(InputError, match=r"REM sleep.*one token"):
        _ = spelt.stage_token_ids


def test_a_layout_of_another_size_is_refused(processor):
    with pytest.raises(InputError, match="choose another layout"):
        EegVlmProcessor.for_config(preset("nano"), processor.tokenizer, load_layout("eeg-vlm-336"))
