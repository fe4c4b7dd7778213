"""Bootstrap intervals over subjects, of the figures of confusion matrices and of their differences."""

from __future__ import annotations

from dataclasses import dataclass

from eegvlm.hypnogram import bootstrap
from eegvlm.hypnogram.bootstrap import Interval, intervals_of
from eegvlm.lab.evaluation.answers import Counts
from eegvlm.lab.evaluation.figures import LABELS, OVERALL, defined, rates


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


class ConfusionBootstrap(bootstrap.Bootstrap):
    """Draws subjects, and gives the intervals of all figures of their confusion matrices."""

    def of_confusions(self, by_subject: Counts) -> dict[str, Interval]:
        """Return the interval of every figure.

        Parameters
        ----------
        by_subject
            Confusion matrices, one a subject: int64 (subjects, 5, 6).

        Returns
        -------
        dict
            By the names in :data:`~eegvlm.lab.evaluation.figures.OVERALL`, and ``recall_W`` ... ``f1_R``. Empty with
            fewer than two subjects; a figure that is undefined in every resample is left out.
        """
        if len(by_subject) < 2:
            return {}
        resampled = rates(self.sums(by_subject))
        values = {name: resampled[name] for name in OVERALL}
        for name in ("precision", "recall", "f1"):
            values |= {f"{name}_{label}": resampled[name][:, k] for k, label in enumerate(LABELS)}
        return intervals_of(values, len(by_subject))

    def of_difference(self, ours: Counts, theirs: Counts, name: str = "kappa") -> Difference:
        """Return ours minus theirs of a figure, each resample drawing the same subjects for both.

        Parameters
        ----------
        ours, theirs
            Confusion matrices of the same subjects in the same order: int64 (subjects, 5, 6).
        name
            One of :data:`~eegvlm.lab.evaluation.figures.OVERALL`.
        """
        estimate = defined(rates(ours.sum(axis=0))[name] - rates(theirs.sum(axis=0))[name])
        if len(ours) < 2:
            return Difference(estimate, None)
        differences = rates(self.sums(ours))[name] - rates(self.sums(theirs))[name]
        return Difference(estimate, intervals_of({name: differences}, len(ours)).get(name))
