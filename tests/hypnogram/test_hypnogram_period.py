"""The main sleep period of a long recording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.hypnogram import Hypnogram, Period, main_sleep_period, read_hypnogram
from eegvlm.hypnogram.period import sleep_periods


def day(*stretches: tuple[str, float], epoch_s: float = 30.0) -> Hypnogram:
    """Make a scoring of stretches: what (``W``, ``2``, ``R``, ``?``), and how many minutes of it."""
    codes = {"W": 0, "1": 1, "2": 2, "R": 4, "?": -1}
    return Hypnogram(
        np.concatenate([np.full(round(m * 60 / epoch_s), codes[s], np.int8) for s, m in stretches]), epoch_s
    )


def minutes(hypnogram: Hypnogram) -> tuple[float, float] | None:
    """Start and end of the main sleep period in minutes."""
    period = main_sleep_period(hypnogram)
    return period and (period.first * hypnogram.epoch_s / 60, (period.last + 1) * hypnogram.epoch_s / 60)


def test_the_night_in_a_day_is_from_its_first_to_its_last_epoch_of_sleep():
    assert main_sleep_period(day(("W", 600), ("1", 1), ("2", 479), ("W", 360))) == Period(1200, 2159)
    assert Period(1200, 2159).n_epochs == 960


def test_wake_of_ninety_minutes_within_the_night_does_not_end_it():
    assert minutes(day(("W", 600), ("2", 200), ("W", 90), ("2", 200), ("W", 360))) == (600, 1090)


def test_wake_of_more_than_two_hours_parts_two_periods_and_the_longer_sleep_counts():
    scoring = day(("W", 300), ("2", 90), ("W", 125), ("2", 400), ("W", 525))
    assert minutes(scoring) == (515, 915)
    assert [one.n_epochs for one in sleep_periods(scoring)] == [180, 800]


def test_naps_before_and_after_are_no_part_of_the_night():
    scoring = day(("W", 120), ("2", 40), ("W", 240), ("2", 420), ("W", 300), ("1", 100), ("W", 220))
    assert minutes(scoring) == (400, 820)


def test_two_nights_are_two_periods_and_the_one_with_more_sleep_counts():
    scoring = day(("W", 300), ("2", 400), ("W", 900), ("2", 450), ("W", 400))
    assert [one.n_epochs for one in sleep_periods(scoring)] == [800, 900]
    assert minutes(scoring) == (1600, 2050)


def test_of_equal_nights_the_first_counts():
    assert minutes(day(("2", 400), ("W", 900), ("2", 400))) == (0, 400)


def test_a_night_of_bouts_stays_whole():
    assert minutes(day(("W", 500), *[("2", 20), ("W", 20)] * 12, ("W", 500))) == (500, 960)


def test_unscored_epochs_within_the_night_do_not_part_it_but_an_unscored_day_does():
    assert minutes(day(("W", 300), ("2", 200), ("?", 120), ("2", 200), ("W", 400))) == (300, 820)
    scoring = day(("2", 400), ("?", 840), ("2", 420))
    assert minutes(scoring) == (1240, 1660)


def test_single_epochs_of_sleep_all_day_do_not_move_the_night():
    stages = day(("W", 600), ("2", 480), ("W", 360)).stages.copy()
    stages[:1180:10] = 1
    stages[2180::10] = 1
    assert main_sleep_period(Hypnogram(stages)) == Period(1200, 2159)


def test_without_sleep_there_is_no_period_and_with_little_the_whole_of_it():
    assert main_sleep_period(day(("W", 900), ("?", 200))) is None
    assert minutes(day(("W", 900), ("2", 20), ("W", 300))) == (900, 920)


@pytest.mark.parametrize("epoch_s", [5.0, 20.0, 30.0])
def test_the_length_of_epochs_does_not_matter(epoch_s):
    scoring = day(("W", 300), ("2", 90), ("W", 125), ("2", 400), ("W", 525), epoch_s=epoch_s)
    assert minutes(scoring) == (515, 915)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1, 2, 3, 4]), st.integers(1, 300)), min_size=1, max_size=20))
def test_periods_begin_and_end_with_sleep_and_do_not_overlap(runs):
    stages = np.concatenate([np.full(n, stage, np.int8) for stage, n in runs])
    periods = sleep_periods(Hypnogram(stages))
    assert bool(periods) == bool((stages > 0).any())
    ends = [-1]
    for one in periods:
        assert ends[-1] < one.first <= one.last < len(stages)
        assert stages[one.first] > 0
        assert stages[one.last] > 0
        ends.append(one.last)


@given(st.integers(0, 2**32 - 1))
def test_a_tenth_of_the_days_wake_taken_for_sleep_epoch_by_epoch_leaves_the_night(seed):
    stages = day(("W", 600), ("2", 480), ("W", 360)).stages.copy()
    wrong = (np.random.default_rng(seed).random(len(stages)) < 0.1) & (stages == 0)
    stages[wrong] = 1
    period = main_sleep_period(Hypnogram(stages))
    assert period is not None
    assert 1100 < period.first <= 1200
    assert 2159 <= period.last < 2260


@pytest.mark.real_data
def test_the_main_period_of_twenty_days_of_sleep_edf_holds_their_nights(real_data):
    for file in sorted((real_data / "sleep_edf").glob("*-Hypnogram.edf")):
        hypnogram = read_hypnogram(file)
        asleep = hypnogram.stages > 0
        period = main_sleep_period(hypnogram)
        assert period is not None
        # The rest are naps and drowsiness: 0.14 h of 6.76 h in SC4081, the largest share.
        assert asleep[period.first : period.last + 1].sum() >= 0.97 * asleep.sum()
        assert period.n_epochs < 10 * 120
