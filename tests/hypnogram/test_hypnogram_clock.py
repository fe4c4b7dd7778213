"""Clock times of a scoring and of its recording: days, midnight, missing dates, daylight saving time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, agreement, align
from eegvlm.hypnogram.timing import Timing

W, N1, N2, N3, R = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R
EVENING = datetime(2024, 5, 31, 22, 30)
HOURS = 3600.0


def time_of_day(text: str, day: str = "1985-01-01") -> datetime:
    return datetime.fromisoformat(f"{day} {text}")


def scored(start: datetime | None, *, hours: float = 1.0, **more: object) -> Hypnogram:
    """An hour of N2 that says by clock times alone where it lies."""
    return Hypnogram([N2] * round(120 * hours), start=start, timing=Timing.CLOCK, **more)  # type: ignore[arg-type]


def first_scored_s(aligned: Hypnogram) -> float:
    return 30.0 * int(aligned.scored.argmax())


@pytest.mark.parametrize("day", ["1985-01-01", "1900-01-01", "1970-01-01"])
def test_a_time_of_day_lies_on_its_recording_whatever_day_stands_for_no_date(day):
    aligned = align(scored(time_of_day("22:40:00", day)), duration_s=8 * HOURS, start=EVENING)
    assert first_scored_s(aligned) == 600
    assert aligned.timing is Timing.CLOCK
    assert any("time of day alone" in note for note in aligned.notes)


def test_a_time_of_day_after_midnight_belongs_to_the_next_day():
    aligned = align(scored(time_of_day("00:10:00")), duration_s=8 * HOURS, start=EVENING)
    assert first_scored_s(aligned) == 6000


def test_a_time_of_day_before_the_recording_belongs_to_the_same_evening():
    aligned = align(scored(time_of_day("22:00:00")), duration_s=8 * HOURS, start=EVENING)
    assert aligned.labels[:60] == ["N2"] * 60
    assert any("60 epochs of 30 s lie before the signal starts" in note for note in aligned.notes)


def test_a_recording_without_a_date_takes_a_dated_scoring():
    recording = time_of_day("23:50:00")
    aligned = align(scored(datetime(2024, 6, 1, 0, 5)), duration_s=8 * HOURS, start=recording)
    assert first_scored_s(aligned) == 900


def test_a_time_of_day_that_fits_two_days_of_a_long_recording_is_refused():
    with pytest.raises(HypnogramError, match="fits more than one day: give it dates"):
        align(scored(time_of_day("23:00:00")), duration_s=48 * HOURS, start=EVENING)


def test_a_time_of_day_that_only_touches_a_second_day_is_taken():
    night = scored(time_of_day("22:40:00"), hours=8)
    assert first_scored_s(align(night, duration_s=25 * HOURS, start=EVENING)) == 600


def test_dates_place_a_scoring_in_a_recording_of_two_days():
    second_night = scored(datetime(2024, 6, 1, 23, 0))
    assert first_scored_s(align(second_night, duration_s=48 * HOURS, start=EVENING)) == 24.5 * HOURS


def test_a_recording_from_after_midnight_takes_a_scoring_with_the_date_of_the_evening():
    recording = datetime(2024, 6, 1, 0, 10)
    aligned = align(scored(datetime(2024, 5, 31, 0, 20)), duration_s=7 * HOURS, start=recording)
    assert first_scored_s(aligned) == 600
    assert any("starts after midnight with the date of the evening before" in note for note in aligned.notes)


def test_a_recording_from_after_midnight_with_the_date_of_the_evening_takes_its_scoring():
    recording = datetime(2024, 5, 31, 0, 10)
    aligned = align(scored(datetime(2024, 6, 1, 0, 20)), duration_s=7 * HOURS, start=recording)
    assert first_scored_s(aligned) == 600


def test_the_night_before_is_not_taken_for_a_slip_of_the_date():
    with pytest.raises(HypnogramError, match="does not overlap"):
        align(scored(EVENING - timedelta(days=1), hours=8), duration_s=8 * HOURS, start=EVENING)


@pytest.mark.parametrize(
    ("start", "later_s"),
    [
        (datetime(2024, 3, 30, 22, 30), 6 * HOURS),  # clocks went forward at 02:00 on the 31st
        (datetime(2024, 10, 26, 22, 30), 6 * HOURS),  # clocks went back at 03:00 on the 27th
        (datetime(2024, 11, 2, 22, 30), 6 * HOURS),  # the same in North America
    ],
)
def test_the_recorders_clock_runs_through_a_change_to_daylight_saving_time(start, later_s):
    scoring = scored(start + timedelta(seconds=later_s))
    assert first_scored_s(align(scoring, duration_s=9 * HOURS, start=start)) == later_s


@pytest.mark.parametrize(("hours", "word"), [(-1, "later"), (1, "earlier")])
def test_a_scoring_whose_clock_was_changed_by_an_hour_is_compared_as_it_says_with_a_warning(hours, word):
    drawn = np.random.default_rng(5)
    stages = np.repeat(drawn.permutation(np.tile([W, N1, N2, N3, R], 12)), drawn.integers(2, 30, 60)).astype(np.int8)
    right = Hypnogram(stages, start=EVENING)
    changed = Hypnogram(stages, start=EVENING + timedelta(hours=hours))
    figures = agreement(right, changed)
    assert figures.kappa is not None
    assert figures.kappa < 0.5
    assert figures.shift is not None
    assert figures.shift.epochs == -120 * hours
    assert figures.shift.kappa == 1.0
    assert f"120 epochs (3600 s, an hour: the clocks may have changed) {word}" in figures.shift.sentence("B")


@pytest.mark.parametrize(
    ("hypnogram", "start", "expected"),
    [
        (Hypnogram([N2], start=EVENING), EVENING, Timing.CLOCK),
        (Hypnogram([N2], start=EVENING), None, Timing.ONSET),
        (Hypnogram([N2]), EVENING, Timing.ONSET),
        (Hypnogram([N2], timing=Timing.EPOCH_NUMBER), EVENING, Timing.EPOCH_NUMBER),
        (Hypnogram([N2], timing=Timing.NOTHING), EVENING, Timing.NOTHING),
        (scored(EVENING), None, Timing.NOTHING),
    ],
)
def test_what_an_alignment_rests_on_is_known(hypnogram, start, expected):
    aligned = align(hypnogram, duration_s=HOURS, start=start)
    assert aligned.timing is expected
    assert any("by nothing" in note for note in aligned.notes) == (expected is Timing.NOTHING)


def test_a_comparison_rests_on_the_weaker_of_both():
    timed, counted, bare = (
        Hypnogram([N2, W], timing=timing) for timing in (Timing.ONSET, Timing.EPOCH_NUMBER, Timing.NOTHING)
    )
    assert agreement(timed, counted).aligned_by is Timing.EPOCH_NUMBER
    assert agreement(bare, timed).aligned_by is Timing.NOTHING
    clocked = Hypnogram([N2, W], start=EVENING)
    assert agreement(clocked, clocked).aligned_by is Timing.CLOCK
    assert agreement(clocked, clocked, by="onset").aligned_by is Timing.ONSET


def test_two_scorings_that_share_an_evening_by_time_of_day_are_compared():
    dated = Hypnogram([W, W, N2, N2], start=EVENING)
    undated = Hypnogram([N2, N2], start=time_of_day("22:31:00"), timing=Timing.CLOCK)
    figures = agreement(dated, undated)
    assert (figures.n_compared, figures.accuracy) == (2, 1.0)
