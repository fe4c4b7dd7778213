"""Objective ``answer``: the whole model, the label token and the end of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.nn import functional

from eegvlm.errors import InputError
from eegvlm.lab.training.activation_memory import ASKED, FLOAT32, kept_by_tower, kept_by_transformer, product_bytes
from eegvlm.lab.training.data import Augmentation, Batches
from eegvlm.lab.training.losses import stage_loss, weighed
from eegvlm.lab.training.objectives.objective import Objective, Tensors

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.rationales import Rationales
    from eegvlm.lab.training.recipe import Recipe

_ANSWERED = 2  # tokens: the label and the end


@dataclass(frozen=True)
class AnswerObjective(Objective):
    """Cross-entropy of the label token, compared with the whole vocabulary, and of the end after it."""

    parts = ("enhancement", "tower", "projector", "language")
    settings = frozenset({"lora"})
    answers = True
    varies_alone: ClassVar[bool] = True  # epochs without context are seen through recorders of their own

    def batches(self, nights: TrainingNightInputs) -> tuple[Batches, Batches]:
        """Return epochs with their answers and, where the model reads the night, what surrounds them."""
        data, config, soft_negatives = nights.recipe.data, nights.model.config, self.phase.soft_negatives
        if not nights.vectors_given:
            augmentation = nights.augmentation() if self.varies_alone else None
            texts = self.texts(nights, None, 1)
            reasoned = self.phase.reasoned
            train = Batches(
                nights.nights,
                nights.processor,
                augmentation,
                rationales=texts,
                reasoned=reasoned,
                soft_negatives=soft_negatives,
            )
            return train, Batches(nights.checks, nights.processor)
        if "enhancement" in self.phase.trains:
            hint = "high-level vectors are given by frozen enhancement networks: train these in a classify phase"
            raise InputError("recipe", f"phase {self.phase.name}", "trains enhancement", hint)
        augmentation = nights.augmentation()
        vectors = nights.followed(nights.training_vectors(augmentation, config.context_epochs), nights.recipe.seed)
        train = Batches(
            nights.nights,
            nights.processor,
            augmentation,
            vectors,
            data.context_drop,
            rationales=self.texts(nights, augmentation, data.context_versions),
            reasoned=self.phase.reasoned,
            soft_negatives=soft_negatives,
            own_channels=config.enhancement_channels,
            unmeasured=nights.unmeasured,
        )
        return train, Batches(nights.checks, nights.processor, context=nights.validation_context())

    def texts(self, nights: TrainingNightInputs, augmentation: Augmentation | None, versions: int) -> Rationales | None:
        """Return the reasons that are learnt, by night, version and epoch; None where labels alone are."""
        return None

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the loss of the label token and of the end after it, and the label logits (n, 5).

        The label token is compared with the whole vocabulary, with the labels of stages by their weights.
        """
        # The last three positions predict the label, the end, and nothing: only these are computed.
        logits = self.token_logits(model, inputs, 3)[:, :2]
        label, end = logits.unbind(dim=1)
        class_weights, stage_tokens = inputs["class_weights"], self.processor.stage_token_ids
        weights = torch.ones_like(label)
        weights[:, stage_tokens] = class_weights
        log_probabilities = weighed(label, weights).log_softmax(dim=1)[:, stage_tokens]
        loss = stage_loss(log_probabilities, inputs["targets"], class_weights, self.phase.label_smoothing)
        loss = 0.5 * (loss + functional.cross_entropy(end, inputs["labels"][:, -1]))
        return loss, label[:, stage_tokens]

    def token_logits(self, model: Any, inputs: Tensors, positions: int) -> torch.Tensor:
        """Return the logits of the last positions, float32 (n, positions, vocabulary)."""
        ids = inputs["input_ids"]
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=self.bfloat16):
            outputs = model(
                input_ids=ids,
                attention_mask=inputs.get("attention_mask"),
                pixel_values=inputs["pixel_values"],
                context=inputs.get("context"),
                own=inputs.get("own"),
                logits_to_keep=positions,
                use_cache=False,
            )
        logits: torch.Tensor = outputs.logits.float()
        return logits

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float | None:
        """Return the bytes of one epoch."""
        return self._kept(recipe, config, ASKED, _ANSWERED)

    def _kept(self, recipe: Recipe, config: Any, text: int, answered: int) -> float:
        half, text_config = product_bytes(recipe), config.text_config
        tokens, checkpointed = sum(config.visual_blocks) + text, self.phase.gradient_checkpointing
        transformer_bytes = kept_by_transformer(text_config, tokens, half, gated=True, checkpointed=checkpointed)
        logits = answered * int(text_config.vocab_size) * (half + 2 * FLOAT32)
        return transformer_bytes + kept_by_tower(self.phase, config, half) + logits
