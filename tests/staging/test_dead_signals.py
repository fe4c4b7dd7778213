"""Nothing is staged that is not there, and what was done about it is told with its clock times."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import numpy as np
import pytest

from eegvlm.hypnogram import read_hypnogram
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import QualityKind, Recording
from eegvlm.staging import Stager

pytestmark = pytest.mark.slow

RATE, HOURS = 100, 1.0
DEAD = slice(60, 90)
START = datetime(2026, 3, 1, 22, 30)


@pytest.fixture(scope="module")
def signals() -> dict[str, np.ndarray]:
    return simulate_night(hours=HOURS, seed=5, rate=RATE).signals


def replacements() -> dict[str, np.ndarray]:
    n = (DEAD.stop - DEAD.start) * 30 * RATE
    rng, t = np.random.default_rng(3), np.arange(n) / RATE
    return {
        "flat": np.full(n, 12.5, np.float32),
        "noise-floor": rng.normal(0, 0.4, n).astype(np.float32),
        "mains": (30 * np.sin(2 * np.pi * 49.9 * t) + rng.normal(0, 0.3, n)).astype(np.float32),
        "rail": np.full(n, 3276.7, np.float32),
    }


def night_with(signals: dict[str, np.ndarray], dead: list[str], value: np.ndarray) -> Recording:
    stretch = slice(DEAD.start * 30 * RATE, DEAD.stop * 30 * RATE)
    held = {label: samples.copy() for label, samples in signals.items()}
    for label in dead:
        held[label][stretch] = value
    return Recording.from_arrays({label: (samples, float(RATE)) for label, samples in held.items()}, start=START)


@pytest.mark.parametrize("kind", list(replacements()))
def test_epochs_without_eeg_have_no_stage_no_probability_and_no_share_in_any_statistic(stager, signals, kind):
    one = {"EEG C4-M1": signals["EEG C4-M1"]}
    clean = stager.stage(night_with(one, [], np.zeros(1))).hypnogram
    night = stager.stage(night_with(one, ["EEG C4-M1"], replacements()[kind]))
    dead = np.zeros(len(clean), np.bool_)
    dead[DEAD] = True
    assert (night.hypnogram.stages[dead] == -1).all()
    assert np.isnan(night.hypnogram.probabilities[dead]).all()
    assert night.hypnogram.scored[~dead].sum() >= (~dead).sum() - 2  # an epoch at the edge may be lost to a filter
    assert night.counted.statistics.unscored_min >= 15
    agree = (night.hypnogram.stages == clean.stages)[~dead]
    assert agree.mean() > 0.9
    assert any("30 epochs hold no EEG (23:00-23:15)" in problem["message"] for problem in night.all_problems)
    assert night.review.order[:30] == tuple(range(DEAD.start, DEAD.stop))


def test_a_dead_lead_beside_living_ones_is_read_elsewhere_and_the_rationale_says_so(signals):
    from staging_models import stager_of, untrained

    reasoner = stager_of(*untrained())
    night = reasoner.stage(night_with(signals, ["EEG C4-M1"], replacements()["flat"]), explain="all")
    assert night.hypnogram.scored.all()
    (told,) = [one for one in night.all_problems if one["code"] == "read-elsewhere"]
    assert told["message"].startswith("30 epochs are read from F4-M1 (23:00-23:15): C4-M1 holds no usable signal")
    lines = {one["epoch"] - 1: one for one in night.rationales}
    assert lines[70]["text"].startswith("Read from F4-M1: C4-M1 holds no usable signal here. ")
    assert not lines[20]["text"].startswith("Read from")
    assert all(one["unread"] == [] for one in night.rationales)
    spoken = {claim["channel"] for epoch in range(60, 90) for claim in lines[epoch]["claims"]}
    assert "frontal EEG" in spoken
    assert "central EEG" not in spoken


def test_what_a_dead_channel_cannot_show_is_not_measurable_even_where_it_is_said_to_be_absent(signals):
    from staging_models import stager_of, untrained

    from eegvlm.evidence import measure_night
    from eegvlm.images import PreparedNight
    from eegvlm.reasoning import night_contexts, parse, verify
    from eegvlm.staging.explaining import MeasuredNight

    stager = stager_of(*untrained())
    dead = ["EOG E1-M2", "EOG E2-M2", "EMG chin"]
    prepared = PreparedNight.read(night_with(signals, dead, replacements()["flat"]), stager.processor.layout)
    ground = MeasuredNight.of(prepared, measure_night(prepared))
    contexts = night_contexts(ground.evidence, ground.channels)
    claims = parse("No rapid eye movement was seen. Chin tone is low, 10 % of the night's median.").claims
    if not claims:
        claims = parse("There is no rapid eye movement.").claims
    assert claims, "the grammar has another wording"
    for epoch, expected in ((70, {"not_measurable"}), (20, {"confirmed", "contradicted"})):
        found = {one.outcome.value for one in verify(claims, ground.evidence.findings[epoch], contexts[epoch])}
        assert found <= expected


def test_white_noise_is_staged_as_nothing(stager):
    noise = np.random.default_rng(0).normal(0, 20, 20 * 30 * RATE).astype(np.float32)
    night = stager.stage(Recording.from_arrays({"C4-M1": (noise, float(RATE))}))
    assert (night.hypnogram.stages == -1).all()
    assert night.review.sentence() == "" or "expected to be right" not in night.review.sentence()


def test_quality_reaches_every_output(stager, signals, tmp_path):
    one = {"EEG C4-M1": signals["EEG C4-M1"]}
    night = stager.stage(night_with(one, ["EEG C4-M1"], replacements()["flat"]))
    night.write(tmp_path)
    lines = [line for line in (tmp_path / "hypnogram.csv").read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert {row["quality"] for row in rows[DEAD]} == {"unusable"}
    assert rows[10]["quality"] == "good"
    assert {row["stage"] for row in rows[DEAD]} == {"?"}
    assert {row["p_W"] for row in rows[DEAD]} == {""}
    events = list(csv.DictReader((tmp_path / "events.tsv").read_text().splitlines(), delimiter="\t"))
    assert {row["trial_type"] for row in events[DEAD]} == {"n/a"}
    summary = json.loads((tmp_path / "staging.json").read_text())
    (stretch,) = [one for one in summary["quality"]["stretches"] if one["level"] == "unusable"]
    assert (stretch["channel"], stretch["kind"]) == ("C4-M1", "flat")
    assert (stretch["first_epoch"], stretch["last_epoch"]) == (61, 90)
    assert night.quality.channels["C4-M1"].levels[QualityKind.FLAT][DEAD].min() == 2
    for name in ("hypnogram.csv", "hypnogram.edf", "hypnogram.json", "events.tsv"):
        assert np.array_equal(read_hypnogram(tmp_path / name).stages, night.hypnogram.stages), name


@pytest.mark.parametrize("eeg", ["first", "vote"])
def test_a_clean_night_is_staged_alike_whatever_else_it_holds(stager, signals, eeg):
    alone = {"EEG C4-M1": signals["EEG C4-M1"]}
    night = stager.stage(night_with(alone, [], np.zeros(1)), eeg=eeg)
    plain = stager.stage(night_with(alone, [], np.zeros(1)))
    np.testing.assert_array_equal(night.hypnogram.probabilities, plain.hypnogram.probabilities)


def test_a_vote_pools_the_derivations_and_flags_where_they_differ(stager, signals):
    night = stager.stage(night_with(signals, ["EEG F4-M1"], replacements()["flat"]), eeg="vote")
    assert list(night.votes) == ["C4-M1", "F4-M1", "O2-M1"]
    assert (night.votes["F4-M1"].stages[DEAD] == -1).all()
    assert night.hypnogram.scored.all()
    logs = np.stack([np.log(one.probabilities.astype(np.float64)) for one in night.votes.values()])
    expected = np.exp(np.nanmean(logs, axis=0))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(night.hypnogram.probabilities, expected, atol=1e-4)
    stages = np.stack([one.stages for one in night.votes.values()])[:, ~np.isin(np.arange(120), np.r_[DEAD])]
    assert any("derivations differ" in reason for some in night.review.flags.values() for reason in some) == bool(
        (stages != stages[0]).any()
    )


def test_a_vote_is_refused_where_a_layout_shows_several_derivations(tmp_path):
    from eegvlm.errors import InputError

    stager = object.__new__(Stager)
    stager.processor = type("P", (), {"layout": __import__("eegvlm.images", fromlist=["x"]).load_layout("psg-336")})()
    with pytest.raises(InputError, match="use eeg first"):
        stager._check_eeg(Recording.from_arrays({"C4-M1": (np.ones(3000), 100.0)}), "vote")
