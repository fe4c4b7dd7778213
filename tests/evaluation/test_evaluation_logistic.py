"""The spectral baseline: its features, its fit, and that it never meets a subject it was fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_nights import FakeNight, loudness_recording, staircase

from eegvlm.errors import InputError
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.evaluation import evaluate, judge
from eegvlm.lab.evaluation.band_powers import BANDS_HZ, band_power_features, with_neighbours
from eegvlm.lab.evaluation.logistic import cross_validate, fit, fit_on
from eegvlm.signals import Recording, RecordingError

MIDDLE = 20  # first column of the epoch itself: two neighbours before it, ten numbers each


def test_a_sine_has_its_power_in_its_band():
    seconds = np.arange(100 * 300) / 100
    signal = 30 * np.sin(2 * np.pi * 10 * seconds)
    features = band_power_features(Recording.from_arrays({"C4-M1": (signal.astype(np.float32), 100.0)}))
    assert features.shape == (10, 50)
    absolute, relative = features[5, MIDDLE : MIDDLE + 5], features[5, MIDDLE + 5 : MIDDLE + 10]
    alpha = list(BANDS_HZ).index("alpha")
    assert 10 ** absolute[alpha] == pytest.approx(30**2 / 2, rel=0.03)
    assert 10 ** relative[alpha] == pytest.approx(1, abs=0.01)


def test_twice_the_amplitude_is_four_times_the_power_and_the_same_share():
    quiet = band_power_features(loudness_recording([0] * 6))
    loud = band_power_features(loudness_recording([1] * 6))
    np.testing.assert_allclose((loud - quiet)[3, MIDDLE : MIDDLE + 5], np.log10(4), atol=1e-3)
    np.testing.assert_allclose((loud - quiet)[3, MIDDLE + 5 : MIDDLE + 10], 0, atol=1e-3)


def test_neighbours_lie_in_order_and_the_row_stands_in_for_those_that_are_missing():
    rows = np.arange(5.0)[:, None]
    beside = with_neighbours(rows, 2)
    assert beside[2].tolist() == [0, 1, 2, 3, 4]
    assert beside[0].tolist() == [0, 0, 0, 1, 2]
    assert beside[4].tolist() == [2, 3, 4, 4, 4]
    rows[1] = np.nan
    beside = with_neighbours(rows, 2)
    assert beside[2].tolist() == [0, 2, 2, 3, 4]
    assert np.isnan(beside[1][2])


def test_an_epoch_in_a_gap_stays_unscored():
    stages = staircase(40)
    stager = fit_on([FakeNight("a", "a", stages)])
    signal = loudness_recording(stages).samples(loudness_recording(stages).channels[0])
    signal[30 * 64 * 10 : 30 * 64 * 12] = np.nan
    answer = stager(Recording.from_arrays({"EEG C4-M1": (signal, 64.0)})).hypnogram
    assert np.flatnonzero(~answer.scored).tolist() == [10, 11]
    assert np.isnan(answer.probabilities[10:12]).all()


def test_a_recording_without_eeg_is_refused():
    with pytest.raises(RecordingError, match="--channels eeg=LABEL"):
        band_power_features(Recording.from_arrays({"SaO2": (np.ones(6400, np.float32), 64.0)}))


def test_stages_that_differ_in_loudness_are_told_apart_on_another_night():
    stager = fit_on([FakeNight("a", "a", np.repeat(staircase(60, 0), 3))])
    found = evaluate(stager, [FakeNight("b", "b", np.repeat(staircase(60, 1), 3))])
    assert found.overall.pooled.kappa > 0.8
    probabilities = found.nights[0].probabilities
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_penalty_is_beside_the_mean_loss_however_many_epochs_there_are():
    rng = np.random.default_rng(0)
    features, stages = rng.standard_normal((300, 3)), rng.integers(0, 5, 300).astype(np.int8)
    once = fit(features, stages).probabilities(features)
    thrice = fit(np.tile(features, (3, 1)), np.tile(stages, 3)).probabilities(features)
    np.testing.assert_allclose(once, thrice, atol=1e-3)
    weaker = fit(features, stages, penalty=1e-4).probabilities(features)
    assert np.ptp(weaker) > np.ptp(once) + 0.1


def test_a_rare_stage_weighs_as_much_as_a_frequent_one():
    rng = np.random.default_rng(0)
    stages = np.repeat([0, 2], [950, 50]).astype(np.int8)
    features = rng.standard_normal((1000, 1)) + (stages == 2)[:, None] * 1.0
    answer = fit(features, stages).probabilities(features).argmax(axis=1)
    recalls = [(answer[stages == stage] == stage).mean() for stage in (0, 2)]
    assert min(recalls) > 0.6


def test_a_stage_that_was_never_seen_is_never_likely():
    stages = np.tile([0, 3], 50).astype(np.int8)
    features = np.where(stages == 0, -1.0, 1.0)[:, None]
    probabilities = fit(features, stages).probabilities(features)
    assert probabilities[:, [1, 2, 4]].max() == 0


def test_one_stage_alone_cannot_be_fitted():
    with pytest.raises(InputError, match="two or more"):
        fit(np.zeros((4, 2)), np.zeros(4, np.int8))


def test_cross_validation_never_fits_on_the_subject_it_tests(monkeypatch):
    dataset = open_dataset("simulated", "nights=3,seed=5,hours=0.5,rate=64")
    seen = []

    def spy(features, stages):
        seen.append(len(stages))
        return fit(features, stages)

    monkeypatch.setattr("eegvlm.lab.evaluation.logistic.fit", spy)
    told = []
    answers, errors = cross_validate(dataset.nights, folds=10, progress=lambda *what: told.append(what[:2]))
    assert errors == {}
    assert sorted(one.night for one in answers) == ["seed-5", "seed-6", "seed-7"]
    assert seen == [120, 120, 120], "60 epochs a night, the tested one left out"
    assert told[-1] == (3, 3)
    assert judge(answers).overall.pooled.n_epochs == 180


def test_one_subject_cannot_be_cross_validated():
    with pytest.raises(InputError, match="nights of 1 person, and a split needs 2"):
        cross_validate(open_dataset("simulated", "nights=1,hours=0.2,rate=64").nights)
