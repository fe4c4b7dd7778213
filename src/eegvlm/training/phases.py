"""One phase of training on ``transformers.Trainer``: what is minimised, how fast, how it resumes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import EarlyStoppingCallback, TrainerCallback, TrainingArguments
from transformers.integrations import TensorBoardCallback

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_stages
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.model.label_trie import label_log_probabilities
from eegvlm.training.averaging import STATISTICS_BATCHES, Averaging
from eegvlm.training.checkpoints import check_kind, ended_early, last_checkpoint, log_writer, write_json
from eegvlm.training.data import Batches, SeededDraws
from eegvlm.training.evidence_batches import EvidenceBatches
from eegvlm.training.general_data import GeneralBatches
from eegvlm.training.joint import join_batch_norms, part_batch_norms
from eegvlm.training.label_texts import answer_text
from eegvlm.training.moved import PARTS, load_moved, release, save_moved
from eegvlm.training.objectives import answer, classify, describe, evidence, follow, reason
from eegvlm.training.parallel import ParallelTrainer
from eegvlm.training.precision import frozen_dtype, use_bfloat16
from eegvlm.training.processes import Processes
from eegvlm.training.recipe import Phase, Recipe
from eegvlm.training.windows import WindowBatches

AnyBatches = Batches | WindowBatches | EvidenceBatches
CURVE, DONE = "curve.json", "done.json"
_SCHEDULERS = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


class PhaseTrainer(ParallelTrainer):
    """A trainer whose loss is a phase's objective and whose predictions are stage logits."""

    def __init__(
        self,
        *,
        phase: Phase,
        draws: SeededDraws,
        eval_batches: Any,
        averaging: Averaging | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.averaging = averaging
        self.phase, self.objective, self.draws = phase, phase.objective, draws
        # An objective is the mean over its part of a batch: parts that are computed one after another are averaged.
        self.model_accepts_loss_kwargs = False
        self.train_batches, self.eval_batches = kwargs["data_collator"], eval_batches
        self.stage_token_ids = eval_batches.processor.stage_token_ids

    def _get_train_sampler(self, train_dataset: Any = None) -> SeededDraws:
        """Draw by the recipe's shares."""
        return self.draws

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Move a batch to the device and draw it there; DeepSpeed would round its microvolt on the way."""
        held = dict(inputs)
        microvolt = held.pop("microvolt", None)
        prepared: dict[str, Any] = super()._prepare_inputs(held)
        if microvolt is not None:
            prepared["pixel_values"] = self.eval_batches.pixel_values(microvolt, self.args.device)
        return prepared

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **kwargs: Any
    ) -> Any:
        """Return the objective, and the stage logits where they are asked for."""
        loss, logits = self.step_loss(model, inputs)
        return (loss, {"stage_logits": logits}) if return_outputs else loss

    def objective_of(self, model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the objective and the stage logits, from the parts of the model that the phase computes."""
        smoothing = self.args.label_smoothing_factor
        if self.objective in ("follow", "evidence"):
            with torch.autocast(self.args.device.type, enabled=False):
                learn = follow if self.objective == "follow" else evidence
                return learn(model, inputs, smoothing)
        if self.objective in ("describe", "classify"):  # parts of the model, whose own forward would set the precision
            with torch.autocast(self.args.device.type, torch.bfloat16, enabled=self.args.bf16):
                if self.objective == "describe":
                    return describe(model, inputs), None
                return classify(model, inputs, smoothing, self.phase.member)
        if "asked" in inputs:
            asked: Any = inputs["asked"]
            loss, processor = answer_text(model, inputs), self.eval_batches.processor
            if model.training:
                return loss, None
            return loss, label_log_probabilities(model, asked, processor.labels, padded=processor.reads_evidence)
        if "prompt_length" in inputs:
            return reason(model, inputs), None
        return answer(model, inputs, smoothing, self.stage_token_ids)

    def prediction_step(
        self, model: Any, inputs: dict[str, torch.Tensor], prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Return loss, stage logits (batch, 5) and, beside the stages, the source of each epoch (batch, 2)."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        logits = outputs["stage_logits"]
        if logits is None:
            return loss.detach(), None, None
        return loss.detach(), logits.float().detach(), torch.stack([inputs["stages"], inputs["source"]], dim=1)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Give the projector its own learning rate, where the phase states one."""
        there = self.optimizer is not None
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        rate = self.phase.projector_learning_rate
        if there or rate is None:
            return optimizer
        moved = self.model if model is None else model
        projector = {id(p) for name, p in moved.named_parameters() if name.startswith(PARTS["projector"])}
        for group in list(optimizer.param_groups):
            own = [p for p in group["params"] if id(p) in projector]
            if own:
                group["params"] = [p for p in group["params"] if id(p) not in projector]
                optimizer.add_param_group({**group, "params": own, "lr": rate})
        return optimizer

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write what moves; transformers' own would write the whole model."""
        folder = Path(output_dir or self.args.output_dir)
        if self.args.should_save:
            save_moved(self.model, folder, state_dict)
            if self.averaging is not None:
                self.averaging.save(folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put back what :meth:`_save` wrote."""
        load_moved(self.model if model is None else model, Path(resume_from_checkpoint))
        if self.averaging is not None:
            self.averaging.load(Path(resume_from_checkpoint))

    def take_average(self) -> None:
        """End as the mean of the weights, with the batch statistics of the last training epochs."""
        if self.averaging is None:
            return
        part_batch_norms(self.model)  # every process counts whole batches, all the same ones
        with torch.autocast(self.args.device.type, torch.bfloat16, enabled=self.args.bf16):
            self.averaging.put_in(self._last_pictures())
        if self.processes.count > 1:
            join_batch_norms(self.model)
        self.averaging = None

    def _last_pictures(self) -> Iterator[torch.Tensor]:
        """Yield pictures of the last training epochs; none where vectors are learnt from, without batch statistics."""
        if self.objective in ("follow", "evidence"):
            return
        rows, size = list(self.draws)[-STATISTICS_BATCHES * self.phase.batch_size :], self.phase.batch_size
        for first in range(0, len(rows), size):
            microvolt = self.train_batches(rows[first : first + size])["microvolt"]
            yield self.eval_batches.pixel_values(microvolt, self.args.device)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """Draw validation epochs without augmentation."""
        collator = self.train_batches
        self.data_collator = self.eval_batches
        try:
            return super().get_eval_dataloader(eval_dataset)
        finally:
            self.data_collator = collator


def stage_metrics(predictions: Any, sources: list[str]) -> dict[str, float]:
    """Return accuracy, kappa and recall by stage, for each source, of stage logits (n, 5).

    Parameters
    ----------
    predictions
        Its ``label_ids`` are stages and places of sources, (n, 2).
    sources
        Names of the validation sources.
    """
    stages, source = np.asarray(predictions.label_ids).T
    answers = np.asarray(predictions.predictions).argmax(axis=1)
    figures: dict[str, float] = {}
    for place, name in enumerate(sources):
        here = source == place
        agreed = agreement_of_stages(stages[here].astype(np.int8), answers[here].astype(np.int8))
        figures |= {f"{name}_accuracy": agreed.accuracy, f"{name}_kappa": agreed.kappa or 0.0}
        figures |= {
            f"{name}_recall_{stage.label}": figure.recall
            for stage, figure in zip(STAGES, agreed.stages, strict=True)
            if figure.recall is not None
        }
    return figures


def run_phase(
    phase: Phase,
    recipe: Recipe,
    model: EegVlmForConditionalGeneration,
    train: AnyBatches,
    validation: AnyBatches,
    draws: SeededDraws,
    folder: Path,
    processes: Processes | None = None,
    callbacks: Sequence[TrainerCallback] = (),
) -> dict[str, float]:
    """Train one phase, or go on where a killed run stood.

    Parameters
    ----------
    phase, recipe
        What to do.
    model
        Trained in place.
    train, validation
        Epochs and how they become batches.
    draws
        Which epochs the training batches hold.
    folder
        Checkpoints, TensorBoard log, and, once the phase has ended, ``weights`` (what moved), ``curve.json`` and then
        ``done.json``.
    processes
        Those that share the batches.
    callbacks
        What else watches the steps.

    Returns
    -------
    dict
        Figures on the validation subjects.
    """
    release(model, phase, frozen_in=frozen_dtype(recipe))
    if getattr(model.config, "alignment", "none") != "none":
        module: torch.nn.Module = model.model.enhancement
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # its backward pass takes half the time of the fused one's on a CPU
    processes = processes or Processes()
    checkpoint = last_checkpoint(folder)
    draws.count = (ended_early(checkpoint) or len(draws) // phase.batch_size) * phase.batch_size
    steps, rows = len(draws) // phase.batch_size, processes.rows_of(phase)
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=phase.accumulate,
        gradient_checkpointing=phase.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if phase.gradient_checkpointing else None,
        per_device_eval_batch_size=rows if isinstance(train, GeneralBatches) else max(rows * processes.count, 64),
        learning_rate=phase.learning_rate,
        weight_decay=phase.weight_decay,
        warmup_steps=round(phase.warmup * steps),
        label_smoothing_factor=phase.label_smoothing,
        lr_scheduler_type=_SCHEDULERS[phase.scheduler],
        bf16=use_bfloat16(recipe.precision),
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        logging_steps=math.gcd(20, recipe.checkpoint_steps),  # no mean spans a checkpoint: it would not be resumed
        save_steps=recipe.checkpoint_steps,
        restore_callback_states_from_checkpoint=True,
        eval_strategy="steps",
        eval_steps=recipe.checkpoint_steps,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        report_to=[],
        ddp_find_unused_parameters=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=False,
    )
    watching: list[Any] = [*callbacks, *([EarlyStoppingCallback(phase.patience)] if phase.patience else [])]
    if processes.main:
        watching.append(TensorBoardCallback(log_writer(folder, checkpoint)))
    averaging = None
    if phase.average:
        learning = {"follow": "night", "evidence": "evidence"}.get(phase.objective, "enhancement")
        network: torch.nn.Module = getattr(model.model, learning)
        if phase.member:
            (network,) = model.model.enhancement.chosen(phase.member)
        averaging = Averaging(network, steps - round(phase.average * steps))
        watching.append(averaging)
    trainer = PhaseTrainer(
        processes=processes,
        averaging=averaging,
        phase=phase,
        draws=draws,
        eval_batches=validation,
        model=processes.to_train(model),
        args=arguments,
        train_dataset=train.store,
        eval_dataset=validation.store,
        data_collator=train,
        compute_metrics=None
        if phase.objective == "describe"
        else partial(stage_metrics, sources=validation.store.sources),
        callbacks=watching,
    )
    if checkpoint is not None:
        check_kind(checkpoint, sharded=trainer.sharded)
    if averaging is not None and trainer.sharded:
        hint = "run this phase in one process or under DDP, or set average: 0"
        raise InputError("recipe", f"phase {phase.name}", f"average under {trainer.sharded}", hint)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    trainer.take_average()
    figures = {name: value for name, value in trainer.evaluate().items() if isinstance(value, float)}
    trainer.save_model(str(folder / "weights"))
    trainer.leave()
    if processes.main:
        write_json(folder / CURVE, trainer.state.log_history)
        write_json(folder / DONE, figures)
    if trainer.model is not model:
        processes.wait()
        load_moved(model, folder / "weights")
    return figures
