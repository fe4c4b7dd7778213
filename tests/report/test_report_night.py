"""What the page says of the whole night: whom to look at first, where stages lie, at what time."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.hypnogram.review import contradicted_epochs, least_certain, review, review_flags, review_shares
from eegvlm.report.charts import hypnodensity_paths, hypnogram_paths, unscored_spans
from eegvlm.report.clock import time_label, time_ticks
from eegvlm.report.details import epoch_details
from eegvlm.report.review import MOST_FURTHER, review_list


def _night(confidence: list[float], stages: list[int] | None = None) -> Hypnogram:
    """Return a night whose stages have these probabilities, the rest spread evenly."""
    chosen = np.array([0] * len(confidence) if stages is None else stages)
    shares = np.repeat((1 - np.array(confidence))[:, None] / 4, 5, axis=1)
    shares[np.arange(len(chosen)), np.maximum(chosen, 0)] = confidence
    shares[chosen < 0] = np.nan
    return Hypnogram(chosen.astype(np.int8), probabilities=shares.astype(np.float32))


def test_the_least_certain_come_first_and_unscored_epochs_not_at_all() -> None:
    night = _night([0.9, 0.4, 0.5, 0.8, 0.4], [0, 1, -1, 2, 2])
    assert least_certain(night).tolist() == [1, 4, 3, 0]


def test_the_rest_is_expected_to_be_as_right_as_its_probabilities_say() -> None:
    rows = review_shares(_night([0.5] * 5 + [0.9] * 95))
    assert [(row.share, row.epochs) for row in rows] == [(0, 0), (0.05, 5), (0.1, 10), (0.2, 20), (0.3, 30)]
    assert rows[0].rest == pytest.approx(0.88)
    assert rows[1].up_to == pytest.approx(0.5)
    assert [row.rest for row in rows[1:]] == pytest.approx([0.9] * 4)


@given(st.lists(st.floats(0.21, 1.0), min_size=1, max_size=50))
def test_reviewing_more_never_lowers_what_is_expected_of_the_rest(confidence: list[float]) -> None:
    rest = [row.rest for row in review_shares(_night(confidence)) if row.rest is not None]
    assert rest == sorted(rest) or np.allclose(rest, sorted(rest))


def test_epochs_alone_in_their_stage_and_leaps_out_of_wake_are_flagged() -> None:
    stages = [0, 0, 1, 0, 0, 3, 3, 2, 2, -1, 2, 0, 4]
    assert review_flags(Hypnogram(np.array(stages, np.int8))) == {
        2: ["alone among W"],
        5: ["W straight to N3"],
        12: ["W straight to R"],
    }


def test_a_flagged_epoch_is_listed_however_certain() -> None:
    night = _night([0.3] * 3 + [0.9] * 7, [0] * 10)
    listed = review_list(night, review(night, review_flags(night, {9})))
    assert [one.epoch for one in listed] == [0, 1, 2, 9]
    assert listed[-1].reasons == ("a claim is contradicted by the signal",)
    assert listed[0].second is not Stage.W


def test_where_everything_is_flagged_the_list_stays_readable() -> None:
    night = _night([0.9] * 1000)
    assert len(review_list(night, review(night, review_flags(night, range(1000))))) == 300 + MOST_FURTHER


def test_a_scoring_without_probabilities_lists_its_flagged_epochs() -> None:
    night = Hypnogram(np.array([0, 0, 2, 0, 0], np.int8))
    assert [(one.epoch, one.confidence) for one in review_list(night, review(night))] == [(2, None)]
    assert review_shares(night) == []


def test_the_hypnogram_s_bars_cover_every_scored_epoch_once() -> None:
    night = Hypnogram(np.array([0, 0, 2, -1, 2, 4], np.int8))
    bars, steps = hypnogram_paths(night)
    assert {bar.label: bar.data for bar in bars} == {
        "W": "M0 10h2",
        "R": "M5 30h1",
        "N1": "",
        "N2": "M2 70h1M4 70h1",
        "N3": "",
    }
    assert steps == "M2 10V70M5 70V30"  # none across the unscored epoch
    assert [(span.left, round(span.width, 3)) for span in unscored_spans(night)] == [(50.0, 16.667)]


def test_the_layers_of_the_hypnodensity_fill_its_height() -> None:
    layers = hypnodensity_paths(_night([1.0, 1.0], [0, 3]))
    assert [layer.label for layer in layers] == ["W", "R", "N1", "N2", "N3"]
    assert layers[0].data == "M0 100.0V0.0h1V0.0h1V0.0h-1V100.0h-1Z"
    assert layers[4].data == "M0 100.0V100.0h1V0.0h1V100.0h-1V100.0h-1Z"


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (8, ["23:00", "00:00", "01:00", "02:00", "03:00", "04:00", "05:00", "06:00"]),
        (1 / 12, ["22:10:00", "22:10:30", "22:11:00"]),
    ],
)
def test_ticks_stand_at_round_clock_times(hours: float, labels: list[str]) -> None:
    night = Hypnogram(np.zeros(round(hours * 120), np.int8), start=datetime(2020, 1, 1, 22, 10))
    assert [tick.label for tick in time_ticks(night)][: min(3, len(labels))] == labels[:3]


@given(st.integers(1, 6000), st.one_of(st.none(), st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1))))
def test_there_are_never_more_ticks_than_an_axis_can_hold(n_epochs: int, start: datetime | None) -> None:
    ticks = time_ticks(Hypnogram(np.zeros(n_epochs, np.int8), start=start))
    assert len(ticks) <= 15
    assert all(0 <= tick.percent <= 100 for tick in ticks)


def test_a_time_is_a_clock_time_or_elapsed() -> None:
    stages = np.zeros(10, np.int8)
    assert time_label(Hypnogram(stages, start=datetime(2020, 1, 1, 23, 59)), 90) == "00:00:30"
    assert time_label(Hypnogram(stages), 3690) == "1:01:30"


def test_rationales_may_be_few_and_carry_whatever_a_model_said() -> None:
    night = Hypnogram(np.zeros(3, np.int8))
    told = [
        {
            "epoch": 3,
            "claims": [{"kind": "k_complex", "start_s": 1.234, "end_s": float("nan"), "verdict": "contradicted"}],
        }
    ]
    details = epoch_details(night, None, told)
    assert details[:2] == [{}, {}]
    claim = details[2]["why"]["claims"][0]
    assert claim == {"kind": "K-complex", "verdict": "contradicted", "start": 1.23, "end": None}
    assert contradicted_epochs(told) == {2}


def test_a_claim_of_nothing_keeps_its_zero() -> None:
    told = [{"epoch": 1, "claims": [{"kind": "spindle", "value": 0.0, "measured": 0, "negated": False}]}]
    claim = epoch_details(Hypnogram(np.zeros(1, np.int8)), None, told)[0]["why"]["claims"][0]
    assert (claim["value"], claim["measured"]) == (0.0, 0)


def test_claims_that_are_no_objects_are_refused() -> None:
    with pytest.raises(InputError, match="rationale 1: claims"):
        epoch_details(Hypnogram(np.zeros(1, np.int8)), None, [{"epoch": 1, "claims": ["a spindle"]}])
