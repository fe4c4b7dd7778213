"""EEG-VLM computes what it says: both levels, their alignment, and nothing that depends on the batch."""

from __future__ import annotations

import pytest
import torch
from tiny_model import tiny_fields
from transformers import ConvNextConfig, LlavaConfig, LlavaForConditionalGeneration, SiglipVisionConfig

from eegvlm.model import EegVlmConfig
from eegvlm.model.strip_backbone import StripConfig

CONVNEXT = ConvNextConfig(hidden_sizes=[8, 12], depths=[1, 1], num_stages=2, out_features=["stage1"])
SIGLIP = SiglipVisionConfig(
    image_size=32,
    patch_size=8,
    hidden_size=16,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
)
ALIGNMENTS = ["add", "concat", "fused-only", "none"]


def _changes(alignment: str) -> dict:
    return {"alignment": alignment} | ({"enhancement_config": None} if alignment == "none" else {})


@pytest.mark.parametrize("alignment", ALIGNMENTS)
@pytest.mark.parametrize("grid", [1, 2])
def test_a_picture_becomes_as_many_tokens_as_the_configuration_says(build, inputs, alignment, grid):
    model = build(**_changes(alignment), enhancement_grid=grid)
    with torch.no_grad():
        features = model.get_image_features(inputs(model)["pixel_values"]).pooler_output
    assert [tuple(f.shape) for f in features] == [(sum(model.config.visual_blocks), 24)] * 3


def test_add_reads_the_plain_tokens_then_the_plain_tokens_plus_the_repeated_high_level_token(build, inputs):
    model = build(alignment="add")
    pixels = inputs(model)["pixel_values"]
    with torch.no_grad():
        tokens = torch.stack(model.get_image_features(pixels).pooler_output)
        high = model.model.multi_modal_projector(model.model.enhancement(pixels))
    plain, fused = tokens[:, :16], tokens[:, 16:]
    assert high.shape == (3, 1, 24)
    torch.testing.assert_close(fused - plain, high.expand(3, 16, 24))
    model.config.alignment = "fused-only"
    with torch.no_grad():
        assert torch.equal(torch.stack(model.get_image_features(pixels).pooler_output), fused)


def test_a_grid_of_high_level_tokens_lies_over_the_patches_it_was_pooled_from(build, inputs):
    model = build(alignment="add", enhancement_grid=2)
    pixels = inputs(model)["pixel_values"]
    with torch.no_grad():
        tokens = torch.stack(model.get_image_features(pixels).pooler_output)
        high = model.model.multi_modal_projector(model.model.enhancement(pixels))
    difference = (tokens[:, 16:] - tokens[:, :16]).reshape(3, 4, 4, 24)
    for row in range(4):
        for column in range(4):
            expected = high[:, (row // 2) * 2 + column // 2]
            torch.testing.assert_close(difference[:, row, column], expected, atol=1e-5, rtol=1e-4)


def test_alignment_none_is_plain_llava_to_the_last_bit(build, inputs):
    model = build(**_changes("none"))
    fields = {key: value for key, value in tiny_fields().items() if not key.startswith(("enhancement", "alignment"))}
    llava = LlavaForConditionalGeneration(LlavaConfig(**fields)).eval()
    llava.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(model(**inputs(model)).logits, llava(**inputs(model)).logits)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_a_batch_gives_each_epoch_what_it_gets_alone(build, inputs, alignment):
    model = build(**_changes(alignment))
    batch = inputs(model)
    with torch.no_grad():
        together = model(**batch).logits
        alone = torch.cat([model(**{key: value[i : i + 1] for key, value in batch.items()}).logits for i in range(3)])
    torch.testing.assert_close(together, alone)


def test_shuffled_pictures_take_their_features_with_them(build, inputs):
    model = build()
    batch = inputs(model)
    order = torch.tensor([2, 0, 1])
    with torch.no_grad():
        straight = model(**batch).logits
        shuffled = model(**{**batch, "pixel_values": batch["pixel_values"][order]}).logits
    torch.testing.assert_close(shuffled, straight[order])
    assert not torch.allclose(straight[0], straight[1], atol=1e-6)


def test_left_padding_changes_nothing(build, inputs):
    model = build()
    batch = inputs(model, batch=1)
    padded = {
        "input_ids": torch.cat([torch.zeros(1, 5, dtype=torch.long), batch["input_ids"]], dim=1),
        "attention_mask": torch.cat([torch.zeros(1, 5, dtype=torch.long), batch["attention_mask"]], dim=1),
        "pixel_values": batch["pixel_values"],
    }
    with torch.no_grad():
        generated = model.generate(**batch, max_new_tokens=4, do_sample=False)[:, -4:]
        from_padded = model.generate(**padded, max_new_tokens=4, do_sample=False)[:, -4:]
        position_ids = (padded["attention_mask"].cumsum(1) - 1).clamp(min=0)
        last = model(**padded, position_ids=position_ids).logits[:, -1]
        torch.testing.assert_close(last, model(**batch).logits[:, -1], atol=1e-5, rtol=1e-4)
    assert torch.equal(generated, from_padded)


def test_greedy_generation_follows_the_logits(build, inputs):
    model = build()
    batch = inputs(model, batch=2)
    with torch.no_grad():
        generated = model.generate(**batch, max_new_tokens=1, do_sample=False)[:, -1]
        assert torch.equal(generated, model(**batch).logits[:, -1].argmax(-1))


def test_gradient_checkpointing_gives_the_same_gradients(build, inputs):
    gradients = []
    for checkpointing in (False, True):
        model = build().train()
        if checkpointing:
            model.gradient_checkpointing_enable()
        batch = inputs(model)
        model(**batch, labels=batch["input_ids"], use_cache=False).loss.backward()
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)
    assert any(name.startswith("model.enhancement.members.0.backbone") for name in gradients[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"enhancement_config": CONVNEXT},
        {"enhancement_size": 24},
        {
            "vision_config": SIGLIP,
            "vision_feature_select_strategy": "full",
        },
        {"vision_feature_select_strategy": "full"},
        {"vision_feature_layer": [-2, -1], "enhancement_channels": 32},
    ],
    ids=["convnext-stage-1", "resized-for-the-backbone", "siglip-tower", "class-token-kept", "two-tower-layers"],
)
def test_other_towers_and_backbones_run(build, inputs, changes):
    model = build(**changes)
    batch = inputs(model)
    with torch.no_grad():
        logits = model(**batch).logits
    assert logits.shape == (*batch["input_ids"].shape, 64)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enhancement_config": None}, "needs an enhancement_config"),
        ({"enhancement_channels": 1024}, "set enhancement_channels to 16"),
        ({"alignment": "none"}, "set enhancement_config to None"),
        ({"enhancement_config": {"model_type": "no-such-net"}}, "not a known backbone"),
        ({"context_epochs": 2, "enhancement_grid": 2}, "one vector an epoch"),
        ({"night_epochs": 2, "enhancement_grid": 2}, "one vector an epoch"),
        ({"night_epochs": 2, "alignment": "none", "enhancement_config": None}, "night_epochs needs"),
        ({"enhancement_members": 3}, "a divisor of enhancement_channels, 16"),
        ({"enhancement_members": 0}, "enhancement_members is 0"),
        ({"classifier_weight": 1.0, "alignment": "none", "enhancement_config": None}, "needs an enhancement"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changes, said):
    with pytest.raises(Exception, match=said):
        EegVlmConfig(**tiny_fields(**changes))


def test_the_classifier_reads_the_high_level_vectors(build, inputs):
    model = build(enhancement_grid=2)
    with torch.no_grad():
        high = model.model.enhancement(inputs(model)["pixel_values"])
        assert high.shape == (3, 4, 16)
        assert model.model.enhancement.stage_logits(high).shape == (3, 4, 5)


def test_the_classifier_is_added_to_the_label_tokens_by_its_weight(build, inputs):
    labels = torch.zeros(3, 5)
    plain, weighed = build(context_epochs=2), build(context_epochs=2, classifier_weight=0.5)
    pixels = inputs(weighed)["pixel_values"]
    with torch.no_grad():
        assert torch.equal(plain.stage_logits(labels, plain.model.high_level(pixels)), labels)
        own = weighed.model.enhancement(pixels)
        expected = 0.5 * weighed.model.enhancement.stage_logits(own[:, 0])
        torch.testing.assert_close(weighed.stage_logits(labels, weighed.model.high_level(pixels)), expected)
        context = torch.full((3, 5, 16), torch.nan)
        context[:, 2:3] = own
        torch.testing.assert_close(weighed.stage_logits(labels, weighed.model.high_level(pixels, context)), expected)


def test_neighbours_are_read_before_the_picture_and_absent_ones_are_a_learned_vector(build, inputs):
    model = build(context_epochs=2)
    assert model.config.visual_blocks == [4, 16, 16]
    batch = inputs(model)
    torch.manual_seed(4)
    context = torch.randn(3, 5, 16)
    others = torch.cat([context[:, :2], context[:, 3:]], dim=1)
    with torch.no_grad():
        tokens = torch.stack(model.model.get_image_features(batch["pixel_values"], context=context).pooler_output)
        torch.testing.assert_close(tokens[:, :4], model.model.multi_modal_projector(others))
        context[1, 4] = float("nan")
        absent = torch.stack(model.model.get_image_features(batch["pixel_values"], context=context).pooler_output)
        expected = model.model.multi_modal_projector(model.model.absent_neighbour)
        torch.testing.assert_close(absent[1, 3], expected)
        changed = (absent != tokens).any(dim=-1)
        assert changed.nonzero().tolist() == [[1, 3]]
        logits = model(**batch, context=context).logits
        assert torch.isfinite(logits).all()
        assert not torch.allclose(logits, model(**batch).logits)


def test_an_epochs_own_vector_may_be_given_instead_of_computed(build, inputs):
    model = build(context_epochs=2)
    batch = inputs(model)
    context = torch.full((3, 5, 16), torch.nan)
    with torch.no_grad():
        computed = model(**batch).logits
        context[:, 2:3] = model.model.enhancement(batch["pixel_values"])
        torch.testing.assert_close(model(**batch, context=context).logits, computed)
        context[:, 2] += 1
        assert not torch.allclose(model(**batch, context=context).logits, computed)


def test_context_and_batching_agree(build, inputs):
    model = build(context_epochs=2)
    batch = inputs(model)
    context = torch.randn(3, 5, 16)
    with torch.no_grad():
        together = model(**batch, context=context).logits
        for i in range(3):
            one = {key: value[i : i + 1] for key, value in batch.items()}
            torch.testing.assert_close(model(**one, context=context[i : i + 1]).logits, together[i : i + 1])
        generated = model.generate(**batch, context=context, max_new_tokens=2, do_sample=False)[:, -2]
    assert torch.equal(generated, together[:, -1].argmax(-1))


def test_the_strip_backbone_keeps_rows_apart_and_time_in_order(build):
    config = StripConfig(
        image_height=32,
        row_height=8,
        num_channels=3,
        hidden_sizes=[8, 12],
        depths=[1, 1],
        out_features=["stage2"],
    )
    backbone = build(enhancement_config=config).model.enhancement.members[0].backbone
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randn(1, 3, 32, 64, generator=generator)
    changed = pixels.clone()
    changed[:, :, 8:16, :8] += 1.0  # the second row, its first columns
    with torch.no_grad():
        before, after = (backbone(p).feature_maps[-1] for p in (pixels, changed))
    assert before.shape == (1, 12, 4, 16)
    moved = (before != after).any(dim=1)[0]
    assert moved[1, 0]
    assert not moved[[0, 2, 3]].any()
    assert not moved[1, 12:].any()
