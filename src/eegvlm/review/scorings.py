"""The scorings of a night: one journal each, those included that another process begins."""

from __future__ import annotations

import re
from pathlib import Path
from threading import RLock
from typing import Any

from eegvlm.review.problems import NotFoundError, ReviewError
from eegvlm.review.scoring_file import Annotate, ReviewedScoringFile

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SUFFIX = ".jsonl"


class Scorings:
    """Scorings by name.

    Parameters
    ----------
    folder
        Where their journals are.
    annotate, incomplete
        As in :class:`.scoring_file.ReviewedScoringFile`.
    """

    def __init__(self, folder: Path, annotate: Annotate, *, incomplete: int | None = None) -> None:
        self._folder, self._annotate, self._incomplete = folder, annotate, incomplete
        self._open: dict[str, ReviewedScoringFile] = {}
        self._lock = RLock()

    def begun(self) -> dict[str, ReviewedScoringFile]:
        """Return those that have begun, as they are now, by name.

        Raises
        ------
        ReviewError
            If a journal is damaged.
        """
        names = sorted(file.stem for file in self._folder.glob(f"*{_SUFFIX}") if _NAME.fullmatch(file.stem))
        scorings = {name: self.at(name) for name in names}
        return {name: scoring for name, scoring in scorings.items() if scoring.refresh().begun}

    def of(self, name: str) -> ReviewedScoringFile:
        """Return one that has begun.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        is_there = _NAME.fullmatch(name) and (self._folder / f"{name}{_SUFFIX}").is_file()
        if not is_there or not self.at(name).refresh().begun:
            raise NotFoundError("night", "scoring", name, "there is none of that name: begin it")
        return self.at(name)

    def at(self, name: object) -> ReviewedScoringFile:
        """Return the one of a name, begun or not.

        Raises
        ------
        ReviewError
            If it is no name.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ReviewError("night", "name of the scoring", name, "use at most 40 small letters, digits, - and _")
        with self._lock:
            if name not in self._open:
                file = self._folder / f"{name}{_SUFFIX}"
                self._open[name] = ReviewedScoringFile(file, self._annotate, incomplete=self._incomplete)
            return self._open[name]

    def to_list(self) -> list[dict[str, Any]]:
        """Return a line for each that has begun: ``name``, ``who``, ``blind``, ``status``."""
        return [
            {
                "name": name,
                "who": scoring.state.begun["who"],
                "blind": scoring.state.is_hidden,
                "status": "in work" if scoring.state.signature is None else "signed",
            }
            for name, scoring in self.begun().items()
        ]
