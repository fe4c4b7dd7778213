"""One phase of training on ``transformers.Trainer``: what moves, what is minimised, how it resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from eegvlm.hypnogram import STAGES
from eegvlm.hypnogram.agreement import agreement_of_stages
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.training.data import Batches
from eegvlm.training.recipe import Phase, Recipe

_PARTS = {
    "enhancement": ("model.enhancement",),
    "tower": ("model.vision_tower",),
    "projector": ("model.multi_modal_projector",),
    "language": ("model.language_model", "lm_head"),
}


class PhaseTrainer(Trainer):
    """A trainer whose loss is a phase's objective and whose predictions are stage logits."""

    def __init__(self, *, objective: str, stage_token_ids: list[int], eval_batches: Batches, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.objective = objective
        self.stage_token_ids = torch.tensor(stage_token_ids)
        self.train_batches, self.eval_batches = kwargs["data_collator"], eval_batches

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **kwargs: Any
    ) -> Any:
        """Return the objective, and the stage logits where they are asked for."""
        stages = inputs["stages"]
        if self.objective == "classify":
            enhancement = model.model.enhancement
            logits = enhancement.classify(enhancement(inputs["pixel_values"]))
            loss = functional.cross_entropy(logits, stages, label_smoothing=self.args.label_smoothing_factor)
            return (loss, {"stage_logits": logits}) if return_outputs else loss
        # The last three positions predict the label, the end, and nothing: only these are computed.
        outputs = model(
            input_ids=inputs["input_ids"],
            pixel_values=inputs["pixel_values"],
            logits_to_keep=3,
            use_cache=False,
        )
        logits = outputs.logits[:, :2].float()
        loss = functional.cross_entropy(
            logits.flatten(0, 1),
            inputs["labels"][:, -2:].flatten(),
            label_smoothing=self.args.label_smoothing_factor,
        )
        if not return_outputs:
            return loss
        return loss, {"stage_logits": logits[:, 0, self.stage_token_ids.to(logits.device)]}

    def prediction_step(
        self, model: Any, inputs: dict[str, torch.Tensor], prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return loss, stage logits (batch, 5) and stages (batch,)."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        return loss.detach(), outputs["stage_logits"].float().detach(), inputs["stages"]

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


def stage_metrics(predictions: Any) -> dict[str, float]:
    """Return accuracy, kappa and recall by stage of stage logits (n, 5) against stages (n,)."""
    agreed = agreement_of_stages(np.asarray(predictions.label_ids), np.asarray(predictions.predictions).argmax(axis=1))
    figures = {"accuracy": agreed.accuracy, "kappa": agreed.kappa or 0.0}
    return figures | {
        f"recall_{stage.label}": figure.recall
        for stage, figure in zip(STAGES, agreed.stages, strict=True)
        if figure.recall is not None
    }


def run_phase(
    phase: Phase,
    recipe: Recipe,
    model: EegVlmForConditionalGeneration,
    train: Batches,
    validation: Batches,
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
    folder
        Checkpoints, TensorBoard log, and, once the phase has ended, ``weights`` and then ``done.json``.

    Returns
    -------
    dict
        Figures on the validation subjects.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(name.startswith(prefix) for part in phase.trains for prefix in _PARTS[part]))
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
        report_to=["tensorboard"],
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=False,
    )
    trainer = PhaseTrainer(
        objective=phase.objective,
        stage_token_ids=train.processor.stage_token_ids,
        eval_batches=validation,
        model=model,
        args=arguments,
        train_dataset=train.store,
        eval_dataset=validation.store,
        data_collator=train,
        compute_metrics=stage_metrics,
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)) if folder.is_dir() else None)
    figures = {name: value for name, value in trainer.evaluate().items() if isinstance(value, float)}
    model.save_pretrained(folder / "weights")
    (folder / "done.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def use_bfloat16(precision: str) -> bool:
    """Say whether to compute in bfloat16; ``"auto"`` does where the processor has matrix units for it."""
    if precision != "auto":
        return precision == "bfloat16"
    return torch.cuda.is_available() or bool(torch.cpu.get_capabilities().get("amx_bf16", False))
