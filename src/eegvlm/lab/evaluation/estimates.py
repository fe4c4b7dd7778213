"""Figures that are made of sums over epochs or claims, with their intervals over subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from eegvlm.hypnogram.bootstrap import Interval
from eegvlm.lab.evaluation.figures import Floats, defined
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap

T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Attributes
    ----------
    value
        None where it is undefined.
    interval
        Over subjects; None with fewer than two, or where resamples leave the figure undefined.
    """

    value: float | None
    interval: Interval | None = None

    @property
    def text(self) -> str:
        """The figure with its interval, or a dash."""
        if self.value is None:
            return "-"
        bracket = "" if self.interval is None else f" {self.interval.text}"
        return f"{self.value:.3f}{bracket}"

    def to_dict(self) -> dict[str, object]:
        """Return the figure ready for JSON."""
        return {"value": self.value, "interval": None if self.interval is None else self.interval.to_dict()}


def estimate(sums: Floats, figure: Callable[[Floats], Floats], bootstrap: ConfusionBootstrap) -> Estimate:
    """Compute a figure of all subjects together.

    Parameters
    ----------
    sums
        Each subject's: (subjects, k).
    figure
        From sums (..., k) to the figure (...), NaN where undefined.
    bootstrap
        How the interval is drawn.
    """
    return Estimate(defined(figure(sums.sum(axis=0))), bootstrap.of_sums(sums, figure))


def sums_of(subjects: Sequence[Sequence[T]], *counts: Callable[[T], float]) -> Floats:
    """Add up what each subject's items count: (subjects, counts)."""
    return np.array([[sum(map(count, items)) for count in counts] for items in subjects], np.float64).reshape(
        len(subjects), len(counts)
    )


def share(sums: Floats) -> Floats:
    """Divide the first of the sums (..., k) by the second."""
    part, whole = sums[..., 0], sums[..., 1]
    shares: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return shares
