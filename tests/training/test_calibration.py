"""Temperature calibration finds the temperature that was there."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.training.calibration import expected_calibration_error, fit_temperature, negative_log_likelihood


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(20_000, 5))
    probabilities = np.exp(logits / temperature)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    stages = (probabilities.cumsum(axis=1) < rng.random((len(logits), 1))).sum(axis=1)
    fitted = fit_temperature(logits, stages)
    assert fitted == pytest.approx(temperature, rel=0.05)
    assert negative_log_likelihood(logits, stages, fitted) <= negative_log_likelihood(logits, stages, 1.0) + 1e-9
    calibrated = np.exp(logits / fitted) / np.exp(logits / fitted).sum(axis=1, keepdims=True)
    assert expected_calibration_error(calibrated, stages) < 0.02


def test_calibration_error_of_a_worked_example():
    probabilities = np.array([[0.9, 0.1, 0, 0, 0], [0.9, 0.1, 0, 0, 0], [0.6, 0.4, 0, 0, 0], [0.6, 0.4, 0, 0, 0]])
    stages = np.array([0, 1, 0, 0])
    # 0.9 is right half of the time (gap 0.4), 0.6 always (gap 0.4)
    assert expected_calibration_error(probabilities, stages) == pytest.approx(0.4)
