"""Calibration and coverage: what confidences are worth."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_nights import N1, N2, N3, R, W, answers, calibrated, random_night, sure

from eegvlm.errors import InputError
from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.lab.evaluation import judge
from eegvlm.lab.evaluation.coverage import accuracy_by_coverage, coverage
from eegvlm.lab.evaluation.reliability import reliability


def calibration_of(truth, stages, probabilities):
    return judge([answers(truth, stages, probabilities)]).overall.calibration


def test_calibration_error_by_hand():
    # three answers at 0.9, two of them right; one at 0.5, right
    confidence, right = np.array([0.9, 0.9, 0.9, 0.5]), np.array([True, True, False, True])
    bins = reliability(confidence, right)
    assert expected_calibration_error(confidence, right) == pytest.approx(0.75 * abs(0.9 - 2 / 3) + 0.25 * 0.5)
    used = [one for one in bins if one.epochs]
    assert [(one.epochs, one.accuracy) for one in used] == [(1, 1.0), (3, pytest.approx(2 / 3))]
    assert [one.confidence for one in used] == pytest.approx([0.5, 0.9])


def test_fifteen_bins_cover_zero_to_one_with_both_ends():
    bins = reliability(np.array([0.0, 1.0]), np.array([False, True]))
    assert len(bins) == 15
    assert (bins[0].low, bins[-1].high) == (0.0, 1.0)
    assert (bins[0].epochs, bins[-1].epochs) == (1, 1)


def test_calibrated_probabilities_have_a_small_error():
    probabilities, truth = calibrated(np.random.default_rng(0), 20000)
    found = calibration_of(truth, probabilities.argmax(axis=1), probabilities)
    assert found.ece < 0.015
    assert abs(found.overconfidence) < 0.01


def test_sharpened_probabilities_have_a_large_error_and_are_overconfident():
    probabilities, truth = calibrated(np.random.default_rng(0), 5000)
    sharp = probabilities.astype(float) ** 4
    sharp /= sharp.sum(axis=1, keepdims=True)
    found = calibration_of(truth, probabilities.argmax(axis=1), sharp)
    assert found.ece > 0.1
    assert found.overconfidence > 0.1


def test_confidence_is_the_probability_of_the_stage_that_was_answered():
    # smoothed over time, the answer need not be the most probable stage of its own epoch
    found = calibration_of([N2], [N2], np.array([[0.6, 0.1, 0.3, 0, 0]], np.float32))
    assert found.overconfidence == pytest.approx(0.3 - 1, abs=1e-6)


def test_brier_score_and_likelihood_by_hand():
    probabilities = np.array([[0.8, 0.2, 0, 0, 0], [0, 0, 0.5, 0.5, 0]], np.float32)
    found = calibration_of([W, N3], [W, N2], probabilities)
    assert found.brier == pytest.approx((0.2**2 + 0.2**2 + 0.5**2 + 0.5**2) / 2, abs=1e-6)
    assert found.nll == pytest.approx(-(np.log(0.8) + np.log(0.5)) / 2, abs=1e-6)


def test_a_stage_held_impossible_costs_much_but_not_everything():
    assert calibration_of([N1], [W], sure([W])).nll == pytest.approx(-np.log(1e-6))


def test_a_missing_answer_knows_nothing():
    nan = np.full(5, np.nan)
    found = calibration_of([W, N2], [W, -1], np.array([sure([W])[0], nan], np.float32))
    assert (found.answered, found.missing) == (1, 1)
    assert found.ece == pytest.approx(0, abs=1e-6)
    assert found.brier == pytest.approx(0.8 / 2, abs=1e-6)
    assert found.nll == pytest.approx(np.log(5) / 2, abs=1e-6)


def test_answers_without_probabilities_are_judged_without_calibration():
    overall = judge([answers([W, N2, R], [W, N2, N1])]).overall
    assert overall.calibration is None
    assert overall.coverage is None
    assert overall.pooled.accuracy == pytest.approx(2 / 3)


def test_probabilities_for_some_nights_only_are_refused():
    some = [answers([W], [W], sure([W]), subject="a"), answers([W], [W], subject="b")]
    with pytest.raises(InputError, match="every night its probabilities"):
        judge(some)


def test_accuracy_against_coverage_by_hand():
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    found = accuracy_by_coverage(confidence, right, np.ones(4, bool))
    assert found.tolist() == pytest.approx([1, 1, 2 / 3, 3 / 4])
    whole = coverage(confidence, right, np.ones(4, bool))
    assert whole.area == pytest.approx((1 + 1 + 2 / 3 + 3 / 4) / 4)
    ninety = whole.review[0]
    assert (ninety.wanted, ninety.share) == (0.90, 0.5)
    assert ninety.least_confidence == pytest.approx(0.8)


@pytest.mark.parametrize("seed", range(5))
def test_at_full_coverage_the_accuracy_is_that_of_all_epochs(seed):
    rng = np.random.default_rng(seed)
    overall = judge([random_night(rng, subject=f"s{k}") for k in range(3)]).overall
    assert overall.coverage.curve[-1] == (1.0, pytest.approx(overall.pooled.accuracy))


def test_missing_answers_are_the_first_to_be_reviewed():
    right = np.array([False, True, True])
    found = coverage(np.array([0.0, 0.3, 0.4]), right, np.array([False, True, True]))
    assert found.review[0].share == pytest.approx(1 / 3)
    assert found.review[0].least_confidence == pytest.approx(0.3)


def test_nothing_is_reviewed_where_all_is_accurate_enough():
    found = coverage(np.array([0.5, 0.6]), np.array([True, True]), np.ones(2, bool))
    assert [one.share for one in found.review] == [0, 0, 0]


def test_a_wanted_accuracy_that_cannot_be_reached_is_none():
    found = coverage(np.array([0.5, 0.6]), np.array([True, False]), np.ones(2, bool))
    assert [one.share for one in found.review] == [None, None, None]


def test_equal_confidences_share_their_accuracy_in_any_order():
    right = np.array([True, False, True, False])
    for order in ([0, 1, 2, 3], [1, 3, 0, 2]):
        found = accuracy_by_coverage(np.full(4, 0.7), right[order], np.ones(4, bool))
        assert found.tolist() == [0.5, 0.5, 0.5, 0.5]


def test_confidences_without_meaning_give_a_flat_curve():
    rng = np.random.default_rng(0)
    found = coverage(rng.random(20000), rng.random(20000) < 0.7, np.ones(20000, bool))
    assert found.area == pytest.approx(0.7, abs=0.02)
