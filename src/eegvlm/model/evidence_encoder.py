"""The evidence encoder: what was measured in the epochs of a night, read from both ends, to a vector and a stage.

Beside what a tower and an enhancement network see in a picture, this is a third level: quantities in physical units
(:mod:`eegvlm.evidence.vector`) that carry over to a recorder of which nothing was learnt.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

from eegvlm.model.both_ends import outputs, outputs_in_place, states_met
from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.familiarity import Familiarity

N_STAGES = 5
_FURTHEST = 4.0  # standard deviations: what lies beyond is an artefact, and no more than that is known of it


class EvidenceReader(nn.Module):
    """Two GRUs, from both ends of a night of evidence, to what each epoch is in its night.

    References
    ----------
    Supratak et al. 2017, DeepSleepNet, IEEE TNSRE 25(11):1998-2008: features of epochs followed by a recurrent network.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        size, hidden = len(config.evidence_entries), config.evidence_hidden
        self.inward = nn.Linear(2 * size, hidden)
        self.before = nn.GRU(hidden, hidden, batch_first=True)
        self.after = nn.GRU(hidden, hidden, batch_first=True)
        self.drop = nn.Dropout(config.evidence_dropout)
        self.outward = nn.Linear(3 * hidden, hidden)
        self.classifier = nn.Linear(hidden, N_STAGES)

    def forward(self, night: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read nights.

        Parameters
        ----------
        night
            Standardised entries (batch, epochs, entries), NaN where absent.

        Returns
        -------
        hidden, logits
            (batch, epochs, hidden) and stage logits (batch, epochs, 5).
        """
        epochs = self._read(night)
        return self._answer(epochs, *outputs(self.before, self.after, epochs))

    def replaced(
        self, night: torch.Tensor, places: torch.Tensor, rows: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Read epochs in whose place other evidence stands, (n, entries); the GRUs come there through the night."""
        states = states_met(self.before, self.after, self._read(night[None]))
        epochs = self._read(rows[:, None])
        hidden, logits = self._answer(epochs, *outputs_in_place(self.before, self.after, states, places, epochs))
        return hidden[:, 0], logits[:, 0]

    def _read(self, night: torch.Tensor) -> torch.Tensor:
        values = torch.cat([night.nan_to_num(), (~night.isnan()).to(night)], dim=2)
        epochs: torch.Tensor = self.drop(functional.gelu(self.inward(values)))
        return epochs

    def _answer(
        self, epochs: torch.Tensor, before: torch.Tensor, after: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states = self.drop(torch.cat([before, after, epochs], dim=2))
        hidden = self.drop(functional.gelu(self.outward(states)))
        return hidden, self.classifier(hidden)


class EvidenceEncoder(nn.Module):
    """A few readers of the evidence of a night, which err differently, and their common answer.

    The vector that an epoch gets holds the readers' hidden states, and last the five log probabilities of the stages:
    the readers' logarithmic pool. It computes in float32.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        size = len(config.evidence_entries)
        self.sharpness = config.evidence_sharpness
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.familiarity = Familiarity(config.evidence_entries)
        self.readers = nn.ModuleList(EvidenceReader(config) for _ in range(config.evidence_readers))

    def standardise(self, night: torch.Tensor) -> torch.Tensor:
        """Return entries (..., entries) beside those that were learnt from, NaN where absent."""
        return ((night.to(self.mean) - self.mean) / self.scale).clamp(-_FURTHEST, _FURTHEST)

    def by_reader(self, night: torch.Tensor) -> torch.Tensor:
        """Return each reader's stage logits of nights as they are, (readers, batch, epochs, 5)."""
        entries = self.standardise(night)
        return torch.stack([reader(entries)[1] for reader in self._readers()])

    def forward(self, night: torch.Tensor) -> torch.Tensor:
        """Return what the evidence of nights makes of each epoch.

        Parameters
        ----------
        night
            Entries (batch, epochs, entries), NaN where absent.

        Returns
        -------
        torch.Tensor
            float32 (batch, epochs, ``EegVlmConfig.evidence_channels``); NaN where an epoch has no evidence at all.
        """
        entries = self.standardise(night)
        measured = ~entries.isnan().all(dim=2, keepdim=True)
        return torch.where(measured, self._joined([reader(entries) for reader in self._readers()]), torch.nan)

    def replaced(self, night: torch.Tensor, places: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return what epochs come to if other evidence stood in their place, each alone.

        Parameters
        ----------
        night
            As it is, (epochs, entries).
        places
            Epochs, (n,), from 0; one may come several times.
        rows
            What stands there instead, (n, entries).

        Returns
        -------
        torch.Tensor
            (n, ``EegVlmConfig.evidence_channels``)
        """
        entries, others = self.standardise(night), self.standardise(rows)
        measured = ~others.isnan().all(dim=1, keepdim=True)
        answers = [reader.replaced(entries, places, others) for reader in self._readers()]
        return torch.where(measured, self._joined(answers), torch.nan)

    def _readers(self) -> list[EvidenceReader]:
        return cast("list[EvidenceReader]", list(self.readers))

    def _joined(self, answers: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        """Return the hidden states of all readers, and their pooled log probabilities."""
        logs = torch.stack([logits.log_softmax(dim=-1) for _, logits in answers]).mean(dim=0)
        pool = (self.sharpness * logs).log_softmax(dim=-1)
        return torch.cat([*(hidden for hidden, _ in answers), pool], dim=-1)
