"""Objective ``evidence``: the evidence encoder alone, from windows of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from eegvlm.errors import InputError
from eegvlm.lab.training.evidence_batches import EvidenceBatches
from eegvlm.lab.training.evidence_states import fit_familiarity, fit_standards
from eegvlm.lab.training.losses import mean_over_readers
from eegvlm.lab.training.objectives.objective import Objective, Tensors
from eegvlm.lab.training.samplers import sampler_of

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe
    from eegvlm.model import EegVlmConfig

_FLOAT32 = 4


@dataclass(frozen=True)
class EvidenceObjective(Objective):
    """Cross-entropy of the stages of all epochs of windows of evidence."""

    parts = ("evidence",)
    settings = frozenset({"average"})
    network = "evidence"
    needs_signal = False
    draws_by_stage = False

    def batches(self, nights: TrainingNightInputs) -> tuple[EvidenceBatches, EvidenceBatches]:
        """Return windows of evidence; the encoder's standards are fitted to the first ones, where it has none."""
        if not nights.model.config.reads_evidence:
            hint = "set model.evidence: tokens, or leave this phase out"
            raise InputError("recipe", f"phase {self.phase.name}", "the model has no evidence encoder", hint)
        recipe, columns, encoder = nights.recipe, nights.model.config.evidence_columns, nights.model.model.evidence
        varied, measured = recipe.data.evidence, nights.evidence(nights.nights, nights.augmentation())
        train = EvidenceBatches(measured, nights.processor, columns, varied, self.phase.soft_negatives)
        if not (encoder.mean != 0).any():
            rows = list(
                sampler_of(self.phase, recipe.data, nights.nights, recipe.seed + 1, by_stage=self.draws_by_stage)
            )
            fit_standards(encoder, train, rows, self.phase.batch_size)
            fit_familiarity(encoder.familiarity, measured, columns, varied.piece_epochs, recipe.seed)
        return train, train.as_they_are(nights.evidence(nights.checks))

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean of the readers' losses, each learning by itself, and the stage logits (n, 5) of the rows."""
        windows = inputs["evidence"]
        with torch.autocast(windows.device.type, enabled=False):
            logits = model.model.evidence.by_reader(windows).float()  # (readers, n, epochs, 5)
            loss = mean_over_readers(logits, inputs, self.phase.label_smoothing, share=model.training)
            rows = torch.arange(len(inputs["place"]), device=logits.device)
            return loss, logits.mean(dim=0)[rows, inputs["place"]]

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float:
        """Return the bytes of one long window."""
        return kept_by_evidence(config, recipe.data.evidence.epochs)


def kept_by_evidence(config: EegVlmConfig, epochs: int) -> float:
    """Return the bytes that one window's way through the evidence encoder keeps for the backward pass.

    Of each epoch: its entries; of each reader: what it reads twice over, six widths of the state on the way in and out,
    and eight in each GRU.
    """
    entries = len(config.evidence_entries)
    an_epoch = entries + config.evidence_readers * (2 * entries + (6 + 2 * 8) * config.evidence_hidden)
    return epochs * an_epoch * _FLOAT32
