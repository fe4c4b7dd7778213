"""The model and its enhancement network as systems that can be judged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from evaluation_nights import FakeNight, loudness_recording, staircase

from eegvlm.errors import InputError
from eegvlm.hypnogram.smoothing import real_transitions, smooth
from eegvlm.images import PreparedNight
from eegvlm.lab.evaluation import evaluate
from eegvlm.lab.evaluation.systems import enhancement_alone, whole_model
from eegvlm.model.night_inputs import NightInputs
from eegvlm.staging import Stager


def test_the_whole_model_answers_as_staging_does(random_stager):
    recording = loudness_recording(staircase(40), 128.0)
    reading = whole_model(random_stager)(recording)
    assert np.array_equal(reading.hypnogram.stages, random_stager.stage(recording).hypnogram.stages)
    assert reading.channels == {"eeg": "C4-M1", "eog_left": None, "eog_right": None, "emg": None}


def test_the_enhancement_alone_is_its_classifier_on_the_same_pictures(random_stager):
    recording = loudness_recording(staircase(40), 128.0)
    processor, network = random_stager.processor, random_stager.model.model.enhancement
    with torch.no_grad():
        pictures = PreparedNight.read(recording, processor.layout).pictures(slice(None))
        vectors = network(processor.normalise(pictures))
        for member, favoured in zip(network.members, network.by_member(vectors[:, 0]).mean(dim=1), strict=True):
            member.classifier.bias -= favoured  # else random weights favour one stage
        logits = network.stage_logits(vectors[:, 0])
    reading = enhancement_alone(replace(random_stager, smooth="none"), batch_size=16)(recording)
    assert np.array_equal(reading.hypnogram.stages, logits.argmax(dim=1).numpy())
    np.testing.assert_allclose(reading.hypnogram.probabilities, logits.softmax(dim=1).numpy(), atol=1e-4)
    assert len(np.unique(reading.hypnogram.stages)) > 1, "answers that are all alike prove nothing"
    smoothed = enhancement_alone(replace(random_stager, smooth="posterior"))(recording).hypnogram
    expected = smooth(reading.hypnogram.probabilities, real_transitions())
    np.testing.assert_allclose(smoothed.probabilities, expected, atol=1e-3)


def test_the_night_encoder_can_stand_between_network_and_classifier(random_stager):
    from staging_models import stager_of, untrained

    recording, stager = loudness_recording(staircase(40), 128.0), stager_of(*untrained(night_epochs=3))
    processor, body = stager.processor, stager.model.model
    with torch.no_grad():
        for member in body.enhancement.members:
            member.classifier.weight.mul_(100)
        pictures = PreparedNight.read(recording, processor.layout).pictures(slice(None))
        vectors = body.enhancement(processor.normalise(pictures))[:, 0]
        expected = body.enhancement.stage_logits(body.night(vectors[None])[0]).softmax(dim=1).numpy()
        alone = body.enhancement.stage_logits(vectors).softmax(dim=1).numpy()
    found = enhancement_alone(stager, night=True, batch_size=16)(recording).hypnogram.probabilities
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert not np.allclose(found, alone, atol=1e-2), "a night that changes nothing proves nothing"
    with pytest.raises(InputError, match="no night encoder"):
        enhancement_alone(random_stager, night=True)


def test_the_night_encoder_is_judged_without_evidence(measuring_checkpoint):
    recording = loudness_recording(staircase(40), 128.0)
    stager = Stager.from_pretrained(measuring_checkpoint, smooth="none", dtype="float32", device="cpu")
    body = stager.model.model
    with torch.no_grad():
        for member in body.enhancement.members:
            member.classifier.weight.mul_(100)
        prepared = PreparedNight.read(recording, stager.processor.layout)
        moved = NightInputs(stager.model, stager.processor, prepared, measured=False).moved
        expected = body.enhancement.stage_logits(moved).softmax(dim=1).numpy()
    found = enhancement_alone(stager, night=True)(recording).hypnogram.probabilities
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_enhancement_alone_leaves_epochs_without_signal_unscored(random_stager):
    stages = staircase(20)
    signal = loudness_recording(stages, 128.0).samples(loudness_recording(stages, 128.0).channels[0])
    signal[30 * 128 * 4 : 30 * 128 * 6] = np.nan
    recording = type(loudness_recording(stages)).from_arrays({"EEG C4-M1": (signal, 128.0)})
    answer = enhancement_alone(random_stager)(recording).hypnogram
    assert np.flatnonzero(~answer.scored).tolist() == [4, 5]
    assert np.isnan(answer.probabilities[4:6]).all()


def test_a_model_without_enhancement_has_no_such_baseline():
    plain = SimpleNamespace(
        model=SimpleNamespace(config=SimpleNamespace(alignment="none")), processor=None, provenance={"model": "plain"}
    )
    with pytest.raises(InputError, match="no enhancement network"):
        enhancement_alone(plain)


def test_a_model_is_judged_with_its_probabilities(random_stager):
    found = evaluate(whole_model(random_stager), [FakeNight("a", "a", staircase(40), rate=128.0)])
    assert found.overall.pooled.n_missing == 0
    assert found.overall.calibration.answered == 40
    assert found.nights[0].seconds > 0
