"""Figures of agreement from confusion matrices, one or a whole stack of them.

A matrix is (5, 6): rows the expert's stages W, N1, N2, N3, R; columns the answers in the same order, and last the
missing answers. A missing answer is a wrong one: it counts in the support of its row, and in no stage's predictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import STAGES
from eegvlm.lab.evaluation.answers import FEWEST_STAGES, MISSING, Counts, stages_in

Floats = npt.NDArray[np.float64]

LABELS = tuple(stage.label for stage in STAGES)
OVERALL = ("accuracy", "balanced_accuracy", "macro_f1", "kappa")
"""Names of the figures that are one number a matrix."""


@dataclass(frozen=True)
class StageFigures:
    """One stage's figures; None where undefined.

    Attributes
    ----------
    precision
        Of the epochs answered with this stage, the share that the expert gave it too.
    recall
        Of the epochs to which the expert gave this stage, the share answered with it.
    f1
        Twice the common epochs over support and answers together.
    support
        Number of epochs to which the expert gave this stage.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of one confusion matrix; None where undefined.

    Attributes
    ----------
    confusion
        int64 (5, 6), see the module.
    accuracy
        Share of right answers among the epochs that the expert scored.
    balanced_accuracy
        Mean recall of the stages in the expert's labels.
    macro_f1
        Mean F1 of the stages that occur in the labels or in the answers.
    kappa
        Cohen's kappa (Cohen 1960, Educ. Psychol. Meas. 20:37-46), missing answers being a category of their own
        that the expert never uses. None where all labels and answers are one and the same stage.
    stages
        In the order W, N1, N2, N3, R.
    """

    confusion: Counts
    accuracy: float | None
    balanced_accuracy: float | None
    macro_f1: float | None
    kappa: float | None
    stages: tuple[StageFigures, ...]

    @property
    def n_epochs(self) -> int:
        """Number of epochs that are judged."""
        return int(self.confusion.sum())

    @property
    def n_missing(self) -> int:
        """Number of them without a valid answer."""
        return int(self.confusion[:, MISSING].sum())

    @property
    def stages_in_labels(self) -> tuple[str, ...]:
        """The stages that occur in the expert's labels."""
        return tuple(LABELS[stage] for stage in stages_in(self.confusion))

    @property
    def is_restricted(self) -> bool:
        """Whether the labels hold too few stages for a five-stage kappa."""
        return len(self.stages_in_labels) < FEWEST_STAGES

    def to_dict(self) -> dict[str, object]:
        """Return the figures under their names, ready for JSON."""
        return {
            "epochs": self.n_epochs,
            "missing": self.n_missing,
            "stages_in_labels": list(self.stages_in_labels),
            **{name: getattr(self, name) for name in OVERALL},
            "stages": {
                label: {
                    "precision": stage_figures.precision,
                    "recall": stage_figures.recall,
                    "f1": stage_figures.f1,
                    "support": stage_figures.support,
                }
                for label, stage_figures in zip(LABELS, self.stages, strict=True)
            },
            "confusion": {"rows": list(LABELS), "columns": [*LABELS, "missing"], "counts": self.confusion.tolist()},
        }


def rates(confusions: Counts | Floats) -> dict[str, Floats]:
    """Compute every figure of a stack of confusion matrices at once.

    Parameters
    ----------
    confusions
        Counts, shape (..., 5, 6).

    Returns
    -------
    dict
        :data:`OVERALL` to float (...), and ``precision``, ``recall``, ``f1`` to float (..., 5); NaN where undefined.
    """
    counts = np.asarray(confusions, np.float64)
    square = counts[..., :MISSING]
    common = np.diagonal(square, axis1=-2, axis2=-1)
    support, answers = counts.sum(axis=-1), square.sum(axis=-2)
    total = support.sum(axis=-1)
    recall, f1 = _ratio(common, support), _ratio(2 * common, support + answers)
    # both sides times total squared: exact in integers, so that "expected is 1" is an exact question
    right, expected = common.sum(axis=-1) * total, (support * answers).sum(axis=-1)
    return {
        "accuracy": _ratio(common.sum(axis=-1), total),
        "balanced_accuracy": _mean_of_defined(recall),
        "macro_f1": _mean_of_defined(f1),
        "kappa": _ratio(right - expected, total**2 - expected),
        "precision": _ratio(common, answers),
        "recall": recall,
        "f1": f1,
    }


def figures(confusion: Counts) -> Figures:
    """Compute the figures of one confusion matrix (5, 6), of a night or added up over many."""
    confusion = np.asarray(confusion, np.int64)
    values = rates(confusion)
    stages = tuple(
        StageFigures(
            defined(values["precision"][k]),
            defined(values["recall"][k]),
            defined(values["f1"][k]),
            int(confusion[k].sum()),
        )
        for k in range(len(STAGES))
    )
    return Figures(
        confusion,
        defined(values["accuracy"]),
        defined(values["balanced_accuracy"]),
        defined(values["macro_f1"]),
        defined(values["kappa"]),
        stages,
    )


def defined(value: npt.ArrayLike) -> float | None:
    """Return a float, or None where it is NaN."""
    number = float(np.asarray(value))
    return None if np.isnan(number) else number


def _ratio(part: Floats, whole: Floats) -> Floats:
    result = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    np.divide(part, whole, out=result, where=np.asarray(whole) > 0)
    return result


def _mean_of_defined(values: Floats) -> Floats:
    is_defined = ~np.isnan(values)
    return _ratio(np.where(is_defined, values, 0.0).sum(axis=-1), is_defined.sum(axis=-1).astype(np.float64))
