"""The processes that compute a step together, by accelerate: in one process, under DDP, FSDP2 or ZeRO-3.

Notable
-------
- A step enters the model by the call of one module, whose forward pass is the objective: that is where weights are
  gathered and gradients are joined. An objective may call the model's parts as it likes.
- Mixed precision is the objective's own autocast, whatever divides the weights. FSDP's and DeepSpeed's would round
  targets, losses and the weights of batch normalisation, too: other losses than in one process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DistributedType  # type: ignore[import-untyped]
from accelerate.utils import (  # type: ignore[import-untyped]
    DistributedDataParallelKwargs,
    GradientAccumulationPlugin,
    load_fsdp_optimizer,
    save_fsdp_optimizer,
)
from torch import nn
from torch.distributed.fsdp import FSDPModule

from eegvlm.lab.training.objectives import Objective
from eegvlm.lab.training.optimizer import MAX_GRADIENT_NORM
from eegvlm.lab.training.phase_recipe import Phase
from eegvlm.lab.training.processes import Processes

_KINDS = {DistributedType.FSDP: "FSDP", DistributedType.DEEPSPEED: "DeepSpeed"}
_OPTIMIZER = "optimizer.pt"
_MODEL = "model."


class StepModule(nn.Module):
    """A model whose forward pass is a phase's objective.

    Parameters
    ----------
    model
        Moved by the phase.
    objective
        Of the phase.
    """

    def __init__(self, model: Any, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective
        self.config = model.config.get_text_config()  # DeepSpeed's buffers are sized by its hidden_size

    def forward(self, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the loss and the stage logits."""
        return self.objective.loss(self.model, inputs)


def accelerator_of(phase: Phase, processes: Processes, model: Any) -> Accelerator:
    """Return what prepares a phase's model and optimizer for the processes.

    Parameters
    ----------
    phase
        Its batch size is that of all processes together.
    processes
        Those that the launcher started; its environment says how they share the weights.
    model
        Its classes say which layers are divided one by one.
    """
    accelerator = Accelerator(
        cpu=processes.count == 1 and not torch.cuda.is_available(),  # several have met on their devices
        mixed_precision="no",
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=phase.accumulate),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    if accelerator.distributed_type == DistributedType.DEEPSPEED:
        accelerator.state.deepspeed_plugin.deepspeed_config.update(
            train_batch_size=phase.batch_size,
            train_micro_batch_size_per_gpu=processes.rows_of(phase),
            gradient_accumulation_steps=phase.accumulate,
            gradient_clipping=MAX_GRADIENT_NORM,
        )
    if accelerator.distributed_type == DistributedType.FSDP:
        plugin, classes = accelerator.state.fsdp_plugin, {type(module).__name__ for module in model.modules()}
        if plugin.transformer_cls_names_to_wrap is None:  # CLIP names its text tower, too, which is not here
            plugin.transformer_cls_names_to_wrap = sorted(classes & set(model._no_split_modules or ()))
    return accelerator


def sharding(accelerator: Accelerator) -> str:
    """Return what holds a part of each weight in each process: ``"FSDP"``, ``"DeepSpeed"`` or nothing."""
    return _KINDS.get(accelerator.distributed_type, "")


def whole_state(accelerator: Accelerator, module: nn.Module) -> Mapping[str, torch.Tensor] | None:
    """Return the weights that move and the buffers, gathered from all processes; None where each process has them."""
    match sharding(accelerator):
        case "FSDP":
            for submodule in module.modules():
                if isinstance(submodule, FSDPModule):
                    submodule.reshard()  # validation leaves the outermost weights whole
            named: dict[str, Any] = {
                name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad
            }
            state = {name: value.full_tensor().cpu() for name, value in named.items()} | dict(module.named_buffers())
        case "DeepSpeed":
            state = accelerator.get_state_dict(module) or {}  # empty in all processes but one
        case _:
            return None
    return {name.removeprefix(_MODEL): value for name, value in state.items()}


def save_optimizer(accelerator: Accelerator, module: nn.Module, optimizer: Any, checkpoint: Path) -> None:
    """Write the optimizer's state into a checkpoint; all processes call it."""
    match sharding(accelerator):
        case "FSDP":
            save_fsdp_optimizer(accelerator.state.fsdp_plugin, accelerator, optimizer, module, str(checkpoint))
        case "DeepSpeed":
            engine: Any = module
            engine.save_checkpoint(str(checkpoint))
        case _ if accelerator.is_main_process:
            torch.save(optimizer.state_dict(), checkpoint / _OPTIMIZER)


def load_optimizer(accelerator: Accelerator, module: nn.Module, optimizer: Any, checkpoint: Path) -> None:
    """Take the state that :func:`save_optimizer` wrote."""
    match sharding(accelerator):
        case "FSDP":
            load_fsdp_optimizer(accelerator.state.fsdp_plugin, accelerator, optimizer, module, str(checkpoint))
        case "DeepSpeed":
            engine: Any = module
            engine.load_checkpoint(str(checkpoint))
        case _:
            optimizer.load_state_dict(torch.load(checkpoint / _OPTIMIZER, map_location="cpu", weights_only=True))
