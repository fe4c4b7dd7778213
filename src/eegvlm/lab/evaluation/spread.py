"""How much a figure differs from subject to subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A figure over subjects, each subject counting once whatever the length of the nights.

    Attributes
    ----------
    subjects
        Number of subjects for whom it is defined.
    median, minimum, maximum
        Over these.
    q25, q75
        Quartiles; the interquartile range lies between them.
    """

    subjects: int
    median: float
    minimum: float
    maximum: float
    q25: float
    q75: float

    @property
    def iqr(self) -> float:
        """Width of the interquartile range."""
        return self.q75 - self.q25

    def to_dict(self) -> dict[str, float | int]:
        """Return the numbers under their names, ready for JSON."""
        return {**asdict(self), "iqr": self.iqr}


def spread(values: Iterable[float | None]) -> Spread | None:
    """Describe a figure over subjects; None values are left out, and None is returned if nothing is left."""
    present = np.array([value for value in values if value is not None], np.float64)
    if not present.size:
        return None
    q25, median, q75 = (float(x) for x in np.quantile(present, (0.25, 0.5, 0.75)))
    return Spread(present.size, median, float(present.min()), float(present.max()), q25, q75)
