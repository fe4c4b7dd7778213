"""Sleep statistics, checked by hand on a small night.

The night, 20 epochs of 30 s (10 min), from the recording's start:

    epoch   0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19
    stage   W W W W 1 W 2 2 3 3 3  ?  W  2  R  R  R  W  W  W

Sleep onset: epoch 4 (2.0 min). Last sleep epoch: 16 (ends at 8.5 min).
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, sleep_statistics

W, N1, N2, N3, R, U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED
NIGHT = [W, W, W, W, N1, W, N2, N2, N3, N3, N3, U, W, N2, R, R, R, W, W, W]


def test_the_worked_example():
    numbers = sleep_statistics(Hypnogram(NIGHT))
    assert (numbers.lights_off_s, numbers.lights_on_s, numbers.tib_min) == (0, 600, 10)
    assert numbers.n1_min == 0.5
    assert numbers.n2_min == 1.5
    assert numbers.n3_min == 1.5
    assert numbers.r_min == 1.5
    assert numbers.w_min == 4.5
    assert numbers.unscored_min == 0.5
    assert numbers.tst_min == 5.0
    assert numbers.sleep_efficiency_pct == 50.0
    assert numbers.sol_min == 2.0
    assert numbers.spt_min == 6.5
    assert numbers.sleep_maintenance_pct == pytest.approx(100 * 5 / 6.5)
    assert numbers.waso_min == 2.5  # epochs 5, 12, 17, 18, 19
    assert numbers.waso_spt_min == 1.0  # epochs 5 and 12
    assert numbers.n1_latency_min == 0.0
    assert numbers.n2_latency_min == 1.0
    assert numbers.n3_latency_min == 2.0
    assert numbers.rem_latency_min == 5.0
    assert (numbers.n1_pct, numbers.n2_pct, numbers.n3_pct, numbers.r_pct) == pytest.approx((10, 30, 30, 30))
    assert numbers.awakenings == 2  # epochs 5 and 12; the final one is none
    assert numbers.stage_shifts == 5  # N1-W, W-N2, N2-N3, W-N2, N2-R; none across the unscored epoch
    assert numbers.notes == ("0.5 min are unscored: in time in bed, but neither sleep nor wake",)


def test_lights_off_and_on_limit_what_is_counted():
    numbers = sleep_statistics(Hypnogram(NIGHT), lights_off_s=60, lights_on_s=540)
    assert numbers.tib_min == 8
    assert numbers.sol_min == 1.0
    assert numbers.waso_min == 1.5  # epochs 5, 12, 17
    assert numbers.sleep_efficiency_pct == pytest.approx(62.5)
    assert numbers.w_min == 2.5


def test_an_epoch_that_lights_off_cuts_gives_its_part():
    numbers = sleep_statistics(Hypnogram([W, W, N2, N2]), lights_off_s=45, lights_on_s=105)
    assert numbers.tib_min == 1.0
    assert numbers.w_min == 0.25
    assert numbers.sol_min == 0.25
    assert numbers.n2_min == 0.75


def test_someone_asleep_at_lights_off_has_a_latency_of_zero():
    assert sleep_statistics(Hypnogram([N2, N2, R]), lights_off_s=10).sol_min == 0


def test_lights_count_from_the_recordings_start_not_from_the_first_epoch():
    numbers = sleep_statistics(Hypnogram([W, N2], onset_s=300), lights_off_s=300)
    assert (numbers.tib_min, numbers.sol_min) == (1.0, 0.5)


def test_time_in_bed_that_the_scoring_does_not_reach_is_unscored_and_noted():
    numbers = sleep_statistics(Hypnogram([W, N2], onset_s=60), lights_off_s=0, lights_on_s=180)
    assert numbers.tib_min == 3
    assert numbers.unscored_min == 2
    assert numbers.sol_min == 1.5
    assert numbers.notes[:2] == (
        "the scoring begins 1 min after lights off",
        "the scoring ends 1 min before lights on",
    )


@pytest.mark.parametrize(("off", "on"), [(100, 100), (200, 100), (float("nan"), 100), (700, 800), (-90, -10)])
def test_lights_that_enclose_nothing_are_refused(off, on):
    with pytest.raises(HypnogramError, match="lights"):
        sleep_statistics(Hypnogram(NIGHT), lights_off_s=off, lights_on_s=on)


def test_a_night_without_sleep_has_no_latencies_and_an_efficiency_of_zero():
    numbers = sleep_statistics(Hypnogram([W] * 10))
    assert (numbers.tst_min, numbers.spt_min, numbers.sleep_efficiency_pct) == (0, 0, 0)
    assert numbers.sol_min is None
    assert numbers.waso_min is None
    assert numbers.rem_latency_min is None
    assert numbers.n2_pct is None
    assert numbers.sleep_maintenance_pct is None
    assert (numbers.awakenings, numbers.stage_shifts, numbers.w_min) == (0, 0, 5)


def test_a_night_that_nobody_scored_has_no_efficiency():
    numbers = sleep_statistics(Hypnogram([U] * 10))
    assert numbers.sleep_efficiency_pct is None
    assert (numbers.tst_min, numbers.unscored_min, numbers.sol_min) == (0, 5, None)


def test_a_night_without_rem_has_no_rem_latency():
    numbers = sleep_statistics(Hypnogram([W, N1, N2]))
    assert numbers.rem_latency_min is None
    assert numbers.r_pct == 0


def test_unscored_epochs_between_sleep_and_wake_hide_no_awakening_but_a_shift():
    numbers = sleep_statistics(Hypnogram([N2, U, W, N2]))
    assert numbers.awakenings == 1
    assert numbers.stage_shifts == 1


def test_other_epoch_lengths_are_counted_in_minutes_and_noted():
    numbers = sleep_statistics(Hypnogram([W, N2, N2], 20))
    assert numbers.tib_min == 1
    assert numbers.tst_min == pytest.approx(2 / 3)
    assert numbers.notes == ("counted in epochs of 20 s, not 30 s",)


def test_the_dictionary_is_ready_for_json():
    whole = json.loads(json.dumps(sleep_statistics(Hypnogram(NIGHT)).to_dict()))
    assert whole["tst_min"] == 5.0
    assert sleep_statistics(Hypnogram([W])).to_dict()["sol_min"] is None


@given(st.lists(st.sampled_from(list(Stage)), min_size=1, max_size=100))
def test_the_parts_sum_to_the_whole(stages):
    numbers = sleep_statistics(Hypnogram(np.array(stages)))
    parts = numbers.w_min + numbers.n1_min + numbers.n2_min + numbers.n3_min + numbers.r_min + numbers.unscored_min
    assert parts == pytest.approx(numbers.tib_min)
    if numbers.sol_min is not None and not numbers.unscored_min:
        assert numbers.sol_min + numbers.tst_min + numbers.waso_min == pytest.approx(numbers.tib_min)
