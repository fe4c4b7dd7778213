"""Whose folder it is: a run states its recipe there, and another is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from eegvlm import __version__
from eegvlm.epochs.whole_file import holds_nothing, write_whole
from eegvlm.errors import InputError
from eegvlm.training.recipe import Recipe


def stated(recipe: Recipe) -> str:
    """Return what a run's ``recipe.json`` holds."""
    return json.dumps({"software": f"eeg-vlm {__version__}", "recipe": asdict(recipe)}, indent=1)


def claim(recipe: Recipe, out: Path, *, resume: bool) -> None:
    """Make the folder the run's own, or check that it already is."""
    record = out / "recipe.json"
    if record.is_file():
        if record.read_text(encoding="utf-8").strip() != stated(recipe):
            raise InputError(out, "recipe.json", "another recipe or version", "choose another --out")
        if not resume:
            raise InputError(out, "out", "a run of this recipe", "add --resume to go on, or choose another --out")
        return
    if out.is_dir() and not holds_nothing(out):
        raise InputError(out, "out", "not empty", "choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_whole(record, stated(recipe) + "\n")
