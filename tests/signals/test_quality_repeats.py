"""Pieces by which repeated samples are known."""

import numpy as np
from scipy.ndimage import maximum_filter1d

from eegvlm.signals.quality_repeats import pieces_of, repeated_shares

RATE = 128.0


def noise(epochs: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 20, (epochs, round(30 * RATE))).astype(np.float32)


def test_a_piece_begins_ahead_of_each_maximum_of_its_surroundings():
    epochs = noise(2)
    reach = round(0.2 * RATE)
    for epoch, pieces in zip(epochs, pieces_of(epochs, RATE), strict=True):
        maxima = np.flatnonzero(epoch == maximum_filter1d(epoch, 2 * reach + 1, mode="nearest"))
        starts = maxima - reach
        inside = (starts >= 0) & (starts + pieces.width <= len(epoch))
        assert pieces.starts.tolist() == starts[inside].tolist()


def test_pieces_of_a_block_are_those_of_its_epochs_alone():
    epochs = np.round(noise(5) / 10).astype(np.float32)  # few levels: maxima are met several times
    epochs[3] = 0
    for k, pieces in enumerate(pieces_of(epochs, RATE)):
        (alone,) = pieces_of(epochs[k : k + 1], RATE)
        assert pieces.hashes.tolist() == alone.hashes.tolist()
        assert pieces.starts.tolist() == alone.starts.tolist()


def test_no_epoch_has_no_pieces():
    assert pieces_of(noise(3)[:0], RATE) == []


def test_a_copied_epoch_is_repeated_and_the_first_one_is_not():
    epochs = noise(3)
    epochs[2] = epochs[0]
    shares = repeated_shares(pieces_of(epochs, RATE))
    assert shares[:2].tolist() == [0, 0]
    assert shares[2] > 0.95
