"""A shift at which two scorings would agree far better is named, and never applied."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from eegvlm.hypnogram import Hypnogram, Stage, agreement
from eegvlm.hypnogram.shift import better_shift


def night(n: int = 960, seed: int = 0) -> np.ndarray:
    """Stages in runs of random lengths."""
    rng = np.random.default_rng(seed)
    runs = [np.full(rng.integers(2, 40), stage) for stage in rng.integers(0, 5, n)]
    return np.concatenate(runs)[:n].astype(np.int8)


def delayed(stages: np.ndarray, epochs: int) -> np.ndarray:
    """The same night some epochs later, unscored where it is not known."""
    moved = np.full_like(stages, Stage.UNSCORED)
    if epochs >= 0:
        moved[epochs:] = stages[: len(stages) - epochs]
    else:
        moved[:epochs] = stages[-epochs:]
    return moved


@pytest.mark.parametrize("epochs", [-240, -20, -1, 1, 7, 120, 240])
def test_the_shift_that_was_made_is_named(epochs):
    stages = night()
    shift = better_shift(delayed(stages, epochs), stages, 30.0)
    if shift is None:  # one epoch of 960 changes too little to be far better
        assert abs(epochs) == 1
        return
    assert (shift.epochs, shift.seconds, shift.kappa) == (epochs, 30.0 * epochs, 1.0)


def test_the_figures_at_a_shift_are_those_of_the_moved_scorings():
    a, b = night(seed=1), night(seed=1)
    b[::5] = (b[::5] + 1) % 5
    shift = better_shift(delayed(a, 33), b, 30.0)
    assert shift is not None
    assert shift.epochs == 33
    moved = agreement(Hypnogram(delayed(a, 33)), Hypnogram(b, onset_s=33 * 30.0))
    assert shift.kappa == pytest.approx(moved.kappa)
    assert shift.kappa_in_place == pytest.approx(agreement(Hypnogram(delayed(a, 33)), Hypnogram(b)).kappa)


def test_scorings_that_agree_in_place_are_not_warned_of():
    stages = night(seed=2)
    noisy = stages.copy()
    noisy[::3] = 2
    assert better_shift(stages, noisy, 30.0) is None
    assert better_shift(stages, stages, 30.0) is None


def test_a_shift_beyond_two_hours_is_not_looked_for():
    stages = night(n=2000, seed=3)
    shift = better_shift(delayed(stages, 241), stages, 30.0)
    assert shift is None or abs(shift.epochs) <= 240


def test_a_few_minutes_that_agree_by_chance_are_no_shift():
    a, b = np.full(400, -1, np.int8), np.full(400, -1, np.int8)
    a[:19], b[100:119] = night(19), night(19)
    assert better_shift(a, b, 30.0) is None


def test_one_stage_throughout_has_no_shift():
    assert better_shift(np.zeros(300, np.int8), np.zeros(300, np.int8), 30.0) is None
    assert better_shift(np.zeros(1, np.int8), np.zeros(1, np.int8), 30.0) is None


def test_a_comparison_is_not_changed_by_the_shift_that_it_names():
    a = Hypnogram(night())
    b = Hypnogram(night(), onset_s=600.0)
    figures = agreement(a, b)
    assert figures.kappa is not None
    assert figures.kappa < 0.7
    assert figures.shift is not None
    assert (figures.shift.epochs, figures.shift.kappa) == (-20, 1.0)
    assert "20 epochs (600 s) earlier" in figures.shift.sentence()
    assert "nothing was moved" in figures.shift.sentence()


def test_shifts_are_found_in_epochs_of_5_s():
    fine = np.repeat(night(n=960), 6)
    shift = better_shift(delayed(fine, 720), fine, 5.0)
    assert shift is not None
    assert shift.seconds == 3600


def test_a_hundred_hours_in_epochs_of_a_second_need_little_memory():
    stages = np.repeat(night(n=12_000, seed=6), 30)
    tracemalloc.start()
    shift = better_shift(delayed(stages, 600), stages, 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shift is not None
    assert shift.seconds == 600
    assert peak < 200e6


@pytest.fixture
def five_experts(real_data):
    """Eighty nights, each an int8 array of shape (5, n): the stages of five experts."""
    with np.load(real_data / "dod_scorers" / "five_scorers.npz") as archive:
        return [stages[:, :n] for stages, n in zip(archive["stage"], archive["n_epochs"], strict=True)]


@pytest.mark.real_data
def test_experts_who_scored_the_same_80_nights_are_not_said_to_be_shifted(five_experts):
    warned = [better_shift(experts[0], other, 30.0) for experts in five_experts for other in experts[1:]]
    assert len(warned) == 320
    assert not any(warned)


@pytest.mark.real_data
@pytest.mark.parametrize("epochs", [-120, -20, 20, 120])
def test_ten_minutes_and_an_hour_between_two_experts_are_found_where_they_agree(five_experts, epochs):
    pairs = [experts[:2] for experts in five_experts]
    agreeing = [(a, b) for a, b in pairs if (agreement(Hypnogram(a), Hypnogram(b)).kappa or 0) > 0.6]
    shifts = [better_shift(delayed(a, epochs), b, 30.0) for a, b in agreeing]
    exact = sum(shift is not None and abs(shift.epochs - epochs) <= 1 for shift in shifts)
    assert len(agreeing) > 50
    assert exact >= 0.95 * len(agreeing)
