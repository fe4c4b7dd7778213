"""From stretches of scored time to epochs of one length: the rule by which every conversion is made.

Each epoch takes the stage that fills most of its time. Time without a scoring counts as unscored. A tie
between two stages goes to the one that comes first in the epoch; a tie between a stage and unscored time
goes to the stage. This serves 20-s and 5-s scorings, annotations off the 30-s grid, and the alignment of
a scoring with a recording that starts at another instant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.stage import STAGES, Stage

RULE = (
    "each epoch takes the stage that fills most of it (time without a scoring counts as unscored; "
    "ties go to the stage that comes first)"
)
MOST_EPOCHS = 1_000_000  # 57 days of 5-s epochs: more is a damaged file, not a night
SHORTEST_EPOCH_S, LONGEST_EPOCH_S = 0.01, 3600.0
EPOCH_LENGTH_HINT = f"expected seconds, from {SHORTEST_EPOCH_S:g} to {LONGEST_EPOCH_S:g}"
MOST_S = 1e9  # thirty years: up to here a time in seconds has its microseconds in a float
SAME_S = 1e-6  # times closer than this are equal: far below any file's precision, far above rounding


class Filled(NamedTuple):
    """Epochs made from stretches of scored time.

    Attributes
    ----------
    stages
        int8, shape (n,).
    n_mixed
        Number of scored epochs that held anything else besides their stage.
    n_tied
        Number of epochs decided by the rule for ties.
    """

    stages: NDArray[np.int8]
    n_mixed: int
    n_tied: int


def count_epochs(path: str, duration_s: float, epoch_s: float) -> int:
    """Count the epochs that cover a duration, the partial last one included.

    Raises
    ------
    HypnogramError
        If there would be more than :data:`MOST_EPOCHS`: the times are damaged.
    """
    count = duration_s / epoch_s - SAME_S
    if not count < MOST_EPOCHS:
        raise HypnogramError(path, "duration", f"{duration_s:g} s", f"expected at most {MOST_EPOCHS} epochs")
    return max(0, int(np.ceil(count)))


def is_epoch_length(epoch_s: float) -> bool:
    """Tell whether a number of seconds can be the length of an epoch: from 0.01 s to an hour."""
    return SHORTEST_EPOCH_S <= epoch_s <= LONGEST_EPOCH_S


def grid(onset_s: float, epoch_s: float, n: int) -> NDArray[np.float64]:
    """Return the starts of n epochs in seconds: float64, shape (n,)."""
    return np.float64(onset_s) + np.float64(epoch_s) * np.arange(n, dtype=np.float64)


def fill_epochs(
    starts_s: NDArray[np.float64],
    stops_s: NDArray[np.float64],
    stages: NDArray[np.int8],
    *,
    onset_s: float,
    epoch_s: float,
    n_epochs: int,
) -> Filled:
    """Give each epoch of a grid the stage that fills most of it.

    Parameters
    ----------
    starts_s, stops_s
        float, shape (m,), seconds: stretches in order of time that do not overlap.
    stages
        int8, shape (m,): the stage of each stretch.
    onset_s, epoch_s, n_epochs
        The grid: start of its first epoch (s), length of an epoch (s), number of epochs.
    """
    edges = grid(onset_s, epoch_s, n_epochs + 1)
    share = np.stack([_time_within(edges, starts_s, stops_s, stages == stage) for stage in STAGES], axis=1)
    longest = share.max(axis=1)
    unscored = epoch_s - share.sum(axis=1)
    chosen = np.where(unscored > longest + SAME_S, Stage.UNSCORED, share.argmax(axis=1)).astype(np.int8)
    scored = chosen != Stage.UNSCORED
    tied = scored & ((share >= longest[:, None] - SAME_S).sum(axis=1) > 1)
    for epoch in np.flatnonzero(tied):
        candidates = np.flatnonzero(share[epoch] >= longest[epoch] - SAME_S)
        within = (stops_s > edges[epoch] + SAME_S) & (starts_s < edges[epoch + 1] - SAME_S)
        first = np.flatnonzero(within & np.isin(stages, candidates))[0]
        chosen[epoch] = stages[first]
    mixed = scored & (longest < epoch_s - SAME_S)
    return Filled(chosen, int(mixed.sum()), int(tied.sum()))


def mean_probabilities(
    probabilities: NDArray[np.float32],
    *,
    old_onset_s: float,
    old_epoch_s: float,
    edges_s: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Average probabilities over new epochs, weighted by time; NaN where none are known.

    Parameters
    ----------
    probabilities
        float32, shape (n, 5); a row of NaN where they are not known.
    old_onset_s, old_epoch_s
        Where the rows lie in time.
    edges_s
        float, shape (m + 1,): the limits of the new epochs, seconds.

    Returns
    -------
    numpy.ndarray
        float32, shape (m, 5); rows sum to 1.
    """
    starts = grid(old_onset_s, old_epoch_s, len(probabilities))
    stops = starts + old_epoch_s
    finite = ~np.isnan(probabilities).any(axis=1)
    weights = [np.where(finite, probabilities[:, k].astype(np.float64), 0.0) for k in range(len(STAGES))]
    total = np.stack([_time_within(edges_s, starts, stops, weight) for weight in weights], axis=1)
    whole = total.sum(axis=1, keepdims=True)
    mean = np.divide(total, whole, out=np.full_like(total, np.nan), where=whole > SAME_S)
    result: NDArray[np.float32] = mean.astype(np.float32)
    return result


def _time_within(
    edges: NDArray[np.float64],
    starts: NDArray[np.float64],
    stops: NDArray[np.float64],
    weight: NDArray[np.float64] | NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Seconds, times weight, of the stretches that fall between consecutive edges."""
    points = np.stack([starts, stops], axis=1).ravel()
    gained = np.stack([np.zeros(len(starts)), weight * (stops - starts)], axis=1).ravel()
    seconds: NDArray[np.float64] = np.diff(np.interp(edges, points, np.cumsum(gained)))
    return seconds
