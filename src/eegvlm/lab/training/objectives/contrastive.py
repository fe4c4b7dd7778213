"""Objective ``contrastive``: the tower, between pictures and descriptions of what is measurable in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from eegvlm.lab.training.activation_memory import ASKED, FLOAT32, kept_by_tower, kept_by_transformer
from eegvlm.lab.training.cross_process import all_rows
from eegvlm.lab.training.data import Batches
from eegvlm.lab.training.descriptions import describe_nights
from eegvlm.lab.training.objectives.objective import Objective, Tensors
from eegvlm.lab.training.store import TrainingStore

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe

_TEMPERATURE = 0.07


@dataclass(frozen=True)
class ContrastiveObjective(Objective):
    """The contrastive loss between pictures and their descriptions, after CLIP.

    References
    ----------
    Radford et al. 2021, Learning transferable visual models from natural language supervision, ICML.
    """

    parts = ("tower", "projector", "language")
    draws_by_stage = False

    def batches(self, nights: TrainingNightInputs) -> tuple[Batches, Batches]:
        """Return epochs, scored or not, without augmentation: descriptions would not hold for changed signals."""

        def described(scored: TrainingStore) -> Batches:
            store = TrainingStore(scored.files, scored.panels, unscored=True, normalised=scored.is_normalised)
            texts = describe_nights(store, nights.processor.layout, nights.out / "descriptions")
            return Batches(store, nights.processor, descriptions=texts)

        return described(nights.nights), described(nights.checks)

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, None]:
        """Return the loss.

        Both are vectors in the language model's space: a picture the mean of its projected tokens, a description the
        mean of the language model's last states. In a batch each picture has to find its own description and each
        description its own picture; equal descriptions count as found alike.
        """
        body, pictures = model.model, inputs["pixel_values"]
        mask, descriptions = inputs["description_mask"], inputs["descriptions"]
        # parts of the model, whose own forward would set the precision
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.bfloat16):
            features = body.vision_tower(pictures).last_hidden_state[:, 1:]
            pictured = functional.normalize(body.multi_modal_projector(features).mean(dim=1).float(), dim=1)
            states = body.language_model(input_ids=descriptions, attention_mask=mask, use_cache=False)
            texts = (states.last_hidden_state.float() * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            texts = functional.normalize(texts, dim=1)
            if model.training:  # pictures of other processes are negatives, too
                pictured, texts, descriptions = all_rows(pictured), all_rows(texts), all_rows(descriptions)
            similarity = pictured @ texts.T / _TEMPERATURE
            same = (descriptions[:, None] == descriptions[None]).all(dim=2).float()
            target = same / same.sum(dim=1, keepdim=True)
            loss = functional.cross_entropy(similarity, target) + functional.cross_entropy(similarity.T, target)
            return 0.5 * loss, None

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float:
        """Return the bytes of one picture and its description, in float32."""
        checkpointed = self.phase.gradient_checkpointing
        transformer_bytes = kept_by_transformer(
            config.text_config, ASKED, FLOAT32, gated=True, checkpointed=checkpointed
        )
        return transformer_bytes + kept_by_tower(self.phase, config, FLOAT32)
