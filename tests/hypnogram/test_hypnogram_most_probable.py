"""Stages of probabilities."""

import numpy as np

from eegvlm.hypnogram.most_probable import most_probable


def test_the_most_probable_stage_is_the_epoch_s_and_the_earlier_of_two_alike():
    probabilities = np.array([[0.1, 0.2, 0.6, 0.1, 0.0], [0.4, 0.4, 0.1, 0.1, 0.0]], np.float32)
    stages = most_probable(probabilities)
    assert stages.tolist() == [2, 0]
    assert stages.dtype == np.int8


def test_an_epoch_that_was_not_read_is_unscored():
    assert most_probable(np.array([[np.nan] * 5, [0.0, 0.0, 0.0, 0.0, 1.0]])).tolist() == [-1, 4]
