"""Objective ``sequence``: the night encoder alone, from windows of high-level vectors of the night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from eegvlm.errors import InputError
from eegvlm.lab.training.losses import mean_over_readers
from eegvlm.lab.training.objectives.objective import Objective, Tensors
from eegvlm.lab.training.samplers import even_chances
from eegvlm.lab.training.sequence_batches import SequenceBatches

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe
    from eegvlm.model import EegVlmConfig

_VALIDATED_AROUND = 120  # every validation epoch is the middle of a window of its own; longer ones would take long
_FLOAT32 = 4


@dataclass(frozen=True)
class SequenceObjective(Objective):
    """Cross-entropy of the stages of all epochs of windows; the enhancement network's classifier does not change."""

    parts = ("night",)
    settings = frozenset({"average"})
    network = "night"
    draws_by_stage = False

    def batches(self, nights: TrainingNightInputs) -> tuple[SequenceBatches, SequenceBatches]:
        """Return windows of vectors around drawn epochs, and around every validation epoch."""
        data, config, around = nights.recipe.data, nights.model.config, nights.model.config.night_epochs
        if not around:
            hint = "set model.night_epochs, or leave this phase out"
            raise InputError("recipe", f"phase {self.phase.name}", "the model has no night encoder", hint)
        train = SequenceBatches(
            nights.training_vectors(nights.augmentation(), around),
            nights.processor,
            even_chances(nights.nights, data.train),
            data.context_drop,
            data.context_gaps,
            self.phase.soft_negatives,
            own_channels=config.enhancement_channels,
            unmeasured=nights.unmeasured,
        )
        return train, SequenceBatches(nights.validation_vectors(min(around, _VALIDATED_AROUND)), nights.processor)

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of the stages of all epochs of windows, and the stage logits (n, 5) of the middle ones.

        The stages are those that the enhancement network's classifier reads off the night encoder's vectors. Each of
        the encoder's readers learns by itself, those of a member of the enhancement network by that member's
        classifier.
        """
        body, window = model.model, inputs["window"]
        with torch.autocast(window.device.type, enabled=False):
            logits = body.enhancement.by_member(body.night.by_reader(window)).float()
            logits = logits.flatten(0, 1)  # (members * readers, n, epochs, 5)
            loss = mean_over_readers(logits, inputs, self.phase.label_smoothing, share=model.training)
            return loss, logits[:, :, window.shape[1] // 2].mean(dim=0)

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float:
        """Return the bytes of one window."""
        return kept_by_night(config)


def kept_by_night(config: EegVlmConfig) -> float:
    """Return the bytes that one window's way through the night encoder keeps for the backward pass.

    Of each epoch and reader: its vector, or a member's part, four times, four widths of the state on the way in and
    out, and eight in each GRU.
    """
    an_epoch = 4 * config.enhancement_channels + config.enhancement_members * (4 + 2 * 8) * config.night_hidden
    return config.night_readers * (2 * config.night_epochs + 1) * an_epoch * _FLOAT32
