"""Accuracy against coverage: what a scorer gains who reviews the least confident epochs first.

Answers are sorted by confidence. At coverage c the most confident share c of all judged epochs is kept and the rest is
left to a person; epochs without a valid answer come last. At coverage 1 the accuracy is that of all epochs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.lab.evaluation.figures import Floats

WANTED = (0.90, 0.95, 0.98)
_GRID = tuple(k / 20 for k in range(1, 21))


@dataclass(frozen=True)
class ReviewCoverage:
    """How much to review so that the rest is as accurate as wanted.

    Attributes
    ----------
    wanted
        Accuracy wanted of the epochs that are not reviewed.
    share
        Smallest share of epochs to review, least confident first; None where no number of epochs would do.
    least_confidence
        Confidence of the least confident epoch that is kept.
    """

    wanted: float
    share: float | None
    least_confidence: float | None


@dataclass(frozen=True)
class Coverage:
    """Accuracy against coverage.

    Attributes
    ----------
    curve
        (coverage, accuracy) at 5 %, 10 % ... 100 %.
    area
        Mean accuracy over all coverages, from the most confident epoch to all; 1 is perfect, and the accuracy at
        full coverage is what confidences without meaning would give.
    review
        For each wanted accuracy in :data:`WANTED`.
    """

    curve: tuple[tuple[float, float], ...]
    area: float
    review: tuple[ReviewCoverage, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the curve and the shares, ready for JSON."""
        return {
            "area": self.area,
            "curve": [{"coverage": at, "accuracy": accuracy} for at, accuracy in self.curve],
            "review": [
                {"wanted": target.wanted, "share": target.share, "least_confidence": target.least_confidence}
                for target in self.review
            ],
        }


def accuracy_by_coverage(confidence: Floats, right: npt.NDArray[np.bool_], answered: npt.NDArray[np.bool_]) -> Floats:
    """Return the accuracy of the k most confident epochs, k from 1 to n: float (n,).

    Epochs of equal confidence share their accuracy, so that the order of the nights does not matter.
    """
    claimed = np.where(answered, confidence, -1.0)
    _, group, size = np.unique(-claimed, return_inverse=True, return_counts=True)
    share = np.bincount(group, np.asarray(right, np.float64)) / size
    accuracy: Floats = np.cumsum(np.repeat(share, size)) / np.arange(1, len(claimed) + 1)
    return accuracy


def coverage(confidence: Floats, right: npt.NDArray[np.bool_], answered: npt.NDArray[np.bool_]) -> Coverage:
    """Compute accuracy against coverage of at least one judged epoch.

    Parameters
    ----------
    confidence
        float (n,), of the answer.
    right, answered
        bool (n,).
    """
    accuracy = accuracy_by_coverage(confidence, right, answered)
    n = len(accuracy)
    sorted_confidence = np.sort(np.where(answered, confidence, np.nan))[::-1]  # NaN sorts last, so it comes first
    sorted_confidence = np.roll(sorted_confidence, -int((~answered).sum()))
    curve = tuple((at, float(accuracy[max(1, round(at * n)) - 1])) for at in _GRID)
    review = []
    for target in WANTED:
        enough = np.flatnonzero(accuracy >= target - 1e-12)
        if enough.size:
            epochs_kept = int(enough[-1]) + 1
            least = float(sorted_confidence[epochs_kept - 1])
            review.append(ReviewCoverage(target, 1 - epochs_kept / n, None if np.isnan(least) else least))
        else:
            review.append(ReviewCoverage(target, None, None))
    return Coverage(curve, float(accuracy.mean()), tuple(review))
