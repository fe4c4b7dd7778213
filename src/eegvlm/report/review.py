"""Which epochs a scorer should look at first, and what the probabilities promise of the rest.

An epoch's expected accuracy is the probability of its stage: it is as true as the probabilities are. Reviewing the
least certain epochs leaves the others, whose expected accuracy is the mean of theirs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram import Hypnogram, Stage

SHARES = (0.05, 0.10, 0.20, 0.30)
"""Shares of the night that the page offers for review."""
MOST_FURTHER = 200


@dataclass(frozen=True)
class ReviewShare:
    """What reviewing a share of the scored epochs is expected to do.

    Parameters
    ----------
    share
        Share of the scored epochs.
    epochs
        How many these are.
    up_to
        Highest confidence among them; None where there are none.
    rest
        Expected accuracy of the others; None where none are left.
    """

    share: float
    epochs: int
    up_to: float | None
    rest: float | None


@dataclass(frozen=True)
class ReviewEpoch:
    """One epoch to review.

    Parameters
    ----------
    epoch
        Counted from 0.
    rank
        Its place among the scored epochs, least certain first, counted from 0.
    confidence
        Probability of its stage; None where there are no probabilities.
    second
        The next likely stage, None where there are no probabilities.
    reasons
        Why it stands out, beside its confidence.
    """

    epoch: int
    rank: int
    confidence: float | None
    second: Stage | None
    reasons: tuple[str, ...]


def least_certain(night: Hypnogram) -> NDArray[np.intp]:
    """Return the scored epochs, least certain first; earlier ones first among equals."""
    confidence = night.confidence
    if confidence is None:
        return np.flatnonzero(night.scored)
    order = np.argsort(confidence, kind="stable")
    return order[np.isfinite(confidence[order])]


def review_shares(night: Hypnogram) -> list[ReviewShare]:
    """Return what each of :data:`SHARES`, and no review at all, leaves; empty without probabilities."""
    if night.confidence is None:
        return []
    sorted_confidence = night.confidence[least_certain(night)].astype(np.float64)
    n = len(sorted_confidence)
    rows = []
    for share in (0.0, *SHARES):
        count = int(np.ceil(share * n - 1e-9))
        seen, rest = sorted_confidence[:count], sorted_confidence[count:]
        up_to, left = float(seen[-1]) if count else None, float(rest.mean()) if rest.size else None
        rows.append(ReviewShare(share, count, up_to, left))
    return rows


def flags(night: Hypnogram, contradicted: Collection[int] = ()) -> dict[int, list[str]]:
    """Return why epochs (counted from 0) stand out whatever their confidence.

    Parameters
    ----------
    night
        The scoring.
    contradicted
        Epochs of whose rationale the signal contradicts a claim.
    """
    found: dict[int, list[str]] = {}
    stages = night.stages
    for epoch in sorted(contradicted):
        found.setdefault(epoch, []).append("a claim is contradicted by the signal")
    middle = np.arange(1, len(stages) - 1)
    scored = (stages[:-2] >= 0) & (stages[1:-1] >= 0) & (stages[2:] >= 0)
    alone = scored & (stages[1:-1] != stages[:-2]) & (stages[:-2] == stages[2:])
    for epoch in middle[alone].tolist():
        found.setdefault(epoch, []).append(f"alone among {Stage(int(stages[epoch - 1])).label}")
    for stage in (Stage.N3, Stage.R):
        for epoch in (np.flatnonzero((stages[:-1] == Stage.W) & (stages[1:] == stage)) + 1).tolist():
            found.setdefault(epoch, []).append(f"W straight to {stage.label}")
    return found


def review_list(night: Hypnogram, contradicted: Collection[int] = ()) -> list[ReviewEpoch]:
    """Return the largest of :data:`SHARES` of epochs and the flagged ones, least certain first.

    Of flagged epochs beyond that share only :data:`MOST_FURTHER` are listed: where everything is flagged, nothing is.
    """
    order = least_certain(night)
    flagged = flags(night, contradicted)
    further = 0
    count = int(np.ceil(max(SHARES) * len(order) - 1e-9)) if night.confidence is not None else 0
    listed = []
    for rank, epoch in enumerate(order.tolist()):
        is_further = rank >= count and epoch in flagged
        further += is_further
        if rank < count or (is_further and further <= MOST_FURTHER):
            listed.append(_entry(night, epoch, rank, tuple(flagged.get(epoch, ()))))
    return listed


def _entry(night: Hypnogram, epoch: int, rank: int, reasons: tuple[str, ...]) -> ReviewEpoch:
    if night.probabilities is None or night.confidence is None:
        return ReviewEpoch(epoch, rank, None, None, reasons)
    others = night.probabilities[epoch].copy()
    others[int(night.stages[epoch])] = -1
    return ReviewEpoch(epoch, rank, float(night.confidence[epoch]), Stage(int(others.argmax())), reasons)
