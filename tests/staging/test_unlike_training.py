"""A recording unlike those a model learnt from: a limit, wider probabilities, more to review, and no stage moved."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from staging_models import stager_of, untrained
from staging_nights import noise_recording

from eegvlm.hypnogram.smoothing import tempered
from eegvlm.images import PreparedNight
from eegvlm.model.familiarity import WIDEST, Familiarity, Unfamiliar
from eegvlm.model.night_inputs import NightInputs
from eegvlm.signals import Recording
from eegvlm.staging import StagedNight, Stager


@pytest.fixture(scope="module")
def model():
    return untrained(evidence="tokens", evidence_hidden=16)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return noise_recording(minutes=10, seed=3)


@pytest.fixture(scope="module")
def medians(model, recording) -> np.ndarray:
    inputs = NightInputs(*model, PreparedNight.read(recording, model[1].layout))
    return model[0].model.evidence.familiarity.medians(inputs._entries.numpy())


def fit(familiarity: Familiarity, centre: np.ndarray) -> None:
    """Let recordings around a centre be learnt from."""
    noise = np.random.default_rng(0).normal(0, 0.3, (300, len(centre)))
    familiarity.fit(centre + noise, np.arange(300))


@pytest.fixture
def stager(model) -> Stager:
    yield stager_of(*model)
    model[0].config.unfamiliar_widening = 1.0
    familiarity = model[0].model.evidence.familiarity
    familiarity.limit.zero_()


@pytest.fixture
def unfamiliar(stager, medians, recording) -> StagedNight:
    fit(stager.model.model.evidence.familiarity, medians - 0.8)
    return stager.stage(recording)


def test_a_model_that_learnt_from_too_few_says_nothing(stager, recording):
    staged = stager.stage(recording)
    assert staged.unfamiliarity is None
    assert "unfamiliarity" not in staged.summary()
    assert "unlike-training" not in {limit.code for limit in staged.limits}


def test_a_recording_like_those_that_were_learnt_from_is_staged_as_ever(stager, medians, recording):
    plain = stager.stage(recording)
    fit(stager.model.model.evidence.familiarity, medians)
    staged = stager.stage(recording)
    assert staged.unfamiliarity < 1
    assert staged.summary()["unfamiliarity"] == round(staged.unfamiliarity, 3)
    assert "unlike-training" not in {limit.code for limit in staged.limits}
    np.testing.assert_array_equal(staged.hypnogram.probabilities, plain.hypnogram.probabilities)


def test_a_recording_unlike_them_is_a_limit_that_was_not_validated_and_names_what_differs(unfamiliar):
    (limit,) = [limit for limit in unfamiliar.limits if limit.code == "unlike-training"]
    assert not limit.validated
    assert limit.message.startswith("unlike any recorder in training: ")
    assert limit.message.endswith("; its stages are less certain than usual, review more of this night")
    assert limit.message.count("(in training ") == 3
    assert "unlike-training" in {problem["code"] for problem in unfamiliar.summary()["problems"]}
    assert unfamiliar.unfamiliarity > 1


def test_its_probabilities_are_widened_and_no_stage_moves(unfamiliar, stager, recording):
    plain_model = stager.model.model.evidence.familiarity
    plain_model.limit.zero_()
    plain = stager.stage(recording).hypnogram
    temperature = min(unfamiliar.unfamiliarity, WIDEST)
    assert temperature > 1.1
    expected = tempered(plain.probabilities, temperature)
    np.testing.assert_allclose(unfamiliar.hypnogram.probabilities, expected, atol=1e-5)
    np.testing.assert_array_equal(unfamiliar.hypnogram.stages, plain.stages)
    assert (unfamiliar.hypnogram.confidence < plain.confidence).all()


def test_a_checkpoint_says_how_far_probabilities_are_widened(stager, medians, recording):
    plain = stager.stage(recording).hypnogram
    fit(stager.model.model.evidence.familiarity, medians - 0.8)
    stager.model.config.unfamiliar_widening = 0.0
    staged = stager.stage(recording)
    assert staged.unfamiliarity > 1
    np.testing.assert_array_equal(staged.hypnogram.probabilities, plain.probabilities)


def test_half_of_the_night_is_listed_for_review_and_no_share_is_promised_to_be_right(unfamiliar):
    shares = unfamiliar.review.to_dict()["shares"]
    assert [share["share"] for share in shares] == [0.0, 0.05, 0.1, 0.2, 0.3, 0.5]
    assert shares[-1]["epochs"] == 10
    assert "expected to be right" not in unfamiliar.review.sentence()


def test_the_files_of_a_night_hold_how_unfamiliar_it_is(unfamiliar, tmp_path):
    unfamiliar.write(tmp_path)
    held = json.loads((tmp_path / "staging.json").read_text(encoding="utf-8"))
    assert held["unfamiliarity"] == round(unfamiliar.unfamiliarity, 3)
    assert "unlike-training" in {problem["code"] for problem in held["problems"]}


def test_pictures_alone_know_of_no_distance(model, medians, recording, stager):
    fit(stager.model.model.evidence.familiarity, medians - 0.8)
    staged = stager_of(*model, inputs="picture").stage(recording)
    assert staged.unfamiliarity is None


def test_derivations_that_vote_are_widened_as_the_night_is(stager, medians):
    held = noise_recording(minutes=10, seed=3)
    signals = {channel.sources[0]: (held.samples(channel), channel.rate) for channel in held.channels}
    signals["EEG C3-M2"] = signals["EEG C4-M1"]
    both = Recording.from_arrays(signals)
    before = stager.stage(both, eeg="vote")
    fit(stager.model.model.evidence.familiarity, medians - 0.8)
    after = stager.stage(both, eeg="vote")
    assert after.votes.keys() == before.votes.keys()
    for name, plain in before.votes.items():
        expected = tempered(plain.probabilities, min(after.unfamiliarity, WIDEST))
        np.testing.assert_allclose(after.votes[name].probabilities, expected, atol=1e-5)


def test_where_no_single_measure_stands_out_the_message_says_so(stager, recording, monkeypatch):
    monkeypatch.setattr(Familiarity, "of", lambda self, vectors: Unfamiliar(1.5))
    (limit,) = [limit for limit in stager.stage(recording).limits if limit.code == "unlike-training"]
    assert "no single measure of its EEG, but all of them together" in limit.message
    assert torch.equal(stager.model.model.evidence.familiarity.limit, torch.zeros(()))
