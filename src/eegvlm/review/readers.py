"""Several readings of a night side by side: agreement, the epochs that differ, and a consensus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eegvlm.hypnogram import Hypnogram, Stage, agreement
from eegvlm.hypnogram.pooling import check_same_epochs
from eegvlm.review.problems import ReviewError


def compare(reference: Hypnogram, other: Hypnogram, name: str) -> dict[str, Any]:
    """Compare two readings of a night.

    Parameters
    ----------
    reference, other
        In the same epochs.
    name
        Of the other, for messages.

    Returns
    -------
    dict
        ``agreement`` (None where no epoch is scored by both), and ``differing`` epochs, counted from 1.

    Raises
    ------
    HypnogramError
        If their epochs are not the same.
    """
    check_same_epochs(reference, other, name)
    both = reference.scored & other.scored
    differing = np.flatnonzero(both & (reference.stages != other.stages)) + 1
    figures = agreement(reference, other, by="onset").to_dict() if both.any() else None
    return {"agreement": figures, "differing": differing.tolist()}


def consensus(readings: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the stage that most readers give each epoch; ``?`` where as many give another, or nobody gives one.

    Parameters
    ----------
    readings
        Name -> label of each epoch.

    Raises
    ------
    ReviewError
        If there are fewer than two, or their lengths differ.
    """
    if len(readings) < 2 or len({len(labels) for labels in readings.values()}) > 1:
        raise ReviewError("consensus", "readings", ", ".join(readings), "name at least two scorings of this night")
    unscored = Stage.UNSCORED.label
    stages = []
    for labels in zip(*readings.values(), strict=True):
        votes = Counter(label for label in labels if label != unscored).most_common(2)
        is_tied = len(votes) == 2 and votes[0][1] == votes[1][1]
        stages.append(unscored if not votes or is_tied else votes[0][0])
    return stages
