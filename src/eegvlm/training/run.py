"""A recipe to a checkpoint: make the nights, train the phases, calibrate, save.

A run can be killed at any moment. Nights that are written stay, a phase that ended is not repeated, and a phase
that was under way goes on from its last checkpoint.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from eegvlm import __version__
from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor, preset
from eegvlm.training.calibration import fit_temperature, stage_logits
from eegvlm.training.card import write_card
from eegvlm.training.data import Batches, prepare
from eegvlm.training.phases import run_phase
from eegvlm.training.recipe import Recipe
from eegvlm.training.tokenizer import IMAGE, train_tokenizer


def build(recipe: Recipe) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Return the recipe's model with random weights, and its processor."""
    layout = load_layout(recipe.model.layout)
    tokenizer = train_tokenizer(vocab_size=recipe.model.vocab_size, seed=recipe.seed)
    config = preset(recipe.model.preset, image_token_index=tokenizer.convert_tokens_to_ids(IMAGE))
    config.text_config.vocab_size = len(tokenizer)
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    set_seed(recipe.seed)
    model = EegVlmForConditionalGeneration(config)
    processor = EegVlmProcessor.for_config(
        config,
        tokenizer,
        layout,
        image_mean=[0.0] * layout.channels,
        image_std=[1.0] * layout.channels,
        prompts={"direct": recipe.model.prompt},
    )
    return model, processor


def train(recipe: Recipe, out: str | Path, *, resume: bool = False, progress: Any = lambda items: items) -> Path:
    """Run a recipe.

    Parameters
    ----------
    recipe
        What :func:`~eegvlm.training.recipe.read_recipe` read.
    out
        Folder of the run: ``nights/``, one folder a phase, ``model/``.
    resume
        Go on with a run that is in ``out``. A folder that is not empty is refused otherwise.
    progress
        Wraps the iterable of nights that are made.

    Returns
    -------
    Path
        The checkpoint's folder.

    Raises
    ------
    InputError
        If ``out`` holds something and ``resume`` is not set, or holds a run of another recipe.
    """
    out = Path(out)
    _claim(recipe, out, resume=resume)
    model, processor = build(recipe)
    data = recipe.data
    stores = {
        "train": prepare(data.train, processor.layout, out / "nights", progress=progress),
        "validation": prepare(data.validation, processor.layout, out / "nights", progress=progress),
    }
    train_batches = Batches(stores["train"], processor, data.randomisation, data.channel_drop, recipe.seed)
    validation = Batches(stores["validation"], processor)
    figures: dict[str, dict[str, float]] = {}
    for phase in recipe.phases:
        folder = out / phase.name
        if (folder / "done.json").is_file():
            model = EegVlmForConditionalGeneration.from_pretrained(folder / "weights", dtype=torch.float32)
            figures[phase.name] = json.loads((folder / "done.json").read_text(encoding="utf-8"))
            continue
        figures[phase.name] = run_phase(phase, recipe, model, train_batches, validation, folder)
    logits, stages = stage_logits(model, validation)
    model.config.stage_temperature = fit_temperature(logits, stages)
    checkpoint = out / "model"
    model.to(torch.bfloat16).save_pretrained(checkpoint)
    processor.save_pretrained(checkpoint)
    write_card(checkpoint, recipe, figures, logits / model.config.stage_temperature, stages)
    return checkpoint


def _claim(recipe: Recipe, out: Path, *, resume: bool) -> None:
    """Make the folder the run's own, or check that it already is."""
    stated = json.dumps({"software": f"eeg-vlm {__version__}", "recipe": dataclasses.asdict(recipe)}, indent=1)
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
