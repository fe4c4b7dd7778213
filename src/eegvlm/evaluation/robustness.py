"""How the answers change when the recording changes but the sleep does not."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.errors import InputError
from eegvlm.evaluation.answers import Counts, NightAnswers
from eegvlm.evaluation.figures import defined, rates
from eegvlm.evaluation.intervals import Bootstrap, Difference
from eegvlm.evaluation.perturbations import PERTURBATIONS, NotApplicableError, Perturbation, Perturbed
from eegvlm.evaluation.run import Channels, Progress, ScoredNight, StageNight, answer_night, as_reading, reason
from eegvlm.evaluation.summary import confusions_by_subject
from eegvlm.evaluation.tables import Table, number
from eegvlm.hypnogram import Stage
from eegvlm.signals import Recording


@dataclass(frozen=True, eq=False)
class RobustnessRow:
    """One change.

    Attributes
    ----------
    name, about
        The change.
    nights, epochs
        How many could be compared.
    clean, changed
        Kappa on these epochs before and after, of nights with labels of three stages and more; None without such.
    kappa
        Changed minus clean, with its interval over subjects.
    balanced_accuracy
        The same of the mean recall of the stages in the labels; where some nights have labels of fewer than three
        stages, over these.
    other_answers
        Share of the compared epochs (scored by the expert or not) whose answer is another one than before.
    skipped
        Why nights were left out, by reason: number of nights.
    failed
        Nights that could not be staged after the change, whose epochs count as missing answers: name to reason.
    """

    name: str
    about: str
    nights: int
    epochs: int
    clean: float | None
    changed: float | None
    kappa: Difference | None
    balanced_accuracy: Difference | None
    other_answers: float | None
    skipped: dict[str, int]
    failed: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the row ready for JSON."""
        return {
            "name": self.name,
            "about": self.about,
            "nights": self.nights,
            "epochs": self.epochs,
            "kappa_clean": self.clean,
            "kappa_changed": self.changed,
            "kappa_difference": None if self.kappa is None else self.kappa.to_dict(),
            "balanced_accuracy_difference": (
                None if self.balanced_accuracy is None else self.balanced_accuracy.to_dict()
            ),
            "other_answers": self.other_answers,
            "skipped": self.skipped,
            "failed": self.failed,
        }


@dataclass(frozen=True, eq=False)
class _Pair:
    """A night before and after a change, both masked to the epochs that are compared."""

    clean: NightAnswers
    changed: NightAnswers
    other: int
    compared: int


def robustness(
    stage_night: StageNight,
    nights: Iterable[ScoredNight],
    perturbations: Sequence[Perturbation] = PERTURBATIONS,
    *,
    channels: Channels | None = None,
    progress: Progress | None = None,
    bootstrap: Bootstrap | None = None,
) -> tuple[RobustnessRow, ...]:
    """Stage every night as it is and after every change.

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
    bootstrap
        How intervals over subjects are drawn. Random changes are drawn from its seed too.

    Raises
    ------
    InputError
        If no night can be staged as it is.
    """
    bootstrap, nights = bootstrap or Bootstrap(), list(nights)
    pairs: dict[str, list[_Pair]] = {one.name: [] for one in perturbations}
    skipped: dict[str, dict[str, int]] = {one.name: {} for one in perturbations}
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
        for one in perturbations:
            _tell(progress, done, total, f"{night.name}: {one.name}")
            done += 1
            draws = np.random.default_rng([bootstrap.seed, zlib.crc32(f"{night.name} {one.name}".encode())])
            try:
                pairs[one.name].append(_pair(stage_night, clean, recording, one, draws))
            except NotApplicableError as why:
                skipped[one.name][str(why)] = skipped[one.name].get(str(why), 0) + 1
    _tell(progress, total, total, "")
    if problem is not None and not any(pairs.values()):
        raise problem
    return tuple(_row(one, pairs[one.name], skipped[one.name], bootstrap) for one in perturbations)


def _pair(
    stage_night: StageNight, clean: NightAnswers, recording: Recording, one: Perturbation, rng: np.random.Generator
) -> _Pair:
    error = None
    compared = recording.scorable
    stages = np.full(len(clean.truth), Stage.UNSCORED, np.int8)
    try:
        changed = one.apply(recording, rng)
        compared = changed.compared
        _fill(stages, stage_night, changed)
    except InputError as problem:
        error = reason(problem)
        stages[:] = Stage.UNSCORED
    truth = np.where(compared, clean.truth, Stage.UNSCORED)
    after = NightAnswers(clean.subject, clean.night, truth, stages, error=error)
    before = NightAnswers(clean.subject, clean.night, truth, clean.stages)
    other = int((compared & (stages != clean.stages)).sum())
    return _Pair(before, after, other, int(compared.sum()))


def _fill(stages: np.ndarray, stage_night: StageNight, changed: Perturbed) -> None:
    for piece in changed.pieces:
        given = as_reading(stage_night(piece.recording)).hypnogram.stages
        kept = min(len(given), len(stages) - piece.first)
        stages[piece.first : piece.first + kept] = given[:kept]


def _row(one: Perturbation, pairs: list[_Pair], skipped: dict[str, int], bootstrap: Bootstrap) -> RobustnessRow:
    full = [pair for pair in pairs if not pair.clean.is_restricted]
    kappa = balanced = clean = changed = None
    if full:
        before, after = _confusions(full)
        kappa = bootstrap.of_difference(after, before, "kappa")
        clean, changed = (defined(rates(of.sum(axis=0))["kappa"]) for of in (before, after))
    restricted = [pair for pair in pairs if pair.clean.is_restricted and pair.clean.n_scored]
    if restricted or full:
        before, after = _confusions(restricted or full)
        balanced = bootstrap.of_difference(after, before, "balanced_accuracy")
    compared = sum(pair.compared for pair in pairs)
    return RobustnessRow(
        one.name,
        one.about,
        len(pairs),
        sum(pair.clean.n_scored for pair in pairs),
        clean,
        changed,
        kappa,
        balanced,
        sum(pair.other for pair in pairs) / compared if compared else None,
        skipped,
        {pair.changed.night: pair.changed.error for pair in pairs if pair.changed.error is not None},
    )


def _confusions(pairs: list[_Pair]) -> tuple[Counts, Counts]:
    _, before = confusions_by_subject([pair.clean for pair in pairs])
    _, after = confusions_by_subject([pair.changed for pair in pairs])
    return before, after


def robustness_table(rows: Sequence[RobustnessRow]) -> Table:
    """Return the table: a row a change."""
    cells = tuple(
        (
            row.name,
            f"{row.nights}/{row.epochs}",
            number(row.clean),
            number(row.changed),
            "-" if row.kappa is None else row.kappa.text,
            "-" if row.balanced_accuracy is None else row.balanced_accuracy.text,
            "-" if row.other_answers is None else f"{row.other_answers:.1%}",
        )
        for row in rows
    )
    columns = (
        "change",
        "nights/epochs",
        "kappa as it is",
        "changed",
        "difference",
        "mean recall, difference",
        "other answers",
    )
    return Table("Robustness (the same epochs before and after each change)", columns, cells)


def robustness_notes(rows: Sequence[RobustnessRow]) -> list[str]:
    """Say what each change is, and which nights it left out or broke."""
    notes = []
    for row in rows:
        left_out = "; ".join(f"{count} nights left out: {why}" for why, count in row.skipped.items())
        failed = "; ".join(f"night {name} failed: {why}" for name, why in row.failed.items())
        notes.append(": ".join([row.name, "; ".join(filter(None, (row.about, left_out, failed)))]))
    return notes


def _tell(progress: Progress | None, done: int, total: int, what: str) -> None:
    if progress is not None:
        progress(done, total, what)
