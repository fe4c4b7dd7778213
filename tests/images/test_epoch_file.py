"""Epochs in a temporary file: what an array of the same shape would give, to the bit."""

from __future__ import annotations

import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eegvlm.images.epoch_file import EpochFile

N, SAMPLES = 50, 12


@pytest.fixture
def epochs() -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 30, (N, SAMPLES)).astype(np.float32)
    values[7] = np.nan
    return values


@pytest.fixture
def held(epochs: np.ndarray) -> EpochFile:
    file = EpochFile(N, SAMPLES)
    for first in range(0, N, 16):
        file[first : first + 16] = epochs[first : first + 16]
    return file


@pytest.mark.parametrize(
    "rows",
    [
        slice(None),
        slice(3, 9),
        slice(45, 99),
        slice(9, 3),
        slice(None, None, 4),
        np.array([0, 1, 2, 30, 31, 7]),
        np.array([49, 3, 3]),
        np.array([], np.intp),
    ],
    ids=str,
)
def test_epochs_are_read_as_from_an_array(held, epochs, rows):
    found = held[rows]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, epochs[rows])


def test_what_is_read_can_be_changed_without_changing_the_file(held, epochs):
    held[2:4][:] = 0
    np.testing.assert_array_equal(held[:], epochs)


def test_epochs_that_are_written_again_replace_the_first(held, epochs):
    epochs[5:8] = 1.5
    held[5:8] = epochs[5:8]
    np.testing.assert_array_equal(held[:], epochs)
    np.testing.assert_array_equal(held.first_samples, epochs[:, 0])


def test_epochs_of_another_shape_are_refused(held):
    with pytest.raises(ValueError, match=r"\(3, 12\) for rows 4 to 6"):
        held[4:6] = np.zeros((3, SAMPLES), np.float32)


def test_rows_with_pauses_are_not_written(held):
    with pytest.raises(ValueError, match="consecutive"):
        held[0:6:2] = np.zeros((6, SAMPLES), np.float32)


def test_epochs_that_were_never_written_are_an_error_and_not_zeros():
    file = EpochFile(N, SAMPLES)
    file[0:3] = np.zeros((3, SAMPLES), np.float32)
    with pytest.raises(OSError, match="not written"):
        file[0:5]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed by Linux alone")
def test_the_file_is_gone_with_the_object(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def opened() -> list[Path]:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return [link for link in links if str(tmp_path) in str(link.readlink())]

    file = EpochFile(N, SAMPLES)
    assert len(opened()) == 1
    assert not list(tmp_path.iterdir())  # it has no name
    del file
    gc.collect()
    assert not opened()


def test_threads_read_their_own_rows(held: EpochFile, epochs: np.ndarray) -> None:
    def read(turn: int) -> bool:
        rows = np.random.default_rng(turn).permutation(N)
        return all(np.array_equal(held[rows], epochs[rows], equal_nan=True) for _ in range(100))

    with ThreadPoolExecutor(4) as readers:
        assert all(readers.map(read, range(8)))
