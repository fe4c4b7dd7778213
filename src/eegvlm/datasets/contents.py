"""A look into the files of a night: how long they are, what is scored, and whether they belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegvlm.datasets.files import fingerprint, shown
from eegvlm.datasets.night import Night, wake_window
from eegvlm.datasets.problems import DatasetProblem, Severity
from eegvlm.datasets.sources import Clock, Scoring, laid_on
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Hypnogram
from eegvlm.hypnogram.align import clock_offset_s
from eegvlm.signals import EPOCH_S

_SAME_S = 1e-3
# A scoring seldom reaches the first and the last minutes of a recording; this share and more is worth a warning.
_UNCOVERED_SHARE = 0.1


@dataclass(frozen=True)
class Contents:
    """What a night holds.

    Parameters
    ----------
    duration_s
        Length of the recording, cropped as the night is.
    epochs
        By scorer: numbers of 30-s epochs of W, N1, N2, N3, R and unscored.
    """

    duration_s: float
    epochs: Mapping[str, tuple[int, ...]]


def look_into(
    nights: Iterable[Night],
    root: Path,
    *,
    all_scorers: bool = True,
    any_scorer: bool = False,
    progress: Callable[[], None] | None = None,
) -> tuple[tuple[Night, ...], tuple[DatasetProblem, ...], dict[str, Contents]]:
    """Read every header and every scoring of the nights.

    Parameters
    ----------
    nights
        With at least one scoring each.
    root
        Folder that paths in messages are relative to.
    all_scorers
        Whether every scoring is read or only the default one.
    any_scorer
        Whether the next scoring that can be used stands in for a default one that cannot.
    progress
        Called after each night.

    Returns
    -------
    nights, problems, contents
        The nights that can be used, without the scorings that cannot; what was found; contents by name.
    """
    kept: list[Night] = []
    problems: list[DatasetProblem] = []
    contents: dict[str, Contents] = {}
    seen: dict[str, str] = {}
    for night in nights:
        found = _Finding(night, root)
        usable = found.look(all_scorers=all_scorers, any_scorer=any_scorer)
        problems += found.problems
        problems += _same_content(night, seen, root)
        if usable is not None:
            kept.append(usable)
            contents[night.name] = Contents(found.duration_s, found.epochs)
        if progress is not None:
            progress()
    return tuple(kept), tuple(problems), contents


class _Finding:
    """The look into one night."""

    def __init__(self, night: Night, root: Path) -> None:
        self.night, self.root = night, root
        self.problems: list[DatasetProblem] = []
        self.duration_s = 0.0
        self.epochs: dict[str, tuple[int, ...]] = {}

    def look(self, *, all_scorers: bool, any_scorer: bool) -> Night | None:
        try:
            clock = self.night.signals.clock()
        except InputError as error:
            self._tell("unreadable-recording", self._sentence(error))
            return None
        unread = list(self.night.scorings)
        usable: list[tuple[Scoring, Hypnogram]] = []
        enough = False
        while unread and not enough:
            scoring = unread.pop(0)
            hypnogram = self._check(scoring, clock)
            if hypnogram is not None:
                usable.append((scoring, hypnogram))
            enough = not all_scorers and (bool(usable) or not any_scorer)
        if not usable or (usable[0][0] is not self.night.scorings[0] and not any_scorer):
            return None
        whole = [laid_on(scoring, hypnogram, clock) for scoring, hypnogram in usable]
        first, stop = 0, len(whole[0])
        if self.night.wake_crop_min is not None:
            first, stop = wake_window(whole[0], self.night.wake_crop_min)
        self.duration_s = min(clock.duration_s, stop * EPOCH_S) - first * EPOCH_S
        self.epochs = {
            scoring.scorer: _count(hypnogram.stages[first:stop])
            for (scoring, _), hypnogram in zip(usable, whole, strict=True)
        }
        scorings = (*(scoring for scoring, _ in usable), *unread)
        return replace(self.night, scorings=scorings, epoch_s=usable[0][1].epoch_s)

    def _check(self, scoring: Scoring, clock: Clock) -> Hypnogram | None:
        """Read a scoring and compare it with the recording; None where it is of no use."""
        rest = "" if len(self.night.scorings) == 1 else f" (scorer {scoring.scorer})"
        try:
            hypnogram = scoring.read()
        except InputError as error:
            self._tell("unreadable-scoring", self._sentence(error) + rest)
            return None
        name = self.night.name if scoring.path is None else shown(scoring.path, self.root)
        offset_s = clock_offset_s(hypnogram.start, clock.start)
        onsets = hypnogram.onsets_s + offset_s
        outside = (onsets > clock.duration_s - _SAME_S) | (onsets + hypnogram.epoch_s < _SAME_S)
        n_outside, n_scored = int(outside.sum()), int((outside & hypnogram.scored).sum())
        if outside.all():
            message = (
                f"{name}: none of its {len(hypnogram)} epochs lies in the signal, which lasts "
                f"{_hours(clock.duration_s)}; its first one starts {offset_s + hypnogram.onset_s:g} s after the signal"
            )
            self._tell("no-overlap", message)
            return None
        if not hypnogram.scored.any():
            self._tell("nothing-scored", f"{name}: all of its {len(hypnogram)} epochs are unscored")
            return None
        if abs(offset_s) >= _SAME_S:
            message = f"{name}: its clock starts {offset_s:+g} s from the signal's, and it is moved by that"
            self._tell("other-start", message, "warning")
        if n_outside:
            message = (
                f"{name}: a scoring of {_hours(hypnogram.duration_s)} for a signal of {_hours(clock.duration_s)}; "
                f"epochs outside of it, which are left out: {n_outside} of {len(hypnogram)} ({n_scored} scored)"
            )
            self._tell("scoring-longer", message, "warning" if n_scored else "note")
        uncovered_s = max(0.0, onsets[0]) + max(0.0, clock.duration_s - onsets[-1] - hypnogram.epoch_s)
        if uncovered_s >= EPOCH_S:
            message = (
                f"{name}: a scoring of {_hours(hypnogram.duration_s)} for a signal of {_hours(clock.duration_s)}; "
                f"{uncovered_s:g} s of it are not scored"
            )
            severe = uncovered_s >= _UNCOVERED_SHARE * clock.duration_s
            self._tell("scoring-shorter", message, "warning" if severe else "note")
        return hypnogram

    def _tell(self, code: str, message: str, severity: Severity = "error") -> None:
        self.problems.append(DatasetProblem(code, message, self.night.name, severity))

    def _sentence(self, error: InputError) -> str:
        path = shown(Path(error.path), self.root)
        return str(type(error)(path, error.field, error.value, error.hint))


def _same_content(night: Night, seen: dict[str, str], root: Path) -> list[DatasetProblem]:
    problems = []
    for path in night.paths:
        if not path.is_file():
            continue
        other = seen.setdefault(fingerprint(path), shown(path, root))
        if other != shown(path, root):
            message = f"{shown(path, root)} and {other} seem to be the same recording under two names"
            problems.append(DatasetProblem("same-content", message, night.name, "warning"))
    return problems


def _count(stages: NDArray[np.int8]) -> tuple[int, ...]:
    counts = [int(np.count_nonzero(stages == stage)) for stage in STAGES]
    return (*counts, len(stages) - sum(counts))


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds:g} s"
