"""A recipe to a checkpoint: make the nights, train the phases, calibrate, save.

A run can be killed at any moment. Nights that are written stay, a phase that ended is not repeated, and a phase
that was under way goes on from its last checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.files import make_folder, replacing_folder
from eegvlm.errors import InputError
from eegvlm.images import PreparedNight
from eegvlm.lab.datasets.training_record import FIELD, TrainingRecord
from eegvlm.lab.training import adapters
from eegvlm.lab.training.build import build
from eegvlm.lab.training.calibration import fit, scored_nights
from eegvlm.lab.training.card import write_card
from eegvlm.lab.training.crossfit import CrossFit, apart_from, cross_fit, folds_of
from eegvlm.lab.training.data import Batches
from eegvlm.lab.training.data_checks import check_data
from eegvlm.lab.training.loop import DONE, PhaseBatches, run_phase
from eegvlm.lab.training.night_inputs import TrainingNightInputs
from eegvlm.lab.training.objectives import OBJECTIVES, Objective
from eegvlm.lab.training.precision import frozen_dtype, use_bfloat16
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.recipe import Phase, Recipe
from eegvlm.lab.training.record import record_of_run
from eegvlm.lab.training.run_folder import check_claim, claim, release_claim
from eegvlm.lab.training.samplers import learnt_shares, sampler_of
from eegvlm.lab.training.sources import prepare
from eegvlm.lab.training.store import TrainingStore
from eegvlm.lab.training.tensor_files import check_room, system_errors
from eegvlm.lab.training.trainable_weights import check_members, load_trainable, release
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, GeneralProcessor
from eegvlm.model.batch_norm_adaptation import night_vectors
from eegvlm.model.enhancement import EnhancementNetwork
from eegvlm.model.progress_bars import without_progress_bar


def train(
    recipe: Recipe,
    out: str | Path,
    *,
    data: Mapping[str, Path] | None = None,
    resume: bool = False,
    progress: Any = lambda items, what: items,
    nights_in: Path | None = None,
) -> Path:
    """Run a recipe.

    Parameters
    ----------
    recipe
        What :func:`~eegvlm.lab.training.recipe.read_recipe` read.
    out
        Folder of the run: ``nights/``, one folder a phase, ``model/``.
    data
        Where each recorded source of the recipe lies, by its name.
    resume
        Go on with a run that is in ``out``. A folder that is not empty is refused otherwise.
    progress
        ``progress(items, what)`` wraps lists of nights to show how far it is.
    nights_in
        Where the nights are written, for runs of one recipe that share them; ``nights/`` of ``out`` where None.

    Returns
    -------
    Path
        The checkpoint's folder.

    Raises
    ------
    InputError
        If ``out`` holds something and ``resume`` is not set, or holds a run of another recipe; if a source has no
        folder or no night, or a person is trained on and validated on; if ``out`` cannot be written.
    """
    out, processes = Path(out), Processes.join()
    for phase in recipe.phases:
        processes.rows_of(phase)
    roots = dict(data or {})
    processes.on_main(lambda: check_claim(recipe, out, resume=resume))
    processes.on_main(lambda: check_data(recipe, roots))
    processes.on_main(lambda: claim(recipe, out, resume=resume))
    try:
        run = TrainingRun.begin(recipe, out, roots, progress, processes, checkpoint=out / "model", nights_in=nights_in)
    except InputError:
        if processes.main:
            release_claim(out)
        raise
    figures = {phase.name: run.of(phase).phase(phase) for phase in run.phases}
    processes.on_main(lambda: run.finish(figures, out / "model"))
    return out / "model"


@dataclass
class TrainingRun:
    """A run under way: the model as the last phase left it, and the epochs."""

    recipe: Recipe
    out: Path
    model: EegVlmForConditionalGeneration
    processor: EegVlmProcessor
    nights: TrainingStore
    checks: TrainingStore
    progress: Any
    processes: Processes = field(default_factory=Processes)
    roots: Mapping[str, Path] = field(default_factory=dict)
    after_step: Callable[[int], None] = lambda step: None
    cross: CrossFit | None = None

    @classmethod
    def begin(
        cls,
        recipe: Recipe,
        out: Path,
        roots: Mapping[str, Path],
        progress: Any,
        processes: Processes | None = None,
        *,
        checkpoint: Path | None = None,
        nights_in: Path | None = None,
    ) -> TrainingRun:
        """Build the model and make the nights, once it is clear that the disk of the checkpoint has room for it."""
        processes = processes or Processes()
        model, processor = build(recipe)
        kind = cls
        if isinstance(processor, GeneralProcessor):
            from eegvlm.lab.training.general_run import GeneralRun

            kind = GeneralRun
        else:
            check_members(recipe.phases, model.config)
        if checkpoint is not None:
            processes.on_main(partial(check_room, model, checkpoint))
        nights, checks = processes.main_first(
            lambda: prepare(
                recipe.data,
                processor.layout,
                nights_in or out / "nights",
                roots,
                progress=lambda items: progress(items, "nights"),
            )
        )
        return kind(recipe, out, model, processor, nights, checks, progress, processes, roots)

    @property
    def phases(self) -> list[Phase]:
        """The recipe's phases; without an enhancement network, those that are not its own."""
        enhanced = self.model.config.alignment != "none"
        return [phase for phase in self.recipe.phases if enhanced or not OBJECTIVES[phase.objective].network]

    def of(self, phase: Phase) -> TrainingRun:
        """Return the run with those nights alone from which a phase learns; the model is the same."""
        train, learnt = self.recipe.data.train.of(phase.name)
        if all(learnt):
            return self
        recipe = replace(self.recipe, data=replace(self.recipe.data, train=train))
        return replace(self, recipe=recipe, nights=self.nights.only(learnt))

    def phase(self, phase: Phase) -> dict[str, float]:
        """Run a phase, or take its result where it had ended; return its figures on the validation subjects."""
        if not phase.folds:
            return self._learn(phase, self.out / phase.name)
        network = self.model.model.enhancement
        initial = {name: value.detach().clone() for name, value in network.state_dict().items()}
        group, apart = folds_of(self.nights.persons, phase.folds, self.recipe.seed), []
        for left_out in range(phase.folds):
            unseen = group[self.nights.night] == left_out
            self._learn(phase, self.out / phase.name / f"fold-{left_out + 1}", without=unseen)
            apart.append(apart_from(network))
            network.load_state_dict(initial)
        figures = self._learn(phase, self.out / phase.name)
        network.eval()
        self.cross = cross_fit(network, apart, group, self.nights.night, self._vectors)
        return figures

    def _learn(self, phase: Phase, folder: Path, *, without: npt.NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Train the model by a phase, some epochs left out; adapters end up in the weights beside them."""
        if (folder / DONE).is_file():
            self.take(phase, folder / "weights")
            figures: dict[str, float] = json.loads((folder / DONE).read_text(encoding="utf-8"))
            return figures
        objective = self.objective(phase)
        train, validation = self.processes.main_first(lambda: objective.batches(self.inputs))
        by_stage, seed = objective.draws_by_stage, self.recipe.seed
        draws = sampler_of(phase, self.recipe.data, train.store, seed, by_stage=by_stage, without=without)
        adapted = self._adapted(phase)
        batches = PhaseBatches(train, validation, list(draws))
        figures = run_phase(
            objective,
            self.recipe,
            self.model,
            batches,
            folder,
            self.processes,
            progress=self.progress,
            after_step=self.after_step,
        )
        if adapted is not None:
            adapters.merge(adapted)
        return figures

    def take(self, phase: Phase, weights: Path) -> None:
        """Take what a phase moved from the folder in which it lies."""
        adapted = self._adapted(phase)
        release(self.model, phase, frozen_in=frozen_dtype(self.recipe))  # so that merging rounds as it did
        load_trainable(self.model, weights)
        if adapted is not None:
            adapters.merge(adapted)

    def _adapted(self, phase: Phase) -> Any:
        if phase.lora is None:
            return None
        return adapters.put_in(self.model, phase.lora, self.processor.stage_token_ids, seed=self.recipe.seed)

    def _vectors(self, network: EnhancementNetwork, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Return a network's vectors of epochs to learn, as they are: (epochs, channels)."""
        nights, layout = self.nights, self.processor.layout
        parts = [rows[first : first + 240] for first in range(0, len(rows), 240)]
        bfloat16, device = use_bfloat16(self.recipe.precision), self.model.device
        vectors = []
        for part in parts:
            prepared = PreparedNight.of_signals(layout, nights.corrected(nights.signals(part), part, layout), {})
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                vectors.append(night_vectors(network, self.processor, prepared, batch_size=len(part), device=device)[0])
        return torch.cat(vectors).numpy()

    def objective(self, phase: Phase) -> Objective:
        """Return the objective of a phase."""
        return OBJECTIVES[phase.objective](phase, self.processor, use_bfloat16(self.recipe.precision))

    @property
    def inputs(self) -> TrainingNightInputs:
        """What phases read of the nights."""
        fields = (self.recipe, self.out, self.model, self.processor, self.nights, self.checks, self.progress)
        return TrainingNightInputs(*fields, self.cross)

    def record(self) -> TrainingRecord:
        """Return who was trained and validated on, those of the base included."""
        base = getattr(self.model.config, FIELD, None)
        return record_of_run(self.recipe, self.nights, self.checks, self.roots, base)

    def finish(self, figures: dict[str, dict[str, float]], checkpoint: Path, *, note: str = "") -> Path:
        """Calibrate, save and describe the checkpoint; return its folder."""
        model, context = self.model, self.inputs.validation_context()
        # an inverse covariance does not bear rounding
        precise = deepcopy(model.model.evidence.familiarity) if model.config.reads_evidence else None
        model.to(frozen_dtype(self.recipe))
        scored = scored_nights(model, Batches(self.checks, self.processor, context=context))
        model.config.stage_prior = learnt_shares(self.recipe.data, self.nights)
        fitted = fit(scored, model.config.stage_prior, least=1.0 if model.config.reads_evidence else 0.0)
        for name, value in asdict(fitted).items():
            setattr(model.config, name, value)
        stores = {"training": self.nights, "validation": self.checks}
        record = self.record()
        model.config.training_record = record.to_dict()
        make_folder(checkpoint.parent)
        with replacing_folder(checkpoint, last="config.json") as temporary, system_errors():
            model.to(torch.bfloat16)
            if precise is not None:
                model.model.evidence.familiarity = precise
            with without_progress_bar():
                model.save_pretrained(temporary)
            self.processor.save_pretrained(temporary)
            write_card(temporary, self.recipe, self.out, stores, figures, scored, fitted, record, note=note)
        return checkpoint
