"""The rule by which scorings in other epochs become 30-s epochs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED


def test_three_20_s_epochs_make_two_30_s_epochs_by_majority_of_time():
    assert Hypnogram([W, N1, N2], 20).resample_to(30).labels == ["W", "N2"]


def test_six_5_s_epochs_make_one_30_s_epoch_by_majority_of_time():
    assert Hypnogram([W, W, N1, N2, N2, N2], 5).resample_to(30).labels == ["N2"]


def test_a_tie_goes_to_the_stage_that_comes_first():
    assert Hypnogram([R, R, R, N2, N2, N2], 5).resample_to(30).labels == ["R"]
    assert Hypnogram([N3, W, N3, W, N3, W], 5).resample_to(30).labels == ["N3"]
    assert Hypnogram([N1, N2, N2, N1, W, W], 5).resample_to(30).labels == ["N1"]


def test_a_tie_between_a_stage_and_unscored_time_goes_to_the_stage_and_a_minority_does_not():
    assert Hypnogram([U, U, U, N2, N2, N2], 5).resample_to(30).labels == ["N2"]
    assert Hypnogram([U, U, U, U, N2, N2], 5).resample_to(30).labels == ["?"]
    assert Hypnogram([U, U, U, W, W, N2], 5).resample_to(30).labels == ["?"]


def test_a_last_epoch_that_the_scoring_does_not_fill_is_kept():
    assert Hypnogram([W, W, N2, N2, N2], 10).resample_to(30).labels == ["W", "N2"]
    assert Hypnogram([W, W, W, N2], 10).resample_to(30).labels == ["W", "?"]


def test_longer_epochs_are_split():
    assert Hypnogram([W, R], 60).resample_to(30).labels == ["W", "W", "R", "R"]


def test_a_scoring_that_is_on_the_grid_is_returned_unchanged_and_without_a_note():
    hypnogram = Hypnogram([W, R])
    assert hypnogram.resample_to(30) is hypnogram
    assert hypnogram.resample_to(30, onset_s=-30, n_epochs=4) == Hypnogram([U, W, R, U], onset_s=-30)


def test_a_note_says_the_rule_and_how_many_epochs_were_mixed_and_tied():
    (note,) = Hypnogram([R, R, R, N2, N2, N2, W, W, W, W, W, W], 5).resample_to(30).notes
    assert "from epochs of 5 s to 30 s" in note
    assert "fills most of it" in note
    assert "1 of 2 epochs were mixed, 1 of them a tie" in note


def test_a_shift_between_epochs_is_noted():
    moved = Hypnogram([W, W, N2, N2], onset_s=10).resample_to(30, onset_s=0)
    assert moved.labels == ["W", "W", "N2", "N2", "?"]
    assert "start 20 s after its own" in moved.notes[0]


def test_probabilities_are_averaged_over_time_and_sum_to_1():
    probabilities = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [np.nan] * 5], dtype=np.float32)
    made = Hypnogram([W, N1, N2], 20, probabilities=probabilities).resample_to(30).probabilities
    np.testing.assert_allclose(made, [[2 / 3, 1 / 3, 0, 0, 0], [0, 1, 0, 0, 0]], atol=1e-6)
    alone = Hypnogram([N2], 30, probabilities=np.full((1, 5), np.nan)).resample_to(10).probabilities
    assert np.isnan(alone).all()


@pytest.mark.parametrize("epoch_s", [0, -30, float("nan"), 1e-9])
def test_a_length_that_makes_no_epochs_or_far_too_many_is_refused(epoch_s):
    with pytest.raises(HypnogramError, match=r"epoch length|at most"):
        Hypnogram([W, W]).resample_to(epoch_s)


stages = st.lists(st.sampled_from(list(Stage)), min_size=1, max_size=60)


@given(stages, st.sampled_from([(30, 5), (30, 10), (20, 10), (60, 30)]))
def test_splitting_epochs_and_joining_them_again_is_identity(stages, lengths):
    long_s, short_s = lengths
    hypnogram = Hypnogram(stages, long_s)
    assert hypnogram.resample_to(short_s).resample_to(long_s).labels == hypnogram.labels


@given(stages, st.sampled_from([5, 10, 20]), st.floats(-100, 100), st.floats(-200, 200))
def test_each_epoch_holds_a_stage_that_fills_most_of_it_as_counted_second_by_second(stages, epoch_s, onset_s, grid_s):
    hypnogram = Hypnogram(stages, epoch_s, onset_s=round(onset_s))
    made = hypnogram.resample_to(30, onset_s=float(round(grid_s)), n_epochs=8)
    for epoch, stage in enumerate(made):
        seconds = [hypnogram.stage_at(made.onset_s + 30 * epoch + k + 0.5) for k in range(30)]
        most = max(seconds.count(one) for one in Stage)
        assert seconds.count(stage) == most
        tied = [one for one in dict.fromkeys(seconds) if seconds.count(one) == most and one is not U]
        assert stage is (tied[0] if tied else U)
