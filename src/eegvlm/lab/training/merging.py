"""A run that was stopped early to a checkpoint that stages: what it had learnt by its last checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eegvlm import __version__
from eegvlm.core.files import check_output_folder
from eegvlm.errors import InputError
from eegvlm.lab.training.checkpoints import PhaseState, last_checkpoint
from eegvlm.lab.training.loop import DONE
from eegvlm.lab.training.objectives import OBJECTIVES
from eegvlm.lab.training.recipe import Phase, Recipe, migrated, recipe_of
from eegvlm.lab.training.run import TrainingRun
from eegvlm.lab.training.run_folder import RECORD


def merge(
    folder: str | Path,
    out: str | Path,
    *,
    data: Mapping[str, Path] | None = None,
    progress: Any = lambda items, what: items,
) -> Path:
    """Write a plain checkpoint from a run: adapters merged, calibrated, with a card that says where it was stopped.

    Parameters
    ----------
    folder
        Of the run. It may have been stopped in any phase that teaches the whole model, or have ended.
    out
        Folder of the checkpoint.
    data, progress
        As in :func:`~eegvlm.lab.training.train`: the validation nights are needed for the calibration.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    InputError
        If ``folder`` holds no run of this version or one that has not come to teaching the model to answer, or ``out``
        holds something or cannot be written.
    """
    folder, out = Path(folder), Path(out)
    check_output_folder(out)
    if out.is_dir() and any(out.iterdir()):
        raise InputError(out, "out", "not empty", "choose another --out")
    run = TrainingRun.begin(_recipe(folder), folder, dict(data or {}), progress, checkpoint=out)
    figures: dict[str, dict[str, float]] = {}
    note = ""
    for place, phase in enumerate(run.phases):
        if not _ended(phase, folder):
            note = _take_what_there_is(run, place)
            break
        figures[phase.name] = run.phase(phase)
    return run.finish(figures, out, note=note)


def _recipe(folder: Path) -> Recipe:
    """Return the recipe that a run states."""
    file = folder / RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        software, fields = record["software"], record["recipe"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(file, "recipe", error, "give the folder of a run of eegvlm train") from error
    if software != f"eeg-vlm {__version__}":
        raise InputError(file, "software", software, f"this is {__version__}: use the version that made the run")
    return recipe_of(migrated(fields), file)


def _ended(phase: Phase, folder: Path) -> bool:
    parts = ["", *(f"fold-{k + 1}" for k in range(phase.folds))]
    return all((folder / phase.name / part / DONE).is_file() for part in parts)


def _take_what_there_is(run: TrainingRun, place: int) -> str:
    """Take the last checkpoint of the phase that was under way; return what the card has to say of it."""
    phases = run.phases
    last = last_checkpoint(run.out / phases[place].name)
    learnt = [phase for phase in phases[: place + (last is not None)] if OBJECTIVES[phase.objective].answers]
    if not learnt:
        hint = "no phase has taught the whole model yet: go on with eegvlm train --resume"
        raise InputError(run.out, "run", f"stopped in phase {phases[place].name}", hint)
    missing = [phase.name for phase in phases[place + (last is not None) :]]
    sentences = ["The run of this recipe was stopped early."]
    if last is not None:
        run.take(phases[place], last)
        state = PhaseState.read(last)
        sentences.append(
            f"Phase {phases[place].name} stands at step {state.step} of {state.steps}; "
            "its learning rate had not come down."
        )
    if missing:
        sentences.append(f"Not begun: {', '.join(missing)}.")
    return " ".join(sentences)
