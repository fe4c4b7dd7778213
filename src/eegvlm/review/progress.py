"""How far a review has come, and what share of the stages is expected to be wrong still.

An epoch that nobody has looked at is expected to be wrong with one minus the probability of its stage, by the model's
own calibration; one that a scorer has seen, with none. So the figure is as true as the probabilities are, and is left
out where they promise nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eegvlm.review.results import Results
from eegvlm.review.scoring import ReviewedScoring


def progress(scoring: ReviewedScoring, results: Results | None) -> dict[str, Any]:
    """Return the progress of a review.

    Parameters
    ----------
    scoring
        What was seen and scored.
    results
        What the model said; None where the night was not staged.

    Returns
    -------
    dict
        ``checked``: epochs that were seen or scored; ``to_review`` and ``reviewed``: how many the model lists, and how
        many of them were; ``expected_wrong``: expected share of wrong stages among those that the model gave, None
        where it is not known; ``basis``: what that rests on.
    """
    checked = scoring.seen | scoring.scored
    listed = results.to_review if results else []
    expected, basis = _expected_wrong(checked, scoring, results)
    return {
        "checked": len(checked),
        "to_review": len(listed),
        "reviewed": sum(epoch in checked for epoch in listed),
        "expected_wrong": expected,
        "basis": basis,
    }


def _expected_wrong(checked: set[int], scoring: ReviewedScoring, results: Results | None) -> tuple[float | None, str]:
    if results is None or scoring.begun.get("basis") != "model":
        return None, "not known: the stages were not the model's"
    if results.limit:
        return None, f"not known: {results.limit}"
    if results.hypnogram.confidence is None:
        return None, "not known: the results hold no probabilities"
    confidence = results.hypnogram.confidence.astype(np.float64)
    has_probability = np.isfinite(confidence)
    if not has_probability.any():
        return None, "not known: no epoch has a probability"
    left = has_probability.copy()
    left[[epoch - 1 for epoch in checked]] = False
    share = float((1 - confidence[left]).sum() / has_probability.sum())
    return round(share, 5), "by the model's own calibrated confidence in the epochs that nobody has seen yet"
