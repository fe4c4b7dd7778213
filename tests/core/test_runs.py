"""Runs in arrays."""

from __future__ import annotations

import numpy as np
import pytest

from eegvlm.core.runs import equal_runs, true_runs


@pytest.mark.parametrize(
    ("mask", "runs"),
    [([], []), ([0, 0], []), ([1, 1], [[0, 2]]), ([1, 0, 1, 1], [[0, 1], [2, 4]]), ([0, 1, 0], [[1, 2]])],
)
def test_stretches_of_true_values(mask, runs):
    assert true_runs(np.array(mask, np.bool_)).tolist() == runs


@pytest.mark.parametrize(("values", "runs"), [([], []), ([3], [[0, 1]]), ([3, 3, -1, -1, 3], [[0, 2], [2, 4], [4, 5]])])
def test_stretches_of_one_value(values, runs):
    assert equal_runs(np.array(values, np.int8)).tolist() == runs
