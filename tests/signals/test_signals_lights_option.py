"""Lights off and on as a user gives them: clock times, dates, seconds, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.signals import Lights, Recording, choose_lights, parse_lights, read_recording

EVENING = datetime(2024, 10, 26, 22, 0)
NIGHT_S, DAY_S = 28_800.0, 86_400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("22:41", 2460),
        ("22:41:17", 2477),
        ("22:41:17.5", 2477.5),
        (" 22:41 ", 2460),
        ("10:41 PM", 2460),
        ("10:41pm", 2460),
        ("10:41:17 p.m.", 2477),
        ("12:30 AM", 9000),
        ("0:30", 9000),
        ("00:30", 9000),
        ("2024-10-26T22:41:17", 2477),
        ("2024-10-26 22:41", 2460),
        ("2024-10-27T00:30", 9000),
        ("1200", 1200),
        ("1200 s", 1200),
        ("1200.5s", 1200.5),
        ("0", 0),
        ("22:00", 0),
        ("06:00", NIGHT_S),
    ],
)
def test_a_time_is_seconds_after_the_start(text: str, seconds: float) -> None:
    assert parse_lights(text, EVENING, NIGHT_S) == seconds


NO_TIME = (
    *("", "soon", "25:00", "22:60", "22:41:60", "13:00 PM", "0:10 am", "2024-10-26", "22:4", "-5", "1e3", "nan"),
    *("2024-10-26T22:41:17+02:00", "2024-13-26T22:41", "22:41 s", "90 min", "2259:00"),
)


@pytest.mark.parametrize("text", NO_TIME)
def test_what_is_no_time_in_the_recording_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(InputError, match=r"^--lights-on: "):
        parse_lights(text, EVENING, NIGHT_S, option="--lights-on")


@pytest.mark.parametrize("text", ["21:59", "06:01", "28801", "2024-10-25T22:41", "2024-10-28T00:00"])
def test_a_time_outside_of_the_recording_is_refused_with_its_extent(text: str) -> None:
    extent = "from 2024-10-26 22:00:00 to 2024-10-27 06:00:00"
    with pytest.raises(InputError, match=f"--lights-off: time: {text}; it lies outside .* {extent}"):
        parse_lights(text, EVENING, NIGHT_S)


def test_a_clock_time_needs_a_start_but_seconds_do_not() -> None:
    assert parse_lights("1200", None, NIGHT_S) == 1200
    for text in ("22:41", "2024-10-26T22:41"):
        with pytest.raises(InputError, match="start is not known; give seconds"):
            parse_lights(text, None, NIGHT_S)
    with pytest.raises(InputError, match="28800 s long"):
        parse_lights("30000", None, NIGHT_S)


def test_the_minute_in_which_the_recording_starts_is_its_start() -> None:
    start = EVENING + timedelta(seconds=17)
    assert parse_lights("22:00", start, DAY_S) == 0
    assert parse_lights("22:00:10", start, DAY_S) == DAY_S - 7


def test_a_clock_time_that_occurs_twice_is_refused_until_its_date_is_given() -> None:
    with pytest.raises(InputError, match=r"more than once in the recording; give its date .* 2024-10-26T22:41:00"):
        parse_lights("22:41", EVENING, 2 * DAY_S)
    assert parse_lights("2024-10-27T22:41", EVENING, 2 * DAY_S) == DAY_S + 2460
    assert parse_lights("21:00", EVENING, 1.5 * DAY_S) == DAY_S - 3600


def test_lights_on_is_the_first_such_time_after_lights_off() -> None:
    assert parse_lights("07:00", EVENING, 2 * DAY_S, option="--lights-on", after_s=2460) == 32_400
    assert parse_lights("07:00", EVENING, 2 * DAY_S, option="--lights-on", after_s=DAY_S) == DAY_S + 32_400
    with pytest.raises(InputError, match="--lights-on: time: 1200; lights on must follow lights off"):
        parse_lights("1200", EVENING, NIGHT_S, option="--lights-on", after_s=1200)


@given(st.integers(0, 86_399), st.integers(0, 86_399))
def test_every_second_of_a_day_is_found_by_its_clock_time(start_second: int, second: int) -> None:
    start = EVENING.replace(hour=0) + timedelta(seconds=start_second)
    clock = start + timedelta(seconds=second)
    assert parse_lights(f"{clock:%H:%M:%S}", start, DAY_S - 1) == second
    assert parse_lights(clock.isoformat(), start, DAY_S - 1) == second
    assert parse_lights(f"{clock:%I:%M:%S %p}", start, DAY_S - 1) == second


def recording_of(seconds: float, start: datetime | None = EVENING) -> Recording:
    samples = np.random.default_rng(0).normal(0, 20, int(seconds))
    return Recording.from_arrays({"C4-M1": (samples, 1.0)}, start)


def test_without_options_and_markers_lights_are_not_known() -> None:
    assert choose_lights(recording_of(3600)) is None


def test_the_users_times_count_and_say_so() -> None:
    recording = recording_of(3600)
    assert choose_lights(recording, "22:10", "22:50") == Lights(600, 3000, "--lights-off and --lights-on")
    assert choose_lights(recording, "600 s") == Lights(600, None, "--lights-off")
    assert choose_lights(recording, lights_on="22:50") == Lights(None, 3000, "--lights-on")


def test_a_users_time_replaces_its_marker_and_keeps_the_other(
    edf: Callable[..., Any], lead: Callable[..., Any], tmp_path: Path
) -> None:
    onsets = [f"+{second}" for second in range(60)]
    onsets[10] += "\x14\x14\0+10\x14LOff"
    onsets[50] += "\x14\x14\0+50\x14LOn"
    recording = read_recording(edf([lead("C4-M1")], plus="C", onsets=onsets).write(tmp_path / "a.edf"))
    marked = "the recording's own markers 'LOff', 'LOn'"
    assert choose_lights(recording) == Lights(10, 50, marked)
    assert choose_lights(recording, "20") == Lights(20, 50, f"--lights-off and {marked}")
    assert choose_lights(recording, None, "40") == Lights(10, 40, f"--lights-on and {marked}")
    with pytest.raises(InputError, match="--lights-off: time: 55; the recording's marker of lights on, at 50 s"):
        choose_lights(recording, "55")
    with pytest.raises(InputError, match="--lights-on: time: 5; lights on must follow lights off, which is at 10 s"):
        choose_lights(recording, None, "5")


def test_lights_that_leave_nothing_are_refused() -> None:
    with pytest.raises(InputError, match=r"--lights-off: .* nothing of the recording follows"):
        choose_lights(recording_of(3600), "3600")
    with pytest.raises(InputError, match=r"--lights-on: .* nothing of the recording precedes"):
        choose_lights(recording_of(3600), None, "0")
