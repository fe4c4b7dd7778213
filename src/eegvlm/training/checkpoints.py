"""Checkpoints of a phase under way: one counts once it is whole, and a resumed log goes on from it.

A checkpoint is written beside its place and renamed when its last file is closed, so that a process that is killed
while it writes leaves the one before it. Several processes write one checkpoint together, so it has the same name in
all of them while it is written.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from eegvlm.core.files import write_text
from eegvlm.core.output_errors import output_errors
from eegvlm.errors import InputError

UNFINISHED = "unfinished"
LOG = "log"


def last_checkpoint(folder: Path) -> Path | None:
    """Return the whole checkpoint of the most steps in a phase's folder."""
    if not folder.is_dir():
        return None
    found = [one for one in folder.iterdir() if re.fullmatch(r"checkpoint-\d+", one.name)]
    return max(found, key=steps_of, default=None)


def steps_of(checkpoint: Path) -> int:
    """Return after how many steps a checkpoint was written."""
    return int(checkpoint.name.partition("-")[2])


def complete(folder: Path, steps: int) -> None:
    """Put the checkpoint that was written into :data:`UNFINISHED` in its place, and drop those before it."""
    written = folder / UNFINISHED / f"checkpoint-{steps}"
    place = folder / written.name
    with output_errors(folder):
        if place.exists():
            shutil.rmtree(place)
        written.rename(place)
        written.parent.rmdir()
        for other in folder.glob("checkpoint-*"):
            if other != place:
                shutil.rmtree(other)


def ended_early(checkpoint: Path | None) -> int | None:
    """Return the steps of a checkpoint at which patience had ended the phase; ``None`` where it had not."""
    if checkpoint is None:
        return None
    state = _state(checkpoint)
    control = state["stateful_callbacks"].get("TrainerControl", {}).get("args", {})
    stopped = control.get("should_training_stop", False) and state["global_step"] < state["max_steps"]
    return int(state["global_step"]) if stopped else None


def check_kind(checkpoint: Path, *, sharded: str) -> None:
    """Refuse to go on from a checkpoint whose optimizer was divided in another way: it would begin anew unseen.

    Parameters
    ----------
    checkpoint
        From which a phase is to go on.
    sharded
        What divides the weights now: ``"FSDP"``, ``"DeepSpeed"`` or nothing.

    Raises
    ------
    InputError
        Naming the checkpoint.
    """
    files = {"FSDP": "optimizer.bin", "DeepSpeed": "latest"}
    found = next((kind for kind, file in files.items() if (checkpoint / file).exists()), "")
    if found != sharded:
        said = f"written under {found}" if found else f"written without {sharded}"
        raise InputError(checkpoint, "optimizer", said, "resume with the configuration file that the run began with")


def write_json(file: Path, value: Any) -> None:
    """Write a value as a file that is there whole or not at all."""
    write_text(file, json.dumps(value, indent=1) + "\n")


def log_writer(folder: Path, resumed: Path | None) -> Any:
    """Return the TensorBoard writer of a phase.

    A killed run may have logged steps after its last checkpoint; the reader drops these once it meets the new file.
    """
    from torch.utils.tensorboard import SummaryWriter

    with output_errors(folder / LOG):
        return SummaryWriter(str(folder / LOG), purge_step=steps_of(resumed) + 1 if resumed else 0)


def _state(checkpoint: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return state
