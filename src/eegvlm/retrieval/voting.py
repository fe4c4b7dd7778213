"""The nearest scored epochs as a reader of their own: their stages, counted, are its probabilities."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import STAGES, Hypnogram
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.retrieval.encoder import Encoder
from eegvlm.retrieval.epoch_index import EpochIndex
from eegvlm.signals import EPOCH_S, Recording
from eegvlm.signals.fingerprint import fingerprint

ONE_MORE = 0.5
"""Added to each stage's count (Jeffreys' prior), so that a few neighbours rule nothing out."""


def without_whom(index: EpochIndex, recording: Recording, persons: Iterable[str] = ()) -> set[str]:
    """Return whose epochs may not be examples: the named persons, and whose night the recording is."""
    return {*persons, *index.persons_of(fingerprint(recording.source))}


def vote(
    index: EpochIndex,
    recording: Recording,
    k: int,
    *,
    encoder: Encoder,
    without: Iterable[str] = (),
) -> Hypnogram:
    """Stage a recording by the k nearest scored epochs of other persons.

    Parameters
    ----------
    index
        The store.
    recording
        The night.
    k
        Neighbours that vote, 1 or more.
    encoder
        That of the store.
    without
        Persons who do not vote; those whose night it is, by its samples, never do.

    Returns
    -------
    Hypnogram
        Probabilities (count + 0.5) / (k + 2.5); unscored where an epoch is not usable.

    Raises
    ------
    InputError
        If the encoder is not the store's, or it holds too few epochs of others.
    """
    index.check_encoder(encoder)
    vectors, usable = index.encode(*encoder(recording))
    probabilities = np.full((len(vectors), len(STAGES)), np.nan, np.float32)
    if usable.any():
        ids = index.nearest(vectors[usable], k, without=without_whom(index, recording, without))
        probabilities[usable] = shares(index.stages[ids])
    return Hypnogram(most_probable(probabilities), EPOCH_S, recording.start, probabilities=probabilities)


def shares(stages: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return the probabilities that neighbours' stages (n, k) give: float32 (n, 5)."""
    counts = np.stack([(stages == stage).sum(axis=1) for stage in STAGES], axis=1) + ONE_MORE
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float32)
