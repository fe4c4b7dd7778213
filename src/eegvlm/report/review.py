"""The epochs that the page lists for review: the least certain, and those that stand out.

Which these are, and what reviewing them is expected to leave, is :mod:`eegvlm.staging.review`'s.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.staging.review import SHARES, count_of, review_flags, review_order

MOST_FURTHER = 200


@dataclass(frozen=True)
class ReviewEpoch:
    """One epoch to review.

    Parameters
    ----------
    epoch
        Counted from 0.
    rank
        Its place in the order of review (:func:`~eegvlm.staging.review.review_order`), counted from 0.
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


def review_list(
    night: Hypnogram,
    contradicted: Collection[int] = (),
    differing: Collection[int] = (),
    *,
    first: Collection[int] = (),
) -> list[ReviewEpoch]:
    """Return the largest of ``SHARES`` of epochs and the flagged ones, in the order of review.

    Of flagged epochs beyond that share only :data:`MOST_FURTHER` are listed: where everything is flagged, nothing is.

    Parameters
    ----------
    night
        The scoring.
    contradicted, differing
        As in :func:`~eegvlm.staging.review.review_flags`.
    first
        Epochs on which a second reader differs; they head the list.
    """
    order = review_order(night, first)
    flagged = review_flags(night, contradicted, differing)
    further = 0
    count = count_of(max(SHARES), len(order)) if night.confidence is not None else 0
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
