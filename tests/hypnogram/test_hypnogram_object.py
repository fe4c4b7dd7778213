"""A scored night as an object."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage

START = datetime(2024, 5, 31, 23, 59, 45, 250_000)


def night(text: str, **fields) -> Hypnogram:
    return Hypnogram([Stage.from_label({"1": "N1", "2": "N2", "3": "N3"}.get(c, c)) for c in text], **fields)


def test_stages_are_kept_as_int8_that_cannot_be_written_to():
    given = np.array([0, 2, 3])
    hypnogram = Hypnogram(given)
    given[0] = 4
    assert hypnogram.stages.dtype == np.int8
    assert hypnogram.stages.tolist() == [0, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        hypnogram.stages[0] = 1


@pytest.mark.parametrize(
    ("stages", "fields", "words"),
    [
        ([], {}, "at least one"),
        ([[0, 1]], {}, "one stage an epoch"),
        ([0, 5], {}, "5 in epoch 2"),
        ([0, -2], {}, "-2 in epoch 2"),
        ([0.5], {}, "integers"),
        ([0], {"epoch_s": 0}, "epoch_s"),
        ([0], {"epoch_s": float("nan")}, "epoch_s"),
        ([0], {"epoch_s": 1e-320}, "epoch_s"),
        ([0], {"onset_s": float("inf")}, "onset_s"),
        ([0], {"start": datetime(2024, 1, 1, tzinfo=UTC)}, "naive"),
        ([0], {"probabilities": np.ones((1, 4))}, r"shape \(1, 5\)"),
        ([0], {"probabilities": np.array([[0.5, 0.4, 0.0, 0.0, 0.0]])}, "sum to 1"),
        ([0], {"probabilities": np.array([[1.5, -0.5, 0.0, 0.0, 0.0]])}, "epoch 1"),
        ([0], {"probabilities": np.array([[1.0, np.nan, 0.0, 0.0, 0.0]])}, "epoch 1"),
    ],
)
def test_what_is_no_scoring_is_refused_with_what_was_expected(stages, fields, words):
    with pytest.raises(HypnogramError, match=words):
        Hypnogram(np.array(stages, dtype=float if 0.5 in stages else int), **fields)


def test_probabilities_may_be_unknown_for_some_epochs_and_confidence_is_that_of_the_stage():
    probabilities = np.array([[0.7, 0.1, 0.1, 0.05, 0.05], [np.nan] * 5, [0.2, 0.2, 0.2, 0.2, 0.2]])
    hypnogram = Hypnogram([0, 2, -1], probabilities=probabilities)
    assert hypnogram.probabilities.dtype == np.float32
    np.testing.assert_array_equal(hypnogram.confidence, np.float32([0.7, np.nan, np.nan]))
    assert Hypnogram([0]).confidence is None


def test_times_count_from_the_recordings_start():
    hypnogram = night("W12", start=START, onset_s=60)
    assert hypnogram.time_of(0) == datetime(2024, 6, 1, 0, 0, 45, 250_000)
    assert hypnogram.end_s == 150
    assert hypnogram.onsets_s.tolist() == [60, 90, 120]
    with pytest.raises(HypnogramError, match="start"):
        night("W").time_of(0)


def test_stage_at_takes_seconds_or_clock_time_and_is_unscored_outside():
    hypnogram = night("W12", start=START, onset_s=60)
    assert hypnogram.stage_at(59.9) is Stage.UNSCORED
    assert hypnogram.stage_at(60) is Stage.W
    assert hypnogram.stage_at(89.999) is Stage.W
    assert hypnogram.stage_at(90) is Stage.N1
    assert hypnogram.stage_at(150) is Stage.UNSCORED
    assert hypnogram.stage_at(datetime(2024, 6, 1, 0, 1, 45, 250_000)) is Stage.N2


def test_crop_keeps_whole_epochs_and_their_time_and_probabilities():
    probabilities = np.eye(5, dtype=np.float32)
    whole = Hypnogram([0, 1, 2, 3, 4], start=START, onset_s=10, probabilities=probabilities, notes=("seen",))
    part = whole.crop(25, 130)
    assert part.labels == ["N1", "N2", "N3"]
    assert (part.onset_s, part.start, part.notes) == (40, START, ("seen",))
    np.testing.assert_array_equal(part.probabilities, probabilities[1:4])
    assert whole.crop(-100, 1e6) == whole
    with pytest.raises(HypnogramError, match="no whole epoch"):
        whole.crop(25, 60)


def test_runs_are_the_stretches_of_one_stage():
    assert night("WW2?").runs() == [(Stage.W, 0, 2), (Stage.N2, 2, 1), (Stage.UNSCORED, 3, 1)]


def test_equality_looks_at_everything_and_nan_equals_nan():
    probabilities = np.array([[np.nan] * 5, [1, 0, 0, 0, 0]], dtype=np.float32)
    one = Hypnogram([-1, 0], probabilities=probabilities)
    assert one == Hypnogram([-1, 0], probabilities=probabilities.copy())
    assert one != Hypnogram([-1, 0])
    assert one != Hypnogram([-1, 1], probabilities=probabilities)
    assert one != Hypnogram([-1, 0], probabilities=probabilities, onset_s=1)
    assert one != "WW"


def test_as_text_has_one_character_an_epoch_and_one_line_an_hour():
    hypnogram = night("W" * 119 + "123R?", start=START)
    assert hypnogram.as_text() == "23:59  " + "W" * 119 + "1\n00:59  23R?"
    assert night("WR", onset_s=-30).as_text(per_line=1) == "-00:00  W\n00:00  R"


def test_str_says_how_long_and_from_when():
    assert str(night("WW", start=START)) == "2 epochs of 30 s (0.02 h, from 2024-05-31 23:59:45)"
