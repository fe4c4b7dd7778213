"""Stretches of a signal that are copies of earlier ones, to the last bit.

Recorders fill lost packets with what came before, files are joined with an overlap, a buffer that is no longer written
is stored again and again. No brain gives the same samples twice, and nothing in a copy looks wrong.

A copy may begin anywhere, so the pieces that are compared are found by what they hold: each begins a little ahead of a
local maximum, and is known by a hash of its samples. Not covered: copies that were filtered or resampled on their own,
and copies of a signal with so few levels that its pieces may be alike by chance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Samples = npt.NDArray[np.float32]

# Around a maximum that a piece is found by: about two pieces a second, of which the shortest copy has one.
_REACH_S = 0.2
_PIECE_S, _LEAST_PIECE = 0.4, 32
# Distinct values in a piece: with fewer it may recur by chance. No two pieces of 9,065 real epochs are alike.
_LEAST_VALUES = 16
_WIDEST = 1 << 15
_PIECES_AT_ONCE = 4096  # a plateau has as many maxima as samples
_MULTIPLIERS = np.random.default_rng(20_000).integers(1, 1 << 62, _WIDEST, dtype=np.uint64) | np.uint64(1)


@dataclass(frozen=True, eq=False)
class EpochPieces:
    """The pieces of one epoch.

    Parameters
    ----------
    hashes
        Of their samples: uint64 (n,), in the order of time.
    starts
        Samples after the epoch's first: int32 (n,).
    width, samples
        Samples of a piece, and of the epoch.
    """

    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int32]
    width: int
    samples: int


def pieces_of(epochs: Samples, rate: float) -> list[EpochPieces]:
    """Find the pieces of some epochs.

    Parameters
    ----------
    epochs
        Float32 (k, samples), without NaN.
    rate
        Samples per second.
    """
    n = epochs.shape[1]
    reach = max(_LEAST_PIECE // 2, round(_REACH_S * rate))
    width = max(_LEAST_PIECE, round(_PIECE_S * rate))
    if reach + width > n or width > _WIDEST:
        return [EpochPieces(np.zeros(0, np.uint64), np.zeros(0, np.int32), width, n) for _ in epochs]
    numbers, maxima = np.nonzero(epochs == _highest_around(epochs, reach))
    inside = (maxima >= reach) & (maxima - reach + width <= n)
    numbers, starts = numbers[inside], maxima[inside] - reach
    windows = sliding_window_view(epochs, width, axis=1)
    hashes = np.zeros(len(starts), np.uint64)
    various = np.zeros(len(starts), np.bool_)
    for begin in range(0, len(starts), _PIECES_AT_ONCE):
        part = slice(begin, begin + _PIECES_AT_ONCE)
        rows = windows[numbers[part], starts[part]] + np.float32(0)  # -0 becomes 0
        mixed = (rows.view(np.uint32).astype(np.uint64) * _MULTIPLIERS[:width]).sum(axis=1, dtype=np.uint64)
        hashes[part] = mixed ^ (mixed >> np.uint64(32))
        rows.sort(axis=1)
        various[part] = (rows[:, 1:] > rows[:, :-1]).sum(axis=1) >= _LEAST_VALUES - 1
    numbers, starts, hashes = numbers[various], starts[various].astype(np.int32), hashes[various]
    bounds = np.searchsorted(numbers, np.arange(len(epochs) + 1)).tolist()
    return [EpochPieces(hashes[begin:end], starts[begin:end], width, n) for begin, end in pairwise(bounds)]


def _highest_around(epochs: Samples, reach: int) -> Samples:
    """Return the maximum of each sample and its neighbours on both sides, as far as there are any: (k, samples).

    Maxima of 2, 4, 8 ... samples are made of each other, so that few passes suffice.
    """
    n, width, span = epochs.shape[1], 2 * reach + 1, 1
    highest = np.pad(epochs, ((0, 0), (reach, reach)), constant_values=-np.inf)
    while 2 * span <= width:
        highest = np.maximum(highest[:, :-span], highest[:, span:])
        span *= 2
    return np.maximum(highest[:, :n], highest[:, width - span :][:, :n])


def repeated_shares(epochs: Iterable[EpochPieces | None]) -> npt.NDArray[np.float32]:
    """Return which share of each epoch is a copy of what the recording held before.

    Parameters
    ----------
    epochs
        Pieces of every epoch in the order of time; None: it was not looked at.

    Returns
    -------
    numpy.ndarray
        float32 (n_epochs,). At the ends of a copy up to half a second of it is not seen.
    """
    listed = list(epochs)
    shares = np.zeros(len(listed), np.float32)
    hashes = [np.zeros(0, np.uint64) if pieces is None else pieces.hashes for pieces in listed]
    together = np.concatenate([np.zeros(0, np.uint64), *hashes])
    is_copy = np.ones(len(together), np.bool_)
    is_copy[np.unique(together, return_index=True)[1]] = False  # the first of a kind is none
    ends = np.cumsum([len(each) for each in hashes])
    for number, pieces in enumerate(listed):
        if pieces is None or not len(pieces.hashes):
            continue
        copied = is_copy[ends[number] - len(pieces.hashes) : ends[number]]
        if not copied.any():
            continue
        # what lies between two neighbours that are both copies is one, too
        to_next = np.append(np.diff(pieces.starts), 0) * np.append(copied[1:], False)
        reach = np.maximum(pieces.width, to_next)[copied]
        hidden = np.zeros(pieces.samples + 1, np.int32)
        np.add.at(hidden, pieces.starts[copied], 1)
        np.add.at(hidden, pieces.starts[copied] + reach, -1)
        shares[number] = (np.cumsum(hidden[:-1]) > 0).mean()
    return shares
