"""How far two scorings of one night agree: accuracy, macro-F1, Cohen's kappa, per-stage figures.

Three layers: a confusion matrix from two plain arrays, the figures from a confusion matrix (so that matrices
of many nights can be added up first), and two scorings laid on one grid of time. The last also says what share of each
night was compared, what the alignment rests on, and whether a shift would make the two agree far better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import SAME_S, count_epochs
from eegvlm.hypnogram.shift import Shift, better_shift
from eegvlm.hypnogram.stage import STAGES, Stage
from eegvlm.hypnogram.timing import ClockOffset, Span, Timing, clock_offset, weaker


@dataclass(frozen=True)
class StageAgreement:
    """Agreement on one stage.

    Attributes
    ----------
    precision
        Of the epochs that the second scoring gives this stage, the share that the first gives it too; None if
        the second never gives it.
    recall
        Of the epochs that the first scoring gives this stage, the share that the second gives it too; None if
        the first never gives it.
    f1
        Their harmonic mean, twice the common epochs over all that either gives; None if neither gives it.
    support
        Number of epochs to which the first scoring gives this stage.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of two scorings; the first is the reference for precision, recall and support.

    Attributes
    ----------
    confusion
        int64, shape (5, 5): rows the stages of the first scoring, columns those of the second, in the order
        W, N1, N2, N3, R.
    n_compared
        Number of epochs to which both give a stage.
    accuracy
        Share of them on which they agree.
    macro_f1
        Mean of the F1 of the stages that occur in either scoring.
    kappa
        Cohen's kappa (Cohen 1960); None where it is undefined because both give one and the same stage
        throughout.
    stages
        Per stage, in the order W, N1, N2, N3, R.
    n_unscored_a, n_unscored_b, n_unscored_both
        Epochs left out because only the first, only the second, or both leave them unscored.
    n_outside_a, n_outside_b
        Epochs left out because the first, or the second, does not reach them in time.
    epoch_s
        Length of an epoch, seconds.
    notes
        What was done to lay the two on one grid, and what was left out.
    share_a, share_b
        Compared epochs as a share of each scoring's night, which lasts from its first to its last scored epoch; epochs
        between these that it leaves unscored count as not compared. None where no times are known.
    aligned_by
        What the alignment rests on; None for plain arrays.
    shift
        A shift at which the two would agree far better; None where there is none. It is never applied.
    """

    confusion: NDArray[np.int64]
    n_compared: int
    accuracy: float
    macro_f1: float
    kappa: float | None
    stages: tuple[StageAgreement, ...]
    n_unscored_a: int = 0
    n_unscored_b: int = 0
    n_unscored_both: int = 0
    n_outside_a: int = 0
    n_outside_b: int = 0
    epoch_s: float = 30.0
    notes: tuple[str, ...] = ()
    share_a: float | None = None
    share_b: float | None = None
    aligned_by: Timing | None = None
    shift: Shift | None = None

    @property
    def n_excluded(self) -> int:
        """Number of epochs that were left out, for whatever reason."""
        unscored = self.n_unscored_a + self.n_unscored_b + self.n_unscored_both
        return unscored + self.n_outside_a + self.n_outside_b

    def to_dict(self) -> dict[str, object]:
        """Return the figures under their names, ready for JSON."""
        labels = [stage.label for stage in STAGES]
        return {
            "n_compared": self.n_compared,
            "n_excluded": self.n_excluded,
            "excluded": {
                "unscored_a": self.n_unscored_a,
                "unscored_b": self.n_unscored_b,
                "unscored_both": self.n_unscored_both,
                "outside_a": self.n_outside_a,
                "outside_b": self.n_outside_b,
            },
            "share_compared": {"a": self.share_a, "b": self.share_b},
            "aligned_by": None if self.aligned_by is None else self.aligned_by.value,
            "better_shift": None if self.shift is None else self.shift.to_dict(),
            "epoch_s": self.epoch_s,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "kappa": self.kappa,
            "stages": {
                label: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "support": s.support}
                for label, s in zip(labels, self.stages, strict=True)
            },
            "confusion": {"labels": labels, "rows_a_columns_b": self.confusion.tolist()},
            "notes": list(self.notes),
        }


def confusion_matrix(a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int64]:
    """Count the pairs of stages in two arrays; epochs that either leaves unscored (-1) are not counted.

    Parameters
    ----------
    a, b
        Integers, shape (n,): values of :class:`Stage`.

    Returns
    -------
    numpy.ndarray
        int64, shape (5, 5): rows the stages of ``a``, columns those of ``b``.

    Raises
    ------
    HypnogramError
        If the shapes differ or a value is no stage.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim != 1:
        hint = "give two arrays of one length, one stage an epoch"
        raise HypnogramError("agreement", "stages", f"shapes {a.shape} and {b.shape}", hint)
    for values in (a, b):
        if values.size and (values.min() < Stage.UNSCORED or values.max() > Stage.R):
            hint = "expected -1 to 4 (see Stage)"
            raise HypnogramError("agreement", "stages", f"{values.min()} to {values.max()}", hint)
    both = (a != Stage.UNSCORED) & (b != Stage.UNSCORED)
    n = len(STAGES)
    pairs = a[both].astype(np.int64) * n + b[both]
    return np.bincount(pairs, minlength=n * n).reshape(n, n)


def agreement_of_matrix(confusion: NDArray[np.int64]) -> Agreement:
    """Compute the figures from a confusion matrix, of one night or added up over many.

    Parameters
    ----------
    confusion
        Integers, shape (5, 5): rows the first scoring, columns the second.

    Raises
    ------
    HypnogramError
        If it counts no epoch.
    """
    confusion = np.asarray(confusion, dtype=np.int64)
    total = int(confusion.sum())
    if total == 0:
        hint = "no epoch is scored in both; check that the two belong to one night"
        raise HypnogramError("agreement", "epochs to compare", 0, hint)
    common, of_a, of_b = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    stages = tuple(
        StageAgreement(_ratio(common[k], of_b[k]), _ratio(common[k], of_a[k]), f1, int(of_a[k]))
        for k, f1 in enumerate(_ratio(2 * common[k], of_a[k] + of_b[k]) for k in range(len(STAGES)))
    )
    observed = float(common.sum()) / total
    expected = float((of_a.astype(float) * of_b).sum()) / total**2
    return Agreement(
        confusion,
        n_compared=total,
        accuracy=observed,
        macro_f1=float(np.mean([stage.f1 for stage in stages if stage.f1 is not None])),
        kappa=(observed - expected) / (1 - expected) if expected < 1 else None,
        stages=stages,
    )


def agreement_of_stages(a: NDArray[np.int8], b: NDArray[np.int8]) -> Agreement:
    """Compare two arrays of stages, epoch by epoch.

    Parameters
    ----------
    a, b
        Integers, shape (n,): values of :class:`Stage`; epochs that either leaves unscored (-1) are left out
        and counted.

    Raises
    ------
    HypnogramError
        If the shapes differ, a value is no stage, or no epoch is scored in both.
    """
    figures = agreement_of_matrix(confusion_matrix(a, b))
    no_a, no_b = np.asarray(a) == Stage.UNSCORED, np.asarray(b) == Stage.UNSCORED
    return replace(
        figures,
        n_unscored_a=int(np.count_nonzero(no_a & ~no_b)),
        n_unscored_b=int(np.count_nonzero(no_b & ~no_a)),
        n_unscored_both=int(np.count_nonzero(no_a & no_b)),
    )


def agreement(a: Hypnogram, b: Hypnogram, *, by: Literal["clock", "onset"] = "clock") -> Agreement:
    """Compare two scorings of one night, aligned by time.

    Both are laid on one grid: that of the first scoring, or, if their epochs differ in length, 30-s epochs
    that start with the first scoring. Epochs that only one of them reaches, or that either leaves unscored,
    are left out and counted.

    Parameters
    ----------
    a
        The reference.
    b
        The other scoring.
    by
        ``clock``: by the two start times where both are known, else by onset. ``onset``: by the seconds since
        the recording's start, whatever the start times say.

    Raises
    ------
    HypnogramError
        If the two do not overlap in time, or no epoch is scored in both.
    """
    offset, aligned_by = _offset(a, b, by)
    offset_s = offset.seconds
    b = replace(b, onset_s=b.onset_s + offset_s)
    if b.onset_s >= a.end_s or b.end_s <= a.onset_s:
        hint = "they do not overlap in time; check the start times, or align them by onset"
        value = f"{a.onset_s:g} to {a.end_s:g} s and {b.onset_s:g} to {b.end_s:g} s"
        raise HypnogramError("agreement", "time", value, hint)
    epoch_s = a.epoch_s if a.epoch_s == b.epoch_s else 30.0
    on_grid_a = a.resample_to(epoch_s)
    lead = count_epochs("agreement", max(0.0, a.onset_s - b.onset_s), epoch_s)
    onset_s = a.onset_s - lead * epoch_s
    n_epochs = count_epochs("agreement", max(a.end_s, b.end_s) - onset_s, epoch_s)
    on_grid_b = b.resample_to(epoch_s, onset_s=onset_s, n_epochs=n_epochs)
    on_grid_a = on_grid_a.resample_to(epoch_s, onset_s=onset_s, n_epochs=n_epochs)

    starts = on_grid_a.onsets_s
    reached_a, reached_b = (
        (starts >= scoring.onset_s - epoch_s / 2 - SAME_S) & (starts <= scoring.end_s - epoch_s / 2 + SAME_S)
        for scoring in (a, b)
    )
    both = reached_a & reached_b
    notes = [f"moved the second by {offset_s:+g} s, the difference between the start times"] if offset_s else []
    notes += [f"laid {offset.note}"] if offset.note else []
    for name, old, new in (("first", a, on_grid_a), ("second", b, on_grid_b)):
        notes += [f"{name}: {note}" for note in new.notes[len(old.notes) :]]
    if not both.any():
        raise HypnogramError("agreement", "epochs to compare", 0, "the two share less than half an epoch of time")
    figures = agreement_of_stages(on_grid_a.stages[both], on_grid_b.stages[both])
    figures = replace(
        figures,
        n_outside_a=int(np.count_nonzero(~reached_a)),
        n_outside_b=int(np.count_nonzero(~reached_b)),
        epoch_s=epoch_s,
        share_a=figures.n_compared / _night_epochs(on_grid_a),
        share_b=figures.n_compared / _night_epochs(on_grid_b),
        aligned_by=aligned_by,
        shift=better_shift(on_grid_a.stages, on_grid_b.stages, epoch_s),
    )
    return replace(figures, notes=(*notes, *_exclusion_notes(figures)))


def _offset(a: Hypnogram, b: Hypnogram, by: Literal["clock", "onset"]) -> tuple[ClockOffset, Timing]:
    """Return by how much later the second one's time starts, and what that rests on."""
    if by == "clock":
        offset = clock_offset(b.start, Span(b.onset_s, b.end_s), a.start, Span(a.onset_s, a.end_s))
        if offset is not None:
            return offset, Timing.CLOCK
    return ClockOffset(0.0), weaker(a.timing.without_clock, b.timing.without_clock)


def _night_epochs(hypnogram: Hypnogram) -> int:
    """Count the epochs from the first to the last scored one."""
    scored = np.flatnonzero(hypnogram.scored)
    return int(scored[-1] - scored[0]) + 1


def _exclusion_notes(figures: Agreement) -> list[str]:
    reasons = {
        "unscored by the first only": figures.n_unscored_a,
        "unscored by the second only": figures.n_unscored_b,
        "unscored by both": figures.n_unscored_both,
        "not reached by the first": figures.n_outside_a,
        "not reached by the second": figures.n_outside_b,
    }
    return [f"left out: {count} epoch{'s' * (count > 1)} ({reason})" for reason, count in reasons.items() if count]


def _ratio(part: np.int64, whole: np.int64) -> float | None:
    return float(part) / float(whole) if whole else None
