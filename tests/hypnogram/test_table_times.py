"""Times of tables: units that a night allows, midnight, and clocks that are changed in the night."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from eight_hours import BEFORE_THE_LAST, CODES, EPOCHS, LABELS, RUNS, START, clock

from eegvlm.hypnogram import HypnogramError, read_hypnogram


def written(folder, header, row, rows=RUNS):
    path = folder / "night.csv"
    path.write_text("\n".join([header, *(row(*one) for one in rows)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("scale", "unit"), [(1000, "ms"), (256, "256Hz"), (100, "100Hz"), (1 / 60, "min"), (1 / 3600, "h")]
)
def test_a_unit_that_nothing_says_is_asked_for(tmp_path, scale, unit):
    path = written(tmp_path, "onset,duration,stage", lambda a, b, s: f"{a * scale:.9f},{(b - a) * scale:.9f},{s}")
    with pytest.raises(HypnogramError, match=r"column 'onset'.*--onset-unit"):
        read_hypnogram(path)
    assert read_hypnogram(path, onset_unit=unit).labels == LABELS


@pytest.mark.parametrize("scale", [1000, 256, 1 / 60])
def test_the_length_of_the_recording_tells_the_unit(tmp_path, scale):
    path = written(tmp_path, "onset,duration,stage", lambda a, b, s: f"{a * scale:.9f},{(b - a) * scale:.9f},{s}")
    assert read_hypnogram(path, recording_s=28800.0).labels == LABELS


def test_samples_beside_clock_times_need_no_rate(tmp_path):
    path = written(tmp_path, "Sample,Time,Stage", lambda a, b, s: f"{a * 256},{clock(a)},{s}", rows=EPOCHS)
    assert read_hypnogram(path).labels == LABELS


def test_a_night_of_more_than_48_hours_is_refused_also_where_the_unit_is_named(tmp_path):
    path = written(tmp_path, "onset_s,stage", lambda a, b, s: f"{a * 1000},{s}")
    with pytest.raises(HypnogramError, match=r"no night is longer than 48 h"):
        read_hypnogram(path)


def test_an_unknown_unit_is_refused_with_the_choices(tmp_path):
    with pytest.raises(HypnogramError, match=r"choose s, ms, min, h, samples at a rate"):
        read_hypnogram(written(tmp_path, "onset,stage", lambda a, b, s: f"{a},{s}"), onset_unit="fortnights")


@pytest.mark.parametrize("n", [960, 60])
def test_one_code_a_second_is_told_from_one_an_epoch(tmp_path, n):
    path = tmp_path / "1hz.hyp"
    labels = (LABELS[:17] + LABELS[17:35] * 3)[:n] if n < 960 else LABELS
    path.write_text("\n".join(str(CODES[label]) for label in labels for _ in range(30)))
    with pytest.raises(HypnogramError, match=r"changes only at every 30th line; .*--in-epoch-length 1"):
        read_hypnogram(path, coding="yasa")
    assert read_hypnogram(path, coding="yasa", epoch_s=1).resample_to(30).labels == labels


def test_lines_that_are_as_many_as_the_recording_has_seconds_are_refused(tmp_path):
    path = tmp_path / "wake.txt"
    path.write_text("W\n" * 3600)
    with pytest.raises(HypnogramError, match=r"--in-epoch-length 1"):
        read_hypnogram(path, recording_s=3600.0)


def test_rows_after_midnight_with_the_date_of_the_evening_belong_to_the_next_day(tmp_path):
    path = written(tmp_path, "Date,Time,Stage", lambda a, b, s: f"26.10.2024,{clock(a)},{s}", rows=EPOCHS)
    hypnogram = read_hypnogram(path)
    assert (hypnogram.labels, hypnogram.start) == (LABELS, datetime(2024, 10, 26, 22, 41, 17))
    assert any("those after midnight" in note for note in hypnogram.notes)


def test_a_time_of_day_without_a_date_stands_on_the_day_that_edf_uses_for_none(tmp_path):
    path = written(tmp_path, "Time,Stage", lambda a, b, s: f"{clock(a)},{s}", rows=EPOCHS)
    assert read_hypnogram(path).start == datetime(1985, 1, 1, 22, 41, 17)


def test_of_a_date_whose_day_and_month_could_be_swapped_only_the_time_of_day_is_used(tmp_path):
    day = datetime(2024, 5, 7, 1, 30)
    path = written(
        tmp_path, "Time,Stage", lambda a, b, s: f"{day + timedelta(seconds=a):%d/%m/%Y %H:%M:%S},{s}", rows=EPOCHS
    )
    hypnogram = read_hypnogram(path)
    assert (hypnogram.labels, hypnogram.start) == (LABELS, datetime(1985, 1, 1, 1, 30))


def test_utc_times_give_no_local_start(tmp_path):
    path = written(tmp_path, "Time,Stage", lambda a, b, s: f"{clock(a, '%Y-%m-%dT%H:%M:%S')}Z,{s}", rows=EPOCHS)
    hypnogram = read_hypnogram(path)
    assert (hypnogram.labels, hypnogram.start) == (LABELS, None)


def test_a_recording_that_starts_after_midnight_is_taken_for_times_of_day_and_may_be_called_elapsed(tmp_path):
    start = datetime(2024, 1, 1, 0, 41, 17)
    path = written(tmp_path, "Time,Stage", lambda a, b, s: f"{start + timedelta(seconds=a):%H:%M:%S},{s}", rows=EPOCHS)
    assert read_hypnogram(path).start == datetime(1985, 1, 1, 0, 41, 17)
    elapsed = read_hypnogram(path, onset_unit="elapsed")
    assert (elapsed.labels, elapsed.start, elapsed.onset_s) == (LABELS, None, 2477.0)


def back(a, pattern="%H:%M:%S", start=datetime(2024, 10, 27, 1)):
    at = start + timedelta(seconds=a)
    return (at if at < datetime(2024, 10, 27, 3) else at - timedelta(hours=1)).strftime(pattern)


def forward(a, pattern="%H:%M:%S", start=datetime(2024, 3, 30, 23)):
    at = start + timedelta(seconds=a)
    return (at if at < datetime(2024, 3, 31, 2) else at + timedelta(hours=1)).strftime(pattern)


@pytest.mark.parametrize(
    ("header", "row", "rows"),
    [
        ("Time,Stage", lambda a, b, s: f"{back(a)},{s}", EPOCHS),
        ("Epoch,Time,Stage", lambda a, b, s: f"{a // 30 + 1},{back(a, '%I:%M:%S %p')},{s}", EPOCHS),
        ("Start,End,Duration,Stage", lambda a, b, s: f"{back(a)},{back(b)},{b - a},{s}", RUNS),
        ("Time,Stage", lambda a, b, s: f"{forward(a, '%d.%m.%Y %H:%M:%S')},{s}", EPOCHS),
        ("Epoch,Time,Stage", lambda a, b, s: f"{a // 30 + 1},{forward(a)},{s}", EPOCHS),
        ("Start,End,Duration,Stage", lambda a, b, s: f"{forward(a)},{forward(b)},{b - a},{s}", RUNS),
    ],
)
def test_clocks_that_are_changed_in_the_night_do_not_move_the_stages(tmp_path, header, row, rows):
    hypnogram = read_hypnogram(written(tmp_path, header, row, rows))
    assert hypnogram.labels == LABELS
    assert any("the clocks were set" in note for note in hypnogram.notes)


EVENING = ("Date,Time,Stage", lambda a, b, s: f"26.10.2024,{back(a, start=datetime(2024, 10, 26, 23))},{s}")


def test_clocks_are_set_back_also_where_all_rows_have_the_date_of_the_evening(tmp_path):
    hypnogram = read_hypnogram(written(tmp_path, *EVENING, EPOCHS))
    assert (hypnogram.labels, hypnogram.start) == (LABELS, datetime(2024, 10, 26, 23))
    assert [note for note in hypnogram.notes if "set back" in note or "next day" in note]


def test_rows_in_any_order_with_the_date_of_the_evening_begin_after_the_longest_pause(tmp_path):
    rows = random.Random(3).sample(EPOCHS, len(EPOCHS))
    path = written(tmp_path, "Date,Time,Stage", lambda a, b, s: f"26.10.2024,{clock(a)},{s}", rows)
    hypnogram = read_hypnogram(path)
    assert (hypnogram.labels, hypnogram.start) == (LABELS, START)


def test_an_hour_missing_on_a_date_that_could_be_swapped_is_refused(tmp_path):
    start, change = datetime(2024, 3, 10, 0, 22), datetime(2024, 3, 10, 2)

    def wall(a):
        at = start + timedelta(seconds=a)
        return at if at < change else at + timedelta(hours=1)

    path = written(tmp_path, "Time,Stage", lambda a, b, s: f"{wall(a):%m/%d/%Y %H:%M:%S},{s}", EPOCHS)
    with pytest.raises(HypnogramError, match=r"an hour is missing, or the clocks were set forward"):
        read_hypnogram(path)


def test_changes_of_stage_go_on_over_a_change_of_the_clocks_that_the_date_tells(tmp_path):
    path = written(tmp_path, "Start,Stage", lambda a, b, s: f"{back(a, '%Y-%m-%d %H:%M:%S')},{s}")
    assert read_hypnogram(path).labels == BEFORE_THE_LAST


def test_an_hour_missing_where_clocks_go_forward_is_refused_if_nothing_tells_a_hole_from_a_change(tmp_path):
    with pytest.raises(HypnogramError, match=r"an hour is missing, or the clocks were set forward"):
        read_hypnogram(written(tmp_path, "Time,Stage", lambda a, b, s: f"{forward(a)},{s}", rows=EPOCHS))


def test_clock_times_without_seconds_place_rows_by_their_numbers_or_not_at_all(tmp_path):
    path = written(tmp_path, "Epoch,Time,Stage", lambda a, b, s: f"{a // 30 + 1},{clock(a, '%H:%M')},{s}", rows=EPOCHS)
    assert read_hypnogram(path).labels == LABELS
    with pytest.raises(HypnogramError, match=r"the times have no seconds"):
        read_hypnogram(written(tmp_path, "Time,Stage", lambda a, b, s: f"{clock(a, '%H:%M')},{s}", rows=EPOCHS))
