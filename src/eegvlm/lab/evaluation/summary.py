"""The figures of a set of nights: pooled, with intervals, spread over subjects, calibration, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.hypnogram.bootstrap import Interval
from eegvlm.lab.evaluation.answers import FEWEST_STAGES, N_STAGES, Counts, NightAnswers
from eegvlm.lab.evaluation.coverage import Coverage, coverage
from eegvlm.lab.evaluation.epochs import judged_epochs
from eegvlm.lab.evaluation.figures import OVERALL, Figures, figures
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.reliability import Calibration, calibration
from eegvlm.lab.evaluation.spread import Spread, spread

_FEW_SUBJECTS = 5
_RESTRICTED_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class SubjectFigures:
    """One subject's nights added up.

    Attributes
    ----------
    subject
        Name.
    nights
        Number of nights.
    figures
        Of the nights' confusion matrices added up.
    """

    subject: str
    nights: int
    figures: Figures

    def to_dict(self) -> dict[str, object]:
        """Return the figures under their names, ready for JSON."""
        return {"subject": self.subject, "nights": self.nights, **self.figures.to_dict()}


@dataclass(frozen=True, eq=False)
class EvaluationSummary:
    """The figures of a set of nights.

    Attributes
    ----------
    pooled
        Figures of all judged epochs of all nights together.
    intervals
        By figure: 95 % bootstrap intervals over subjects; empty with fewer than two subjects.
    subjects
        In order of their names.
    spread
        By figure: over subjects. Kappa leaves out subjects with restricted labels.
    calibration, coverage
        None where the answers have no probabilities.
    n_nights
        Number of nights.
    n_missing_without_signal
        Missing answers of epochs that the recording holds no complete signal of.
    notes
        What a reader of the figures must know.
    """

    pooled: Figures
    intervals: dict[str, Interval]
    subjects: tuple[SubjectFigures, ...]
    spread: dict[str, Spread]
    calibration: Calibration | None
    coverage: Coverage | None
    n_nights: int
    n_missing_without_signal: int
    notes: tuple[str, ...]

    @property
    def is_restricted(self) -> bool:
        """Whether at least a tenth of the epochs have labels with too few stages for a five-stage kappa."""
        epochs = sum(subject.figures.n_epochs for subject in self.subjects if subject.figures.is_restricted)
        return self.pooled.is_restricted or epochs >= _RESTRICTED_SHARE * max(1, self.pooled.n_epochs)

    def to_dict(self) -> dict[str, object]:
        """Return everything under its name, ready for JSON."""
        return {
            "subjects": len(self.subjects),
            "nights": self.n_nights,
            **self.pooled.to_dict(),
            "kappa_is_five_stage": not self.is_restricted,
            "missing_without_signal": self.n_missing_without_signal,
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()},
            "spread_over_subjects": {name: figure.to_dict() for name, figure in self.spread.items()},
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "coverage": None if self.coverage is None else self.coverage.to_dict(),
            "notes": list(self.notes),
        }


def in_order(nights: Sequence[NightAnswers]) -> tuple[NightAnswers, ...]:
    """Sort nights by subject and name, so that no figure depends on the order in which they came."""
    return tuple(sorted(nights, key=lambda night: (night.subject, night.night)))


def confusions_by_subject(nights: Sequence[NightAnswers]) -> tuple[list[str], Counts]:
    """Add up confusion matrices: subjects in order of their names, and int64 (subjects, 5, 6)."""
    subjects = sorted({night.subject for night in nights})
    place = {subject: index for index, subject in enumerate(subjects)}
    summed = np.zeros((len(subjects), N_STAGES, N_STAGES + 1), np.int64)
    for night in nights:
        summed[place[night.subject]] += night.confusion
    return subjects, summed


def summarise(nights: Sequence[NightAnswers], bootstrap: ConfusionBootstrap | None = None) -> EvaluationSummary:
    """Compute the figures of a set of nights.

    Parameters
    ----------
    nights
        At least one; nights without a judged epoch count as nights only.
    bootstrap
        How intervals are drawn.

    Raises
    ------
    InputError
        If some nights have probabilities and others have none.
    """
    bootstrap = bootstrap or ConfusionBootstrap()
    nights = in_order(nights)
    names, by_subject = confusions_by_subject(nights)
    n_nights = Counter(night.subject for night in nights)
    pooled = figures(by_subject.sum(axis=0))
    subjects = tuple(
        SubjectFigures(name, n_nights[name], figures(confusion))
        for name, confusion in zip(names, by_subject, strict=True)
    )
    spreads = {}
    for figure in OVERALL:
        usable = (subject.figures for subject in subjects if not (figure == "kappa" and subject.figures.is_restricted))
        described = spread(getattr(of_subject, figure) for of_subject in usable)
        if described is not None:
            spreads[figure] = described
    epochs = judged_epochs(nights, names) if pooled.n_epochs else None
    without_signal = sum(night.n_missing_without_signal for night in nights)
    return EvaluationSummary(
        pooled,
        bootstrap.of_confusions(by_subject),
        subjects,
        spreads,
        None if epochs is None else calibration(epochs, bootstrap),
        None if epochs is None else coverage(epochs.confidence, epochs.right, epochs.answered),
        len(nights),
        without_signal,
        tuple(_notes(pooled, subjects, without_signal)),
    )


def _notes(pooled: Figures, subjects: Sequence[SubjectFigures], without_signal: int) -> list[str]:
    notes = []
    if not pooled.n_epochs:
        return ["the expert scored none of these epochs: there is nothing to judge"]
    present = pooled.stages_in_labels
    if pooled.is_restricted:
        notes.append(
            f"the labels hold only {' and '.join(present)}: read the recall of each; kappa and macro-F1 over "
            f"{len(present)} of the five stages are not five-stage figures and cannot be compared with them"
        )
    elif len(present) < 5:
        notes.append(f"the labels hold {', '.join(present)} only: the other stages were not tested")
    restricted = sum(subject.figures.is_restricted for subject in subjects)
    if restricted and not pooled.is_restricted:
        notes.append(
            f"{restricted} of {len(subjects)} subjects have labels of fewer than {FEWEST_STAGES} stages: "
            "their kappa is no five-stage kappa; it is left out of the spread, and in parentheses"
        )
    if len(subjects) < 2:
        notes.append("one subject: no interval over subjects can be given")
    elif len(subjects) < _FEW_SUBJECTS:
        notes.append(f"{len(subjects)} subjects: bootstrap intervals over so few are narrower than the truth")
    if pooled.n_missing:
        reason = f" ({without_signal} of them hold no complete signal)" if without_signal else ""
        notes.append(f"{pooled.n_missing} epochs without a valid answer are counted as wrong{reason}")
    return notes
