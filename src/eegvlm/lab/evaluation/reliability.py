"""Whether probabilities mean what they say: reliability, calibration error, Brier score, likelihood.

Notable: an epoch without a valid answer claims no confidence, so it is not in the reliability table; for Brier score
and likelihood, which reward knowledge, it counts as one fifth for each stage (0.8, and ln 5 = 1.609). So leaving out
hard epochs never pays more than admitting that nothing is known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from eegvlm.hypnogram.bootstrap import Interval
from eegvlm.hypnogram.calibration_error import BINS, expected_calibration_error
from eegvlm.lab.evaluation.answers import N_STAGES
from eegvlm.lab.evaluation.epochs import JudgedEpochs
from eegvlm.lab.evaluation.figures import Floats
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies between two numbers; confidence and accuracy are None where there are none."""

    low: float
    high: float
    epochs: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """How far confidence and accuracy agree.

    Attributes
    ----------
    ece
        Expected calibration error (Naeini et al. 2015, AAAI; Guo et al. 2017, ICML): mean gap between confidence
        and accuracy over 15 equal bins of confidence, weighted by epochs. Confidence is the probability of the stage
        that was answered. None where nothing was answered.
    overconfidence
        Mean confidence minus accuracy of the answers; above 0 the system believes itself too much.
    brier
        Mean squared distance between the five probabilities and the truth as 0 and 1 (Brier 1950), 0 to 2.
    nll
        Mean negative log-likelihood of the expert's stage, nats; probabilities below 1e-6 count as that.
    answered, missing
        Numbers of epochs with and without a valid answer.
    bins
        The reliability table.
    intervals
        Bootstrap intervals over subjects of ``overconfidence``, ``brier`` and ``nll``. None of the calibration error:
        resampling moves it upwards, as it adds up gaps of either sign.
    """

    ece: float | None
    overconfidence: float | None
    brier: float
    nll: float
    answered: int
    missing: int
    bins: tuple[ReliabilityBin, ...]
    intervals: dict[str, Interval]

    def to_dict(self) -> dict[str, object]:
        """Return the figures under their names, ready for JSON."""
        return {
            "ece": self.ece,
            "overconfidence": self.overconfidence,
            "brier": self.brier,
            "nll": self.nll,
            "answered": self.answered,
            "missing": self.missing,
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()},
            "bins": [asdict(confidence_bin) for confidence_bin in self.bins],
        }


def calibration(epochs: JudgedEpochs, bootstrap: ConfusionBootstrap) -> Calibration:
    """Compute the calibration of at least one judged epoch."""
    confidence, right = epochs.confidence[epochs.answered], epochs.right[epochs.answered]
    answered = int(epochs.answered.sum())
    gap = np.where(epochs.answered, epochs.confidence - epochs.right, 0.0)
    rows = np.arange(len(epochs.truth))
    truth = epochs.truth.astype(np.intp)
    brier = ((epochs.probabilities - np.eye(N_STAGES)[truth]) ** 2).sum(axis=1)
    nll = -np.log(np.maximum(epochs.probabilities[rows, truth], _LEAST_PROBABILITY))

    def by_subject(values: Floats) -> Floats:
        return np.bincount(epochs.subject, values, minlength=epochs.n_subjects).astype(np.float64)

    intervals = bootstrap.of_means({"overconfidence": by_subject(gap)}, by_subject(epochs.answered.astype(float)))
    everything = by_subject(np.ones(len(rows)))
    intervals |= bootstrap.of_means({"brier": by_subject(brier), "nll": by_subject(nll)}, everything)
    return Calibration(
        expected_calibration_error(confidence, right),
        float(gap.sum() / answered) if answered else None,
        float(brier.mean()),
        float(nll.mean()),
        answered,
        len(rows) - answered,
        reliability(confidence, right),
        intervals,
    )


def reliability(confidence: Floats, right: np.ndarray, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Sort answers into equal bins of confidence.

    Parameters
    ----------
    confidence
        float (n,), 0 to 1.
    right
        bool (n,).
    bins
        Their number; a confidence on an edge belongs to the bin above it, 1 to the last.
    """
    which = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    claimed = np.bincount(which, confidence, minlength=bins)
    correct = np.bincount(which, np.asarray(right, np.float64), minlength=bins)
    return tuple(
        ReliabilityBin(
            k / bins,
            (k + 1) / bins,
            int(count[k]),
            float(claimed[k] / count[k]) if count[k] else None,
            float(correct[k] / count[k]) if count[k] else None,
        )
        for k in range(bins)
    )
