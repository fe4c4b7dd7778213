"""Two systems on the same nights: their figures side by side, and the difference with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.evaluation import Evaluation
from eegvlm.lab.evaluation.figures import OVERALL
from eegvlm.lab.evaluation.intervals import Difference
from eegvlm.lab.evaluation.summary import confusions_by_subject
from eegvlm.lab.evaluation.tables import FigureTable, overview_of


@dataclass(frozen=True)
class Comparison:
    """A system minus another on the same nights.

    Attributes
    ----------
    ours, theirs
        Names of the systems.
    differences
        By figure: ours minus theirs, with the interval over subjects drawn together for both.
    """

    ours: str
    theirs: str
    differences: Mapping[str, Difference]

    def to_dict(self) -> dict[str, object]:
        """Return the differences ready for JSON."""
        return {
            "ours": self.ours,
            "theirs": self.theirs,
            "differences": {name: difference.to_dict() for name, difference in self.differences.items()},
        }


def compare(evaluations: Mapping[str, Evaluation]) -> tuple[Comparison, ...]:
    """Compare the first system with each of the others.

    Raises
    ------
    InputError
        If they were not judged on the same epochs of the same nights.
    """
    (ours, first), *others = evaluations.items()
    nights, confusions = [night.night for night in first.nights], confusions_by_subject(first.nights)[1]
    comparisons = []
    for theirs, other in others:
        their_confusions = confusions_by_subject(other.nights)[1]
        same = [night.night for night in other.nights] == nights
        if not same or (their_confusions.sum(axis=-1) != confusions.sum(axis=-1)).any():
            hint = "judge both on the same epochs of the same nights"
            raise InputError("comparison", f"nights of {theirs}", len(other.nights), hint)
        differences = {name: first.bootstrap.of_difference(confusions, their_confusions, name) for name in OVERALL}
        comparisons.append(Comparison(ours, theirs, differences))
    return tuple(comparisons)


def system_table(evaluations: Mapping[str, Evaluation]) -> FigureTable:
    """Headline figures, a column a system."""
    return replace(
        overview_of({name: evaluation.overall for name, evaluation in evaluations.items()}),
        title="Systems side by side",
    )


def difference_table(comparisons: tuple[Comparison, ...]) -> FigureTable:
    """Differences, a row for each of the other systems."""
    rows = tuple(
        (f"{comparison.ours} minus {comparison.theirs}", *(comparison.differences[name].text for name in OVERALL))
        for comparison in comparisons
    )
    columns = ("", "accuracy", "balanced acc.", "macro-F1", "kappa")
    return FigureTable("Differences (intervals: subjects drawn together for both)", columns, rows)
