"""Weights are where they belong: after saving, from stock LLaVA, and never at random in silence."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import ENHANCED, stock_llava
from transformers import AutoConfig, AutoModelForImageTextToText

from eegvlm.errors import InputError
from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration
from eegvlm.model.strip_backbone import StripConfig


def test_saving_and_loading_changes_no_weight_and_no_output(build, inputs, tmp_path):
    model = build()
    model.save_pretrained(tmp_path)
    again = EegVlmForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert isinstance(again.config, EegVlmConfig)
    assert again.config.to_dict().items() >= {"alignment": "add", "enhancement_channels": 16}.items()
    assert model.state_dict().keys() == again.state_dict().keys()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    with torch.no_grad():
        assert torch.equal(model(**inputs(model)).logits, again(**inputs(model)).logits)
    assert not list(tmp_path.glob("*.bin"))


def test_the_auto_classes_know_the_model(build, tmp_path):
    build().save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), EegVlmConfig)
    assert isinstance(AutoModelForImageTextToText.from_pretrained(tmp_path), EegVlmForConditionalGeneration)


def test_a_stock_llava_loads_with_every_weight_in_place(inputs, tmp_path):
    llava = stock_llava(tmp_path)
    model = EegVlmForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert model.state_dict().keys() == llava.state_dict().keys()
    for name, weight in llava.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight), name
    with torch.no_grad():
        assert torch.equal(model(**inputs(model)).logits, llava(**inputs(model)).logits)


def test_a_stock_llava_takes_an_enhancement_that_starts_at_random(inputs, tmp_path):
    llava = stock_llava(tmp_path)
    model, info = EegVlmForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True, **ENHANCED)
    assert info["missing_keys"]
    assert all(key.startswith("model.enhancement.") for key in info["missing_keys"])
    for name, weight in llava.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight), name
    with torch.no_grad():
        assert torch.isfinite(model.eval()(**inputs(model)).logits).all()
    widened = model.model.enhancement.members[0].widen[0].weight
    assert 0 < widened.std() < 1


def test_what_is_built_around_a_stock_llava_starts_with_known_weights(tmp_path):
    stock_llava(tmp_path)
    strips = StripConfig(image_height=32, row_height=8, num_channels=3, depths=[1], hidden_sizes=[8])
    around = {**ENHANCED, "enhancement_config": strips, "context_epochs": 2, "night_epochs": 3, "night_readers": 2}
    junk = [torch.full((1000, 1000), torch.nan) for _ in range(8)]  # memory that is not zero by luck
    del junk
    model = EegVlmForConditionalGeneration.from_pretrained(tmp_path, **around)
    assert (model.model.absent_neighbour == 0).all()
    assert (model.model.enhancement.members[0].backbone.row_offset == 0).all()
    bound = model.config.night_hidden**-0.5
    for reader in model.model.night.readers:
        assert (reader.scale == 0).all()
        for weight in (*reader.before.parameters(), *reader.after.parameters()):
            assert weight.abs().max() <= bound
            assert weight.std() > bound / 3


@pytest.mark.parametrize(
    "dropped",
    [
        "multi_modal_projector.linear_1.weight",
        "language_model.model.norm.weight",
        "vision_tower.vision_model.pre_layrnorm.bias",
    ],
)
def test_a_stock_llava_that_lacks_a_weight_is_refused(tmp_path, dropped):
    stock_llava(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights[dropped]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="missing weights"):
        EegVlmForConditionalGeneration.from_pretrained(tmp_path, **ENHANCED)


def test_an_eeg_vlm_that_lacks_its_enhancement_is_refused(build, tmp_path):
    build().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "members.0.widen" not in name}
    assert len(kept) < len(weights)
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"missing weights.*members\.0\.widen"):
        EegVlmForConditionalGeneration.from_pretrained(tmp_path)


def test_weights_that_the_geometry_has_no_place_for_are_refused(build, tmp_path):
    build().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors") | {"model.enhancement.extra.weight": torch.zeros(2)}
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="unexpected weights"):
        EegVlmForConditionalGeneration.from_pretrained(tmp_path)


def test_pickled_weights_are_not_read(build, tmp_path):
    model = build()
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        EegVlmForConditionalGeneration.from_pretrained(tmp_path)


def test_lora_trains_adapters_alone_and_merges_back(build, inputs, tmp_path):
    peft = pytest.importorskip("peft")
    model = build()
    batch = inputs(model)
    with torch.no_grad():
        before = model(**batch).logits
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=r".*language_model.*\.(q_proj|v_proj)")
    adapted = peft.get_peft_model(model, config)
    with torch.no_grad():
        assert torch.equal(adapted(**batch).logits, before)
    adapted.train()
    optimizer = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=1.0)
    for _ in range(2):
        optimizer.zero_grad()
        adapted(**batch, labels=batch["input_ids"]).loss.backward()
        optimizer.step()
    adapted.eval()
    adapted.save_pretrained(tmp_path)
    with torch.no_grad():
        trained = adapted(**batch).logits
        merged = adapted.merge_and_unload()(**batch).logits
        reloaded = peft.PeftModel.from_pretrained(build(), tmp_path).eval()(**batch).logits
    assert not torch.allclose(trained, before)
    torch.testing.assert_close(merged, trained)
    torch.testing.assert_close(reloaded, trained)
