"""What is wrong with a data set: an error that stops its use, or a problem that is named and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from eegvlm.errors import InputError

Severity = Literal["error", "warning", "note"]


class DatasetError(InputError):
    """A data set, or a request on one, that cannot be used; says where, what, and the remedy."""


@dataclass(frozen=True)
class DatasetProblem:
    """Something a user of the data set must know.

    Parameters
    ----------
    code
        Kebab-case name of the kind of problem, as ``docs/datasets.md`` lists them.
    message
        One sentence that names the files, relative to the root.
    night
        The night that is meant; None where no night could be told.
    severity
        ``"error"``: that night, or that scoring, cannot be used. ``"warning"``: it is used as the message says.
        ``"note"``: nothing is lost, but the files differ from each other.
    """

    code: str
    message: str
    night: str | None = None
    severity: Severity = "error"


def count_problems(problems: Iterable[DatasetProblem]) -> dict[str, int]:
    """Count problems by their codes, most frequent first."""
    return dict(Counter(problem.code for problem in problems).most_common())


def why_no_night(name: str, problems: Sequence[DatasetProblem]) -> str:
    """Say why a data set has no night that can be used: its first error, or that none of its files is there."""
    for problem in sorted(problems, key=lambda problem: problem.severity != "error"):
        return problem.message
    if name == "folder":
        return "put recordings there, each with its scoring beside it or in it"
    return f"none of the files of {name} is there: name the folder in which they lie"
