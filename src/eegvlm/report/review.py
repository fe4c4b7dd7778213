"""The epochs that the page lists for review: the least certain, and those that stand out.

Which these are, and what reviewing them is expected to leave, is :mod:`eegvlm.hypnogram.review`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.hypnogram.review import Review

MOST_FURTHER = 200


@dataclass(frozen=True)
class ReviewEpoch:
    """One epoch to review.

    Parameters
    ----------
    epoch
        Counted from 0.
    rank
        Its place in the order of review (:class:`~eegvlm.hypnogram.review.Review`), counted from 0.
    confidence
        Probability of its stage; None where there are no probabilities.
    second
        The next likely stage, None where there are no probabilities.
    reasons
        Why it stands out, beside its confidence.
    last
        Its own number; the last epoch of a stretch without usable EEG, which is listed as one.
    """

    epoch: int
    rank: int
    confidence: float | None
    second: Stage | None
    reasons: tuple[str, ...]
    last: int


def review_list(night: Hypnogram, review: Review) -> list[ReviewEpoch]:
    """Return stretches without usable EEG, the largest of ``SHARES`` of the others and flagged epochs, in their order.

    Of flagged epochs beyond that share only :data:`MOST_FURTHER` are listed: where everything is flagged, nothing is.

    Parameters
    ----------
    night
        The scoring.
    review
        Its review.
    """
    further = 0
    listed = _silent(review.order[: review.n_unstaged])
    for rank, epoch in enumerate(review.order[review.n_unstaged :], start=review.n_unstaged):
        is_further = rank >= review.n_listed and epoch in review.flags
        further += is_further
        if rank < review.n_listed or (is_further and further <= MOST_FURTHER):
            listed.append(_entry(night, epoch, rank, tuple(review.flags.get(epoch, ()))))
    return listed


def _silent(epochs: Sequence[int]) -> list[ReviewEpoch]:
    """Return one entry for every stretch of epochs without usable EEG; they come in the order of time."""
    listed: list[ReviewEpoch] = []
    for rank, epoch in enumerate(epochs):
        if listed and listed[-1].last == epoch - 1:
            first = listed.pop()
            words = f"{epoch - first.epoch + 1} epochs hold no usable EEG"
            listed.append(replace(first, last=epoch, reasons=(words,)))
        else:
            listed.append(ReviewEpoch(epoch, rank, None, None, ("holds no usable EEG",), epoch))
    return listed


def _entry(night: Hypnogram, epoch: int, rank: int, reasons: tuple[str, ...]) -> ReviewEpoch:
    if night.probabilities is None or night.confidence is None or not night.scored[epoch]:
        return ReviewEpoch(epoch, rank, None, None, reasons, epoch)
    others = night.probabilities[epoch].copy()
    others[int(night.stages[epoch])] = -1
    return ReviewEpoch(epoch, rank, float(night.confidence[epoch]), Stage(int(others.argmax())), reasons, epoch)
