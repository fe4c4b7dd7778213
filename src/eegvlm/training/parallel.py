"""A trainer whose processes share each batch, and whose checkpoints survive being killed while they are written.

Notable
-------
- In one process the objective calls the model's parts as it likes. Under DDP, FSDP and DeepSpeed a step has to enter
  the model by its own call, because that is where weights are gathered and gradients are joined; the objective
  then runs inside of it.
- Mixed precision is autocast around the model's forward pass, whatever shards it. FSDP's own policy would round the
  targets and losses, too, and DeepSpeed's the weights of batch normalisation: other losses than in one process.
- Validation batches are those of one process; whole batches are dealt out, so that no epoch counts twice.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import Trainer
from transformers.trainer_utils import EvalLoopOutput, EvalPrediction

from eegvlm.core.output_errors import output_errors
from eegvlm.training.checkpoints import UNFINISHED, complete
from eegvlm.training.joint import join_batch_norms, part_batch_norms
from eegvlm.training.processes import Processes, Share
from eegvlm.training.tensor_files import system_errors

Objective = Callable[[Any, dict[str, torch.Tensor]], tuple[torch.Tensor, torch.Tensor | None]]


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch on its way into the model; not a tuple or dictionary, whose tensors FSDP would cast."""

    tensors: dict[str, torch.Tensor]


class ParallelTrainer(Trainer):
    """The part of a phase's trainer that knows of processes and of checkpoints.

    Parameters
    ----------
    processes
        Those of the run.
    **kwargs
        Trainer's.
    """

    objective_of: Objective

    def __init__(self, *, processes: Processes, **kwargs: Any) -> None:
        self.processes = processes
        if processes.count > 1:
            join_batch_norms(kwargs["model"])
        super().__init__(**kwargs)
        if processes.count > 1:
            self._enter_by_call(self.model)

    @property
    def sharded(self) -> str:
        """What holds a part of each weight in each process: ``"FSDP"``, ``"DeepSpeed"`` or nothing."""
        return "FSDP" if self.is_fsdp_enabled else "DeepSpeed" if self.is_deepspeed_enabled else ""

    def create_accelerator_and_postprocess(self) -> None:
        """Leave mixed precision under FSDP and DeepSpeed to autocast, and divide the layers that this model has."""
        super().create_accelerator_and_postprocess()
        if self.is_deepspeed_enabled:
            self.accelerator.state.deepspeed_plugin.deepspeed_config["bf16"] = {"enabled": False}
        if not self.is_fsdp_enabled:
            return
        plugin = self.accelerator.state.fsdp_plugin
        plugin.mixed_precision_policy = None
        if plugin.transformer_cls_names_to_wrap is None:  # CLIP names its text tower, too, which is not here
            there = {type(module).__name__ for module in self.model.modules()}
            plugin.transformer_cls_names_to_wrap = sorted(there & set(self.model._no_split_modules or ()))

    def _prepare_for_training(self, *args: Any, **kwargs: Any) -> Any:
        """Leave the tables of embeddings with the rest of the weights.

        Accelerate divides them apart from it, and cannot where adapters stand between a table and a head that are one.
        """
        if not self.is_fsdp_enabled:
            return super()._prepare_for_training(*args, **kwargs)
        model = self.model
        model.get_input_embeddings = model.get_output_embeddings = lambda: None
        try:
            return super()._prepare_for_training(*args, **kwargs)
        finally:
            del model.get_input_embeddings, model.get_output_embeddings

    def _enter_by_call(self, model: nn.Module) -> None:
        """Let ``model(batch=...)`` return the objective's loss and logits; all other calls stay as they are."""
        inner = model.forward
        device, half = self.args.device.type, bool(self.args.bf16)

        def forward(*args: Any, batch: Batch | None = None, **kwargs: Any) -> Any:
            if batch is None:
                with torch.autocast(device, torch.bfloat16, enabled=half):
                    return inner(*args, **kwargs)
            with torch.autocast(device, torch.bfloat16, enabled=False):
                return self.objective_of(model, batch.tensors)

        model.forward = forward

    def step_loss(self, model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return loss and stage logits of a batch."""
        if self.processes.count == 1:
            return self.objective_of(model, inputs)
        result: tuple[torch.Tensor, torch.Tensor | None] = model(batch=Batch(inputs))
        return result

    def get_train_dataloader(self) -> Any:
        """Let every process assemble the whole batch and keep its rows."""
        if self.processes.count == 1:
            return super().get_train_dataloader()
        return DataLoader(
            self.train_dataset,
            batch_size=self.args.train_batch_size * self.processes.count,
            sampler=self._get_train_sampler(),
            collate_fn=Share(self.data_collator, self.processes),
            pin_memory=self.args.dataloader_pin_memory,
            drop_last=True,
        )

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """Deal out whole batches in turn; where they do not go round, the first is computed again and not counted."""
        if self.processes.count == 1:
            return super().get_eval_dataloader(eval_dataset)
        dataset = self.eval_dataset if eval_dataset is None else eval_dataset
        size = self.args.eval_batch_size
        batches = [list(range(first, min(first + size, len(dataset)))) for first in range(0, len(dataset), size)]
        rounds = -(-len(batches) // self.processes.count)
        dealt = [(turn * self.processes.count + self.processes.index) for turn in range(rounds)]
        return DataLoader(
            dataset,
            batch_sampler=[batches[number] if number < len(batches) else batches[0] for number in dealt],
            collate_fn=self.data_collator,
        )

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> Any:
        """Return loss and figures of all validation epochs, each counted once."""
        if self.processes.count == 1:
            return super().evaluation_loop(
                dataloader, description, prediction_loss_only, ignore_keys, metric_key_prefix
            )
        size, total = self.args.eval_batch_size, len(dataloader.dataset)
        model = self.model
        model.eval()
        own = []
        for turn, inputs in enumerate(dataloader):
            number = turn * self.processes.count + self.processes.index
            loss, logits, labels = self.prediction_step(model, inputs, False)
            if number * size < total:
                rows = min(size, total - number * size)
                arrays = (None if one is None else one.cpu().numpy() for one in (logits, labels))
                own.append((number, rows, loss.item(), *arrays))
        every = sorted(self.processes.gather(own), key=lambda one: one[0])
        logits = labels = None
        metrics: dict[str, float] = {}
        if self.compute_metrics is not None:
            logits, labels = (np.concatenate([one[place] for one in every]) for place in (3, 4))
            metrics = self.compute_metrics(EvalPrediction(predictions=logits, label_ids=labels))
        metrics["loss"] = sum(rows * loss for _, rows, loss, *_ in every) / total
        metrics = {f"{metric_key_prefix}_{name}": float(value) for name, value in metrics.items()}
        return EvalLoopOutput(predictions=logits, label_ids=labels, metrics=metrics, num_samples=total)

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        """Remember the lowest loss, for patience, but not its checkpoint: the last one alone is kept."""
        lowest = bool(super()._determine_best_metric(metrics=metrics, trial=trial))
        self.state.best_global_step = None
        return lowest

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write a checkpoint beside its place and move it there once it is whole."""
        folder = Path(self.args.output_dir)
        self.processes.on_main(lambda: shutil.rmtree(folder / UNFINISHED, ignore_errors=True))
        with output_errors(folder), system_errors(), self._written_to(folder / UNFINISHED):
            super()._save_checkpoint(model, trial)
        self.processes.wait()
        self.processes.on_main(lambda: complete(folder, self.state.global_step))

    @contextlib.contextmanager
    def _written_to(self, folder: Path) -> Iterator[None]:
        self._get_output_dir = lambda trial: str(folder)
        try:
            yield
        finally:
            del self._get_output_dir

    def leave(self) -> None:
        """Give the model back as it came; in one process it was not changed."""
        if self.processes.count == 1 or self.sharded:
            return
        part_batch_norms(self.model)
        del self.model.forward
