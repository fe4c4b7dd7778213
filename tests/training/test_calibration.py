"""Calibration finds the temperature that was there, and smoothed probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.hypnogram.calibration_error import expected_calibration_error
from eegvlm.hypnogram.smoothing import real_transitions, smooth, tempered
from eegvlm.lab.training.calibration import CalibrationNight, fit, negative_log_likelihood, softmax


def drawn(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (probabilities.cumsum(axis=1) < rng.random((len(probabilities), 1))).sum(axis=1).clip(max=4)


def chain_night(n: int, temperature: float, seed: int) -> CalibrationNight:
    """A night of the transitions that ship, whose logits are a noisy, too sure view of its stages."""
    rng, chain = np.random.default_rng(seed), real_transitions()
    stages = [0]
    while len(stages) < n:
        stages.append(int(drawn(chain.matrix[stages[-1:]], rng)[0]))
    truth = np.array(stages)
    seen = np.log(chain.stationary) + 1.5 * np.eye(5)[truth] + rng.normal(scale=np.sqrt(1.5), size=(n, 5))
    return CalibrationNight("chain", temperature * seen, truth)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(6_000, 5))
    stages = drawn(softmax(logits, temperature), rng)
    fitted = fit([CalibrationNight("made", logits, stages)])
    assert fitted.stage_temperature == pytest.approx(temperature, rel=0.1)
    calibrated = softmax(logits, fitted.stage_temperature)
    assert negative_log_likelihood(calibrated, stages) <= negative_log_likelihood(softmax(logits), stages) + 1e-9
    assert expected_calibration_error(calibrated.max(axis=1), calibrated.argmax(axis=1) == stages) < 0.03


def test_smoothed_probabilities_are_calibrated_on_other_nights():
    fitted = fit([chain_night(1500, 2.0, seed) for seed in range(3)])
    assert fitted.stage_temperature == pytest.approx(2.0, rel=0.2)
    night = chain_night(3000, 2.0, 99)
    alone = softmax(night.logits, fitted.stage_temperature)
    posterior = smooth(alone, real_transitions(), strength=fitted.smoothing_strength)
    given = tempered(posterior, fitted.smoothed_temperature)
    assert (given.argmax(axis=1) == night.stages).mean() > (alone.argmax(axis=1) == night.stages).mean() + 0.03
    assert expected_calibration_error(given.max(axis=1), given.argmax(axis=1) == night.stages) < 0.03


def test_gaps_and_unscored_epochs_count_for_nothing():
    whole = chain_night(400, 1.0, 5)
    logits, stages = whole.logits.copy(), whole.stages.copy()
    logits[100:120], stages[100:120] = np.nan, -1
    stages[300:] = -1
    fitted = fit([CalibrationNight("gaps", logits, stages)])
    assert np.isfinite([fitted.stage_temperature, fitted.smoothed_temperature]).all()


def test_every_source_counts_alike_however_many_epochs_it_has():
    small, large = chain_night(300, 1.0, 1), chain_night(3000, 4.0, 2)
    both = fit([small, CalibrationNight("large", large.logits, large.stages)]).stage_temperature
    assert fit([small]).stage_temperature < both < fit([large]).stage_temperature


def test_tempering_keeps_the_order_and_the_gaps():
    probabilities = np.array([[0.6, 0.3, 0.05, 0.03, 0.02], [np.nan] * 5])
    softer = tempered(probabilities, 2.0)
    assert softer[0].argsort().tolist() == probabilities[0].argsort().tolist()
    assert softer[0].sum() == pytest.approx(1)
    assert softer[0, 0] < 0.6
    assert np.isnan(softer[1]).all()
    np.testing.assert_allclose(tempered(probabilities[:1], 1.0), probabilities[:1])
