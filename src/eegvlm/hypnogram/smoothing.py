"""Posterior smoothing: what the neighbours say about an epoch, by the transitions of real nights.

A night is taken as a hidden Markov chain of stages. The model's probabilities of an epoch are its evidence; the
transition probabilities come from experts' scorings (``transitions.json``). The smoothed probabilities are the
chain's posterior of each epoch given the whole night (forward-backward), not the best path: an excerpt of half an
hour gives the chain little to go on, and a posterior then stays near the evidence where a path would not.

References
----------
Rabiner 1989, A tutorial on hidden Markov models, Proc. IEEE 77(2):257-286, section III.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage

FloatArray = npt.NDArray[np.float64]

# Chosen on simulated nights and on the W and N3 epochs of 19 UCDDB patients: neighbouring epochs are not independent
# given their stages, so their evidence counts for less than the chain assumes.
STRENGTH = 0.7
WHOLE_NIGHT = 480  # epochs: four hours
_FIRST_AWAKE = 0.9  # all 39 nights that were counted begin awake; a recording can still be cut
_TABLE = Path(__file__).parent / "transitions.json"


@dataclass(frozen=True)
class Transitions:
    """How stages follow each other from one 30-s epoch to the next.

    Parameters
    ----------
    matrix
        (5, 5): rows the stage of an epoch, columns that of the next; rows sum to 1.
    source
        Whose nights they were counted on.
    """

    matrix: FloatArray
    source: str

    @property
    def stationary(self) -> FloatArray:
        """Share of each stage in an endless night: (5,)."""
        values, vectors = np.linalg.eig(self.matrix.T)
        shares = np.real(vectors[:, np.argmax(np.real(values))])
        return np.asarray(shares / shares.sum())

    def start(self, epochs: int) -> FloatArray:
        """Return the chances of the stages of a recording's first epoch: (5,).

        An excerpt may begin in any stage. A recording of :data:`WHOLE_NIGHT` epochs or more is taken for a night, and
        nights begin awake.
        """
        if epochs < WHOLE_NIGHT:
            return self.stationary
        return np.asarray(_FIRST_AWAKE * (np.array(STAGES) == Stage.W) + (1 - _FIRST_AWAKE) * self.stationary)


@cache
def real_transitions() -> Transitions:
    """Return the transitions that come with the package."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return Transitions(np.array(table["matrix"], dtype=np.float64), table["source"])


def count_transitions(nights: list[npt.NDArray[np.int8]]) -> FloatArray:
    """Return transition probabilities (5, 5), each night counting alike.

    Parameters
    ----------
    nights
        Stages of each night, -1 where unscored; a pair with an unscored epoch is left out.
    """
    n = len(STAGES)
    total = np.zeros((n, n))
    for stages in nights:
        before, after = stages[:-1].astype(np.intp), stages[1:].astype(np.intp)
        scored = (before >= 0) & (after >= 0)
        counts = np.bincount(before[scored] * n + after[scored], minlength=n * n).reshape(n, n)
        total += counts / max(counts.sum(), 1)
    total += 1e-4  # no transition is impossible
    return np.asarray(total / total.sum(axis=1, keepdims=True))


def smooth(
    probabilities: npt.NDArray[np.floating],
    transitions: Transitions,
    *,
    strength: float = STRENGTH,
    prior: Sequence[float] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the posterior of each epoch given all of them.

    Parameters
    ----------
    probabilities
        (n, 5) of consecutive epochs; NaN rows (unscored) carry no evidence and stay NaN.
    transitions
        Of the chain.
    strength
        Weight of the evidence's logarithm, above 0: below 1 the chain is trusted more, above 1 the model.
    prior
        Shares of the five stages among the epochs that the model learnt from; the chain's own where None. A
        probability is evidence for a stage only as far as it exceeds this share.

    Returns
    -------
    numpy.ndarray
        float32 (n, 5), rows sum to 1.

    Raises
    ------
    InputError
        If the strength, or a share of the prior, is not positive.
    """
    if not strength > 0:
        raise InputError("arguments", "strength", strength, "give a positive number")
    if prior is not None and not (len(prior) == len(STAGES) and min(prior) > 0):
        raise InputError("arguments", "prior", prior, "give five positive shares")
    evidence = np.asarray(probabilities, dtype=np.float64)
    missing = np.isnan(evidence).any(axis=1)
    start, matrix = transitions.start(len(evidence)), transitions.matrix
    # The model's probabilities are a posterior; over the prior they are the likelihood that the chain wants.
    learnt = transitions.stationary if prior is None else np.asarray(prior, dtype=np.float64)
    likelihood = (np.maximum(evidence, 1e-9) / learnt) ** strength
    likelihood[missing] = 1.0
    forward, backward = np.empty_like(likelihood), np.ones_like(likelihood)
    state = start
    for t in range(len(likelihood)):
        state = (state if t == 0 else state @ matrix) * likelihood[t]
        state = state / state.sum()
        forward[t] = state
    for t in range(len(likelihood) - 2, -1, -1):
        later = matrix @ (backward[t + 1] * likelihood[t + 1])
        backward[t] = later / later.sum()
    posterior = forward * backward
    posterior /= posterior.sum(axis=1, keepdims=True)
    posterior[missing] = np.nan
    return posterior.astype(np.float32)


def posterior(
    probabilities: npt.NDArray[np.floating], *, strength: float, prior: Sequence[float] | None, temperature: float
) -> npt.NDArray[np.float64]:
    """Return probabilities (n, 5) after :func:`smooth` with the real transitions, then :func:`tempered`.

    Parameters
    ----------
    probabilities, strength, prior
        As for :func:`smooth`.
    temperature
        As for :func:`tempered`.
    """
    return tempered(smooth(probabilities, real_transitions(), strength=strength, prior=prior), temperature)


def tempered(
    probabilities: npt.NDArray[np.floating], temperature: float | npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return probabilities (n, 5) raised to ``1 / temperature`` and normalised; NaN rows stay NaN.

    Above 1 they become less sure; the most probable stage stays the most probable. A temperature is one number, or one
    an epoch, (n,).
    """
    divisor = np.asarray(temperature, np.float64).reshape(-1, 1)
    logarithm = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), 1e-12)) / divisor
    powers = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    powers[np.isnan(probabilities).any(axis=1)] = np.nan
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
