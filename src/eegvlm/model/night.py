"""The night encoder: high-level vectors of the night around an epoch to a vector that knows of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from eegvlm.model.both_ends import NightStates, outputs, outputs_in_place, states_met
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
    """A few readers of the night, averaged: each moves the vector of an epoch by what it reads in all others.

    What a stage is depends on what came before and after, and on the sleeper: where N3 begins is seen beside the
    deepest sleep of the same night. So a whole recording is read, however long, from both ends. The encoder moves
    vectors within the space in which the enhancement network put them, so that its classifier, the projector and the
    alignment read them as before; with fresh weights it changes nothing. It computes in the precision of its weights:
    float32 in a loaded checkpoint. Readers that learnt by themselves err differently, so they are averaged. Where the
    enhancement network has members, each of them has readers of its own, who know its part of the vectors alone.

    References
    ----------
    Supratak et al. 2017, DeepSleepNet, IEEE TNSRE 25(11):1998-2008; Phan et al. 2019, SeqSleepNet, IEEE TNSRE
    27(3):400-410: an epoch network followed by a recurrent one. Lakshminarayanan et al. 2017, Simple and scalable
    predictive uncertainty estimation using deep ensembles, NeurIPS.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.members = config.enhancement_members
        self.channels = config.enhancement_channels
        readers = config.night_readers * self.members  # the first reader of each member, the second of each ...
        self.readers = nn.ModuleList(NightReader(config) for _ in range(readers))

    def forward(self, night: torch.Tensor) -> torch.Tensor:
        """Return vectors that know of their night.

        Parameters
        ----------
        night
            High-level vectors of consecutive epochs, and beside them what the evidence encoder made of each, (batch,
            epochs, channels + evidence_channels); NaN where there is none.

        Returns
        -------
        torch.Tensor
            (batch, epochs, channels); absent epochs get a prediction from their neighbours.
        """
        return self.by_reader(night).mean(dim=0)

    def by_reader(self, night: torch.Tensor) -> torch.Tensor:
        """Return what the first readers of all members make of nights, the second ...: (readers, *forward's shape)."""
        beside = night[..., self.channels :]
        return self._joined([reader(night[..., part], beside) for reader, part in self._parts()])

    def states(self, night: torch.Tensor) -> list[NightStates]:
        """Return with which states each reader meets every epoch of a night (epochs, channels + evidence_channels)."""
        beside = night[:, self.channels :]
        return [reader.states(night[:, part], beside) for reader, part in self._parts()]

    def replaced(self, states: list[NightStates], places: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Return what one epoch's vector is moved to if it alone were another.

        Parameters
        ----------
        states
            Of the night as it is, from :meth:`states`.
        places
            Epochs, (n,), from 0; one may come several times.
        vectors
            What stands there instead, (n, channels + evidence_channels).

        Returns
        -------
        torch.Tensor
            (n, channels)
        """
        beside = vectors[:, self.channels :]
        replacements = [
            reader.replaced(states_of_reader, places, vectors[:, part], beside)
            for states_of_reader, (reader, part) in zip(states, self._parts(), strict=True)
        ]
        return self._joined(replacements).mean(dim=0)

    def _parts(self) -> Iterator[tuple[NightReader, slice]]:
        """Yield the readers, each with the part of a vector that it reads."""
        for place, reader in enumerate(cast("list[NightReader]", list(self.readers))):
            first = place % self.members * reader.channels
            yield reader, slice(first, first + reader.channels)

    def _joined(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """Put the members' parts side by side: (readers, ..., channels)."""
        firsts = range(0, len(parts), self.members)
        return torch.stack([torch.cat(parts[first : first + self.members], dim=-1) for first in firsts])


class NightReader(nn.Module):
    """Two GRUs, from both ends of a night of vectors, a member's part of them, to each of them, added to it.

    References
    ----------
    Bachlechner et al. 2021, ReZero is all you need, UAI: the scale that begins at 0.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.channels = channels = config.member_channels
        hidden = config.night_hidden
        self.norm = nn.LayerNorm(channels)
        self.inward = nn.Linear(channels + 1, hidden)
        if config.reads_evidence:
            self.beside = nn.Linear(config.evidence_channels + 1, hidden)
        self.before = nn.GRU(hidden, hidden, batch_first=True)
        self.after = nn.GRU(hidden, hidden, batch_first=True)
        self.drop = nn.Dropout(config.night_dropout)
        self.outward = nn.Linear(2 * hidden, channels)
        self.scale = nn.Parameter(torch.zeros(channels))

    def forward(self, night: torch.Tensor, beside: torch.Tensor | None = None) -> torch.Tensor:
        """Return a night's vectors moved, (batch, epochs, channels); ``beside`` are the evidence encoder's."""
        return self._moved(night, *outputs(self.before, self.after, self._read(night, beside)))

    def states(self, night: torch.Tensor, beside: torch.Tensor) -> NightStates:
        """Return the states of both GRUs when they come to each epoch of a night, each (epochs, hidden)."""
        return states_met(self.before, self.after, self._read(night[None], beside[None]))

    def replaced(
        self, states: NightStates, places: torch.Tensor, vectors: torch.Tensor, beside: torch.Tensor
    ) -> torch.Tensor:
        """Return other vectors at their places moved, (n, channels); the GRUs come there through the night."""
        epochs = self._read(vectors[:, None], beside[:, None])
        before, after = outputs_in_place(self.before, self.after, states, places, epochs)
        return self._moved(vectors, before[:, 0], after[:, 0])

    def _read(self, vectors: torch.Tensor, beside: torch.Tensor | None) -> torch.Tensor:
        """Return what the GRUs are given of each epoch: (batch, epochs, hidden)."""
        absent = vectors.isnan().any(dim=2, keepdim=True)
        normed = self.norm(vectors.to(self.scale).nan_to_num()).masked_fill(absent, 0.0)
        inward = self.inward(torch.cat([normed, absent.to(normed)], dim=2))
        if beside is not None and beside.shape[2]:
            unmeasured = beside.isnan().any(dim=2, keepdim=True)
            inward = inward + self.beside(torch.cat([beside.to(normed).nan_to_num(), unmeasured.to(normed)], dim=2))
        read: torch.Tensor = self.drop(functional.gelu(inward))
        return read

    def _moved(self, vectors: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Add to vectors what the states from both ends say."""
        states = self.drop(torch.cat([before, after], dim=-1))
        updated: torch.Tensor = vectors.to(self.scale).nan_to_num() + self.scale * self.outward(states)
        return updated
