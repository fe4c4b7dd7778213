"""A look into the files of a night: how long they are, what is scored, and whether they belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Hypnogram
from eegvlm.hypnogram.align import Placed
from eegvlm.hypnogram.shift import better_shift
from eegvlm.hypnogram.timing import Timing
from eegvlm.lab.datasets.files import fingerprint, shown
from eegvlm.lab.datasets.night import Night, wake_window
from eegvlm.lab.datasets.problems import DatasetProblem, Severity
from eegvlm.lab.datasets.sources import RecordingClock, Scoring, laid_on, placed_on
from eegvlm.signals import EPOCH_S

_SAME_S = 1e-3
# A scoring seldom reaches the first and the last minutes of a recording; this share and more is worth a warning.
_UNCOVERED_SHARE = 0.1
# A list of stages that is longer or shorter by an epoch was rounded; by more, it may start elsewhere.
_OTHER_LENGTH_S = 2 * EPOCH_S

DOUBTS = ("other-start", "no-times", "scorers-shifted")
"""Codes of problems that cast doubt on where a scoring lies on its recording."""


@dataclass(frozen=True)
class Contents:
    """What a night holds.

    Parameters
    ----------
    duration_s
        Length of the recording, cropped as the night is.
    epochs
        By scorer: numbers of epochs of W, N1, N2, N3, R and unscored, as the night is cut into them.
    aligned_by
        By scorer: what the place of the scoring on the recording rests on.
    """

    duration_s: float
    epochs: Mapping[str, tuple[int, ...]]
    aligned_by: Mapping[str, Timing]


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
    usable_nights: list[Night] = []
    problems: list[DatasetProblem] = []
    contents: dict[str, Contents] = {}
    paths_by_content: dict[str, str] = {}
    for night in nights:
        finding = _Finding(night, root)
        usable = finding.look(all_scorers=all_scorers, any_scorer=any_scorer)
        problems += finding.problems
        problems += _same_content(night, paths_by_content, root)
        if usable is not None:
            usable_nights.append(usable)
            contents[night.name] = Contents(finding.duration_s, finding.epochs, finding.aligned_by)
        if progress is not None:
            progress()
    return tuple(usable_nights), tuple(problems), contents


def count_alignments(nights: Iterable[Night], contents: Mapping[str, Contents]) -> dict[Timing, int]:
    """Count nights by what the place of their default scoring rests on, the strongest first."""
    counts = Counter(
        timing
        for night in nights
        if night.name in contents and (timing := contents[night.name].aligned_by.get(night.scorers[0])) is not None
    )
    return {timing: counts[timing] for timing in Timing if counts[timing]}


def alignments_in_words(counts: Mapping[Timing, int]) -> str:
    """Return counts of nights in words: ``clock (12 nights), nothing (1 night)``."""
    return ", ".join(f"{timing.value} ({n} night{'s' * (n > 1)})" for timing, n in counts.items())


@dataclass(frozen=True)
class _UsableScoring:
    """A scoring as it was read, and the same with times that count from the recording's start."""

    scoring: Scoring
    hypnogram: Hypnogram
    placed: Placed


class _Finding:
    """The look into one night."""

    def __init__(self, night: Night, root: Path) -> None:
        self.night, self.root = night, root
        self.problems: list[DatasetProblem] = []
        self.duration_s = 0.0
        self.epochs: dict[str, tuple[int, ...]] = {}
        self.aligned_by: dict[str, Timing] = {}

    def look(self, *, all_scorers: bool, any_scorer: bool) -> Night | None:
        try:
            clock = self.night.signals.clock()
        except InputError as error:
            self._tell("unreadable-recording", self._sentence(error))
            return None
        unread = list(self.night.scorings)
        usable: list[_UsableScoring] = []
        enough = False
        while unread and not enough:
            scoring = unread.pop(0)
            checked = self._check(scoring, clock)
            if checked is not None:
                usable.append(checked)
            enough = not all_scorers and (bool(usable) or not any_scorer)
        if not usable or (usable[0].scoring is not self.night.scorings[0] and not any_scorer):
            return None
        default = usable[0]
        grid = self.night.cutting.epochs(default.placed.hypnogram, clock.duration_s)
        whole = {
            candidate.scoring.scorer: laid_on(candidate.scoring, candidate.hypnogram, clock, grid)
            for candidate in usable
        }
        self._compare_scorers(whole)
        first, stop = 0, grid.n_epochs
        if self.night.wake_crop_min is not None:
            first, stop = wake_window(whole[default.scoring.scorer], self.night.wake_crop_min)
        end_s = min(clock.duration_s, grid.onset_s + stop * grid.epoch_s)
        self.duration_s = end_s - grid.onset_s - first * grid.epoch_s
        self.epochs = {scorer: _count(hypnogram.stages[first:stop]) for scorer, hypnogram in whole.items()}
        self.aligned_by = {scorer: hypnogram.timing for scorer, hypnogram in whole.items()}
        scorings = (*(candidate.scoring for candidate in usable), *unread)
        return replace(self.night, scorings=scorings, epoch_s=default.hypnogram.epoch_s)

    def _check(self, scoring: Scoring, clock: RecordingClock) -> _UsableScoring | None:
        """Read a scoring and compare it with the recording; None where it is of no use."""
        rest = "" if len(self.night.scorings) == 1 else f" (scorer {scoring.scorer})"
        try:
            hypnogram = scoring.read(clock.duration_s)
            placed = placed_on(scoring, hypnogram, clock)
        except InputError as error:
            self._tell("unreadable-scoring", self._sentence(error) + rest)
            return None
        name = self.night.name if scoring.path is None else shown(scoring.path, self.root)
        onsets = placed.hypnogram.onsets_s
        outside = (onsets > clock.duration_s - _SAME_S) | (onsets + hypnogram.epoch_s < _SAME_S)
        n_outside, n_scored = int(outside.sum()), int((outside & hypnogram.scored).sum())
        if outside.all():
            message = (
                f"{name}: none of its {len(hypnogram)} epochs lies in the signal, which lasts "
                f"{_hours(clock.duration_s)}; its first one starts {onsets[0]:g} s after the signal"
            )
            self._tell("no-overlap", message)
            return None
        if not hypnogram.scored.any():
            self._tell("nothing-scored", f"{name}: all of its {len(hypnogram)} epochs are unscored")
            return None
        if abs(placed.offset_s) >= _SAME_S:
            how = f" ({placed.assumed})" if placed.assumed else ""
            message = f"{name}: its clock starts {placed.offset_s:+g} s from the signal's, and it is moved by that{how}"
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
        differs_s = n_outside * hypnogram.epoch_s + uncovered_s
        if placed.hypnogram.timing is Timing.NOTHING and differs_s >= _OTHER_LENGTH_S:
            why = "it holds no time" if hypnogram.start is None else "its clock times meet no clock in the recording"
            message = f"{name}: {why}, and its length is another; its first epoch is taken as the recording's first"
            self._tell("no-times", message, "warning")
        return _UsableScoring(scoring, hypnogram, placed)

    def _compare_scorers(self, whole: Mapping[str, Hypnogram]) -> None:
        """Warn of scorers who would agree far better with the first one some epochs earlier or later."""
        (first, reference), *others = whole.items()
        for scorer, hypnogram in others:
            shift = better_shift(reference.stages, hypnogram.stages, hypnogram.epoch_s)
            if shift is not None:
                message = f"{self.night.name}, scorer {first}: {shift.sentence(f'scorer {scorer}')}"
                self._tell("scorers-shifted", message, "warning")

    def _tell(self, code: str, message: str, severity: Severity = "error") -> None:
        self.problems.append(DatasetProblem(code, message, self.night.name, severity))

    def _sentence(self, error: InputError) -> str:
        path = shown(Path(error.path), self.root)
        return str(type(error)(path, error.field, error.value, error.hint))


def _same_content(night: Night, paths_by_content: dict[str, str], root: Path) -> list[DatasetProblem]:
    problems = []
    for path in night.paths:
        if not path.is_file():
            continue
        other = paths_by_content.setdefault(fingerprint(path), shown(path, root))
        if other != shown(path, root):
            message = f"{shown(path, root)} and {other} seem to be the same recording under two names"
            problems.append(DatasetProblem("same-content", message, night.name, "warning"))
    return problems


def _count(stages: NDArray[np.int8]) -> tuple[int, ...]:
    counts = [int(np.count_nonzero(stages == stage)) for stage in STAGES]
    return (*counts, len(stages) - sum(counts))


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds:g} s"
