"""Clocks that are written as hours beyond 24 or as numbers, and rows of two lengths."""

from __future__ import annotations

import pytest
from eight_hours import EPOCHS, LABELS, RUNS, START, clock

from eegvlm.hypnogram import HypnogramError, read_hypnogram

MIDNIGHT_S = 22 * 3600 + 41 * 60 + 17  # the night begins that long after midnight


def beyond_24(seconds):
    whole = MIDNIGHT_S + seconds
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def table(folder, header, rows):
    path = folder / "night.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in (header, *rows)))
    return path


@pytest.mark.parametrize("rows", [EPOCHS, RUNS])
def test_a_clock_that_goes_on_beyond_24_is_asked_for(tmp_path, rows):
    path = table(tmp_path, ("Start", "End", "Stage"), [(beyond_24(a), beyond_24(b), stage) for a, b, stage in rows])
    with pytest.raises(HypnogramError, match=r"from 22:41:17 to \d\d:.*--onset-unit clock or elapsed"):
        read_hypnogram(path)
    by_clock = read_hypnogram(path, onset_unit="clock")
    assert (by_clock.labels, by_clock.onset_s, by_clock.start.time()) == (LABELS, 0, START.time())
    elapsed = read_hypnogram(path, onset_unit="elapsed")
    assert (elapsed.labels, elapsed.onset_s, elapsed.start) == (LABELS, MIDNIGHT_S, None)


def test_midnight_may_be_24_and_then_0(tmp_path):
    rows = [(beyond_24(a) if beyond_24(a) < "24:10" else clock(a), stage) for a, _, stage in EPOCHS]
    read = read_hypnogram(table(tmp_path, ("Time", "Stage"), rows))
    assert (read.labels, read.start.time()) == (LABELS, START.time())


def test_elapsed_times_of_two_days_stay_elapsed(tmp_path):
    rows = [(f"{(90000 + a) // 3600}:{a // 60 % 60:02d}:{a % 60:02d}", stage) for a, _, stage in EPOCHS]
    rows = [("0:00:00", "W"), *rows]
    read = read_hypnogram(table(tmp_path, ("Elapsed time", "Stage"), rows))
    assert (read.start, read.onset_s, read.end_s) == (None, 0, 90000 + 28800)


@pytest.mark.parametrize(("name", "unit_s"), [("Time", 1), ("Time (s)", 1), ("time_h", 3600), ("onset_min", 60)])
def test_numbers_that_begin_again_at_midnight_are_no_onsets(tmp_path, name, unit_s):
    rows = [(f"{(MIDNIGHT_S + a) % 86400 / unit_s:.6f}", stage) for a, _, stage in EPOCHS]
    with pytest.raises(HypnogramError, match=r"before .*count from midnight .*hh:mm:ss"):
        read_hypnogram(table(tmp_path, (name, "Stage"), rows))


def test_numbers_under_the_name_of_a_clock_are_no_onsets(tmp_path):
    rows = [(MIDNIGHT_S + a, stage) for a, _, stage in EPOCHS]
    with pytest.raises(HypnogramError, match=r"column 'Uhrzeit': 81677; numbers that count from midnight"):
        read_hypnogram(table(tmp_path, ("Uhrzeit", "Stage"), rows))


def test_onsets_in_another_order_stay_onsets(tmp_path):
    rows = [(a, stage) for a, _, stage in (*EPOCHS[480:], *EPOCHS[:480])]
    assert read_hypnogram(table(tmp_path, ("onset_s", "Stage"), rows)).labels == LABELS


def test_hours_and_epochs_in_the_hour_are_refused_as_contradicting(tmp_path):
    rows = [(k // 120, k % 120 + 1, stage) for k, (_, _, stage) in enumerate(EPOCHS)]
    with pytest.raises(HypnogramError, match="contradict each other"):
        read_hypnogram(table(tmp_path, ("Hour", "Epoch", "Stage"), rows))


@pytest.mark.parametrize("write", [str, clock])
def test_epochs_of_two_lengths_without_their_lengths_are_refused(tmp_path, write):
    first = [(30 * k, label) for k, label in enumerate(LABELS[:480])]
    then = [(14400 + 20 * k, label) for k, label in enumerate(LABELS[:720])]
    path = table(tmp_path, ("Time", "Stage"), [(write(at), stage) for at, stage in (*first, *then)])
    with pytest.raises(HypnogramError, match="neither one an epoch nor one a change"):
        read_hypnogram(path)
    rows = [(write(at), 30 if at < 14400 else 20, stage) for at, stage in (*first, *then)]
    read = read_hypnogram(table(tmp_path, ("Time", "Duration (s)", "Stage"), rows))
    tens = [label for label in LABELS[:480] for _ in range(3)] + [label for label in LABELS[:720] for _ in range(2)]
    assert read.resample_to(10).labels == tens


def test_a_recorder_that_paused_twice_leaves_two_holes(tmp_path):
    rows = [(30 * k + (317 if k >= 200 else 0) + (95 if k >= 500 else 0), s) for k, s in enumerate(LABELS)]
    read = read_hypnogram(table(tmp_path, ("onset_s", "Stage"), rows))
    assert read.stage_at(30 * 150 + 15).label == LABELS[150]
    assert read.stage_at(30 * 900 + 412 + 15).label == LABELS[900]
    assert read.stage_at(30 * 200 + 150).label == "?"
