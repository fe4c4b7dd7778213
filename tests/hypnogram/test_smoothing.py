"""Posterior smoothing is the chain's posterior, and never more sure than its evidence allows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eegvlm.errors import InputError
from eegvlm.hypnogram.smoothing import WHOLE_NIGHT, Transitions, count_transitions, real_transitions, smooth


def _random(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(5), size=n)


def test_the_posterior_is_that_of_summing_over_every_path():
    chain, evidence = real_transitions(), _random(4, 0)
    start, likelihood = chain.stationary, evidence / chain.stationary
    weights = np.zeros((4, 5))
    for path in itertools.product(range(5), repeat=4):
        weight = start[path[0]] * likelihood[0, path[0]]
        for t in range(1, 4):
            weight *= chain.matrix[path[t - 1], path[t]] * likelihood[t, path[t]]
        weights[np.arange(4), path] += weight
    np.testing.assert_allclose(
        smooth(evidence, chain, strength=1.0), weights / weights.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-6
    )


@given(n=st.integers(1, 60), seed=st.integers(0, 1000), strength=st.floats(0.1, 3))
def test_every_row_is_five_probabilities(n, seed, strength):
    smoothed = smooth(_random(n, seed), real_transitions(), strength=strength)
    assert smoothed.shape == (n, 5)
    assert (smoothed >= 0).all()
    np.testing.assert_allclose(smoothed.sum(axis=1), 1, atol=1e-5)


def test_probabilities_learnt_from_other_shares_are_measured_against_those():
    """A model that saw as much N1 as N2 says N2 less often than nights hold it; its prior makes up for that."""
    chain = real_transitions()
    learnt = np.full(5, 0.2)
    natural = _random(40, 2)
    seen = natural / chain.stationary * learnt
    seen /= seen.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(smooth(seen, chain, prior=learnt), smooth(natural, chain), atol=1e-5)
    assert np.abs(smooth(seen, chain) - smooth(natural, chain)).max() > 0.05


@pytest.mark.parametrize("prior", [[0.5, 0.5], [0.2, 0.2, 0.2, 0.4, 0.0]])
def test_a_prior_that_is_not_five_positive_shares_is_refused(prior):
    with pytest.raises(InputError, match="prior"):
        smooth(_random(3, 0), real_transitions(), prior=prior)


def test_a_single_epoch_keeps_its_probabilities():
    evidence = _random(1, 3)
    np.testing.assert_allclose(smooth(evidence, real_transitions(), strength=1.0), evidence, atol=1e-6)


def test_independent_epochs_are_left_alone():
    chain = Transitions(np.tile([0.2, 0.1, 0.4, 0.2, 0.1], (5, 1)), "independent")
    evidence = _random(20, 1)
    np.testing.assert_allclose(smooth(evidence, chain, strength=1.0), evidence, atol=1e-5)


def test_a_lone_doubtful_epoch_follows_its_neighbours_and_a_sure_one_does_not():
    row = np.array([0.02, 0.02, 0.9, 0.03, 0.03])
    evidence = np.tile(row, (9, 1))
    evidence[4] = [0.02, 0.02, 0.4, 0.02, 0.54]
    assert smooth(evidence, real_transitions())[4].argmax() == 2
    evidence[4] = [0.9999, 2e-5, 4e-5, 2e-5, 2e-5]
    assert smooth(evidence, real_transitions(), strength=1.0)[4].argmax() == 0


def test_unscored_epochs_carry_no_evidence_and_stay_unscored():
    evidence = _random(9, 2)
    evidence[4] = np.nan
    smoothed = smooth(evidence, real_transitions())
    assert np.isnan(smoothed[4]).all()
    assert np.isfinite(np.delete(smoothed, 4, axis=0)).all()
    two_steps = Transitions(real_transitions().matrix @ real_transitions().matrix, "two steps")
    pair = smooth(np.stack([evidence[3], evidence[5]]), two_steps)
    lone = smooth(evidence[3:6], real_transitions())
    np.testing.assert_allclose(lone[[0, 2]], pair, rtol=1e-3, atol=1e-5)


def test_the_shipped_table_is_a_chain_of_real_nights():
    chain = real_transitions()
    np.testing.assert_allclose(chain.matrix.sum(axis=1), 1, atol=1e-4)
    assert (np.diag(chain.matrix) > 0.7).all()
    np.testing.assert_allclose(chain.stationary @ chain.matrix, chain.stationary, atol=1e-5)
    assert "Sleep-EDF" in chain.source


def test_transitions_are_counted_on_scored_pairs_alone():
    counted = count_transitions([np.array([0, 0, 1, -1, 2, 2, 2], np.int8)])
    np.testing.assert_allclose(counted[0], [0.5, 0.5, 0, 0, 0], atol=2e-3)
    np.testing.assert_allclose(counted[2], [0, 0, 1, 0, 0], atol=2e-3)


def test_a_strength_that_is_not_positive_is_refused():
    with pytest.raises(InputError, match="positive"):
        smooth(_random(2, 0), real_transitions(), strength=0.0)


def test_a_night_begins_awake_and_an_excerpt_anywhere():
    likely = np.array([0.40, 0.44, 0.10, 0.02, 0.04], dtype=np.float32)
    night = np.tile(likely, (WHOLE_NIGHT, 1))
    night[1:] = [0.9, 0.04, 0.02, 0.02, 0.02]
    flat = [0.2] * 5
    assert smooth(night, real_transitions(), prior=flat)[0].argmax() == 0
    first = smooth(night, real_transitions(), prior=flat)[0, 0]
    assert first > smooth(night[:60], real_transitions(), prior=flat)[0, 0]
    for epochs in (60, WHOLE_NIGHT):
        assert np.isclose(real_transitions().start(epochs).sum(), 1)
    np.testing.assert_allclose(real_transitions().start(60), real_transitions().stationary)
