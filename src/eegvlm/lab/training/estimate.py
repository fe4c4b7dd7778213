"""What a run will cost, told before it starts: parameters, memory per device, steps, hours.

Notable
-------
- The model is built on the meta device: a 13B geometry takes no memory.
- Memory is counted, not measured. Weights, gradients and AdamW's two moments follow from the number of weights and
  their precision (Rajbhandari et al. 2020, section 3.1); products in bfloat16 keep a copy of the float32 weights.
- A transformer layer keeps for each token, as Korthikanti et al. 2022 count in section 4 but without dropout and with
  fused attention, 6 h + 4 f values (6 h + 2 f without a gate) in the precision of the products, h being the hidden size
  and f the feed-forward's; and 6 h of norms and of the residual stream, in float32. With gradient checkpointing it
  keeps h, and one layer at a time the rest. Where weights are frozen a step keeps less. What an allocator leaves
  unused is not counted.
- Hours come from a few timed steps on the device at hand, or are said to be unknown.

References
----------
Rajbhandari et al. 2020, ZeRO: memory optimizations toward training trillion parameter models, SC20 (arXiv:1910.02054).
Korthikanti et al. 2022, Reducing activation recomputation in large transformer models (arXiv:2205.05198).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForImageTextToText

from eegvlm.lab.training.activation_memory import FLOAT32
from eegvlm.lab.training.build import geometry
from eegvlm.lab.training.objectives import GENERAL_OBJECTIVES, OBJECTIVES, Objective
from eegvlm.lab.training.precision import frozen_dtype, use_bfloat16
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.recipe import Phase, Recipe
from eegvlm.lab.training.trainable_weights import PARTS, check_members, prefixes_of
from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration


@dataclass(frozen=True)
class PhaseCost:
    """What one phase takes.

    Parameters
    ----------
    name, steps, rows
        Its name, optimiser steps (``None`` where the data decide), and epochs that a device computes at once.
    parameters, trained
        Weights of the model, adapters included, and those that move.
    weights, gradients, optimizer, activations
        Bytes on each device; activations are ``None`` where a general-purpose base has no processor that says how many
        tokens its pictures take.
    step_seconds
        Measured; ``None`` where it was not.
    """

    name: str
    steps: int | None
    rows: int
    parameters: int
    trained: int
    weights: float
    gradients: float
    optimizer: float
    activations: float | None
    step_seconds: float | None = None

    @property
    def total(self) -> float:
        """Bytes on each device."""
        return self.weights + self.gradients + self.optimizer + (self.activations or 0.0)

    @property
    def hours(self) -> float | None:
        """Hours of its steps, without validation."""
        if self.step_seconds is None or self.steps is None:
            return None
        return self.steps * self.step_seconds / 3600


def estimate(recipe: Recipe, processes: Processes | None = None) -> list[PhaseCost]:
    """Return what each phase of a recipe takes; nothing is allocated and no data are read.

    Parameters
    ----------
    recipe
        What is to be run.
    processes
        Those that share it; FSDP2 and ZeRO-3 divide weights, gradients and optimizer states among them.

    Raises
    ------
    InputError
        If the base's configuration cannot be read, or a batch cannot be divided.
    """
    processes = processes or Processes()
    config = geometry(recipe)
    with torch.device("meta"):
        is_ours = isinstance(config, EegVlmConfig)
        kind: Any = EegVlmForConditionalGeneration if is_ours else AutoModelForImageTextToText
        model = kind(config) if is_ours else kind.from_config(config)
    table = OBJECTIVES if is_ours else GENERAL_OBJECTIVES
    objectives = [table[phase.objective](phase) for phase in recipe.phases]
    if is_ours and config.alignment == "none":
        objectives = [objective for objective in objectives if not objective.network]
    if is_ours:
        check_members([objective.phase for objective in objectives], config)
    return [_cost(objective, recipe, model, config, processes) for objective in objectives]


def _cost(objective: Objective, recipe: Recipe, model: nn.Module, config: Any, processes: Processes) -> PhaseCost:
    phase = objective.phase
    adapters = _adapter_weights(phase, model)
    language = phase.lora is None
    prefixes = tuple(prefix for prefix in prefixes_of(phase) if language or prefix not in PARTS["language"])
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    trained = sum(count for name, count in sizes.items() if prefixes and name.startswith(prefixes)) + adapters
    precise = (*PARTS["enhancement"], *PARTS["night"], *PARTS["evidence"])
    full = sum(c for n, c in sizes.items() if n.startswith((*prefixes, *precise)))
    total = sum(sizes.values()) + adapters
    frozen = total - full - adapters
    parts_of = processes.count if processes.divides else 1
    weights = ((full + adapters) * FLOAT32 + frozen * frozen_dtype(recipe).itemsize) / parts_of
    if objective.answers and use_bfloat16(recipe.precision):
        weights += 2 * (full + adapters + (frozen if frozen_dtype(recipe) is torch.float32 else 0))
    rows = processes.rows_of(phase)
    row_bytes = objective.activations(recipe, model, config)
    epochs_a_pass = recipe.data.epochs_a_pass
    folds = 1 + phase.folds
    return PhaseCost(
        phase.name,
        phase.optimiser_steps(epochs_a_pass) * folds if phase.steps or epochs_a_pass else None,
        rows,
        total,
        trained,
        weights,
        trained * FLOAT32 / parts_of,
        2 * trained * FLOAT32 / parts_of,
        None if row_bytes is None else row_bytes * rows,
    )


def _adapter_weights(phase: Phase, model: nn.Module) -> int:
    """Return the number of weights of a phase's low-rank adapters."""
    if phase.lora is None:
        return 0
    linear = (
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.startswith(PARTS["language"]) and name.endswith(phase.lora.targets)
    )
    return sum(phase.lora.rank * (module.in_features + module.out_features) for module in linear)


def lines(costs: list[PhaseCost], processes: Processes, unknown: str) -> Iterator[str]:
    """Yield the estimate as text.

    Parameters
    ----------
    costs, processes
        What :func:`estimate` returned, and what it was given.
    unknown
        Why there are no hours, where there are none.
    """
    shared = "shared" if processes.divides else "each whole"
    devices = "one device" if processes.count == 1 else f"{processes.count} devices, weights {shared}"
    yield f"parameters: {_count(max(cost.parameters for cost in costs))}; {devices}"
    for cost in costs:
        is_counted = cost.activations is not None
        activations, most = (_bytes(cost.activations or 0), "") if is_counted else ("unknown", "at least ")
        steps = "as many steps as the data give" if cost.steps is None else f"{cost.steps} steps"
        time = "" if cost.hours is None else f", {cost.hours:.2f} h"
        yield (
            f"{cost.name}: trains {_count(cost.trained)} ({cost.trained / cost.parameters:.1%}), {steps}{time}; "
            f"{cost.rows} epochs at once on a device: {most}{_bytes(cost.total)} (weights {_bytes(cost.weights)}, "
            f"gradients {_bytes(cost.gradients)}, optimizer {_bytes(cost.optimizer)}, activations {activations})"
        )
    hours = [cost.hours for cost in costs]
    if None in hours:
        yield f"hours: unknown ({unknown})"
    else:
        total = sum(hour or 0.0 for hour in hours)
        yield f"hours: {total:.2f} of steps, on this device; nights and validation come on top"


def _count(number: int) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.2f} {letter}"
    return str(number)


def _bytes(number: float) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 / 10 else f"{number / 2**20:.0f} MiB"
