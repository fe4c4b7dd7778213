"""Evidence beside the picture: the token, the logits, the night encoder, and a checkpoint that keeps it all."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from huggingface_hub.errors import StrictDataclassClassValidationError
from safetensors.torch import load_file, save_file
from tiny_model import ENHANCED, stock_llava, tiny_fields

from eegvlm.errors import InputError
from eegvlm.evidence import entries
from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration

HIGH = 16
NAMES = [entry.name for entry in entries()]
READS = {"evidence": "tokens", "evidence_hidden": 8}


def around(model: EegVlmForConditionalGeneration, epochs: int = 0, seed: int = 1) -> torch.Tensor:
    """Vectors of the night around three epochs, with those of the evidence encoder beside them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 2 * epochs + 1, HIGH + model.config.evidence_channels, generator=generator)


def fit_something(model: EegVlmForConditionalGeneration) -> np.ndarray:
    """Fit standards and familiarity to random recordings, and let the readers answer; return a recording."""
    rng, encoder = np.random.default_rng(0), model.model.evidence
    with torch.no_grad():
        for weight in encoder.readers.parameters():
            weight.normal_(std=0.3)
    encoder.mean.copy_(torch.from_numpy(rng.normal(size=len(NAMES))))
    encoder.scale.copy_(torch.from_numpy(rng.uniform(0.5, 2, len(NAMES))))
    recordings = [rng.normal(rng.normal(2, 0.3), 0.5, (40, len(NAMES))).astype(np.float32) for _ in range(60)]
    described = np.stack([encoder.familiarity.medians(recording) for recording in recordings])
    encoder.familiarity.fit(described, np.arange(60))
    return recordings[0]


def test_all_entries_of_this_version_are_read_where_none_are_named():
    assert EegVlmConfig(**tiny_fields(**READS)).evidence_entries == NAMES
    assert EegVlmConfig(**tiny_fields(**READS, evidence_entries=["chin_rms"])).evidence_entries == ["chin_rms"]
    without = EegVlmConfig(**tiny_fields())
    assert (without.reads_evidence, without.evidence_channels, list(without.evidence_entries)) == (False, 0, [])


def test_an_entry_that_this_version_cannot_measure_is_named():
    with pytest.raises(ValueError, match="evidence_entries: eeg_rms_kappa cannot be measured by this version"):
        EegVlmConfig(**tiny_fields(**READS, evidence_entries=["chin_rms", "eeg_rms_kappa"]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enhancement_grid": 2}, "evidence needs an enhancement with enhancement_grid 1"),
        ({"alignment": "none", "enhancement_config": None}, "evidence needs an enhancement"),
        ({"evidence": "pictures"}, "evidence"),
        ({"evidence_readers": 0}, "evidence_readers is 0: set it to 1 or more"),
        ({"evidence_hidden": 0}, "evidence_hidden is 0"),
        ({"evidence_dropout": 1.0}, r"evidence_dropout is 1\.0"),
        ({"evidence_sharpness": 0.0}, r"evidence_sharpness is 0\.0"),
        ({"evidence_weight": -1.0}, r"evidence_weight is -1\.0"),
        ({"evidence_weight": float("nan")}, "evidence_weight is nan"),
        ({"picture_agreement": [0.8, 0.5]}, r"picture_agreement is \[0\.8, 0\.5\]: set it to two shares"),
        ({"picture_agreement": [0.8]}, r"picture_agreement is \[0\.8\]"),
        ({"picture_agreement": [0.8, 1.5]}, r"picture_agreement is \[0\.8, 1\.5\]"),
        ({"unfamiliar_widening": -0.5}, r"unfamiliar_widening is -0\.5"),
    ],
)
def test_a_configuration_that_means_nothing_is_refused_by_its_field(changes, said):
    with pytest.raises((StrictDataclassClassValidationError, ValueError, TypeError), match=said):
        EegVlmConfig(**tiny_fields(**{**READS, **changes}))


@pytest.mark.parametrize("context_epochs", [0, 2])
def test_one_token_more_is_read_after_the_neighbours_and_before_the_picture(build, inputs, context_epochs):
    model = build(**READS, context_epochs=context_epochs)
    assert model.config.visual_blocks == [2 * context_epochs + 1, 16, 16]
    batch, context = inputs(model), around(model, context_epochs)
    changed = context.clone()
    changed[1, context_epochs, HIGH:] += 1
    with torch.no_grad():
        before, after = (
            torch.stack(model.get_image_features(batch["pixel_values"], context=one).pooler_output)
            for one in (context, changed)
        )
        expected = model.model.evidence_projector(context[:, context_epochs, HIGH:])
    torch.testing.assert_close(before[:, 2 * context_epochs], expected)
    assert (before != after).any(dim=2).nonzero().tolist() == [[1, 2 * context_epochs]]


def test_absent_evidence_is_a_learned_token_and_not_one_of_zeros(build, inputs):
    model = build(**READS)
    with torch.no_grad():
        model.model.absent_evidence.normal_()
    batch, context = inputs(model), around(model)
    context[1, :, HIGH:] = torch.nan
    with torch.no_grad():
        tokens = torch.stack(model.get_image_features(batch["pixel_values"], context=context).pooler_output)
        learned = model.model.evidence_projector(model.model.absent_evidence)
        nothing_around = torch.stack(model.get_image_features(batch["pixel_values"]).pooler_output)
        logits = model(**batch, context=context).logits
    torch.testing.assert_close(tokens[1, 0], learned)
    torch.testing.assert_close(nothing_around[:, 0], learned.expand(3, -1))
    assert not torch.allclose(tokens[0, 0], learned)
    assert torch.isfinite(logits).all()


def test_an_epoch_without_a_night_is_read_as_one_without_evidence(build, inputs):
    model = build(**READS, night_epochs=3)
    with torch.no_grad():
        for reader in model.model.night.readers:
            reader.scale.normal_()
        pixels = inputs(model)["pixel_values"]
        alone = model.model.enhancement(pixels)
        unmeasured = torch.cat([alone, alone.new_full((3, 1, model.config.evidence_channels), torch.nan)], dim=2)
        torch.testing.assert_close(model.model.high_level(pixels), model.model.high_level(pixels, unmeasured))


def test_without_a_night_encoder_the_vector_of_the_picture_passes_as_it_is(build, inputs):
    model = build(**READS)
    pixels, context = inputs(model)["pixel_values"], around(model)
    assert torch.equal(model.model.high_level(pixels, context), context[..., :HIGH])


def test_the_night_encoder_reads_what_was_measured_beside_the_vectors(build):
    night = build(**READS, night_epochs=3).model.night
    with torch.no_grad():
        for reader in night.readers:
            reader.scale.normal_()
    vectors = torch.randn(1, 7, HIGH + 21)
    absent, zeros, other = vectors.clone(), vectors.clone(), vectors.clone()
    absent[:, 1, HIGH:], zeros[:, 1, HIGH:], other[:, 1, HIGH:] = torch.nan, 0.0, 3.0
    with torch.no_grad():
        moved = [night(one) for one in (vectors, absent, zeros, other)]
    assert all(torch.isfinite(one).all() for one in moved)
    assert moved[0].shape == (1, 7, HIGH)
    for k, one in enumerate(moved):
        assert not any(torch.allclose(one, another) for another in moved[:k])


@pytest.mark.parametrize("members", [1, 2])
def test_one_epoch_that_were_another_is_moved_with_its_own_evidence(build, members):
    night = build(**READS, night_epochs=3, enhancement_members=members).model.night.eval()
    with torch.no_grad():
        for reader in night.readers:
            reader.scale.normal_()
    vectors = torch.randn(7, HIGH + 21)
    vectors[2, HIGH:] = torch.nan
    places, exchanged = torch.tensor([0, 2, 6]), torch.randn(3, HIGH + 21)
    exchanged[0, HIGH:] = torch.nan
    with torch.no_grad():
        result = night.replaced(night.states(vectors), places, exchanged)
        for place, vector, moved in zip(places, exchanged, result, strict=True):
            changed = vectors.clone()
            changed[place] = vector
            torch.testing.assert_close(moved, night(changed[None])[0, place])


def test_evidence_and_picture_are_pooled_with_their_weights(build):
    model = build(**READS, evidence_weight=0.5)
    labels, measured = torch.randn(3, 5), torch.randn(3, 5).log_softmax(dim=1)
    measured[1] = torch.nan
    found = model.stage_logits(labels, None, measured)
    torch.testing.assert_close(found[[0, 2]], (labels[[0, 2]] + 0.5 * measured[[0, 2]]) / 1.5)
    torch.testing.assert_close(found[1], labels[1])
    assert torch.equal(model.stage_logits(labels, None), labels)


def test_a_stage_is_read_from_the_last_five_numbers_of_the_epochs_own_vector(build, inputs):
    model = build(**READS, context_epochs=1)
    batch, context = inputs(model), around(model, 1)
    arguments = (batch["input_ids"], batch["pixel_values"])
    with torch.no_grad():
        found = model.read_stages(*arguments, context, [4, 5, 6, 7, 8])
        logits = model(**batch, context=context).logits[:, -1, 4:9]
        torch.testing.assert_close(found, (logits + context[:, 1, -5:]) / 2, atol=1e-5, rtol=0)
        assert torch.isfinite(model.read_stages(*arguments, None, [4, 5, 6, 7, 8])).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_saving_and_loading_keeps_weights_standards_and_familiarity(build, inputs, tmp_path, dtype):
    model = build(**READS, night_epochs=2)
    recording = fit_something(model)
    model.save_pretrained(tmp_path)
    again = EegVlmForConditionalGeneration.from_pretrained(tmp_path, dtype=dtype).eval()
    assert again.config.evidence_entries == NAMES
    begun, held = model.model.evidence.state_dict(), again.model.evidence.state_dict()
    assert begun.keys() == held.keys()
    assert {"mean", "scale", "familiarity.centre", "familiarity.spread"} <= held.keys()
    assert {"familiarity.inverse", "familiarity.limit"} <= held.keys()
    for name, value in begun.items():
        assert held[name].dtype == torch.float32, name
        assert torch.equal(held[name], value), name
    assert again.model.evidence.familiarity.of(recording) == model.model.evidence.familiarity.of(recording)
    night = torch.from_numpy(recording)[None]
    with torch.no_grad():
        torch.testing.assert_close(again.model.evidence(night), model.model.evidence(night))


def test_a_checkpoint_that_lacks_a_buffer_is_refused(build, tmp_path):
    build(**READS).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if not name.endswith("familiarity.inverse")}
    assert len(kept) == len(weights) - 1
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"missing weights.*familiarity\.inverse"):
        EegVlmForConditionalGeneration.from_pretrained(tmp_path)


def test_a_checkpoint_without_evidence_has_no_weight_more_and_answers_as_before(build, inputs, tmp_path):
    model = build(context_epochs=1, night_epochs=2)
    assert not [name for name in model.state_dict() if "evidence" in name or "beside" in name]
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    older = {key: value for key, value in config.items() if "evidence" not in key and key != "unfamiliar_widening"}
    assert older.keys() != config.keys()
    (tmp_path / "config.json").write_text(json.dumps(older))
    again = EegVlmForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert not again.config.reads_evidence
    context = torch.randn(3, 5, HIGH)
    with torch.no_grad():
        now, before = (one(**inputs(model), context=context).logits for one in (again, model))
    assert torch.equal(now, before)


def test_a_stock_llava_takes_an_evidence_encoder_that_starts_with_known_weights(inputs, tmp_path):
    stock_llava(tmp_path)
    junk = [torch.full((1000, 1000), torch.nan) for _ in range(8)]  # memory that is not zero by luck
    del junk
    model = EegVlmForConditionalGeneration.from_pretrained(tmp_path, **ENHANCED, **READS).eval()
    encoder = model.model.evidence
    assert (model.model.absent_evidence == 0).all()
    assert (encoder.mean == 0).all()
    assert (encoder.scale == 1).all()
    assert not encoder.familiarity.is_fitted
    assert torch.equal(encoder.familiarity.inverse, torch.eye(len(encoder.familiarity.names)))
    assert model.config.evidence_entries == NAMES
    bound = model.config.evidence_hidden**-0.5
    for reader in encoder.readers:
        for weight in (*reader.before.parameters(), *reader.after.parameters()):
            assert 0 < weight.abs().max() <= bound
    with torch.no_grad():
        assert torch.isfinite(model(**inputs(model), context=around(model)).logits).all()
