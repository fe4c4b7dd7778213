"""A scoring laid on the epochs of its recording."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, align

START = datetime(2024, 5, 31, 22, 0, 0)
W, N2, U = Stage.W, Stage.N2, Stage.UNSCORED


def test_a_scoring_that_fits_its_signal_is_unchanged():
    hypnogram = Hypnogram([W, N2, N2], start=START)
    assert align(hypnogram, duration_s=90, start=START) == hypnogram


def test_the_partial_last_epoch_of_the_recording_is_there():
    assert align(Hypnogram([W, N2, N2, W]), duration_s=91).labels == ["W", "N2", "N2", "W"]
    short = align(Hypnogram([W, N2]), duration_s=61)
    assert short.labels == ["W", "N2", "?"]
    assert "the last 1 s of the signal are not in the scoring" in short.notes[0]


def test_a_longer_scoring_is_not_cut_without_a_word():
    aligned = align(Hypnogram([W, N2, N2, W, U]), duration_s=60)
    assert aligned.labels == ["W", "N2"]
    assert aligned.notes == ("3 epochs of 30 s lie after the signal ends and are left out (2 of them scored)",)


def test_a_shorter_scoring_leaves_the_rest_unscored_and_says_so():
    aligned = align(Hypnogram([N2, N2], onset_s=30), duration_s=150)
    assert aligned.labels == ["?", "N2", "N2", "?", "?"]
    assert aligned.notes == (
        "the first 30 s of the signal are not in the scoring (unscored)",
        "the last 60 s of the signal are not in the scoring (unscored)",
    )


def test_start_times_decide_where_the_scoring_lies():
    early = Hypnogram([W, W, N2], start=START - timedelta(seconds=30))
    aligned = align(early, duration_s=90, start=START)
    assert aligned.labels == ["W", "N2", "?"]
    assert (aligned.start, aligned.onset_s) == (START, 0)
    assert "moved by -30 s" in aligned.notes[0]
    assert any("1 epochs of 30 s lie before the signal starts" in note for note in aligned.notes)


def test_without_both_start_times_the_onset_decides():
    aligned = align(Hypnogram([W, N2], start=START), duration_s=60)
    assert (aligned.labels, aligned.start) == (["W", "N2"], START)
    assert align(Hypnogram([W, N2]), duration_s=60, start=START).start == START


def test_a_scoring_between_the_epochs_takes_the_majority_and_says_so():
    aligned = align(Hypnogram([W, N2, N2], start=START + timedelta(seconds=10)), duration_s=100, start=START)
    assert aligned.labels == ["W", "N2", "N2", "?"]
    assert any("fills most of it" in note for note in aligned.notes)


def test_a_20_s_scoring_lies_on_30_s_epochs():
    assert align(Hypnogram([W, N2, N2], 20), duration_s=60).labels == ["W", "N2"]


def test_a_scoring_of_another_night_is_refused():
    with pytest.raises(HypnogramError, match="does not overlap"):
        align(Hypnogram([W], start=datetime(2020, 1, 1)), duration_s=3600, start=START)


def test_a_recording_without_length_is_refused():
    with pytest.raises(HypnogramError, match="above zero"):
        align(Hypnogram([W]), duration_s=0)
