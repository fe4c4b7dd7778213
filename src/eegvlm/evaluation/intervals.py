"""Bootstrap intervals over subjects.

Epochs of one night, and nights of one sleeper, resemble each other: resampling epochs would give intervals that are
far too narrow. So whole subjects are drawn with replacement, all nights of each. Every figure comes from sums over
subjects, so a resample is a row of integer weights and all resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.evaluation.answers import Counts
from eegvlm.evaluation.figures import LABELS, OVERALL, Floats, defined, rates

RESAMPLES = 2000
LEVEL = 0.95
_MOST_UNDEFINED = 0.01


@dataclass(frozen=True)
class Interval:
    """Where a figure lies in the middle 95 % of the resamples (percentile interval)."""

    low: float
    high: float

    def to_dict(self) -> list[float]:
        """Return ``[low, high]``."""
        return [self.low, self.high]


@dataclass(frozen=True)
class Difference:
    """A figure of one system minus that of another on the same subjects, resampled together.

    Attributes
    ----------
    estimate
        The difference; None where either figure is undefined.
    interval
        None with fewer than two subjects.
    """

    estimate: float | None
    interval: Interval | None

    @property
    def text(self) -> str:
        """The difference with its sign and interval, or a dash."""
        if self.estimate is None:
            return "-"
        if self.interval is None:
            return f"{self.estimate:+.3f}"
        return f"{self.estimate:+.3f} [{self.interval.low:+.3f}, {self.interval.high:+.3f}]"

    def to_dict(self) -> dict[str, object]:
        """Return the difference ready for JSON."""
        return {"estimate": self.estimate, "interval": None if self.interval is None else self.interval.to_dict()}


@dataclass(frozen=True)
class Bootstrap:
    """How often, and from which seed, subjects are drawn; the same seed gives the same intervals."""

    resamples: int = RESAMPLES
    seed: int = 0

    def weights(self, n_subjects: int) -> npt.NDArray[np.int64]:
        """Draw how often each subject is in each resample: int64 (resamples, n_subjects)."""
        rng = np.random.default_rng(self.seed)
        return rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=self.resamples)

    def of_confusions(self, by_subject: Counts) -> dict[str, Interval]:
        """Return the interval of every figure.

        Parameters
        ----------
        by_subject
            Confusion matrices, one a subject: int64 (subjects, 5, 6).

        Returns
        -------
        dict
            By the names in :data:`~eegvlm.evaluation.figures.OVERALL`, and ``recall_W`` ... ``f1_R``. Empty with
            fewer than two subjects; a figure that is undefined in every resample is left out.
        """
        if len(by_subject) < 2:
            return {}
        found = rates(self._sums(by_subject))
        values = {name: found[name] for name in OVERALL}
        for name in ("precision", "recall", "f1"):
            values |= {f"{name}_{label}": found[name][:, k] for k, label in enumerate(LABELS)}
        return _intervals(values)

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
        drawn = weights @ np.asarray(counts, np.float64)
        values = {}
        for name, one in sums.items():
            values[name] = np.divide(weights @ one, drawn, out=np.full(len(drawn), np.nan), where=drawn > 0)
        return _intervals(values)

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
        drawn = figure(self.weights(len(sums)).astype(np.float64) @ sums)
        return None if np.isnan(drawn).mean() > _MOST_UNDEFINED else _intervals({"figure": drawn})["figure"]

    def of_difference(self, ours: Counts, theirs: Counts, name: str = "kappa") -> Difference:
        """Return ours minus theirs of a figure, each resample drawing the same subjects for both.

        Parameters
        ----------
        ours, theirs
            Confusion matrices of the same subjects in the same order: int64 (subjects, 5, 6).
        name
            One of :data:`~eegvlm.evaluation.figures.OVERALL`.
        """
        estimate = defined(rates(ours.sum(axis=0))[name] - rates(theirs.sum(axis=0))[name])
        if len(ours) < 2:
            return Difference(estimate, None)
        drawn = rates(self._sums(ours))[name] - rates(self._sums(theirs))[name]
        return Difference(estimate, _intervals({name: drawn}).get(name))

    def _sums(self, by_subject: Counts) -> Floats:
        """Return the confusion matrix of each resample: whole numbers as float (resamples, 5, 6)."""
        flat = by_subject.reshape(len(by_subject), -1).astype(np.float64)  # BLAS multiplies no integers
        return (self.weights(len(by_subject)).astype(np.float64) @ flat).reshape(-1, *by_subject.shape[1:])


def _intervals(values: Mapping[str, Floats]) -> dict[str, Interval]:
    tail = (1 - LEVEL) / 2
    intervals = {}
    for name, one in values.items():
        known = one[~np.isnan(one)]
        if known.size:
            low, high = np.quantile(known, (tail, 1 - tail))
            intervals[name] = Interval(float(low), float(high))
    return intervals
