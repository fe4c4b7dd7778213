"""A scored night in Python: made of lists, cut, compared, shown."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from eegvlm import Hypnogram
from eegvlm.hypnogram import HypnogramError, Stage, agreement, read_hypnogram, sleep_statistics
from eegvlm.hypnogram.codings import CODINGS
from eegvlm.signals import Lights

START = datetime(2024, 5, 31, 22, 30)
LABELS = ["W", "W", "N1", "N2", "N2", "N3", "R", "?"]


def sure(stages: list[int]) -> np.ndarray:
    """Return probabilities that are nearly certain of each stage; NaN where it is unscored."""
    rows = np.full((len(stages), 5), 0.025, np.float32)
    for epoch, stage in enumerate(stages):
        rows[epoch, stage] = 0.9 if stage >= 0 else np.nan
        if stage < 0:
            rows[epoch] = np.nan
    return rows


def night(**fields) -> Hypnogram:
    stages = [Stage.from_label(label) for label in LABELS]
    return Hypnogram(np.array(stages), probabilities=sure(stages), **fields)


def test_labels_in_any_spelling_become_stages():
    made = Hypnogram.from_strings(["Wake", "Sleep stage 1", "n2", "S4", "REM", "?", None, float("nan")], start=START)
    assert made.labels == ["W", "N1", "N2", "N3", "R", "?", "?", "?"]
    assert made.start == START


def test_a_label_that_is_no_stage_is_named_with_its_epoch():
    with pytest.raises(HypnogramError, match="label of epoch 2: Light"):
        Hypnogram.from_strings(["W", "Light"])
    assert Hypnogram.from_strings(["W", "Light"], stage_map="Light=N2").labels == ["W", "N2"]


def test_integers_are_no_labels_and_need_a_coding():
    with pytest.raises(HypnogramError, match=r"Hypnogram\.from_codes takes integers"):
        Hypnogram.from_strings([0, 1, 2])
    with pytest.raises(TypeError, match="one label an epoch in a list"):
        Hypnogram.from_strings("WWN")


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_codes_are_read_by_the_coding_that_is_named(coding):
    convention = CODINGS[coding]
    made = Hypnogram.from_codes(np.array(list(convention.stages)), coding=coding)
    assert list(made) == list(convention.stages.values())
    assert made.epoch_s == convention.epoch_s


@pytest.mark.parametrize(
    ("codes", "words"),
    [([0, 7], "7 in epoch 2"), ([0.5], "whole numbers"), ([], "at least one"), (["W"], "from_strings takes labels")],
)
def test_codes_without_a_meaning_are_refused(codes, words):
    with pytest.raises(HypnogramError, match=words):
        Hypnogram.from_codes(codes, coding="aasm")


def test_a_slice_is_a_hypnogram_that_starts_later():
    scored = night(start=START, quality=["good"] * 7 + ["unusable"])
    cropped = scored[2:5]
    assert cropped.labels == ["N1", "N2", "N2"]
    assert (cropped.onset_s, cropped.time_of(0)) == (60.0, datetime(2024, 5, 31, 22, 31))
    np.testing.assert_array_equal(cropped.probabilities, scored.probabilities[2:5])
    assert cropped.quality == ("good",) * 3
    assert scored[-2:].labels == ["R", "?"]
    assert scored[:] == scored


@pytest.mark.parametrize("wrong", [slice(0, 8, 2), slice(5, 2), slice(8, 20)])
def test_a_slice_without_consecutive_epochs_is_refused(wrong):
    with pytest.raises(HypnogramError, match="consecutive epochs"):
        night()[wrong]


def test_it_is_a_sequence_of_stages_and_an_array_of_their_numbers():
    hypnogram = night()
    assert list(hypnogram)[:3] == [Stage.W, Stage.W, Stage.N1]
    assert len(hypnogram) == len(np.asarray(hypnogram)) == 8
    assert np.asarray(hypnogram).tolist() == [0, 0, 1, 2, 2, 3, 4, -1]
    copied = np.array(hypnogram)
    copied[0] = 3
    assert hypnogram[0] is Stage.W
    assert (np.asarray(hypnogram) == Stage.N2).sum() == 2


def test_two_are_equal_where_all_they_know_is():
    assert night() == night()
    assert night() != night(start=START)
    assert night() != night()[:-1]
    assert night() != "W W N1"


def test_statistics_count_between_the_lights_that_are_known():
    hypnogram = Hypnogram.from_strings(LABELS[:-1])
    assert hypnogram.statistics() == sleep_statistics(hypnogram)
    assert hypnogram.statistics(lights_off_s=60.0).sol_min == 0.0
    marked = Hypnogram(hypnogram.stages, lights=Lights(30.0, 210.0, "a test"))
    assert marked.statistics().tib_min == 3.0


def test_transitions_are_counted_between_neighbours_that_are_scored():
    transitions = Hypnogram.from_strings(["W", "N1", "N1", "?", "N2", "W", "N1"]).transitions()
    expected = np.zeros((5, 5), int)
    expected[0, 1], expected[1, 1], expected[2, 0] = 2, 1, 1
    np.testing.assert_array_equal(transitions.counts, expected)
    np.testing.assert_array_equal(transitions.probabilities[0], [0, 1, 0, 0, 0])
    assert np.isnan(transitions.probabilities[3]).all()


def test_agreement_takes_itself_as_the_reference():
    other = Hypnogram.from_strings(["W", "N1", "N1", "N2", "N2", "N3", "R", "W"])
    assert night().agreement(other).to_dict() == agreement(night(), other).to_dict()
    assert night().agreement(other).stages[0].support == 2


def test_bids_events_are_written_and_read_back(tmp_path):
    file = tmp_path / "sub-01_task-sleep_events.tsv"
    night(start=START).to_bids(file)
    assert (tmp_path / "sub-01_task-sleep_events.json").is_file()
    back = read_hypnogram(file)
    assert back.labels == LABELS
    np.testing.assert_array_equal(back.probabilities, night().probabilities)


def test_its_representation_is_one_line():
    assert repr(night(start=START)) == (
        "<Hypnogram: 8 epochs of 30 s (0.07 h, from 2024-05-31 22:30:00): "
        "W 25 %, N1 12 %, N2 25 %, N3 12 %, R 12 %, ? 12 %; with probabilities>"
    )


def test_a_notebook_shows_a_small_picture_of_each_stretch():
    html = night()._repr_html_()
    assert html.count("<svg") == 1
    assert html.count('stroke-width="6"') == 5  # W, N1, N2, N3, R
    assert "8 epochs of 30 s" in html
    assert len(Hypnogram(np.tile(np.int8([0, 2, 3, 4]), 300))._repr_html_()) < 200_000
