"""What the evidence encoder makes of nights, beside their high-level vectors: what later phases read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import RunStream
from eegvlm.evidence import beside_median
from eegvlm.lab.training.evidence_batches import EvidenceBatches, NightEvidence
from eegvlm.lab.training.night_files import night_files
from eegvlm.lab.training.night_vectors import NightVectors, read_lengths
from eegvlm.model.evidence_encoder import EvidenceEncoder
from eegvlm.model.familiarity import Familiarity

_BATCHES = 12
_PIECES = 3  # of each version of a night
LEAST_PERSONS = 20
"""Of fewer persons it is not known what a recording is like, and no recording is called unfamiliar."""


@torch.no_grad()
def fit_standards(encoder: EvidenceEncoder, batches: EvidenceBatches, rows: list[int], batch_size: int) -> None:
    """Set mean and spread of every entry to those of training windows; an entry that is never there keeps 0 and 1."""
    windows = [
        batches(rows[first : first + batch_size])["evidence"].flatten(0, 1)
        for first in range(0, min(len(rows), _BATCHES * batch_size), batch_size)
    ]
    values = np.ma.masked_invalid(torch.cat(windows).numpy().astype(np.float64))
    mean, spread = values.mean(axis=0).filled(0.0), values.std(axis=0).filled(0.0)
    varies = (values.count(axis=0) > 1) & (spread > 1e-3)
    encoder.mean.copy_(torch.from_numpy(np.where(varies, mean, 0.0)))
    encoder.scale.copy_(torch.from_numpy(np.where(varies, spread, 1.0)))


def fit_familiarity(
    familiarity: Familiarity, evidence: NightEvidence, columns: list[int], pieces: tuple[int, int], seed: int
) -> None:
    """Learn what recordings are like: every version of every night with a signal, whole and in pieces.

    Parameters
    ----------
    familiarity
        What is fitted.
    evidence
        Of the training nights.
    columns
        Places of the model's entries among those of this version.
    pieces
        Fewest and most epochs of a piece.
    seed
        Of where pieces lie.
    """
    rng = np.random.default_rng([seed, RunStream.FAMILIAR_PIECES])
    persons = {person: number for number, person in enumerate(sorted(set(evidence.store.persons)))}
    described, groups = [], []
    for night, versions in enumerate(evidence.files):
        for version in range(len(versions)):
            whole = np.array(evidence.whole(night, version))[:, columns]
            parts = [whole]
            for _ in range(_PIECES):
                length = min(len(whole), int(rng.integers(pieces[0], pieces[1] + 1)))
                first = int(rng.integers(len(whole) - length + 1))
                parts.append(whole[first : first + length])
            night_medians = [medians for part in parts if (medians := familiarity.medians(part)) is not None]
            described += night_medians
            groups += [persons[evidence.store.persons[night]]] * len(night_medians)
    if len(set(groups)) >= LEAST_PERSONS:
        familiarity.fit(np.stack(described), np.array(groups))


@torch.inference_mode()
def with_evidence(
    nights: NightVectors,
    evidence: NightEvidence,
    encoder: EvidenceEncoder,
    columns: list[int],
    folder: Path,
    seed: int | None = None,
) -> NightVectors:
    """Put the evidence encoder's vectors beside the high-level vectors of nights, and write both down.

    Parameters
    ----------
    nights
        High-level vectors.
    evidence
        Of the same nights and versions.
    encoder
        In evaluation mode.
    columns
        Places of the model's entries among those of this version.
    folder
        One file a night and version; a folder belongs to one encoder.
    seed
        Of the pieces in which every second version is read, as a night encoder reads it
        (:func:`eegvlm.lab.training.night_vectors.with_night_states`). None: all are read whole.
    """
    device = next(encoder.parameters()).device

    def compute(night: int, version: int) -> npt.NDArray[np.float16]:
        vectors, entries = np.load(nights.files[night][version]), evidence.whole(night, version)
        lengths = read_lengths(len(entries), seed, night, version)
        states = []
        for first, length in zip(np.cumsum([0, *lengths[:-1]]).tolist(), lengths, strict=True):
            piece = beside_median(np.array(entries[first : first + length]))[:, columns]
            states.append(encoder(torch.from_numpy(piece)[None].to(device))[0].cpu().numpy())
        return np.concatenate([vectors, np.concatenate(states).astype(np.float16)], axis=1)

    return NightVectors(nights.store, night_files(folder, nights.names, compute), nights.epochs)
