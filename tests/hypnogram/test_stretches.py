"""Overlaps and holes in lists of events."""

from __future__ import annotations

import numpy as np
import pytest
from edfio import Edf, EdfAnnotation, EdfSignal
from eight_hours import BEFORE_THE_LAST, EPOCHS, LABELS, RUNS

from eegvlm.hypnogram import HypnogramError, read_hypnogram


def edf(folder, annotations, *, hours=0.0):
    path = folder / "scoring.edf"
    signals = [EdfSignal(np.zeros(round(3600 * hours)), 1, label="SpO2", physical_range=(0, 100))] if hours else []
    Edf(signals, annotations=[EdfAnnotation(at, length, f"Sleep stage {s}") for at, length, s in annotations]).write(
        path
    )
    return path


def test_stretches_that_run_30_s_into_the_next_are_cut_and_this_is_said(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [(a, b - a + 30, s) for a, b, s in RUNS]))
    assert hypnogram.labels[:960] == LABELS
    assert any("23 stages that ran into the next were cut" in note for note in hypnogram.notes)


def test_epochs_that_all_last_twice_as_long_are_cut(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [(a, 60, s) for a, _, s in EPOCHS]), epoch_s=30)
    assert hypnogram.labels[:960] == LABELS


def test_two_scorings_are_refused_whether_their_stages_start_together_or_not(tmp_path):
    other = [(a, b - a, "W" if s == "R" else s) for a, b, s in RUNS]
    with pytest.raises(HypnogramError, match="two stages overlap"):
        read_hypnogram(edf(tmp_path, [*((a, b - a, s) for a, b, s in RUNS), *other]))
    shifted = [(a + 300, 1200, "R") for a in range(0, 24000, 3000)]
    with pytest.raises(HypnogramError, match="two stages overlap"):
        read_hypnogram(edf(tmp_path, [*((a, b - a, s) for a, b, s in RUNS), *shifted]))


def test_repeats_are_taken_once_and_said(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [*((a, 30, s) for a, _, s in EPOCHS), (0, 30, "W"), (0, 30, "W")]))
    assert hypnogram.labels == LABELS
    assert any("taken once" in note for note in hypnogram.notes)


def test_the_last_change_of_stage_lasts_until_the_signal_ends(tmp_path):
    changes = [(a, None, s) for a, _, s in RUNS]
    assert read_hypnogram(edf(tmp_path, changes)).labels == BEFORE_THE_LAST
    hypnogram = read_hypnogram(edf(tmp_path, changes, hours=8))
    assert hypnogram.labels == LABELS
    assert any("until the signal ends, at 28800 s" in note for note in hypnogram.notes)


def test_epochs_without_a_length_leave_holes_unscored(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [(a, None, s) for a, _, s in EPOCHS if not 6000 <= a < 7800]))
    assert hypnogram.labels == [*LABELS[:200], *"?" * 60, *LABELS[260:]]


def test_a_stage_of_no_length_within_another_is_left_out(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [*((a, b - a, s) for a, b, s in RUNS), (3000, 0, "W")]))
    assert hypnogram.labels == LABELS


def test_stages_before_the_start_are_kept_and_said(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, [(a - 60, b - a, s) for a, b, s in RUNS]))
    assert (hypnogram.labels, hypnogram.onset_s) == (LABELS, -60.0)
    assert "the first stage starts 60 s before the recording" in hypnogram.notes
