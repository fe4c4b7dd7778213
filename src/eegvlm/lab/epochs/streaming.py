"""Which process reads which half hours, in which order, and how they are mixed into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from eegvlm.core.random_streams import StoreStream

Rows = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int16]


def share(units: Sequence[Rows], *, rank: int, world_size: int, seed: int | None) -> list[Rows]:
    """Return the units that one of ``world_size`` processes reads; together they read each once."""
    order = np.arange(len(units)) if seed is None else np.random.default_rng(seed).permutation(len(units))
    return [units[k] for k in order[rank::world_size]]


def mixed(
    units: Iterable[Rows], decode: Callable[[Rows], Counts], *, batch: int, pool: int, seed: int | None
) -> Iterator[tuple[Rows, Counts]]:
    """Cut units into batches.

    Parameters
    ----------
    units
        Rows that are decoded together, in the order in which they are read.
    decode
        Reads one unit: int16 ``(rows, panels, samples)``.
    batch
        Rows at once.
    pool
        Units that are held and shuffled together where a seed is given.
    seed
        Of the shuffling; the given order where None.

    Yields
    ------
    rows, counts
        The last of them may be smaller than ``batch``.
    """
    # the order of units has used the seed itself
    rng = None if seed is None else np.random.default_rng([seed, StoreStream.POOL])
    left_rows, left_counts = np.empty(0, np.int64), None
    waiting = iter(units)
    while taken := list(islice(waiting, 1 if rng is None else pool)):
        rows = np.concatenate(taken)
        counts = np.concatenate([decode(unit) for unit in taken])
        if rng is not None:
            order = rng.permutation(len(rows))
            rows, counts = rows[order], counts[order]
        if left_counts is not None:
            rows, counts = np.concatenate([left_rows, rows]), np.concatenate([left_counts, counts])
        whole = len(rows) // batch * batch
        for at in range(0, whole, batch):
            yield rows[at : at + batch], counts[at : at + batch]
        left_rows, left_counts = rows[whole:], counts[whole:]
    if left_counts is not None and len(left_rows):
        yield left_rows, left_counts
