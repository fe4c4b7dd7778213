"""A recipe to a checkpoint: make the nights, train the phases, calibrate, save.

A run can be killed at any moment. Nights that are written stay, a phase that ended is not repeated, and a phase
that was under way goes on from its last checkpoint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.files import make_folder, replacing_folder
from eegvlm.datasets.training_record import FIELD, TrainingRecord
from eegvlm.errors import InputError
from eegvlm.images import PreparedNight
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, GeneralProcessor
from eegvlm.model.batch_norm_adaptation import night_vectors
from eegvlm.model.enhancement import EnhancementNetwork
from eegvlm.training import adapters
from eegvlm.training.build import build
from eegvlm.training.calibration import fit, scored_nights
from eegvlm.training.card import write_card
from eegvlm.training.claiming import claim
from eegvlm.training.context import NightVectors, with_own, write_night_vectors
from eegvlm.training.crossfit import CrossFit, apart_from, cross_fit, folds_of, network_digest
from eegvlm.training.data import Augmentation, Batches, even_chances, row_chances
from eegvlm.training.descriptions import describe_nights
from eegvlm.training.draws import draws_of, learnt_shares
from eegvlm.training.evidence_batches import EvidenceBatches, NightEvidence, write_evidence
from eegvlm.training.evidence_states import fit_familiarity, fit_standards, with_evidence
from eegvlm.training.moved import check_members, load_moved, release
from eegvlm.training.phases import DONE, AnyBatches, run_phase
from eegvlm.training.precision import frozen_dtype, use_bfloat16
from eegvlm.training.processes import Processes
from eegvlm.training.rationales import Rationales, night_rationales
from eegvlm.training.recipe import Phase, Recipe
from eegvlm.training.record import record_of_run
from eegvlm.training.sources import prepare
from eegvlm.training.store import EpochStore
from eegvlm.training.tensor_files import check_room, system_errors
from eegvlm.training.windows import WindowBatches

_CHECKED_AROUND = 120  # every validation epoch is the middle of a window of its own; longer ones would take long


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
        What :func:`~eegvlm.training.recipe.read_recipe` read.
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
    processes.on_main(lambda: claim(recipe, out, resume=resume))
    run = Run.begin(recipe, out, dict(data or {}), progress, processes, checkpoint=out / "model", nights_in=nights_in)
    figures = {phase.name: run.of(phase).phase(phase) for phase in run.phases}
    processes.on_main(lambda: run.finish(figures, out / "model"))
    return out / "model"


@dataclass
class Run:
    """A run under way: the model as the last phase left it, and the epochs."""

    recipe: Recipe
    out: Path
    model: EegVlmForConditionalGeneration
    processor: EegVlmProcessor
    nights: EpochStore
    checks: EpochStore
    progress: Any
    processes: Processes = field(default_factory=Processes)
    roots: Mapping[str, Path] = field(default_factory=dict)
    callbacks: tuple[Any, ...] = ()
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
    ) -> Run:
        """Build the model and make the nights, once it is clear that the disk of the checkpoint has room for it."""
        processes = processes or Processes()
        model, processor = build(recipe)
        kind = cls
        if isinstance(processor, GeneralProcessor):
            from eegvlm.training.general_run import GeneralRun

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
        return [phase for phase in self.recipe.phases if enhanced or not phase.of_enhancement]

    def of(self, phase: Phase) -> Run:
        """Return the run with those nights alone from which a phase learns; the model is the same."""
        train, kept = self.recipe.data.train.of(phase.name)
        if all(kept):
            return self
        recipe = replace(self.recipe, data=replace(self.recipe.data, train=train))
        return replace(self, recipe=recipe, nights=self.nights.only(kept))

    def phase(self, phase: Phase) -> dict[str, float]:
        """Run a phase, or take its result where it had ended; return its figures on the validation subjects."""
        if not phase.folds:
            return self._learn(phase, self.out / phase.name)
        network = self.model.model.enhancement
        begun = {name: value.detach().clone() for name, value in network.state_dict().items()}
        group, apart = folds_of(self.nights.persons, phase.folds, self.recipe.seed), []
        for left_out in range(phase.folds):
            unseen = group[self.nights.night] == left_out
            self._learn(phase, self.out / phase.name / f"fold-{left_out + 1}", without=unseen)
            apart.append(apart_from(network))
            network.load_state_dict(begun)
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
        train, validation = self.processes.main_first(lambda: self.batches(phase))
        draws = draws_of(phase, self.recipe.data, train.store, self.recipe.seed, without=without)
        adapted = self._adapted(phase)
        figures = run_phase(
            phase, self.recipe, self.model, train, validation, draws, folder, self.processes, self.callbacks
        )
        if adapted is not None:
            adapters.merge(adapted)
        return figures

    def take(self, phase: Phase, weights: Path) -> None:
        """Take what a phase moved from the folder in which it lies."""
        adapted = self._adapted(phase)
        release(self.model, phase, frozen_in=frozen_dtype(self.recipe))  # so that merging rounds as it did
        load_moved(self.model, weights)
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
        found = []
        for some in parts:
            shown = PreparedNight.of_signals(layout, nights.corrected(nights.signals(some), some, layout), {})
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                found.append(night_vectors(network, self.processor, shown, batch_size=len(some), device=device)[0])
        return torch.cat(found).numpy()

    def batches(self, phase: Phase) -> tuple[AnyBatches, AnyBatches]:
        """Return the training and validation batches of a phase."""
        data, processor = self.recipe.data, self.processor
        augmentation = Augmentation.of(data, self.recipe.seed, phase.randomisation)
        if phase.objective == "follow":
            return self._windows(phase, augmentation)
        if phase.objective == "evidence":
            return self._measured_windows(phase, augmentation)
        given = phase.whole_model and (self.model.config.reads_night or self.cross is not None)
        if given and "enhancement" in phase.trains:
            hint = "high-level vectors are given by frozen enhancement networks: train these in a classify phase"
            raise InputError("recipe", f"phase {phase.name}", "trains enhancement", hint)
        if phase.objective == "describe":
            return self._described(self.nights), self._described(self.checks)
        if not given:
            seen_as = None if phase.objective == "reason" else augmentation  # what is said must hold
            texts = self._rationales(phase, None, 1)
            train = Batches(
                self.nights, processor, seen_as, rationales=texts, reasoned=phase.reasoned, others=phase.others
            )
            return train, Batches(self.checks, processor)
        seen = self._followed(self._seen(augmentation, self.model.config.context_epochs), self.recipe.seed)
        texts = self._rationales(phase, augmentation, data.context_versions)
        return (
            Batches(
                self.nights,
                processor,
                augmentation,
                seen,
                data.context_drop,
                rationales=texts,
                reasoned=phase.reasoned,
                others=phase.others,
                own_channels=self.model.config.enhancement_channels,
                unmeasured=self._unmeasured,
            ),
            Batches(self.checks, processor, context=self._checked()),
        )

    def _measured_windows(self, phase: Phase, augmentation: Augmentation) -> tuple[EvidenceBatches, EvidenceBatches]:
        """Return the training and validation windows of a phase of the evidence encoder."""
        if not self.model.config.reads_evidence:
            hint = "set model.evidence: tokens, or leave this phase out"
            raise InputError("recipe", f"phase {phase.name}", "the model has no evidence encoder", hint)
        data, columns = self.recipe.data, self.model.config.evidence_columns
        nights, encoder = self._evidence(self.nights, augmentation), self.model.model.evidence
        train = EvidenceBatches(nights, self.processor, columns, data.evidence, phase.others)
        if not (encoder.mean != 0).any():
            rows = list(draws_of(phase, data, self.nights, self.recipe.seed + 1))
            fit_standards(encoder, train, rows, phase.batch_size)
            fit_familiarity(encoder.familiarity, nights, columns, data.evidence.piece_epochs, self.recipe.seed)
        return train, train.as_they_are(self._evidence(self.checks))

    def _evidence(self, nights: EpochStore, augmentation: Augmentation | None = None) -> NightEvidence:
        """Return what was measured on nights, each version through its recorder."""
        return write_evidence(nights, self.processor, **self._evidence_files(nights, augmentation))

    def _evidence_files(self, nights: EpochStore, augmentation: Augmentation | None) -> dict[str, Any]:
        """Return where what is measured on nights is kept, and through which recorders they are seen."""
        keys = hashlib.sha256(" ".join(nights.nights).encode()).hexdigest()[:12]
        return {
            "folder": self.out / "evidence" / (keys if augmentation else f"{keys}-plain"),
            "augmentation": augmentation,
            "versions": self.recipe.data.context_versions if augmentation else 1,
            "progress": lambda items: self.progress(items, "evidence"),
        }

    def _measured(self, given: NightVectors, augmentation: Augmentation | None) -> NightVectors:
        """Return vectors with what the evidence encoder, if there is one, makes of the same nights beside them."""
        if not self.model.config.reads_evidence:
            return given
        encoder = self.model.model.evidence.eval()
        folder = given.files[0][0].parent / f"evidence-{network_digest(encoder)[:12]}"
        seed = None if augmentation is None else self.recipe.seed
        return with_evidence(
            given, self._evidence(given.store, augmentation), encoder, self.model.config.evidence_columns, folder, seed
        )

    def _windows(self, phase: Phase, augmentation: Augmentation) -> tuple[WindowBatches, WindowBatches]:
        """Return the training and validation windows of a phase of the night encoder."""
        data, around = self.recipe.data, self.model.config.night_epochs
        if not around:
            hint = "set model.night_epochs, or leave this phase out"
            raise InputError("recipe", f"phase {phase.name}", "the model has no night encoder", hint)
        even = even_chances(self.nights, data.train)
        by_stage = row_chances(self.nights, data.train, data.stage_shares)
        counts = (1 - phase.by_stage) * even + phase.by_stage * by_stage
        seen = self._seen(augmentation, around)
        train = WindowBatches(
            seen,
            self.processor,
            counts,
            data.context_drop,
            data.context_gaps,
            phase.others,
            own_channels=self.model.config.enhancement_channels,
            unmeasured=self._unmeasured,
        )
        return train, WindowBatches(self._plain_vectors(min(around, _CHECKED_AROUND)), self.processor)

    def _seen(self, augmentation: Augmentation, around: int) -> NightVectors:
        """Return the vectors of the training nights, through the network that serves each."""
        network, cross = self.model.model.enhancement.eval(), self.cross
        digest = network_digest(network) if cross is None else cross.digest()
        found = write_night_vectors(
            (lambda night: network) if cross is None else cross.of,
            self.processor,
            self.nights,
            self._context(digest),
            epochs=around,
            device=self.model.device,
            augmentation=augmentation,
            versions=self.recipe.data.context_versions,
            bfloat16=use_bfloat16(self.recipe.precision),
            adaptation=self.model.config.adaptation,
            progress=lambda items: self.progress(items, "context"),
        )
        return self._measured(found, augmentation)

    @property
    def _unmeasured(self) -> float:
        """Share of what is learnt from that is seen without evidence."""
        return self.recipe.data.evidence.drop if self.model.config.reads_evidence else 0.0

    def _context(self, digest: str) -> Path:
        """Return the folder of the vectors of a network."""
        share = self.model.config.adaptation
        return self.out / "context" / (f"{digest[:12]}-{share:g}" if share else digest[:12])

    def _checked(self) -> NightVectors | None:
        """Return the validation nights' vectors; none where the model computes its own."""
        config = self.model.config
        return self._followed(self._plain_vectors(config.context_epochs)) if config.reads_night else None

    def _followed(self, given: NightVectors, seed: int | None = None) -> NightVectors:
        """Return vectors with what the night encoder, if any, makes of them; of some pieces where a seed is given."""
        if not self.model.config.night_epochs:
            return given
        encoder = self.model.model.night.eval()
        folder = given.files[0][0].parent / f"night-{network_digest(encoder)[:12]}"
        return with_own(given, encoder, folder, seed)

    def _plain_vectors(self, around: int) -> NightVectors:
        """Return the validation nights' vectors, from the network that ships."""
        network = self.model.model.enhancement.eval()
        found = write_night_vectors(
            lambda night: network,
            self.processor,
            self.checks,
            self._context(network_digest(network)) / "validation",
            epochs=around,
            device=self.model.device,
            bfloat16=use_bfloat16(self.recipe.precision),
            adaptation=self.model.config.adaptation,
        )
        return self._measured(found, None)

    def _rationales(self, phase: Phase, augmentation: Augmentation | None, versions: int) -> Rationales | None:
        """Return the texts of a phase that learns to reason."""
        if phase.objective != "reason":
            return None
        return night_rationales(
            self.nights,
            self.processor,
            self.out / "rationales",
            augmentation=augmentation,
            versions=versions,
            progress=lambda items: self.progress(items, "reasons"),
        )

    def _described(self, scored: EpochStore) -> Batches:
        """Return batches of epochs, scored or not, as they are: what is said of them would not hold once they vary."""
        store = EpochStore(scored.files, scored.panels, unscored=True, levelled=scored.is_levelled)
        texts = describe_nights(store, self.processor.layout, self.out / "descriptions")
        return Batches(store, self.processor, descriptions=texts)

    def record(self) -> TrainingRecord:
        """Return who was trained and validated on, those of the base included."""
        base = getattr(self.model.config, FIELD, None)
        return record_of_run(self.recipe, self.nights, self.checks, self.roots, base)

    def finish(self, figures: dict[str, dict[str, float]], checkpoint: Path, *, note: str = "") -> Path:
        """Calibrate, save and describe the checkpoint; return its folder."""
        model, context = self.model, self._checked()
        # an inverse covariance does not bear rounding
        precise = deepcopy(model.model.evidence.familiarity) if model.config.reads_evidence else None
        model.to(frozen_dtype(self.recipe))
        scored = scored_nights(model, Batches(self.checks, self.processor, context=context))
        model.config.stage_prior = learnt_shares(self.recipe.data, self.nights)
        fitted = fit(scored, model.config.stage_prior)
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
            model.save_pretrained(temporary)
            self.processor.save_pretrained(temporary)
            write_card(temporary, self.recipe, self.out, stores, figures, scored, fitted, record, note=note)
        return checkpoint
