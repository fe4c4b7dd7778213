"""Whose folder it is: a run states its recipe there, and another is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from eegvlm import __version__
from eegvlm.core.files import check_output_folder, make_folder, write_text
from eegvlm.core.temporary_names import discard, holds_nothing
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
        entries = sorted(entry.name for entry in out.iterdir())
        raise InputError(out, "out", f"not empty (it holds {entries[0]})", _other_folder(out, entries, record))


def check_goes_on(out: Path, *, record: str = RECORD) -> None:
    """Refuse to go on where no run has begun: a folder that is misspelt would begin one anew.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    if not (out / record).is_file():
        value = "no run of this kind in it" if out.is_dir() else "no such folder"
        raise InputError(out, "--resume", value, "leave --resume out to begin there, or name the folder of the run")


def _other_folder(out: Path, entries: list[str], record: str) -> str:
    runs = [name for name in entries if (out / name / record).is_file()]
    if runs:
        return f"{out / runs[0]} holds a run: name it to go on with it, or choose a new folder"
    return f"choose a new folder with --out, such as {out / 'run'}"


def claim(recipe: Recipe, out: Path, *, resume: bool, record: str = RECORD) -> None:
    """Make the folder the run's own, or check that it already is; see :func:`check_claim`."""
    check_claim(recipe, out, resume=resume, record=record)
    if not (out / record).is_file():
        make_folder(out)
        write_text(out / record, stated(recipe) + "\n")


def release_claim(out: Path, *, record: str = RECORD) -> None:
    """Take a claim back where nothing was made: the same command can then be given again."""
    if out.is_dir() and holds_nothing(out, record):
        discard(out / record)
        if holds_nothing(out):
            discard(out)
