"""Agreement of two scorings, checked by hand.

The pairs, reference first: W-W W-W W-W W-N1 N1-N1 N2-N2 N2-N2 N2-R R-R R-W. Seven of ten agree; by chance
(4*4 + 1*2 + 3*2 + 2*2) / 100 = 0.28 would, so kappa is (0.7 - 0.28) / (1 - 0.28) = 0.42 / 0.72.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.hypnogram import (
    Hypnogram,
    HypnogramError,
    Stage,
    agreement,
    agreement_of_matrix,
    agreement_of_stages,
    confusion_matrix,
)

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED
A = np.array([W, W, W, W, N1, N2, N2, N2, R, R], dtype=np.int8)
B = np.array([W, W, W, N1, N1, N2, N2, R, R, W], dtype=np.int8)
START = datetime(2024, 5, 31, 22, 0)


def test_the_worked_example():
    figures = agreement_of_stages(A, B)
    assert figures.n_compared == 10
    assert figures.accuracy == 0.7
    assert figures.kappa == pytest.approx(0.42 / 0.72)
    assert figures.macro_f1 == pytest.approx((6 / 8 + 2 / 3 + 4 / 5 + 2 / 4) / 4)
    assert figures.confusion.tolist() == [
        [3, 1, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 2, 0, 1],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 1],
    ]
    wake, n1, n2, n3, rem = figures.stages
    assert (wake.precision, wake.recall, wake.f1, wake.support) == (0.75, 0.75, 0.75, 4)
    assert (n1.precision, n1.recall, n1.support) == (0.5, 1.0, 1)
    assert (n2.precision, n2.recall, n2.support) == (1.0, pytest.approx(2 / 3), 3)
    assert (n3.precision, n3.recall, n3.f1, n3.support) == (None, None, None, 0)
    assert (rem.precision, rem.recall, rem.support) == (0.5, 0.5, 2)


def test_kappa_of_a_hundred_pairs_by_hand():
    # Rows sum to 80, 10, 10 and columns to 80, 5, 15: expected (6400 + 50 + 150) / 10000 = 0.66.
    matrix = np.zeros((5, 5), dtype=int)
    matrix[:3, :3] = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    figures = agreement_of_matrix(matrix)
    assert figures.accuracy == pytest.approx(0.89)
    assert figures.kappa == pytest.approx(0.23 / 0.34)


def test_a_stage_that_only_the_second_gives_counts_in_macro_f1_with_zero():
    figures = agreement_of_stages(np.array([W, W]), np.array([W, N3]))
    assert figures.stages[N3].f1 == 0
    assert figures.stages[N3].recall is None
    assert figures.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_matrices_of_many_nights_can_be_added_up():
    both = agreement_of_matrix(confusion_matrix(A, B) + confusion_matrix(B, B))
    joined = agreement_of_stages(np.concatenate([A, B]), np.concatenate([B, B]))
    assert both.kappa == joined.kappa


def test_unscored_epochs_are_left_out_and_counted_by_reason():
    figures = agreement_of_stages(np.array([W, U, N2, U, R]), np.array([W, W, U, U, R]))
    assert (figures.n_compared, figures.accuracy) == (2, 1.0)
    assert (figures.n_unscored_a, figures.n_unscored_b, figures.n_unscored_both) == (1, 1, 1)
    assert figures.n_excluded == 3


def test_kappa_is_undefined_where_both_give_one_stage_throughout():
    figures = agreement_of_stages(np.array([W, W]), np.array([W, W]))
    assert (figures.kappa, figures.accuracy, figures.macro_f1) == (None, 1.0, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([0, 1], [0], "one length"),
        ([0, 7], [0, 1], "0 to 7"),
        ([-1, 0], [0, -1], "no epoch"),
        ([], [], "no epoch"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, words):
    with pytest.raises(HypnogramError, match=words):
        agreement_of_stages(np.array(a, dtype=int), np.array(b, dtype=int))


def test_scorings_are_aligned_by_their_start_times():
    late = Hypnogram(B[2:], start=START + timedelta(seconds=60))
    figures = agreement(Hypnogram(A, start=START), late)
    assert figures.confusion.tolist() == confusion_matrix(A[2:], B[2:]).tolist()
    assert (figures.n_outside_a, figures.n_outside_b) == (0, 2)
    assert figures.notes == (
        "moved the second by +60 s, the difference between the start times",
        "left out: 2 epochs (not reached by the second)",
    )
    by_onset = agreement(Hypnogram(A, start=START), late, by="onset")
    assert by_onset.confusion.tolist() == confusion_matrix(A[:8], B[2:]).tolist()


def test_scorings_are_aligned_by_onset_where_a_start_time_is_missing():
    figures = agreement(Hypnogram(A[3:], onset_s=90), Hypnogram(B, start=START))
    assert figures.confusion.tolist() == confusion_matrix(A[3:], B[3:]).tolist()
    assert figures.n_outside_a == 3


def test_a_20_s_and_a_30_s_scoring_are_compared_on_30_s_epochs():
    figures = agreement(Hypnogram([W, W, W, N2, N2, N2], 20), Hypnogram([W, W, N2, R], 30))
    assert figures.epoch_s == 30
    assert (figures.n_compared, figures.accuracy) == (4, 0.75)
    assert "first: resampled from epochs of 20 s" in figures.notes[0]


def test_scorings_of_different_nights_are_refused_with_what_to_do():
    with pytest.raises(HypnogramError, match="align them by onset"):
        agreement(Hypnogram(A, start=START), Hypnogram(B, start=START + timedelta(days=1)))


def test_the_dictionary_is_ready_for_json_and_says_what_was_left_out():
    whole = json.loads(json.dumps(agreement(Hypnogram([W, N2, U]), Hypnogram([W, N2, N2])).to_dict()))
    assert whole["kappa"] == 1.0
    assert whole["n_excluded"] == whole["excluded"]["unscored_a"] == 1
    assert whole["stages"]["R"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert whole["notes"] == ["left out: 1 epoch (unscored by the first only)"]


pairs = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=80).filter(
    lambda pairs: any(a >= 0 and b >= 0 for a, b in pairs)
)


@given(pairs)
def test_kappa_and_accuracy_do_not_depend_on_which_scoring_comes_first(pairs):
    a, b = np.array(pairs, dtype=np.int8).T
    one, other = agreement_of_stages(a, b), agreement_of_stages(b, a)
    assert one.kappa == pytest.approx(other.kappa)
    assert one.accuracy == other.accuracy
    assert one.macro_f1 == pytest.approx(other.macro_f1)
    assert one.confusion.tolist() == other.confusion.T.tolist()
    assert one.n_compared + one.n_excluded == len(pairs)
    assert [s.precision for s in one.stages] == [s.recall for s in other.stages]


@given(st.lists(st.integers(-1, 4), min_size=2, max_size=80).filter(lambda s: len(set(s) - {-1}) > 1))
def test_a_scoring_agrees_with_itself_fully(stages):
    figures = agreement(Hypnogram(stages), Hypnogram(stages))
    assert (figures.kappa, figures.accuracy, figures.macro_f1) == (1.0, 1.0, 1.0)


@given(pairs)
def test_kappa_is_at_most_1_and_negative_when_agreement_is_below_chance(pairs):
    a, b = np.array(pairs, dtype=np.int8).T
    kappa = agreement_of_stages(a, b).kappa
    assert kappa is None or -1 <= kappa <= 1
    opposite = agreement_of_stages(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))
    assert opposite.kappa == -1
