"""One phase of training on ``transformers.Trainer``: what moves, what is minimised, how it resumes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import EarlyStoppingCallback, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_stages
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.training.data import Batches, SeededDraws
from eegvlm.training.objectives import answer, classify, describe, reason
from eegvlm.training.recipe import Phase, Recipe

CURVE = "curve.json"
_PARTS = {
    "enhancement": ("model.enhancement",),
    "tower": ("model.vision_tower",),
    "projector": ("model.multi_modal_projector", "model.absent_neighbour"),
    "language": ("model.language_model", "lm_head"),
}


class PhaseTrainer(Trainer):
    """A trainer whose loss is a phase's objective and whose predictions are stage logits."""

    def __init__(self, *, objective: str, draws: SeededDraws, eval_batches: Batches, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.objective, self.draws = objective, draws
        self.train_batches, self.eval_batches = kwargs["data_collator"], eval_batches
        self.stage_token_ids = eval_batches.processor.stage_token_ids

    def _get_train_sampler(self, train_dataset: Any = None) -> SeededDraws:
        """Draw by the recipe's shares."""
        return self.draws

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **kwargs: Any
    ) -> Any:
        """Return the objective, and the stage logits where they are asked for."""
        smoothing = self.args.label_smoothing_factor
        if self.objective == "describe":
            loss, logits = describe(model, inputs), None
        elif self.objective == "classify":
            loss, logits = classify(model, inputs, smoothing)
        elif "prompt_length" in inputs:
            loss, logits = reason(model, inputs), None
        else:
            loss, logits = answer(model, inputs, smoothing, self.stage_token_ids)
        return (loss, {"stage_logits": logits}) if return_outputs else loss

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

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Load a checkpoint's weights by their names on disk; transformers' own takes them for the model's."""
        model = self.model if model is None else model
        saved = EegVlmForConditionalGeneration.from_pretrained(resume_from_checkpoint, dtype=model.dtype)
        model.load_state_dict(saved.state_dict())

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
    train: Batches,
    validation: Batches,
    draws: SeededDraws,
    folder: Path,
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
        Checkpoints, TensorBoard log, and, once the phase has ended, ``weights``, ``curve.json`` and then ``done.json``.

    Returns
    -------
    dict
        Figures on the validation subjects.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(name.startswith(prefix) for part in phase.trains for prefix in _PARTS[part]))
    if model.config.alignment != "none":
        module: torch.nn.Module = model.model.enhancement
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # its backward pass takes half the time of the fused one's on a CPU
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=phase.steps,
        per_device_train_batch_size=phase.batch_size,
        per_device_eval_batch_size=max(phase.batch_size, 64),
        learning_rate=phase.learning_rate,
        weight_decay=phase.weight_decay,
        warmup_steps=round(phase.warmup * phase.steps),
        label_smoothing_factor=phase.label_smoothing,
        lr_scheduler_type="cosine",
        bf16=use_bfloat16(recipe.precision),
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        logging_steps=20,
        save_steps=recipe.checkpoint_steps,
        save_total_limit=1,
        eval_strategy="steps",
        eval_steps=recipe.checkpoint_steps,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        report_to=["tensorboard"],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=False,
    )
    trainer = PhaseTrainer(
        objective=phase.objective,
        draws=draws,
        eval_batches=validation,
        model=model,
        args=arguments,
        train_dataset=train.store,
        eval_dataset=validation.store,
        data_collator=train,
        compute_metrics=None
        if phase.objective == "describe"
        else partial(stage_metrics, sources=validation.store.sources),
        callbacks=[EarlyStoppingCallback(phase.patience)] if phase.patience else None,
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)) if folder.is_dir() else None)
    figures = {name: value for name, value in trainer.evaluate().items() if isinstance(value, float)}
    model.save_pretrained(folder / "weights")
    (folder / CURVE).write_text(json.dumps(trainer.state.log_history, indent=1) + "\n", encoding="utf-8")
    (folder / "done.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def use_bfloat16(precision: str) -> bool:
    """Say whether to compute in bfloat16; ``"auto"`` does where the processor has matrix units for it."""
    if precision != "auto":
        return precision == "bfloat16"
    return torch.cuda.is_available() or bool(torch.cpu.get_capabilities().get("amx_bf16", False))
