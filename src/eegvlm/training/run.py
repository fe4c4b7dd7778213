"""A recipe to a checkpoint: make the nights, train the phases, calibrate, save.

A run can be killed at any moment. Nights that are written stay, a phase that ended is not repeated, and a phase
that was under way goes on from its last checkpoint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from eegvlm import __version__
from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, checkpoint_path, preset
from eegvlm.training.calibration import fit, scored_nights
from eegvlm.training.card import write_card
from eegvlm.training.context import NightVectors, night_vectors
from eegvlm.training.data import Augmentation, Batches, SeededDraws, even_chances, row_chances
from eegvlm.training.descriptions import describe_nights
from eegvlm.training.phases import run_phase, use_bfloat16
from eegvlm.training.rationales import Rationales, night_rationales
from eegvlm.training.recipe import Phase, Recipe
from eegvlm.training.sources import prepare
from eegvlm.training.store import EpochStore
from eegvlm.training.tokenizer import IMAGE, train_tokenizer


def build(recipe: Recipe) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Return the recipe's model and its processor: a base to go on from, or random weights and a new tokenizer.

    Raises
    ------
    InputError
        If there is no such base.
    """
    prompts = {"direct": recipe.model.prompt}
    if any(phase.objective == "reason" for phase in recipe.phases):
        prompts["reasoned"] = recipe.model.reasoned_prompt
    set_seed(recipe.seed)
    if recipe.model.base:
        folder = checkpoint_path(recipe.model.base)
        model = EegVlmForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
        processor = EegVlmProcessor.from_pretrained(folder)
        processor.prompts = {**processor.prompts, **prompts}
        return model, processor
    layout = load_layout(recipe.model.layout)
    tokenizer = train_tokenizer(vocab_size=recipe.model.vocab_size, seed=recipe.seed)
    config = preset(
        recipe.model.preset,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        context_epochs=recipe.model.context_epochs,
    )
    config.text_config.vocab_size = len(tokenizer)
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    processor = EegVlmProcessor.for_config(
        config,
        tokenizer,
        layout,
        image_mean=[0.0] * layout.channels,
        image_std=[1.0] * layout.channels,
        prompts=prompts,
    )
    model = EegVlmForConditionalGeneration(config)
    return model, processor


def train(
    recipe: Recipe,
    out: str | Path,
    *,
    data: Mapping[str, Path] | None = None,
    resume: bool = False,
    progress: Any = lambda items, what: items,
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

    Returns
    -------
    Path
        The checkpoint's folder.

    Raises
    ------
    InputError
        If ``out`` holds something and ``resume`` is not set, or holds a run of another recipe; if a source has no
        folder or no night, or a person is trained on and validated on.
    """
    out, roots = Path(out), dict(data or {})
    _claim(recipe, out, resume=resume)
    model, processor = build(recipe)
    nights, checks = prepare(
        recipe.data, processor.layout, out / "nights", roots, progress=lambda items: progress(items, "nights")
    )
    run = Run(recipe, out, model, processor, nights, checks, progress)
    figures = {phase.name: run.phase(phase) for phase in recipe.phases}
    return run.finish(figures)


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

    def phase(self, phase: Phase) -> dict[str, float]:
        """Run a phase, or take its result where it had ended; return its figures on the validation subjects."""
        folder = self.out / phase.name
        if (folder / "done.json").is_file():
            self.model = EegVlmForConditionalGeneration.from_pretrained(folder / "weights", dtype=torch.float32)
            figures: dict[str, float] = json.loads((folder / "done.json").read_text(encoding="utf-8"))
            return figures
        train, validation = self.batches(phase)
        mixture = self.recipe.data.train
        if phase.objective == "describe":
            chances = even_chances(train.store, mixture)
        else:
            chances = row_chances(train.store, mixture, self.recipe.data.stage_shares)
        draws = SeededDraws(chances, phase.steps * phase.batch_size, self.recipe.seed)
        return run_phase(phase, self.recipe, self.model, train, validation, draws, folder)

    def batches(self, phase: Phase) -> tuple[Batches, Batches]:
        """Return the training and validation batches of a phase."""
        data, processor = self.recipe.data, self.processor
        augmentation = Augmentation.of(data, self.recipe.seed)
        whole_model = phase.objective in ("answer", "reason")
        if whole_model and self.model.config.context_epochs and "enhancement" in phase.trains:
            hint = "night context comes from a frozen enhancement network: train it in a classify phase"
            raise InputError("recipe", f"phase {phase.name}", "trains enhancement", hint)
        if phase.objective == "describe":
            return self._described(self.nights), self._described(self.checks)
        if not whole_model or not self.model.config.context_epochs:
            seen_as = None if phase.objective == "reason" else augmentation  # what is said must hold
            texts = self._rationales(phase, None, 1)
            return Batches(self.nights, processor, seen_as, rationales=texts), Batches(self.checks, processor)
        bfloat16 = use_bfloat16(self.recipe.precision)
        seen = night_vectors(
            self.model,
            processor,
            self.nights,
            self._context_folder(),
            augmentation=augmentation,
            versions=data.context_versions,
            bfloat16=bfloat16,
            progress=lambda items: self.progress(items, "context"),
        )
        texts = self._rationales(phase, augmentation, data.context_versions)
        return (
            Batches(self.nights, processor, augmentation, seen, data.context_drop, rationales=texts),
            Batches(self.checks, processor, context=self._plain_vectors(bfloat16)),
        )

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
        store = EpochStore(scored.files, scored.panels, unscored=True)
        texts = describe_nights(store, self.processor.layout, self.out / "descriptions")
        return Batches(store, self.processor, descriptions=texts)

    def _plain_vectors(self, bfloat16: bool) -> NightVectors:
        return night_vectors(
            self.model, self.processor, self.checks, self._context_folder() / "validation", bfloat16=bfloat16
        )

    def _context_folder(self) -> Path:
        """Return the folder of the vectors of the enhancement network as it is now."""
        digest = hashlib.sha256()
        for name, weight in sorted(self.model.model.enhancement.state_dict().items()):
            digest.update(name.encode() + weight.cpu().contiguous().numpy().tobytes())
        return self.out / "context" / digest.hexdigest()[:12]

    def finish(self, figures: dict[str, dict[str, float]]) -> Path:
        """Calibrate, save and describe the checkpoint; return its folder."""
        model = self.model
        context = self._plain_vectors(use_bfloat16(self.recipe.precision)) if model.config.context_epochs else None
        scored = scored_nights(model, Batches(self.checks, self.processor, context=context))
        model.config.stage_prior = list(self.recipe.data.stage_shares)
        fitted = fit(scored, model.config.stage_prior)
        for name, value in asdict(fitted).items():
            setattr(model.config, name, value)
        checkpoint = self.out / "model"
        model.to(torch.bfloat16).save_pretrained(checkpoint)
        self.processor.save_pretrained(checkpoint)
        stores = {"training": self.nights, "validation": self.checks}
        write_card(checkpoint, self.recipe, self.out, stores, figures, scored, fitted)
        return checkpoint


def _claim(recipe: Recipe, out: Path, *, resume: bool) -> None:
    """Make the folder the run's own, or check that it already is."""
    stated = json.dumps({"software": f"eeg-vlm {__version__}", "recipe": asdict(recipe)}, indent=1)
    record = out / "recipe.json"
    if record.is_file():
        if record.read_text(encoding="utf-8").strip() != stated:
            raise InputError(out, "recipe.json", "another recipe or version", "choose another --out")
        if not resume:
            raise InputError(out, "out", "a run of this recipe", "add --resume to go on, or choose another --out")
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(out, "out", "not empty", "choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    record.write_text(stated + "\n", encoding="utf-8")
