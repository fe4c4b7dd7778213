"""How far a recording lies from those that a model learnt from, by what was measured in its EEG.

A recording is described by the medians of its absolute entries (:mod:`eegvlm.evidence.vector`): the size of every band,
their shares, the shape of the spectrum. Its distance is Mahalanobis's to the recordings that were learnt from, whole
and in pieces, since what half an hour holds moves a median too.

References
----------
Lee et al. 2018, A Simple Unified Framework for Detecting Out-of-Distribution Samples, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from eegvlm.evidence import BANDS
from eegvlm.model.unfamiliar import LEAST_EPOCHS, WIDEST, FamiliarRecordings, Unfamiliar, distances

__all__ = ["LEAST_EPOCHS", "WIDEST", "Familiarity", "Unfamiliar"]

Floats = npt.NDArray[np.floating]

_DESCRIBED = (
    *(f"eeg_rms_{band}" for band in BANDS),
    *(f"eeg_share_{band}" for band in BANDS),
    *(f"eeg_{name}" for name in ("peak_to_peak", "slope", "mobility", "complexity")),
)
_SHRUNK = 0.1  # of the covariance, towards its diagonal: pieces of one night are not independent
_FAMILIAR = 0.99  # of recordings like those that were learnt from, and not among them, lie nearer than the limit
_FOLDS = 5


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

    @property
    def recordings(self) -> FamiliarRecordings:
        """What was learnt, as numbers."""
        centre, spread, inverse = (tensor.double().cpu().numpy() for tensor in (self.centre, self.spread, self.inverse))
        return FamiliarRecordings(self.names, self.columns, centre, spread, inverse, float(self.limit))

    def medians(self, recording: Floats) -> Floats | None:
        """Return what describes a recording; see :meth:`.FamiliarRecordings.medians`."""
        return self.recordings.medians(recording)

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
                apart.append(distances(described[left_out], *_centre_and_inverse(described[~left_out])))
        centre, inverse = _centre_and_inverse(described)
        of_others = np.concatenate(apart or [distances(described, centre, inverse)])
        self.centre.copy_(torch.from_numpy(centre))
        self.inverse.copy_(torch.from_numpy(inverse))
        self.spread.copy_(torch.from_numpy(described.std(axis=0)))
        self.limit.fill_(float(np.quantile(of_others, _FAMILIAR)))

    def of(self, recording: Floats) -> Unfamiliar | None:
        """Compare a recording's vectors, (n_epochs, entries); None where it, or what was learnt, is too little."""
        return self.recordings.of(recording)


def _centre_and_inverse(described: Floats) -> tuple[Floats, Floats]:
    covariance = np.cov(described.T)
    shrunk = (1 - _SHRUNK) * covariance + _SHRUNK * np.diag(np.diag(covariance)) + 1e-6 * np.eye(len(covariance))
    return described.mean(axis=0), np.linalg.inv(shrunk)
