"""One phase of training, from its first step, or its last checkpoint, to the weights that it leaves.

In a step every process computes its rows of the batch, in as many parts as the phase accumulates; gradients are
clipped, and AdamW moves what the phase trains. Every ``checkpoint_steps`` the loss on the validation subjects is taken
and a checkpoint written, from which a killed phase goes on as if it had not been: with the same batches, optimizer,
random numbers and patience. What is minimised is the phase's objective (:mod:`eegvlm.lab.training.objectives`); how
processes share it, :mod:`eegvlm.lab.training.parallel`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import send_to_device, set_seed  # type: ignore[import-untyped]
from torch.utils.data import DataLoader

from eegvlm.core.files import make_folder
from eegvlm.errors import InputError
from eegvlm.lab.training import checkpoints, parallel
from eegvlm.lab.training.averaging import Averaging
from eegvlm.lab.training.checkpoints import PhaseState
from eegvlm.lab.training.cross_process import join_batch_norms, part_batch_norms
from eegvlm.lab.training.objectives import Objective
from eegvlm.lab.training.optimizer import MAX_GRADIENT_NORM, adamw, schedule
from eegvlm.lab.training.parallel import StepModule
from eegvlm.lab.training.precision import frozen_dtype
from eegvlm.lab.training.processes import Processes, Share
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.trainable_weights import load_trainable, release, save_trainable
from eegvlm.model import EegVlmForConditionalGeneration

DONE = "done.json"
_LOGGED_STEPS = 20


@dataclass(frozen=True)
class PhaseBatches:
    """What a phase learns from.

    Parameters
    ----------
    train, validation
        Collators: rows of their stores to batches.
    rows
        Those that are drawn, of all steps in order.
    """

    train: Any
    validation: Any
    rows: list[int]


def run_phase(
    objective: Objective,
    recipe: Recipe,
    model: EegVlmForConditionalGeneration,
    batches: PhaseBatches,
    folder: Path,
    processes: Processes,
    *,
    progress: Callable[[Any, str], Iterable[Any]] = lambda items, what: items,
    after_step: Callable[[int], None] = lambda step: None,
) -> dict[str, float]:
    """Train one phase, or go on where a killed run stood.

    Parameters
    ----------
    objective, recipe
        What to do.
    model
        Trained in place.
    batches
        Epochs, and how they become batches.
    folder
        Gets checkpoints, ``log.jsonl`` and, once the phase has ended, ``weights`` (what moved) and ``done.json``.
    processes
        Those that share the batches.
    progress
        ``progress(items, what)`` wraps the steps.
    after_step
        Called with the number of each step that was made.

    Returns
    -------
    dict
        Figures on the validation subjects.

    Raises
    ------
    InputError
        If a checkpoint cannot be gone on from or written, or weights are to be averaged that are divided.
    """
    phase, rows = objective.phase, processes.rows_of(objective.phase)
    set_seed(recipe.seed)
    release(model, phase, frozen_in=frozen_dtype(recipe))
    if getattr(model.config, "alignment", "none") != "none":
        enhancement: Any = model.model.enhancement
        enhancement.to(memory_format=torch.channels_last)
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # its backward pass takes half the time of the fused one's on a CPU
    trained: Any = processes.to_train(model)
    if phase.gradient_checkpointing:
        trained.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if processes.count > 1:
        join_batch_norms(trained)

    accelerator = parallel.accelerator_of(phase, processes, trained)
    sharded, device = parallel.sharding(accelerator), accelerator.device
    if not sharded:
        trained.to(device)
    module, optimizer = accelerator.prepare(StepModule(trained, objective), adamw(trained, phase))
    if sharded:
        trained = accelerator.unwrap_model(module).model
    steps = len(batches.rows) // phase.batch_size
    rates = schedule(optimizer, phase, steps)
    averaging = None
    if phase.average:
        if sharded:
            hint = "run this phase in one process or under DDP, or set average: 0"
            raise InputError("recipe", f"phase {phase.name}", f"average under {sharded}", hint)
        averaging = Averaging(objective.averaged_network(trained), steps - round(phase.average * steps))

    def on_device(inputs: dict[str, Any]) -> dict[str, Any]:
        """Move a batch to the device and draw its pictures there."""
        batch = dict(inputs)
        microvolt = batch.pop("microvolt", None)
        tensors: dict[str, Any] = send_to_device(batch, device, non_blocking=True)
        if microvolt is not None:
            tensors["pixel_values"] = batches.validation.pixel_values(microvolt, device)
        return tensors

    def loader(store: Any, parts: list[list[int]], collate: Any) -> Iterator[dict[str, Any]]:
        return iter(DataLoader(store, batch_sampler=parts, collate_fn=collate, pin_memory=device.type == "cuda"))

    def training_parts(done: int) -> Iterator[dict[str, Any]]:
        """Yield this process's share of every part of the steps that are left."""
        size, left = rows * processes.count, batches.rows[done * phase.batch_size : steps * phase.batch_size]
        parts = [left[first : first + size] for first in range(0, len(left), size)]
        collate = batches.train if processes.count == 1 else Share(batches.train, processes)
        return loader(batches.train.store, parts, collate)

    def evaluate() -> dict[str, float]:
        """Return the loss and the figures on all validation epochs; whole batches are dealt out in turn."""
        store, size = batches.validation.store, objective.evaluation_rows(rows, processes.count)
        parts = [list(range(first, min(first + size, len(store)))) for first in range(0, len(store), size)]
        # Where batches do not go round, some processes compute the first once more, which is not counted.
        numbers = range(processes.index, -(-len(parts) // processes.count) * processes.count, processes.count)
        dealt = loader(store, [parts[k] if k < len(parts) else parts[0] for k in numbers], batches.validation)
        results = []
        module.eval()
        for number, batch in zip(numbers, dealt, strict=True):
            inputs = on_device(batch)
            with torch.no_grad():
                loss, logits = module(inputs)
            if number < len(parts):
                answers = None if logits is None else logits.float().cpu().numpy()
                stages, sources = inputs["stages"].cpu().numpy(), inputs["source"].cpu().numpy()
                results.append((number, loss.item(), answers, stages, sources))
        every = sorted(processes.gather(results), key=lambda result: result[0])
        losses = np.repeat(np.array([loss for _, loss, *_ in every], np.float32), [len(part) for part in parts])
        figures = {"loss": float(losses.mean())}
        if every[0][2] is not None:
            answers, stages, sources = (np.concatenate([result[place] for result in every]) for place in (2, 3, 4))
            figures |= objective.metrics(answers, stages, sources, store.sources)
        return {f"eval_{name}": value for name, value in figures.items()}

    def log(**entry: float) -> None:
        state.log.append({"step": state.step, **entry})
        if processes.main:
            checkpoints.append_log(folder, state.log[-1])
            summary = ", ".join(f"{name} {value:.4g}" for name, value in entry.items() if "recall" not in name)
            print(f"{phase.name} {state.step}/{state.steps}: {summary}", file=sys.stderr, flush=True)

    def save_weights(place: Path) -> None:
        whole = parallel.whole_state(accelerator, module)
        if processes.main:
            save_trainable(trained, place, whole)

    def save_checkpoint() -> None:
        with checkpoints.new_checkpoint(folder, state.step, processes) as place:
            save_weights(place)
            parallel.save_optimizer(accelerator, module, optimizer, place)
            checkpoints.write_random_state(place, processes)
            if processes.main:
                torch.save(rates.state_dict(), place / "scheduler.pt")
                if averaging is not None:
                    averaging.save(place)
                state.write(place)

    state, checkpoint = PhaseState(steps), checkpoints.last_checkpoint(folder)
    if checkpoint is not None:
        checkpoints.check_kind(checkpoint, sharded=sharded)
        state = PhaseState.read(checkpoint)
        if sharded != "DeepSpeed":  # which reads the weights with the optimizer's state
            load_trainable(trained, checkpoint)
        parallel.load_optimizer(accelerator, module, optimizer, checkpoint)
        rates.load_state_dict(torch.load(checkpoint / "scheduler.pt", weights_only=True))
        if averaging is not None:
            averaging.load(checkpoint)
    parts = training_parts(state.step)  # draws a random number
    if checkpoint is not None:
        checkpoints.read_random_state(checkpoint, processes)
    if processes.main:
        make_folder(folder)
        checkpoints.write_log(folder, state.log)

    figures: dict[str, float] = {}
    logged_every = math.gcd(_LOGGED_STEPS, recipe.checkpoint_steps)  # no mean spans a checkpoint: it would not resume
    total, logged = torch.zeros((), device=device), state.step
    for _ in progress(range(state.step, 0 if state.stopped else steps), phase.name):
        for _ in range(phase.accumulate):
            module.train()
            inputs = on_device(next(parts))
            with accelerator.accumulate(module):
                loss, _ = module(inputs)
                accelerator.backward(loss)
            total += loss.detach() / phase.accumulate
        norm = accelerator.clip_grad_norm_(module.parameters(), MAX_GRADIENT_NORM)
        optimizer.step()
        rate = float(rates.get_last_lr()[0])
        rates.step()
        optimizer.zero_grad()
        state.step += 1
        if averaging is not None:
            averaging.add(state.step)
        after_step(state.step)

        if state.step % logged_every == 0:
            mean = accelerator.reduce(total, "mean").item() / (state.step - logged)
            log(loss=mean, grad_norm=float(norm), learning_rate=rate)
            total, logged = torch.zeros_like(total), state.step
        if state.step % recipe.checkpoint_steps == 0 or state.step == steps:
            figures = evaluate()
            log(**figures)
            state.evaluated(figures["eval_loss"], phase.patience)
            save_checkpoint()
        if state.stopped:
            break

    part_batch_norms(trained)
    if averaging is not None:  # every process counts the same whole batches
        learnt_rows = batches.rows[: state.step * phase.batch_size]
        with torch.autocast(device.type, torch.bfloat16, enabled=objective.bfloat16):
            averaging.put_in(objective.statistics_pictures(batches.train, learnt_rows, device))
    if averaging is not None or not figures:
        figures = evaluate()
    save_weights(folder / "weights")
    if processes.main:
        checkpoints.write_json(folder / DONE, figures)
    accelerator.free_memory()
    if phase.gradient_checkpointing and not sharded:
        trained.gradient_checkpointing_disable()
    if trained is not model:
        processes.wait()
        load_trainable(model, folder / "weights")
    return figures
