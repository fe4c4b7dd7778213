"""The night encoder: high-level vectors of the night around an epoch to a vector that knows of them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from eegvlm.model.configuration import EegVlmConfig


def windows(vectors: torch.Tensor, around: int) -> torch.Tensor:
    """Return the vectors around each epoch of a night, (epochs, 2 * around + 1, channels); NaN beyond its ends.

    Parameters
    ----------
    vectors
        Of the night, (epochs, channels).
    around
        Neighbours on each side.
    """
    padded = functional.pad(vectors, (0, 0, around, around), value=torch.nan)
    return padded.unfold(0, 2 * around + 1, 1).transpose(1, 2)


class NightEncoder(nn.Module):
    """A few readers of the night, averaged: each moves a vector by what it reads in a window of them.

    What a stage is depends on what came before and after, over minutes. The encoder moves vectors within the space in
    which the enhancement network put them, so that its classifier, the projector and the alignment read them as before;
    with fresh weights it changes nothing. It computes in the precision of its weights: float32 in a loaded checkpoint.
    Readers that learnt by themselves err differently, most of all in where N3 begins; their mean errs less.

    References
    ----------
    Supratak et al. 2017, DeepSleepNet, IEEE TNSRE 25(11):1998-2008; Phan et al. 2019, SeqSleepNet, IEEE TNSRE
    27(3):400-410: an epoch network followed by a recurrent one. Lakshminarayanan et al. 2017, Simple and scalable
    predictive uncertainty estimation using deep ensembles, NeurIPS.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.readers = nn.ModuleList(NightReader(config) for _ in range(config.night_readers))

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Return vectors that know of their neighbours.

        Parameters
        ----------
        window
            High-level vectors of consecutive epochs, (batch, epochs, channels); NaN where there is none.

        Returns
        -------
        torch.Tensor
            (batch, epochs, channels); where there was no vector, what the neighbours let expect.
        """
        return self.by_reader(window).mean(dim=0)

    def by_reader(self, window: torch.Tensor) -> torch.Tensor:
        """Return what each reader makes of a window, (readers, batch, epochs, channels)."""
        return torch.stack([reader(window) for reader in self.readers])

    def middle(self, window: torch.Tensor) -> torch.Tensor:
        """Return the vector of the middle epoch of each window, (batch, channels): half of the work for one epoch."""
        return torch.stack([reader.middle(window) for reader in self.readers]).mean(dim=0)


class NightReader(nn.Module):
    """Two GRUs, from both ends of a window of high-level vectors to each of them, added to it.

    References
    ----------
    Bachlechner et al. 2021, ReZero is all you need, UAI: the scale that begins at 0.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        channels, hidden = config.enhancement_channels, config.night_hidden
        self.norm = nn.LayerNorm(channels)
        self.inward = nn.Linear(channels + 1, hidden)
        self.before = nn.GRU(hidden, hidden, batch_first=True)
        self.after = nn.GRU(hidden, hidden, batch_first=True)
        self.drop = nn.Dropout(config.night_dropout)
        self.outward = nn.Linear(2 * hidden, channels)
        self.scale = nn.Parameter(torch.zeros(channels))

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Return a window's vectors moved, (batch, epochs, channels)."""
        read = self._read(window)
        before, _ = self.before(read)
        after, _ = self.after(read.flip(1))
        return self._moved(window, before, after.flip(1))

    def middle(self, window: torch.Tensor) -> torch.Tensor:
        """Return the middle vector of each window moved, (batch, channels)."""
        read, at = self._read(window), window.shape[1] // 2
        before, _ = self.before(read[:, : at + 1])
        after, _ = self.after(read[:, at:].flip(1))
        return self._moved(window[:, at], before[:, -1], after[:, -1])

    def _read(self, window: torch.Tensor) -> torch.Tensor:
        """Return what the GRUs are given of each epoch: (batch, epochs, hidden)."""
        absent = window.isnan().any(dim=2, keepdim=True)
        shown = self.norm(window.to(self.scale).nan_to_num()).masked_fill(absent, 0.0)
        read: torch.Tensor = self.drop(functional.gelu(self.inward(torch.cat([shown, absent.to(shown)], dim=2))))
        return read

    def _moved(self, vectors: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Add to vectors what the states from both ends say."""
        states = self.drop(torch.cat([before, after], dim=-1))
        moved: torch.Tensor = vectors.to(self.scale).nan_to_num() + self.scale * self.outward(states)
        return moved
