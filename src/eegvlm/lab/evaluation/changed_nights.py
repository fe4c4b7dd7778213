"""Nights staged as they are and after changes, compared on the same epochs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation.answers import Counts, NightAnswers
from eegvlm.lab.evaluation.perturbations import NotApplicableError, Perturbation, Perturbed
from eegvlm.lab.evaluation.run import Channels, JudgedNight, Progress, StageNight, answer_night, as_reading, reason
from eegvlm.lab.evaluation.summary import confusions_by_subject
from eegvlm.signals import Recording


@dataclass(frozen=True, eq=False)
class Pair:
    """A night before and after a change, both masked to the epochs that are compared.

    Attributes
    ----------
    clean, changed
        The answers.
    other
        Compared epochs, scored by the expert or not, whose answer is another one than before.
    compared
        Their number.
    """

    clean: NightAnswers
    changed: NightAnswers
    other: int
    compared: int


@dataclass(frozen=True, eq=False)
class ChangedNights:
    """All nights before and after one change.

    Attributes
    ----------
    change
        The change.
    pairs
        One a night to which it could be applied.
    skipped
        Why nights were left out, by reason: number of nights.
    """

    change: Perturbation
    pairs: list[Pair] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, str]:
        """Nights that could not be staged after the change: name to reason."""
        return {pair.changed.night: pair.changed.error for pair in self.pairs if pair.changed.error is not None}


def stage_changed(
    stage_night: StageNight,
    nights: Iterable[JudgedNight],
    perturbations: Sequence[Perturbation],
    *,
    channels: Channels | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> tuple[ChangedNights, ...]:
    """Stage every night unchanged and after every change.

    Parameters
    ----------
    stage_night
        The system.
    nights
        At least one; nights that cannot be staged as they are, are left out.
    perturbations
        The changes.
    channels
        As in :func:`eegvlm.signals.read_recording`.
    progress
        Called with (stagings done, stagings in all, what is staged next).
    seed
        Of random changes.

    Raises
    ------
    InputError
        If no night can be staged unchanged.
    """
    nights = list(nights)
    changes = tuple(ChangedNights(change) for change in perturbations)
    total, done, problem = len(nights) * (len(perturbations) + 1), 0, None
    for night in nights:
        _tell(progress, done, total, f"{night.name}: as it is")
        done += 1
        try:
            truth = night.hypnogram()
            clean = answer_night(stage_night, night, truth, channels)
            recording = night.recording(channels)
        except InputError as error:
            problem = error
            done += len(perturbations)
            continue
        for changed in changes:
            _tell(progress, done, total, f"{night.name}: {changed.change.name}")
            done += 1
            try:
                pair = _pair(stage_night, clean, recording, changed.change, draws_of(seed, night.name, changed.change))
            except NotApplicableError as why:
                changed.skipped[str(why)] = changed.skipped.get(str(why), 0) + 1
            else:
                changed.pairs.append(pair)
    _tell(progress, total, total, "")
    if problem is not None and not any(changed.pairs for changed in changes):
        raise problem
    return changes


def draws_of(seed: int, night: str, change: Perturbation) -> np.random.Generator:
    """Return what a change of a night draws from: always the same."""
    return np.random.default_rng([seed, zlib.crc32(f"{night} {change.name}".encode())])


def confusions(pairs: Sequence[Pair]) -> tuple[Counts, Counts]:
    """Return the confusion matrices of the same subjects before and after: int64 (subjects, 5, 6) each."""
    _, before = confusions_by_subject([pair.clean for pair in pairs])
    _, after = confusions_by_subject([pair.changed for pair in pairs])
    return before, after


def _pair(
    stage_night: StageNight,
    clean: NightAnswers,
    recording: Recording,
    perturbation: Perturbation,
    rng: np.random.Generator,
) -> Pair:
    error = None
    compared = recording.scorable
    stages = np.full(len(clean.truth), Stage.UNSCORED, np.int8)
    try:
        changed = perturbation.apply(recording, rng)
        compared = changed.compared
        _fill(stages, stage_night, changed)
    except InputError as problem:
        error = reason(problem)
        stages[:] = Stage.UNSCORED
    truth = np.where(compared, clean.truth, Stage.UNSCORED)
    after = NightAnswers(clean.subject, clean.night, truth, stages, error=error)
    before = NightAnswers(clean.subject, clean.night, truth, clean.stages)
    other = int((compared & (stages != clean.stages)).sum())
    return Pair(before, after, other, int(compared.sum()))


def _fill(stages: np.ndarray, stage_night: StageNight, changed: Perturbed) -> None:
    for piece in changed.pieces:
        answers = as_reading(stage_night(piece.recording)).hypnogram.stages
        count = min(len(answers), len(stages) - piece.first)
        stages[piece.first : piece.first + count] = answers[:count]


def _tell(progress: Progress | None, done: int, total: int, what: str) -> None:
    if progress is not None:
        progress(done, total, what)
