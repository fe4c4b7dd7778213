"""Several derivations of one night: which of them vote, and what comes of their votes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from eegvlm.images import PreparedNight

EegChoice = Literal["first", "vote"]
EEG_CHOICES: tuple[EegChoice, ...] = ("first", "vote")


def voters(night: PreparedNight, panel: str) -> list[int]:
    """Return the places of the channels of a panel that vote: the best of every role that holds any usable signal."""
    best: dict[object, int] = {}
    for place, channel in enumerate(night.panels.get(panel, ())):
        if channel.usable.any():
            best.setdefault(channel.role, place)
    return list(best.values())


def pooled(ballots: Sequence[npt.NDArray[np.float32]], temperature: float) -> npt.NDArray[np.float32]:
    """Return the logarithmic pool of several answers to each epoch.

    Parameters
    ----------
    ballots
        Of each derivation logits (n, 5); NaN in the epochs that it cannot show, where the others decide.
    temperature
        By which logits are divided before they are compared.

    Returns
    -------
    numpy.ndarray
        float32 (n, 5): logits at the same temperature; NaN where no derivation shows the epoch.

    References
    ----------
    Genest & Zidek 1986, Combining probability distributions, Statistical Science 1(1):114-135: the logarithmic pool.
    """
    if len(ballots) == 1:
        return ballots[0]
    scaled = np.stack([log_softmax(logits.astype(np.float64) / temperature, axis=1) for logits in ballots])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an epoch that no derivation shows
        return np.asarray(temperature * np.nanmean(scaled, axis=0), np.float32)
