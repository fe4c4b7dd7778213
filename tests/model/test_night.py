"""The night encoder: what it reads, what it leaves alone, and how it is kept."""

from __future__ import annotations

import pytest
import torch

from eegvlm.model import EegVlmForConditionalGeneration

PARTS = (slice(0, 8), slice(8, 16))


@pytest.fixture
def stirred(build):
    """A model whose night encoder does something."""

    def make(**changes):
        model = build(**{"night_epochs": 3, "classifier_weight": 1.0, **changes})
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for parameter in model.model.night.parameters():
                parameter.normal_(std=0.3, generator=generator)
        return model.eval()

    return make


def windows(seed: int = 1, epochs: int = 3) -> torch.Tensor:
    return torch.randn(3, 2 * epochs + 1, 16, generator=torch.Generator().manual_seed(seed))


def test_a_fresh_encoder_changes_nothing(build):
    night = build(night_epochs=3).model.night.eval()
    vectors = windows()
    with torch.no_grad():
        torch.testing.assert_close(night(vectors), vectors)


@pytest.mark.parametrize("members", [1, 2])
def test_one_epoch_that_were_another_is_moved_as_in_a_night_that_holds_it(stirred, members):
    night, vectors = stirred(night_readers=2, enhancement_members=members).model.night, windows()[0]
    vectors[2] = torch.nan
    places, exchanged = torch.tensor([0, 6, 3, 3]), torch.randn(4, 16)
    with torch.no_grad():
        result = night.replaced(night.states(vectors), places, exchanged)
        for place, vector, moved in zip(places, exchanged, result, strict=True):
            changed = vectors.clone()
            changed[place] = vector
            torch.testing.assert_close(moved, night(changed[None])[0, place])


def test_the_mean_of_its_readers_moves_a_vector(stirred):
    night, vectors = stirred(night_readers=3).model.night, windows()
    with torch.no_grad():
        alone = [reader(vectors) for reader in night.readers]
        assert not torch.allclose(alone[0], alone[1])
        torch.testing.assert_close(night(vectors), sum(alone) / 3)


def test_a_members_readers_read_and_move_its_part_alone(stirred):
    night, vectors = stirred(enhancement_members=2, night_readers=2).model.night, windows()
    changed = vectors.clone()
    changed[:, 1, :8] += 1.0  # of the first member
    with torch.no_grad():
        before, after = night(vectors), night(changed)
        assert not torch.allclose(before[..., :8], after[..., :8])
        assert torch.equal(before[..., 8:], after[..., 8:])
        alone = [reader(vectors[..., part]) for reader, part in zip(night.readers, 2 * PARTS, strict=True)]
        torch.testing.assert_close(before[..., :8], (alone[0] + alone[2]) / 2)
        torch.testing.assert_close(before[..., 8:], (alone[1] + alone[3]) / 2)


def test_the_answer_depends_on_every_neighbour_that_is_given(stirred, inputs):
    model = stirred(context_epochs=1)
    pixels, around = inputs(model)["pixel_values"], windows(epochs=5)
    with torch.no_grad():
        before = model.model.high_level(pixels, around)
        for place in range(11):
            changed = around.clone()
            changed[:, place] = -changed[:, place]
            assert not torch.allclose(model.model.high_level(pixels, changed), before)


def test_an_absent_neighbour_is_not_one_of_zeros(stirred):
    night, vectors = stirred().model.night, windows()
    absent, zeros = vectors.clone(), vectors.clone()
    absent[:, 1], zeros[:, 1] = torch.nan, 0.0
    with torch.no_grad():
        assert torch.isfinite(night(absent)).all()
        assert not torch.allclose(night(absent), night(zeros))


def test_an_epoch_without_context_is_a_night_of_its_own(stirred, inputs):
    model = stirred()
    pixels = inputs(model)["pixel_values"]
    with torch.no_grad():
        alone = model.model.enhancement(pixels)
        moved = model.model.high_level(pixels)
        torch.testing.assert_close(moved, model.model.high_level(pixels, alone))
        torch.testing.assert_close(moved, model.model.night(alone))
        assert not torch.allclose(moved, alone)


def test_the_language_model_and_the_classifier_read_what_it_gives(stirred, inputs):
    model = stirred()
    batch, around = inputs(model), windows()
    changed = around.clone()
    changed[:, 0] = -changed[:, 0]
    labels = torch.zeros(3, 5)
    with torch.no_grad():
        own, other = (model.model.high_level(batch["pixel_values"], one) for one in (around, changed))
        logits = model(**batch, context=around).logits
        torch.testing.assert_close(model(**batch, context=around, own=own).logits, logits)
        assert not torch.allclose(model(**batch, context=changed).logits, logits)
        assert not torch.allclose(model.stage_logits(labels, own), model.stage_logits(labels, other))


def test_it_stays_in_float32_and_comes_back_from_disk(stirred, tmp_path):
    model = stirred()
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.isfinite(model.model.night(windows())).all()
    held = EegVlmForConditionalGeneration.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert {weight.dtype for weight in held.model.night.parameters()} == {torch.float32}
    assert held.model.multi_modal_projector.linear_1.weight.dtype == torch.bfloat16
    for name, weight in model.model.night.named_parameters():
        torch.testing.assert_close(held.model.night.get_parameter(name), weight.float())
