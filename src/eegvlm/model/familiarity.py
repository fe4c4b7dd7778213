"""How far a recording lies from those that a model learnt from, by what was measured in its EEG.

A recording is described by the medians of its absolute entries (:mod:`eegvlm.evidence.vector`): the size of every band,
their shares, the shape of the spectrum. Its distance is Mahalanobis's to the recordings that were learnt from, whole
and in pieces, since what half an hour holds moves a median too.

References
----------
Lee et al. 2018, A Simple Unified Framework for Detecting Out-of-Distribution Samples, NeurIPS.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from eegvlm.evidence import BANDS, entries

Floats = npt.NDArray[np.floating]

LEAST_EPOCHS = 10
"""Of fewer usable epochs a recording has no median to speak of."""
WIDEST = 3.0
"""Temperature beyond which nothing is widened."""

_DESCRIBED = (
    *(f"eeg_rms_{band}" for band in BANDS),
    *(f"eeg_share_{band}" for band in BANDS),
    *(f"eeg_{name}" for name in ("peak_to_peak", "slope", "mobility", "complexity")),
)
_SHRUNK = 0.1  # of the covariance, towards its diagonal: pieces of one night are not independent
_FAMILIAR = 0.99  # of recordings like those that were learnt from, and not among them, lie nearer than the limit
_FOLDS = 5
_WIDE = 2.33  # standard deviations: 98 of 100


@dataclass(frozen=True)
class Unfamiliar:
    """What makes a recording unlike those that were learnt from.

    Parameters
    ----------
    ratio
        Its distance, beside the one within which 99 of 100 recordings like those lie.
    furthest
        The entries that lie furthest out, in words: "rms of alpha 49 µV (in training 3 to 25)".
    """

    ratio: float
    furthest: tuple[str, ...] = ()

    @property
    def is_unfamiliar(self) -> bool:
        """Whether it lies outside."""
        return self.ratio > 1

    def widening(self, slope: float) -> float:
        """Return the temperature by which probabilities are widened: 1 inside, and no more than :data:`WIDEST`."""
        return min(1 + slope * max(self.ratio - 1, 0), WIDEST)


class Familiarity(nn.Module):
    """The recordings that were learnt from: centre, spread and covariance of their medians.

    Parameters
    ----------
    names
        The entries that the model knows; those of them that describe a recording count.
    """

    centre: torch.Tensor
    inverse: torch.Tensor
    spread: torch.Tensor
    limit: torch.Tensor

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = [name for name in _DESCRIBED if name in names]
        self.columns = [list(names).index(name) for name in self.names]
        size = len(self.names)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))
        self.register_buffer("inverse", torch.eye(size))
        self.register_buffer("limit", torch.zeros(()))

    @property
    def is_fitted(self) -> bool:
        """Whether recordings were learnt from."""
        return bool(self.limit > 0)

    def medians(self, recording: Floats) -> Floats | None:
        """Return what describes a recording, (entries,), of its vectors (n_epochs, entries); None of too little."""
        held = np.asarray(recording)[:, self.columns]
        there = np.isfinite(held).all(axis=1)
        return np.median(held[there], axis=0).astype(np.float64) if there.sum() >= LEAST_EPOCHS else None

    def fit(self, described: Floats, groups: npt.NDArray[np.int64]) -> None:
        """Learn what recordings are like.

        Parameters
        ----------
        described
            Medians of recordings and of pieces of them, (n, entries).
        groups
            Whose each is, (n,): the limit is found on recordings of others than those to which they are compared.
        """
        apart = []
        for fold in range(_FOLDS):
            left_out = groups % _FOLDS == fold
            if left_out.any() and not left_out.all():
                apart.append(_distances(described[left_out], *_centre_and_inverse(described[~left_out])))
        centre, inverse = _centre_and_inverse(described)
        distances = np.concatenate(apart or [_distances(described, centre, inverse)])
        self.centre.copy_(torch.from_numpy(centre))
        self.inverse.copy_(torch.from_numpy(inverse))
        self.spread.copy_(torch.from_numpy(described.std(axis=0)))
        self.limit.fill_(float(np.quantile(distances, _FAMILIAR)))

    def of(self, recording: Floats) -> Unfamiliar | None:
        """Compare a recording's vectors, (n_epochs, entries); None where it, or what was learnt, is too little."""
        medians = self.medians(recording) if self.is_fitted else None
        if medians is None:
            return None
        centre, spread = (one.double().cpu().numpy() for one in (self.centre, self.spread))
        ratio = float(_distances(medians[None], centre, self.inverse.double().cpu().numpy())[0] / float(self.limit))
        out = np.abs(medians - centre) / spread
        furthest = [place for place in np.argsort(-out)[:3].tolist() if out[place] > _WIDE]
        return Unfamiliar(ratio, tuple(_in_words(self.names[k], medians[k], centre[k], spread[k]) for k in furthest))


def _centre_and_inverse(described: Floats) -> tuple[Floats, Floats]:
    covariance = np.cov(described.T)
    shrunk = (1 - _SHRUNK) * covariance + _SHRUNK * np.diag(np.diag(covariance)) + 1e-6 * np.eye(len(covariance))
    return described.mean(axis=0), np.linalg.inv(shrunk)


def _distances(described: Floats, centre: Floats, inverse: Floats) -> Floats:
    """Return Mahalanobis distances of (n, entries), a mean over entries."""
    apart = described - centre
    found: Floats = np.sqrt(((apart @ inverse) * apart).sum(axis=1) / apart.shape[1])
    return found


def _in_words(name: str, value: float, centre: float, spread: float) -> str:
    """Say where an entry lies, and where 98 of 100 that were learnt from do; logarithms are undone."""
    meaning = {entry.name: entry.meaning for entry in entries()}[name]
    numbers = [value, centre - _WIDE * spread, centre + _WIDE * spread]
    if meaning.startswith("log "):
        meaning, numbers = meaning.removeprefix("log ").removeprefix("of "), [math.exp(number) for number in numbers]
    what, _, unit = meaning.rpartition(", ")
    told, low, high = (f"{number:.3g}" for number in numbers)
    return f"{what or unit} {told}{f' {unit}' * bool(what)} (in training {low} to {high})"
