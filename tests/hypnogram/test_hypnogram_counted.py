"""What is counted as the night, where that comes from, and its numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from edfio import Edf, EdfAnnotation, EdfSignal

from eegvlm.hypnogram import Hypnogram, HypnogramError, Period, count_sleep, sleep_statistics
from eegvlm.signals import Lights, read_recording

GIVEN = "--lights-off and --lights-on"


def day(*stretches: tuple[int, float]) -> Hypnogram:
    """Make a scoring of stretches: stage and minutes."""
    return Hypnogram(np.concatenate([np.full(round(2 * m), stage, np.int8) for stage, m in stretches]))


NIGHT = day((0, 27), (2, 80), (0, 13))
DAY = day((0, 600), (2, 240), (0, 30), (2, 210), (0, 360))


def test_markers_of_a_recording_give_time_in_bed_and_latency_from_lights_off(tmp_path):
    noise = np.random.default_rng(0).normal(0, 20, 7200 * 64)
    signal = EdfSignal(noise, 64, label="EEG C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    path = tmp_path / "with-lights.edf"
    markers = [EdfAnnotation(1200, None, "Lights Off"), EdfAnnotation(6900, None, "Lights On")]
    Edf([signal], annotations=markers).write(path)
    counted = count_sleep(NIGHT, read_recording(path).lights)
    assert (counted.lights_off_s, counted.lights_on_s) == (1200, 6900)
    assert (counted.statistics.tib_min, counted.statistics.sol_min) == (95.0, 7.0)
    assert (counted.whole.tib_min, counted.whole.sol_min) == (120.0, 27.0)
    assert counted.basis == "from lights off to lights on (the recording's own markers 'Lights Off', 'Lights On')"
    assert counted.main_period is None


def test_a_night_without_lights_counts_as_a_whole_and_says_so():
    counted = count_sleep(NIGHT)
    assert counted.statistics == counted.whole == sleep_statistics(NIGHT)
    assert counted.basis == "the whole scoring; lights off and on are not known"
    assert (counted.lights_off_s, counted.lights_on_s, counted.main_period) == (None, None, None)


def test_lights_given_precede_those_of_the_scoring():
    scored = Hypnogram(NIGHT.stages, lights=Lights(600, 7000, "the scoring's own markers"))
    assert count_sleep(scored).statistics.lights_off_s == 600
    assert count_sleep(scored, Lights(1200, None, "--lights-off")).statistics.lights_off_s == 1200


def test_one_side_alone_counts_to_the_end_of_a_night():
    counted = count_sleep(NIGHT, Lights(1200, None, "--lights-off"))
    assert (counted.statistics.tib_min, counted.statistics.sol_min) == (100, 7)
    assert counted.basis == "from lights off (--lights-off) to the end of the scoring; lights on is not known"
    counted = count_sleep(NIGHT, Lights(None, 6900, "--lights-on"))
    assert (counted.statistics.tib_min, counted.statistics.sol_min) == (115, 27)
    assert counted.basis == "from the start of the scoring to lights on (--lights-on); lights off is not known"


def test_a_day_without_lights_counts_its_main_sleep_period():
    counted = count_sleep(DAY)
    assert counted.main_period == Period(1200, 2159)
    assert counted.main_period_s == (36_000, 64_800)
    numbers = counted.statistics
    assert (numbers.tib_min, numbers.tst_min, numbers.waso_min) == (480, 450, 30)
    assert (numbers.sol_min, numbers.sleep_efficiency_pct) == (None, None)
    assert "sleep onset latency and sleep efficiency are not known without lights off and on" in numbers.notes
    assert counted.whole.tib_min == 1440
    assert "main sleep period of a recording of more than 16 hours" in counted.basis


def test_sixteen_hours_are_a_night_and_an_epoch_more_is_a_day():
    assert count_sleep(day((0, 480), (2, 480))).main_period is None
    assert count_sleep(day((0, 480), (2, 480.5))).main_period == Period(960, 1920)


def test_a_day_with_lights_counts_between_them():
    counted = count_sleep(DAY, Lights(35_000, 65_000, GIVEN))
    assert counted.main_period is None
    assert counted.statistics.tib_min == 500
    assert counted.statistics.sol_min == pytest.approx(1000 / 60)


def test_a_day_with_lights_off_alone_ends_with_the_main_sleep_period():
    counted = count_sleep(DAY, Lights(30_000, None, "--lights-off"))
    assert counted.main_period is None  # 56400 s are left, less than 16 hours
    counted = count_sleep(DAY, Lights(1200, None, "--lights-off"))
    assert (counted.statistics.lights_off_s, counted.statistics.lights_on_s) == (1200, 64_800)
    assert counted.statistics.sol_min == 580
    assert counted.statistics.sleep_efficiency_pct is not None
    assert counted.basis.startswith("from lights off (--lights-off) to the end of the main sleep period")
    assert counted.lights_on_s is None


def test_a_day_with_lights_on_alone_begins_with_the_main_sleep_period():
    counted = count_sleep(DAY, Lights(None, 70_000, "--lights-on"))
    assert (counted.statistics.lights_off_s, counted.statistics.lights_on_s) == (36_000, 70_000)
    assert counted.statistics.sol_min is None
    assert counted.main_period == Period(1200, 2159)


def test_the_main_period_is_sought_where_the_lights_let_it_be():
    two_nights = day((2, 500), (0, 900), (2, 400), (0, 300))
    counted = count_sleep(two_nights, Lights(31_000, None, "--lights-off"))
    assert counted.main_period == Period(2800, 3599)
    shifted = Hypnogram(two_nights.stages, onset_s=300)
    counted = count_sleep(shifted, Lights(31_300, None, "--lights-off"))
    assert (counted.main_period, counted.main_period_s) == (Period(2800, 3599), (84_300, 108_300))


def test_a_day_awake_counts_as_a_whole():
    counted = count_sleep(day((0, 1440)))
    assert (counted.main_period, counted.statistics.tst_min) == (None, 0)


def test_lights_that_make_no_sense_are_refused():
    with pytest.raises(HypnogramError, match="lights on must follow"):
        count_sleep(NIGHT, Lights(3000, 3000, GIVEN))
    with pytest.raises(HypnogramError, match="overlap the scoring"):
        count_sleep(NIGHT, Lights(90_000, 95_000, GIVEN))


def test_everything_goes_into_json_with_epochs_counted_from_one():
    written = json.loads(json.dumps(count_sleep(DAY).to_dict()))
    assert written["main_sleep_period"] == {
        "first_epoch": 1201,
        "last_epoch": 2160,
        "start_s": 36_000,
        "end_s": 64_800,
    }
    assert written["statistics"]["sol_min"] is None
    assert written["whole"]["tib_min"] == 1440
    assert (written["lights_off_s"], written["lights_on_s"]) == (None, None)
    assert json.loads(json.dumps(count_sleep(NIGHT).to_dict()))["main_sleep_period"] is None
