"""Objective ``answer`` of a general-purpose base: a label's text and the end of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from eegvlm.errors import InputError
from eegvlm.evidence import epoch_texts, measure_night
from eegvlm.images import ImageLayout, PreparedNight
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training.activation_memory import FLOAT32, kept_by_transformer, product_bytes
from eegvlm.lab.training.general_data import GeneralBatches, general_processor
from eegvlm.lab.training.label_texts import answer_text
from eegvlm.lab.training.objectives.objective import Objective, Tensors
from eegvlm.model import GeneralProcessor
from eegvlm.model.label_trie import label_log_probabilities

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe


@dataclass(frozen=True)
class AnswerTextObjective(Objective):
    """Negative log-likelihood of a label's tokens and of the end after them."""

    settings = frozenset({"lora"})
    answers = True

    def batches(self, nights: TrainingNightInputs) -> tuple[GeneralBatches, GeneralBatches]:
        """Return epochs in the base's own form, and validation epochs as they are."""
        augmentation = nights.augmentation()
        texts = nights.evidence_texts(nights.nights, augmentation)
        drop = 0.0 if texts is None else nights.recipe.data.evidence.drop
        train = GeneralBatches(nights.nights, nights.processor, augmentation, self.phase.soft_negatives, texts, drop)
        return train, validation_batches(nights)

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the loss and, in validation, the log-probabilities of the five labels (n, 5)."""
        with torch.autocast(inputs["stages"].device.type, torch.bfloat16, enabled=self.bfloat16):
            loss = answer_text(model, inputs)
            if model.training:
                return loss, None
            labels, padded = self.processor.labels, self.processor.reads_evidence
            return loss, label_log_probabilities(model, inputs["asked"], labels, padded=padded)

    def evaluation_rows(self, rows: int, processes: int) -> int:
        """Return as many as are trained at once: pictures of such a base take many tokens."""
        return rows

    def answered(self, processor: GeneralProcessor) -> int:
        """Return the tokens of the longest answer, its end included."""
        return processor.labels.longest + 1

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float | None:
        """Return the bytes of one epoch; a frozen tower keeps nothing. None without the base's processor."""
        try:
            processor = general_processor(recipe)
        except InputError:
            return None
        layout = processor.layout
        shape = (1, processor.pictures_an_epoch, layout.channels, layout.height, layout.width)
        answered = self.answered(processor)
        measured = _longest_text(layout) if processor.reads_evidence else None
        tokens = processor(torch.zeros(shape, dtype=torch.uint8), measured)["input_ids"].shape[1] + answered
        half, text = product_bytes(recipe), config.get_text_config()
        checkpointed = self.phase.gradient_checkpointing
        transformer_bytes = kept_by_transformer(text, tokens, half, gated=True, checkpointed=checkpointed)
        return transformer_bytes + answered * int(text.vocab_size) * (half + 2 * FLOAT32)


def validation_batches(nights: TrainingNightInputs) -> GeneralBatches:
    """Return validation epochs as they are, in the base's own form."""
    return GeneralBatches(nights.checks, nights.processor, texts=nights.evidence_texts(nights.checks))


def _longest_text(layout: ImageLayout) -> list[str]:
    """Return the longest text of what was measured in the epochs of a short simulated night."""
    night = PreparedNight.read(simulate_night(hours=0.25, seed=0).recording(), layout)
    return [max(epoch_texts(night, measure_night(night)), key=len)]
