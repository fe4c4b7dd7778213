"""The figures of an ablation: one table, differences on the same persons, a matrix of training and test sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from eegvlm.core.files import make_folder, write_together
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.evaluation import Evaluation, judge
from eegvlm.lab.evaluation.figures import OVERALL
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap, Difference
from eegvlm.lab.evaluation.summary import confusions_by_subject, summarise
from eegvlm.lab.evaluation.tables import FigureTable, number

JSON_FILE, MARKDOWN_FILE = "ablation-table.json", "ablation-table.md"
_QUICK = ConfusionBootstrap(100)
_COMPARED = ("kappa", "macro_f1")


@dataclass(frozen=True, eq=False)
class Cell:
    """A variant, learnt from one set of persons and tested on another.

    Parameters
    ----------
    settings
        Of the variant, by axis.
    train, test
        Names of the sets.
    seeds
        The answers, by seed.
    """

    settings: Mapping[str, str]
    train: str
    test: str
    seeds: Mapping[int, Sequence[NightAnswers]]

    @property
    def nights(self) -> list[NightAnswers]:
        """The answers of all seeds, as nights of the same persons."""
        return [
            replace(night, night=f"seed {seed}: {night.night}")
            for seed, answers in self.seeds.items()
            for night in answers
        ]

    @cached_property
    def kappas(self) -> tuple[float | None, ...]:
        """Kappa of each seed."""
        return tuple(summarise(answers, _QUICK).pooled.kappa for answers in self.seeds.values())


@dataclass(frozen=True, eq=False)
class Ablation:
    """What an ablation found.

    Attributes
    ----------
    recipe
        Its name.
    cells
        In the order in which they were asked for.
    bootstrap
        How intervals over persons are drawn.
    """

    recipe: str
    cells: tuple[Cell, ...]
    bootstrap: ConfusionBootstrap

    @cached_property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Of each cell, its seeds added up."""
        return tuple(judge(cell.nights, bootstrap=self.bootstrap) for cell in self.cells)

    def reference(self, place: int) -> int | None:
        """Return the place of the cell with which one is compared: the first of its test set; None for that one."""
        first = next(k for k, cell in enumerate(self.cells) if cell.test == self.cells[place].test)
        return None if first == place else first

    def difference(self, place: int, figure: str) -> Difference | None:
        """Return a cell's figure minus that of its reference, persons drawn together; None for the reference.

        Raises
        ------
        InputError
            If they were not judged on the same epochs of the same persons.
        """
        reference = self.reference(place)
        if reference is None:
            return None
        compared = (self.evaluations[cell].nights for cell in (place, reference))
        (names, ours), (others, theirs) = map(confusions_by_subject, compared)
        if names != others or (ours.sum(axis=(1, 2)) != theirs.sum(axis=(1, 2))).any():
            hint = "the nights have changed since it was run: delete its answers, or the folder"
            raise InputError("ablation", "persons", self.title(place), hint)
        return self.bootstrap.of_difference(ours, theirs, figure)

    def title(self, place: int) -> str:
        """Name a cell."""
        cell = self.cells[place]
        return ", ".join([*(f"{key}={value}" for key, value in cell.settings.items()), f"{cell.train} to {cell.test}"])

    def table(self) -> FigureTable:
        """Return the table: a row a cell, differences from the first row of its test set."""
        keys = tuple(self.cells[0].settings)
        trains, tests = {cell.train for cell in self.cells}, {cell.test for cell in self.cells}
        rows = []
        for place, (cell, evaluation) in enumerate(zip(self.cells, self.evaluations, strict=True)):
            overall = evaluation.overall
            intervals = overall.intervals
            figures = (
                _with_interval(getattr(overall.pooled, name), intervals.get(name)) for name in ("accuracy", *_COMPARED)
            )
            differences = (self.difference(place, name) for name in _COMPARED)
            rows.append(
                (
                    *(cell.settings[key] for key in keys),
                    *((cell.train,) if trains != {"all"} else ()),
                    *((cell.test,) if tests != {"all"} else ()),
                    *figures,
                    ", ".join(map(number, cell.kappas)),
                    *("reference" if difference is None else difference.text for difference in differences),
                    str(len(overall.subjects)),
                )
            )
        labels = (*keys, *(("trained on",) if trains != {"all"} else ()), *(("tested on",) if tests != {"all"} else ()))
        columns = (
            *(labels or ("",)),
            "accuracy",
            "kappa",
            "macro-F1",
            "kappa of each seed",
            "Δ kappa",
            "Δ macro-F1",
            "persons",
        )
        if not labels:
            rows = [("as the recipe", *row) for row in rows]
        title = f"Ablation of {self.recipe} (intervals: persons; Δ: minus the reference, persons drawn together)"
        return FigureTable(title, columns, tuple(rows))

    def matrices(self) -> list[FigureTable]:
        """Return kappa by training set (rows) and test set (columns), a table a variant; none of one set alone."""
        trains = list(dict.fromkeys(cell.train for cell in self.cells))
        tests = list(dict.fromkeys(cell.test for cell in self.cells))
        if len(tests) < 2 or len(trains) < 2:
            return []
        tables = []
        by_title = {self.title(place): evaluation for place, evaluation in enumerate(self.evaluations)}
        for settings in self._settings():
            variant = ", ".join(f"{key}={value}" for key, value in settings.items())
            rows = []
            for train in trains:
                cells = [by_title[", ".join([*filter(None, (variant,)), f"{train} to {test}"])] for test in tests]
                summaries = (evaluation.overall for evaluation in cells)
                kappas = (_with_interval(overall.pooled.kappa, overall.intervals.get("kappa")) for overall in summaries)
                rows.append((train, *kappas))
            title = "Kappa by training set (rows) and test set (columns)" + (f", {variant}" if variant else "")
            tables.append(FigureTable(title, ("", *tests), tuple(rows)))
        return tables

    def _settings(self) -> list[Mapping[str, str]]:
        return [dict(pairs) for pairs in dict.fromkeys(tuple(cell.settings.items()) for cell in self.cells)]

    def notes(self) -> list[str]:
        """Return what a reader of the table must know, each sentence once."""
        notes = [note for evaluation in self.evaluations for note in evaluation.overall.notes]
        if max(len(cell.seeds) for cell in self.cells) == 1:
            notes.append("one seed: how much of a difference is chance of training is not known")
        return list(dict.fromkeys(notes))

    def to_dict(self) -> dict[str, Any]:
        """Return everything under its name, ready for JSON."""
        cells = []
        for place, (cell, evaluation) in enumerate(zip(self.cells, self.evaluations, strict=True)):
            differences = {name: self.difference(place, name) for name in OVERALL}
            cells.append(
                {
                    "settings": dict(cell.settings),
                    "trained_on": cell.train,
                    "tested_on": cell.test,
                    "kappa_by_seed": dict(zip(map(str, cell.seeds), cell.kappas, strict=True)),
                    "minus_reference": {
                        name: difference and difference.to_dict() for name, difference in differences.items()
                    },
                    **evaluation.overall.to_dict(),
                }
            )
        return {"recipe": self.recipe, "cells": cells, "notes": self.notes(), "notice": NOTICE}

    def write(self, folder: Path) -> list[Path]:
        """Write ``ablation-table.md`` and ``ablation-table.json``.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        make_folder(folder)
        parts = [table.markdown() for table in (self.table(), *self.matrices())]
        notes = "\n".join(f"- {note}" for note in self.notes())
        page = "\n\n".join(["# Ablation", *parts, *filter(None, [notes]), NOTICE]) + "\n"
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        file, markdown = folder / JSON_FILE, folder / MARKDOWN_FILE
        write_together({markdown: page.encode(), file: text.encode()})
        return [file, markdown]


def _with_interval(value: float | None, interval: Any) -> str:
    return number(value) if interval is None else f"{number(value)} {interval.text}"
