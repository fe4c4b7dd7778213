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

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

# Around a maximum that a piece is found by: about two pieces a second, of which the shortest copy has one.
_REACH_S = 0.2
_PIECE_S, _LEAST_PIECE = 0.4, 32
# Distinct values in a piece: with fewer it may recur by chance. No two pieces of 9,065 real epochs are alike.
_LEAST_VALUES = 16
_WIDEST = 1 << 15
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


def pieces_of(epoch: Samples, rate: float) -> EpochPieces:
    """Find the pieces of an epoch.

    Parameters
    ----------
    epoch
        Float32 (samples,), without NaN.
    rate
        Samples per second.
    """
    from scipy.ndimage import maximum_filter1d  # a header is read without scipy

    reach = max(_LEAST_PIECE // 2, round(_REACH_S * rate))
    width = max(_LEAST_PIECE, round(_PIECE_S * rate))
    starts = np.zeros(0, np.int32)
    hashes = np.zeros(0, np.uint64)
    if reach + width <= len(epoch) and width <= _WIDEST:
        inside = np.flatnonzero(epoch == maximum_filter1d(epoch, 2 * reach + 1, mode="nearest")) - reach
        inside = inside[(inside >= 0) & (inside + width <= len(epoch))]
        rows = epoch[inside[:, None] + np.arange(width)] + np.float32(0)  # -0 becomes 0
        ascending = np.sort(rows, axis=1)
        various = (np.diff(ascending, axis=1) > 0).sum(axis=1) >= _LEAST_VALUES - 1
        starts = inside[various].astype(np.int32)
        bits = np.ascontiguousarray(rows[various]).view(np.uint32).astype(np.uint64)
        mixed = (bits * _MULTIPLIERS[:width]).sum(axis=1, dtype=np.uint64)
        hashes = mixed ^ (mixed >> np.uint64(32))
    return EpochPieces(hashes, starts, width, len(epoch))


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
        # what lies between two neighbours that are both copies is one, too
        to_next = np.append(np.diff(pieces.starts), 0) * np.append(copied[1:], False)
        reach = np.maximum(pieces.width, to_next)[copied]
        hidden = np.zeros(pieces.samples + 1, np.int32)
        np.add.at(hidden, pieces.starts[copied], 1)
        np.add.at(hidden, pieces.starts[copied] + reach, -1)
        shares[number] = (np.cumsum(hidden[:-1]) > 0).mean()
    return shares
