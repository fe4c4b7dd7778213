"""Several scorings of one night made one, as the Dreem Open Datasets are judged.

Scorers are ranked by their soft agreement with the others: an epoch counts as much as the share of votes that a
scorer's stage has, relative to the stage with the most. The one who agrees least is left out where there are more than
two. The others vote; where stages tie, the scorer who ranks first decides. "Unscored" is a vote like any other.

Deviation: the published code ranks over the epochs between lights off and lights on, which differ in three nights; here
all epochs count.

References
----------
Guillot et al. 2020, Dreem Open Datasets, IEEE Trans. Neural Syst. Rehabil. Eng. 28(9):1955-1965, section III-B.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram.error import HypnogramError

_CHOICES = 6  # unscored, W, N1, N2, N3, R


def soft_agreements(stages: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Return how far each scorer agrees with the others.

    Parameters
    ----------
    stages
        int8 (scorers, n): -1 unscored, 0 to 4.

    Returns
    -------
    float64 (scorers,)
        From 0 to 1.
    """
    votes = _votes(stages)
    epochs = np.arange(stages.shape[1])
    agreements = []
    for choices in stages.astype(np.intp) + 1:
        votes_of_others = votes.copy()
        votes_of_others[choices, epochs] -= 1
        agreements.append(float((votes_of_others[choices, epochs] / votes_of_others.max(axis=0)).mean()))
    return np.array(agreements)


def consensus(stages: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return the stages on which scorers agree.

    Parameters
    ----------
    stages
        int8 (scorers, n): -1 unscored, 0 to 4.

    Returns
    -------
    int8 (n,)
        -1 where most left an epoch unscored.

    Raises
    ------
    HypnogramError
        With fewer than two scorers.

    Examples
    --------
    >>> consensus(np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3]], np.int8)).tolist()
    [0, 1, 3]
    """
    if len(stages) < 2:
        raise HypnogramError("consensus", "scorers", len(stages), "give two or more")
    ranked = stages[np.argsort(-soft_agreements(stages), kind="stable")]
    if len(ranked) > 2:
        ranked = ranked[:-1]
    votes = _votes(ranked)
    most = votes.max(axis=0)
    tied = (votes == most).sum(axis=0) > 1
    agreed: npt.NDArray[np.int8] = np.where(tied, ranked[0], votes.argmax(axis=0) - 1).astype(np.int8)
    return agreed


def _votes(stages: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Count votes: int64 (6, n), unscored first."""
    return np.stack([(stages == choice - 1).sum(axis=0) for choice in range(_CHOICES)]).astype(np.int64)
