"""How far a recording lies from those that a model learnt from; numbers alone, so that no network is needed to tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.evidence import entries

Floats = npt.NDArray[np.floating]

LEAST_EPOCHS = 10
"""Of fewer usable epochs a recording has no median to speak of."""
WIDEST = 3.0
"""Temperature beyond which nothing is widened."""

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


@dataclass(frozen=True, eq=False)
class FamiliarRecordings:
    """The recordings that a model learnt from, as their medians are distributed.

    Parameters
    ----------
    names, columns
        Entries that describe a recording, and their places among those that the model knows.
    centre, spread
        Mean and standard deviation of the medians, (entries,).
    inverse
        Inverse of their covariance, (entries, entries).
    limit
        Distance within which 99 of 100 recordings like those lie; 0: nothing was learnt.
    """

    names: Sequence[str]
    columns: Sequence[int]
    centre: Floats
    spread: Floats
    inverse: Floats
    limit: float

    def medians(self, recording: Floats) -> Floats | None:
        """Return what describes a recording, (entries,), of its vectors (n_epochs, entries); None of too little."""
        columns = np.asarray(recording)[:, list(self.columns)]
        present = np.isfinite(columns).all(axis=1)
        return np.median(columns[present], axis=0).astype(np.float64) if present.sum() >= LEAST_EPOCHS else None

    def of(self, recording: Floats) -> Unfamiliar | None:
        """Compare a recording's vectors, (n_epochs, entries); None where it, or what was learnt, is too little."""
        medians = self.medians(recording) if self.limit > 0 else None
        if medians is None:
            return None
        ratio = float(distances(medians[None], self.centre, self.inverse)[0] / self.limit)
        out = np.abs(medians - self.centre) / self.spread
        furthest = [place for place in np.argsort(-out)[:3].tolist() if out[place] > _WIDE]
        described = zip(self.names, medians, self.centre, self.spread, strict=True)
        words = [_in_words(name, *map(float, numbers)) for name, *numbers in described]
        return Unfamiliar(ratio, tuple(words[place] for place in furthest))


def distances(described: Floats, centre: Floats, inverse: Floats) -> Floats:
    """Return Mahalanobis distances of (n, entries), a mean over entries."""
    apart = described - centre
    distance: Floats = np.sqrt(((apart @ inverse) * apart).sum(axis=1) / apart.shape[1])
    return distance


def _in_words(name: str, value: float, centre: float, spread: float) -> str:
    """Say where an entry lies, and where 98 of 100 that were learnt from do; logarithms are undone."""
    meaning = {entry.name: entry.meaning for entry in entries()}[name]
    numbers = [value, centre - _WIDE * spread, centre + _WIDE * spread]
    if meaning.startswith("log "):
        meaning, numbers = meaning.removeprefix("log ").removeprefix("of "), [math.exp(number) for number in numbers]
    what, _, unit = meaning.rpartition(", ")
    measured, low, high = (f"{number:.3g}" for number in numbers)
    return f"{what or unit} {measured}{f' {unit}' * bool(what)} (in training {low} to {high})"
