"""Objective ``reason``: as ``answer`` in a share of the batches; in the others the model writes its reasons, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from eegvlm.lab.training.activation_memory import ASKED, REASONED
from eegvlm.lab.training.cross_process import share_of_items
from eegvlm.lab.training.data import Augmentation
from eegvlm.lab.training.objectives.answer import AnswerObjective
from eegvlm.lab.training.objectives.objective import Tensors
from eegvlm.lab.training.rationales import Rationales, night_rationales

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe


@dataclass(frozen=True)
class ReasonObjective(AnswerObjective):
    """Cross-entropy of every token of the reasons, the stage at their end included, or of the label alone."""

    settings = frozenset({"lora", "reasoned"})
    varies_alone = False  # a rationale must hold for its epoch

    def texts(self, nights: TrainingNightInputs, augmentation: Augmentation | None, versions: int) -> Rationales:
        """Return the reasons, composed from what is measurable in each version of each epoch."""
        return night_rationales(
            nights.nights,
            nights.processor,
            nights.out / "rationales",
            augmentation=augmentation,
            versions=versions,
            progress=lambda items: nights.progress(items, "reasons"),
        )

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the mean over the tokens of the reasons of all processes, or the loss of the label."""
        if "prompt_length" not in inputs:
            return super().loss(model, inputs)
        labels = inputs["labels"][:, int(inputs["prompt_length"][0]) :]
        logits = self.token_logits(model, inputs, labels.shape[1] + 1)[:, :-1]
        loss = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        return loss * share_of_items((labels != -100).sum()) if model.training else loss, None

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float:
        """Return the bytes of one epoch with its reasons."""
        return self._kept(recipe, config, ASKED + REASONED, ASKED + REASONED)
