"""AdamW over what a phase moves, and how its learning rate rises and falls."""

from __future__ import annotations

import re

import torch
from torch import nn
from transformers.optimization import get_scheduler

from eegvlm.lab.training.phase_recipe import Phase
from eegvlm.lab.training.trainable_weights import PARTS

MAX_GRADIENT_NORM = 1.0

# Gains and offsets of layer norms, and offsets of layers, are not drawn to 0; gains of a backbone's batch norms are, as
# transformers' Trainer, with which the packaged weights were trained, draws them.
_UNDECAYED = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def adamw(model: nn.Module, phase: Phase) -> torch.optim.Optimizer:
    """Return the optimizer of a phase; the projector has its own learning rate, where the phase states one.

    Parameters
    ----------
    model
        What moves has gradients.
    phase
        Of the recipe.

    References
    ----------
    Loshchilov & Hutter 2019, Decoupled weight decay regularization, ICLR.
    """
    layer_norms = {name for name, module in model.named_modules() if isinstance(module, nn.LayerNorm)}
    decayed: list[tuple[str, nn.Parameter]] = []
    undecayed: list[tuple[str, nn.Parameter]] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            spared = _UNDECAYED.search(name.lower()) or name.rpartition(".")[0] in layer_norms
            (undecayed if spared else decayed).append((name, parameter))
    groups, of_projector = [], []
    for named, decay in ((decayed, phase.weight_decay), (undecayed, 0.0)):
        projector = [parameter for name, parameter in named if name.startswith(PARTS["projector"])]
        if phase.projector_learning_rate is None or not projector:
            groups.append({"params": [parameter for _, parameter in named], "weight_decay": decay})
            continue
        others = [parameter for name, parameter in named if not name.startswith(PARTS["projector"])]
        groups.append({"params": others, "weight_decay": decay})
        of_projector.append({"params": projector, "weight_decay": decay, "lr": phase.projector_learning_rate})
    return torch.optim.AdamW([*groups, *of_projector], lr=phase.learning_rate, fused=True)


def schedule(optimizer: torch.optim.Optimizer, phase: Phase, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Return how the learning rates change over the steps of a phase."""
    rates: torch.optim.lr_scheduler.LRScheduler = get_scheduler(
        _SCHEDULES[phase.scheduler], optimizer, round(phase.warmup * steps), steps
    )
    return rates
