"""Objective ``classify``: the enhancement network alone, as a stage classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from eegvlm.images import load_layout
from eegvlm.lab.training.averaging import STATISTICS_BATCHES
from eegvlm.lab.training.data import Batches
from eegvlm.lab.training.losses import stage_loss, weighed
from eegvlm.lab.training.objectives.objective import Objective, Tensors

if TYPE_CHECKING:
    from eegvlm.lab.training.night_inputs import TrainingNightInputs
    from eegvlm.lab.training.recipe import Recipe

_FLOAT32 = 4


@dataclass(frozen=True)
class ClassifyObjective(Objective):
    """Cross-entropy of the enhancement network's classifiers; with a member, of that one alone."""

    parts = ("enhancement",)
    settings = frozenset({"member", "folds", "average", "randomisation"})
    network = "enhancement"

    def batches(self, nights: TrainingNightInputs) -> tuple[Batches, Batches]:
        """Return pictures, each through a recorder of its own, and validation pictures as they are."""
        augmentation = nights.augmentation(self.phase.randomisation)
        train = Batches(nights.nights, nights.processor, augmentation, soft_negatives=self.phase.soft_negatives)
        return train, Batches(nights.checks, nights.processor)

    def loss(self, model: Any, inputs: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean of the members' losses, each learning by itself, and the mean of their stage logits."""
        pictures, class_weights, targets = inputs["pixel_values"], inputs["class_weights"], inputs["targets"]
        smoothing = self.phase.label_smoothing
        # a part of the model, whose own forward would set the precision
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=self.bfloat16):
            learning = model.model.enhancement.chosen(self.phase.member)
            by_member = [member.classify(member(pictures).mean(dim=1)).float() for member in learning]
            losses = [
                stage_loss(weighed(logits, class_weights).log_softmax(dim=1), targets, class_weights, smoothing)
                for logits in by_member
            ]
            return torch.stack(losses).mean(), torch.stack(by_member).mean(dim=0)

    def averaged_network(self, model: Any) -> nn.Module:
        """Return the whole enhancement network, or the member that learns."""
        if not self.phase.member:
            return super().averaged_network(model)
        network: nn.Module
        (network,) = model.model.enhancement.chosen(self.phase.member)
        return network

    def statistics_pictures(self, batches: Any, rows: Sequence[int], device: torch.device) -> Iterator[torch.Tensor]:
        """Yield pictures of the last training epochs, in batches."""
        size = self.phase.batch_size
        last = rows[-STATISTICS_BATCHES * size :]
        for first in range(0, len(last), size):
            yield batches.pixel_values(batches(list(last[first : first + size]))["microvolt"], device)

    def activations(self, recipe: Recipe, model: Any, config: Any) -> float:
        """Return the bytes of what the modules of the learning members put out for one picture."""
        return (
            sum(_leaf_outputs(member, recipe) for member in model.model.enhancement.chosen(self.phase.member))
            * _FLOAT32
        )


def _leaf_outputs(network: nn.Module, recipe: Recipe) -> int:
    """Return how many values the modules of a network put out for one picture."""
    layout, counted = load_layout(recipe.model.layout), [0]

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        counted[0] += output.numel() if isinstance(output, torch.Tensor) else 0

    handles = [m.register_forward_hook(count) for m in network.modules() if not any(True for _ in m.children())]
    picture = torch.empty(1, layout.channels, layout.height, layout.width, device="meta")
    network.eval()(picture)
    for handle in handles:
        handle.remove()
    return counted[0]
