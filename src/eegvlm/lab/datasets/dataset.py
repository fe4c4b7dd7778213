"""A data set that was opened: its nights, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eegvlm.lab.datasets.checks import Contents, alignments_in_words, count_alignments
from eegvlm.lab.datasets.night import Night
from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem, count_problems


@dataclass(frozen=True)
class Dataset:
    """What :func:`eegvlm.lab.datasets.open_dataset` found.

    Parameters
    ----------
    name
        One of :data:`eegvlm.lab.datasets.DATASETS`.
    root
        The folder, or the specification of simulated nights.
    nights
        The nights that can be used, in order of their names.
    problems
        Whatever is missing, doubled, unreadable or of another length; a night that is not in ``nights`` is named
        here.
    options
        What was asked for (scorer, wake crop, ...), for the records of whoever uses the nights.
    contents
        By night's name: lengths and stages, as far as the files were looked into.
    """

    name: str
    root: str
    nights: tuple[Night, ...]
    problems: tuple[DatasetProblem, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    contents: Mapping[str, Contents] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nights)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The sleepers of the nights that can be used, each once."""
        return tuple(dict.fromkeys(night.subject for night in self.nights))

    @property
    def aligned_by_in_words(self) -> str:
        """What the places of the scorings rest on, with numbers of nights; empty where no night was looked into."""
        return alignments_in_words(count_alignments(self.nights, self.contents))

    def night(self, name: str) -> Night:
        """Return a night by its name.

        Raises
        ------
        DatasetError
            Where there is none; if it was left out, the sentence says why.
        """
        for night in self.nights:
            if night.name == name:
                return night
        why = next((problem.message for problem in self.problems if problem.night == name), "no such night")
        raise DatasetError(self.root, f"night {name}", why, f"choose one of the {len(self.nights)} that can be used")

    def describe(self) -> dict[str, Any]:
        """Describe the data set for JSON: counts and options, no folders."""
        return {
            "name": self.name,
            "options": dict(self.options),
            "subjects": len(self.subjects),
            "nights": len(self.nights),
            "problems": count_problems(self.problems),
        }
