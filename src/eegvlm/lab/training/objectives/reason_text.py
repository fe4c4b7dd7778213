"""Objective ``reason`` of a general-purpose base: as ``answer`` in a share of the batches, in the others reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from eegvlm.images import PreparedNight
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training.cross_process import share_of_items
from eegvlm.lab.training.night_texts import composed_rationales
from eegvlm.lab.training.objectives.answer_text import AnswerTextObjective
from eegvlm.lab.training.objectives.objective import Tensors
from eegvlm.lab.training.rationales import night_rationales
from eegvlm.lab.training.reason_texts import ReasonTexts, reasons_loss
from eegvlm.model import GeneralProcessor
from eegvlm.staging.token_grammar import TokenizedWords

if TYPE_CHECKING:
    from eegvlm.lab.training.general_data import GeneralBatches
    from eegvlm.lab.training.night_inputs import TrainingNightInputs


@dataclass(frozen=True)
class ReasonTextObjective(AnswerTextObjective):
    """Negative log-likelihood of every token of the reasons, the stage at their end included, or of the label alone."""

    settings = frozenset({"lora", "reasoned"})

    def batches(self, nights: TrainingNightInputs) -> tuple[GeneralBatches, GeneralBatches]:
        """Return epochs with their answers or reasons, and validation epochs as they are, asked for the stage alone."""
        train, validation = super().batches(nights)
        texts = night_rationales(
            nights.nights,
            nights.processor,
            nights.out / "rationales",
            augmentation=train.augmentation,
            versions=nights.recipe.data.context_versions,
            progress=lambda items: nights.progress(items, "reasons"),
        )
        tokenizer = nights.processor.tokenizer
        reasons = ReasonTexts(texts, TokenizedWords(tokenizer), tokenizer.eos_token_id)
        return replace(train, reasons=reasons, reasoned=self.phase.reasoned), validation

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the mean over the tokens of the reasons of all processes, or the loss of the label."""
        if "reasons" not in inputs:
            return super().loss(model, inputs)
        with torch.autocast(inputs["stages"].device.type, torch.bfloat16, enabled=self.bfloat16):
            loss = reasons_loss(model, inputs)
        return loss * share_of_items((inputs["reasons"] != -100).sum()) if model.training else loss, None

    def answered(self, processor: GeneralProcessor) -> int:
        """Return the tokens of the longest reasons in a short simulated night."""
        night = simulate_night(hours=0.25, seed=0)
        prepared = PreparedNight.read(night.recording(), processor.layout)
        texts = composed_rationales(prepared.drawn_signals(slice(None)), processor.layout, night.hypnogram().stages)
        tokenized_words = TokenizedWords(processor.tokenizer)
        return max(len(tokenized_words.of(text)) for text in texts) + 1
