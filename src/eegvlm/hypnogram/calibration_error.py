"""Expected calibration error: how far the confidence of answers is from their accuracy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 15


def expected_calibration_error(
    confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], *, bins: int = BINS
) -> float | None:
    """Return the mean gap between confidence and accuracy over equal bins of confidence, weighted by answers.

    Parameters
    ----------
    confidence
        (n,), 0 to 1: the probability of the stage that was answered.
    right
        (n,), whether it was the expert's.
    bins
        Number of bins between 0 and 1.

    Returns
    -------
    float or None
        None where there is no answer.

    References
    ----------
    Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning, AAAI.
    Guo et al. 2017, On calibration of modern neural networks, ICML.
    """
    if not len(confidence):
        return None
    which = np.minimum((confidence * bins).astype(np.intp), bins - 1)
    surplus = np.bincount(which, weights=confidence - right, minlength=bins)
    return float(np.abs(surplus).sum() / len(confidence))
