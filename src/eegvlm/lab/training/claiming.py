"""Whose folder it is: a run states its recipe there, and another is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from eegvlm import __version__
from eegvlm.core.files import check_output_folder, make_folder, write_text
from eegvlm.core.temporary_names import holds_nothing
from eegvlm.errors import InputError
from eegvlm.lab.training.recipe import Recipe

RECORD = "recipe.json"


def stated(recipe: Recipe) -> str:
    """Return what a run's ``recipe.json`` holds."""
    return json.dumps({"software": f"eeg-vlm {__version__}", "recipe": asdict(recipe)}, indent=1)


def check_claim(recipe: Recipe, out: Path, *, resume: bool, record: str = RECORD) -> None:
    """Refuse, before the work, a folder that is not the run's own or cannot be written.

    Parameters
    ----------
    recipe, out, resume
        What is run, its folder, and whether it may go on there.
    record
        Name of the file in which the recipe is stated.

    Raises
    ------
    InputError
        If it holds something else, or this run and it is not to go on, or cannot be written.
    """
    check_output_folder(out)
    file = out / record
    if file.is_file():
        if file.read_text(encoding="utf-8").strip() != stated(recipe):
            raise InputError(out, record, "another recipe or version", "choose another --out")
        if not resume:
            raise InputError(out, "out", "a run of this recipe", "add --resume to go on, or choose another --out")
        return
    if out.is_dir() and not holds_nothing(out):
        raise InputError(out, "out", "not empty", "choose another --out")


def claim(recipe: Recipe, out: Path, *, resume: bool, record: str = RECORD) -> None:
    """Make the folder the run's own, or check that it already is; see :func:`check_claim`."""
    check_claim(recipe, out, resume=resume, record=record)
    if not (out / record).is_file():
        make_folder(out)
        write_text(out / record, stated(recipe) + "\n")
