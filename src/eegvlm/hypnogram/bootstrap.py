"""Bootstrap intervals over subjects.

Epochs of one night, and nights of one sleeper, resemble each other: resampling epochs would give intervals that are
far too narrow. So whole subjects are drawn with replacement, all nights of each. Every figure comes from sums over
subjects, so a resample is a row of integer weights and all resamples are one matrix product.

Percentiles of resamples of a few subjects lie too close: resampling knows their spread without the correction for the
mean that was taken of them, and of the normal distribution instead of Student's. The expanded percentile interval takes
percentiles further out by both. Its coverage, beside that of plain percentiles and of BCa: benchmarks/intervals.py.

Hesterberg 2015, "What teachers should know about the bootstrap", Am. Stat. 69(4):371-386, section 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
_MOST_UNDEFINED = 0.01


@dataclass(frozen=True)
class Interval:
    """Where a figure lies with a confidence of 95 % (expanded percentile interval)."""

    low: float
    high: float

    @property
    def text(self) -> str:
        """The two ends in brackets."""
        return f"[{self.low:.3f}, {self.high:.3f}]"

    def to_dict(self) -> list[float]:
        """Return ``[low, high]``."""
        return [self.low, self.high]


@dataclass(frozen=True)
class Bootstrap:
    """How often, and from which seed, subjects are drawn; the same seed gives the same intervals."""

    resamples: int = RESAMPLES
    seed: int = 0

    def weights(self, n_subjects: int) -> npt.NDArray[np.int64]:
        """Draw how often each subject is in each resample: int64 (resamples, n_subjects)."""
        rng = np.random.default_rng(self.seed)
        return rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=self.resamples)

    def sums(self, by_subject: npt.NDArray[np.int64] | Floats) -> Floats:
        """Add up the subjects of each resample: (subjects, ...) to float (resamples, ...)."""
        flat = by_subject.reshape(len(by_subject), -1).astype(np.float64)  # BLAS multiplies no integers
        return (self.weights(len(by_subject)).astype(np.float64) @ flat).reshape(-1, *by_subject.shape[1:])

    def of_means(self, sums: Mapping[str, Floats], counts: Floats) -> dict[str, Interval]:
        """Return the interval of means over epochs.

        Parameters
        ----------
        sums
            By name, each subject's sum: float (subjects,).
        counts
            Each subject's number of epochs: (subjects,).
        """
        if len(counts) < 2:
            return {}
        weights = self.weights(len(counts))
        resampled_counts = weights @ np.asarray(counts, np.float64)
        values = {}
        for name, subject_sums in sums.items():
            values[name] = np.divide(
                weights @ subject_sums,
                resampled_counts,
                out=np.full(len(resampled_counts), np.nan),
                where=resampled_counts > 0,
            )
        return intervals_of(values, len(counts))

    def of_sums(self, sums: Floats, figure: Callable[[Floats], Floats]) -> Interval | None:
        """Return the interval of any figure that sums over subjects give.

        Parameters
        ----------
        sums
            Each subject's: (subjects, k).
        figure
            From sums (..., k) to the figure (...), NaN where undefined.

        Returns
        -------
        Interval or None
            None with fewer than two subjects, and where more than a hundredth of the resamples leave the figure
            undefined.
        """
        if len(sums) < 2:
            return None
        resampled = figure(self.sums(sums))
        if np.isnan(resampled).mean() > _MOST_UNDEFINED:
            return None
        return intervals_of({"figure": resampled}, len(sums))["figure"]


def intervals_of(values: Mapping[str, Floats], n_subjects: int) -> dict[str, Interval]:
    """Return the interval of each figure, given its value in every resample; NaN, where undefined, is left out.

    Parameters
    ----------
    values
        By name of the figure: float (resamples,).
    n_subjects
        Subjects that were drawn from, at least two.
    """
    tail = expanded_tail(n_subjects)
    intervals = {}
    for name, figure_values in values.items():
        defined = figure_values[~np.isnan(figure_values)]
        if defined.size:
            low, high = np.quantile(defined, (tail, 1 - tail))
            intervals[name] = Interval(float(low), float(high))
    return intervals


def expanded_tail(n_subjects: int) -> float:
    """Return the share of resamples below an interval, and above it: 0.025 of many subjects, less of few."""
    from scipy.special import ndtr, stdtrit  # hypnograms are read without scipy

    quantile = stdtrit(n_subjects - 1, (1 - LEVEL) / 2)
    return float(ndtr(np.sqrt(n_subjects / (n_subjects - 1)) * quantile))
