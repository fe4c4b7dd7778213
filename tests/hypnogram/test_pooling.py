"""The pool of two readers: the weighted mean of their log probabilities, and nothing where ours gives no stage."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, Stage, pooled


def scoring(*rows: tuple[float, ...] | None) -> Hypnogram:
    """Return a scoring whose stage is the likeliest of each row; None is an unscored epoch."""
    shares = np.array([row or [np.nan] * 5 for row in rows], np.float32)
    known = np.isfinite(shares).all(axis=1)
    stages = np.where(known, np.nan_to_num(shares).argmax(axis=1), Stage.UNSCORED)
    return Hypnogram(stages.astype(np.int8), probabilities=shares)


def random_scoring(seed: int, n_epochs: int = 40) -> Hypnogram:
    return scoring(*map(tuple, np.random.default_rng(seed).dirichlet([0.5] * 5, n_epochs)))


def test_the_pool_is_the_renormalised_geometric_mean():
    pool = pooled(scoring((0.2, 0.5, 0.3, 0.0, 0.0)), scoring((0.1, 0.1, 0.8, 0.0, 0.0)))
    expected = np.sqrt([0.2 * 0.1, 0.5 * 0.1, 0.3 * 0.8])
    np.testing.assert_allclose(pool.probabilities[0, :3], expected / expected.sum(), atol=1e-5)
    assert pool.labels == ["N2"]


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 1))
def test_probabilities_sum_to_one_and_the_stage_is_the_likeliest(first: int, second: int, weight: float):
    pool = pooled(random_scoring(first), random_scoring(second), (weight, 1 - weight))
    np.testing.assert_allclose(pool.probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(pool.stages, pool.probabilities.argmax(axis=1))


def test_a_reader_pooled_with_itself_is_unchanged():
    night = random_scoring(1)
    pool = pooled(night, night)
    np.testing.assert_allclose(pool.probabilities, night.probabilities, atol=1e-5)
    np.testing.assert_array_equal(pool.stages, night.stages)


def test_the_whole_weight_on_one_reader_gives_that_reader():
    ours, second = random_scoring(1), random_scoring(2)
    np.testing.assert_array_equal(pooled(ours, second, (1.0, 0.0)).stages, ours.stages)
    np.testing.assert_array_equal(pooled(ours, second, (0.0, 1.0)).stages, second.stages)


def test_what_ours_leaves_unscored_stays_unscored_whatever_the_second_says():
    pool = pooled(scoring(None, (1, 0, 0, 0, 0)), scoring((0, 0, 1, 0, 0), (1, 0, 0, 0, 0)))
    assert pool.labels == ["?", "W"]
    assert np.isnan(pool.probabilities[0]).all()


def test_an_epoch_without_a_second_opinion_keeps_ours_and_is_counted():
    ours = scoring((0.6, 0.4, 0, 0, 0), (0.6, 0.4, 0, 0, 0))
    pool = pooled(ours, scoring(None, (0.1, 0.9, 0, 0, 0)))
    assert pool.labels == ["W", "N1"]
    np.testing.assert_array_equal(pool.probabilities[0], ours.probabilities[0])
    assert pool.notes[-1] == "1 epoch without a second opinion keeps the first reader's probabilities"


def test_a_rounded_zero_does_not_veto_a_stage():
    pool = pooled(scoring((1, 0, 0, 0, 0)), scoring((0, 1, 0, 0, 0)))
    np.testing.assert_allclose(pool.probabilities[0, :2], 0.5, atol=0.01)


def test_clock_time_and_notes_of_ours_are_kept():
    night = random_scoring(1)
    start = datetime(2020, 1, 1, 23)
    ours = Hypnogram(night.stages, start=start, probabilities=night.probabilities, notes=("a note",))
    pool = pooled(ours, night)
    assert pool.start == start
    assert pool.notes == (
        "a note",
        "pooled with a second reader: weighted mean of log probabilities, weights 0.5 and 0.5",
    )


@pytest.mark.parametrize(
    ("second", "weights", "field"),
    [
        (Hypnogram(np.zeros(40, np.int8)), (0.5, 0.5), "probabilities"),
        (random_scoring(1, n_epochs=39), (0.5, 0.5), "39 instead of 40"),
        (random_scoring(1), (0.5, 0.6), "weights"),
        (random_scoring(1), (1.5, -0.5), "weights"),
        (random_scoring(1), (float("nan"), 0.5), "weights"),
    ],
)
def test_what_cannot_be_pooled_is_refused(second: Hypnogram, weights: tuple[float, float], field: str):
    with pytest.raises(InputError, match=field):
        pooled(random_scoring(0), second, weights)


def test_ours_needs_probabilities_too():
    with pytest.raises(InputError, match="first reader: probabilities"):
        pooled(Hypnogram(np.zeros(40, np.int8)), random_scoring(0))
