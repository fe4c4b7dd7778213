"""Figures from confusion matrices, beside numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_nights import N1, N2, N3, R, W, answers
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eegvlm.errors import InputError
from eegvlm.hypnogram import agreement_of_matrix
from eegvlm.lab.evaluation import figures, rates

TRUTH = [W, W, N1, N2, N2, N3, R, R]
GIVEN = [W, N1, N1, N2, -1, N3, R, N2]


@pytest.fixture
def by_hand():
    return figures(answers(TRUTH, GIVEN).confusion)


def test_rows_are_the_experts_stages_and_the_last_column_counts_missing_answers():
    expected = np.zeros((5, 6), int)
    for row, column in [(W, W), (W, N1), (N1, N1), (N2, N2), (N2, 5), (N3, N3), (R, R), (R, N2)]:
        expected[row, column] += 1
    assert np.array_equal(answers(TRUTH, GIVEN).confusion, expected)


def test_accuracy_counts_a_missing_answer_as_wrong(by_hand):
    assert by_hand.accuracy == 5 / 8
    assert by_hand.n_missing == 1


def test_balanced_accuracy_is_the_mean_recall(by_hand):
    assert [one.recall for one in by_hand.stages] == [1 / 2, 1, 1 / 2, 1, 1 / 2]
    assert by_hand.balanced_accuracy == pytest.approx(0.7)


def test_precision_asks_only_what_was_answered(by_hand):
    assert [one.precision for one in by_hand.stages] == [1, 1 / 2, 1 / 2, 1, 1]


def test_f1_and_macro_f1(by_hand):
    assert [one.f1 for one in by_hand.stages] == pytest.approx([2 / 3, 2 / 3, 1 / 2, 1, 2 / 3])
    assert by_hand.macro_f1 == pytest.approx(0.7)


def test_kappa(by_hand):
    # observed 40/64; expected (2x1 + 1x2 + 2x2 + 1x1 + 2x1) / 64 = 11/64
    assert by_hand.kappa == pytest.approx((40 - 11) / (64 - 11))


def test_support_counts_the_experts_epochs(by_hand):
    assert [one.support for one in by_hand.stages] == [2, 1, 2, 1, 2]


def test_epochs_that_the_expert_left_unscored_are_not_judged():
    more = answers([*TRUTH, -1, -1], [*GIVEN, W, -1])
    assert more.n_scored == 8
    assert np.array_equal(more.confusion, answers(TRUTH, GIVEN).confusion)


def test_a_stage_that_nobody_uses_has_no_figures_and_no_part_in_the_means():
    found = figures(answers([W, W, N2, N2], [W, W, N2, W]).confusion)
    assert found.stages[R].recall is None
    assert found.stages[R].f1 is None
    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.balanced_accuracy == pytest.approx(0.75)
    assert found.stages_in_labels == ("W", "N2")
    assert found.is_restricted


def test_a_stage_that_only_the_answers_use_lowers_macro_f1():
    found = figures(answers([W, W, N2, N2], [W, W, N2, R]).confusion)
    assert found.stages[R].f1 == 0
    assert found.macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_kappa_of_one_stage_throughout_is_undefined_and_not_one():
    assert figures(answers([W, W], [W, W]).confusion).kappa is None


def test_no_answers_at_all_are_kappa_zero_and_accuracy_zero():
    found = figures(answers(TRUTH, [-1] * 8).confusion)
    assert (found.accuracy, found.kappa, found.macro_f1) == (0, 0, 0)
    assert found.n_missing == 8


def test_an_empty_matrix_has_no_figures():
    found = figures(np.zeros((5, 6), int))
    assert (found.accuracy, found.kappa, found.macro_f1, found.balanced_accuracy) == (None,) * 4


@pytest.mark.parametrize("invalid", [5, 7, -1, -3, 120])
def test_whatever_is_no_stage_is_a_missing_answer(invalid):
    assert answers([W, N2], [W, invalid]).n_missing == 1


@pytest.mark.parametrize(
    "row",
    [[np.nan] * 5, [0.5, 0.5, np.nan, 0, 0], [0.5, 0.2, 0.1, 0.1, 0.0], [1.2, -0.2, 0, 0, 0], [np.inf, 0, 0, 0, 0]],
)
def test_a_stage_whose_probabilities_are_none_is_a_missing_answer(row):
    night = answers([W, N2], [W, N2], np.array([row, [0, 0, 1, 0, 0]], np.float32))
    assert night.answered.tolist() == [False, True]
    assert figures(night.confusion).accuracy == 0.5


def test_missing_answers_without_signal_are_counted_apart():
    night = answers([W, W, N2, -1], [-1, W, -1, -1], has_signal=np.array([False, True, True, False]))
    assert (night.n_missing, night.n_missing_without_signal) == (2, 1)


@pytest.mark.parametrize(
    ("truth", "stages", "probabilities", "said"),
    [
        ([0, 5], [0, 0], None, "truth"),
        ([0, 0], [0, 0, 0], None, "give 2 integers"),
        ([0, 0], [0, 0], np.zeros((2, 4)), r"give \(2, 5\)"),
    ],
)
def test_arrays_that_do_not_fit_are_one_sentence(truth, stages, probabilities, said):
    with pytest.raises(InputError, match=said):
        answers(truth, stages, probabilities)


matrices = arrays(np.int64, (5, 6), elements=st.integers(0, 40))


@given(matrices)
def test_without_missing_answers_the_figures_are_those_of_two_scorings(confusion):
    confusion[:, 5] = 0
    if not confusion.sum():
        return
    found, agreed = figures(confusion), agreement_of_matrix(confusion[:, :5])
    assert found.accuracy == pytest.approx(agreed.accuracy)
    assert found.macro_f1 == pytest.approx(agreed.macro_f1)
    assert found.kappa == pytest.approx(agreed.kappa)
    for ours, theirs in zip(found.stages, agreed.stages, strict=True):
        assert (ours.precision, ours.recall, ours.f1, ours.support) == pytest.approx(
            (theirs.precision, theirs.recall, theirs.f1, theirs.support)
        )


@given(matrices)
def test_leaving_out_right_answers_never_helps(confusion):
    silent = confusion.copy()
    stage = int(np.argmax(np.diagonal(confusion[:, :5])))
    if not silent[stage, stage]:
        return
    silent[stage, 5] += silent[stage, stage]
    silent[stage, stage] = 0
    before, after = figures(confusion), figures(silent)
    assert after.accuracy < before.accuracy
    assert after.macro_f1 < before.macro_f1
    assert after.balanced_accuracy < before.balanced_accuracy


@given(arrays(np.int64, (3, 5, 6), elements=st.integers(0, 40)))
def test_a_stack_of_matrices_gives_what_each_gives_alone(confusions):
    stacked = rates(confusions)
    for k, confusion in enumerate(confusions):
        for name, values in rates(confusion).items():
            np.testing.assert_array_equal(stacked[name][k], values, err_msg=name)
