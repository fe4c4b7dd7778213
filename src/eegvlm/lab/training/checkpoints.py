"""Where a phase stands: its checkpoints, of which the last alone is kept, and its log.

A checkpoint is written beside its place and moved there once it is whole.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from eegvlm.core.files import write_text
from eegvlm.core.output_errors import output_errors
from eegvlm.errors import InputError
from eegvlm.lab.training.processes import Processes
from eegvlm.lab.training.tensor_files import system_errors

UNFINISHED = "unfinished"
LOG = "log.jsonl"
_STATE = "state.json"


@dataclass
class PhaseState:
    """How far a phase is.

    Parameters
    ----------
    steps
        Optimiser steps of the whole phase.
    step
        Those that are done.
    best_loss, evaluations_since_best
        The lowest loss on the validation subjects, and how many evaluations ago it was met.
    stopped
        Whether patience has ended the phase.
    log
        What was logged, in order: by entry ``step`` and figures.
    """

    steps: int
    step: int = 0
    best_loss: float = float("inf")
    evaluations_since_best: int = 0
    stopped: bool = False
    log: list[dict[str, float]] = field(default_factory=list)

    @classmethod
    def read(cls, checkpoint: Path) -> PhaseState:
        """Return the state of a checkpoint.

        Raises
        ------
        InputError
            If the checkpoint has none: another version wrote it.
        """
        file = checkpoint / _STATE
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            hint = "another version began this phase: go on with that version, or delete the phase's folder"
            raise InputError(file, "state", error, hint) from error

    def write(self, checkpoint: Path) -> None:
        """Write the state into a checkpoint."""
        write_json(checkpoint / _STATE, asdict(self))

    def evaluated(self, loss: float, patience: int) -> None:
        """Count an evaluation; one that is no better than the best wears patience, unless there is no end to it (0)."""
        better = loss < self.best_loss  # no loss that is not a number is
        self.evaluations_since_best = 0 if better else self.evaluations_since_best + 1
        self.best_loss = loss if better else self.best_loss
        self.stopped = 0 < patience <= self.evaluations_since_best


def last_checkpoint(folder: Path) -> Path | None:
    """Return the whole checkpoint of the most steps in a phase's folder."""
    if not folder.is_dir():
        return None
    whole = [checkpoint for checkpoint in folder.iterdir() if re.fullmatch(r"checkpoint-\d+", checkpoint.name)]
    return max(whole, key=lambda checkpoint: int(checkpoint.name.partition("-")[2]), default=None)


@contextmanager
def new_checkpoint(folder: Path, step: int, processes: Processes) -> Iterator[Path]:
    """Give a folder to write a checkpoint into; once all processes have left it whole, drop those before it.

    Parameters
    ----------
    folder
        Of the phase.
    step
        After which it is written.
    processes
        All of which enter.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    unfinished, place = folder / UNFINISHED, folder / f"checkpoint-{step}"

    def begin() -> None:
        with output_errors(folder):
            shutil.rmtree(unfinished, ignore_errors=True)
            (unfinished / place.name).mkdir(parents=True)

    processes.on_main(begin)
    with output_errors(folder), system_errors():
        yield unfinished / place.name
    processes.wait()
    processes.on_main(lambda: complete(folder, step))


def complete(folder: Path, step: int) -> None:
    """Put the checkpoint that was written into :data:`UNFINISHED` in its place, and drop those before it."""
    place = folder / f"checkpoint-{step}"
    with output_errors(folder):
        if place.exists():
            shutil.rmtree(place)
        (folder / UNFINISHED / place.name).rename(place)
        (folder / UNFINISHED).rmdir()
        for other in folder.glob("checkpoint-*"):
            if other != place:
                shutil.rmtree(other)


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
    written_by = next((kind for kind, file in files.items() if (checkpoint / file).exists()), "")
    if written_by != sharded:
        origin = f"written under {written_by}" if written_by else f"written without {sharded}"
        raise InputError(checkpoint, "optimizer", origin, "resume with the configuration file that the run began with")


def write_random_state(checkpoint: Path, processes: Processes) -> None:
    """Write the states of torch's random numbers of this process, from which dropout is drawn."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    torch.save(states, checkpoint / f"rng_state_{processes.index}.pth")


def read_random_state(checkpoint: Path, processes: Processes) -> None:
    """Take the states that :func:`write_random_state` wrote."""
    states = torch.load(checkpoint / f"rng_state_{processes.index}.pth", weights_only=True)
    torch.set_rng_state(states["cpu"])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


def write_json(file: Path, value: Any) -> None:
    """Write a value as JSON, atomically."""
    write_text(file, json.dumps(value, indent=1) + "\n")


def read_log(folder: Path) -> list[dict[str, float]]:
    """Return the log of a phase, from its folder."""
    lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def write_log(folder: Path, entries: list[dict[str, float]]) -> None:
    """Write the log of a phase anew: what a killed run had logged after its last checkpoint is dropped."""
    write_text(folder / LOG, "".join(f"{json.dumps(entry)}\n" for entry in entries))


def append_log(folder: Path, entry: dict[str, float]) -> None:
    """Add an entry to the log of a phase."""
    with output_errors(folder), (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(entry)}\n")
