"""Workers that stand in for a model: they write a night's files by the same rules, in no time."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eegvlm.errors import InputError
from eegvlm.lab.cohort import CohortNight, NightOutcome, Output
from eegvlm.lab.cohort.output import MARKER


@dataclass(frozen=True)
class FakeTask:
    """Writes each night's name as its hypnogram.

    Parameters
    ----------
    output
        Where to.
    log
        A folder that gets an empty file for each time that a night is staged.
    options
        Digest of what would be options.
    fails, kills
        Names of nights that fail, and that kill their worker.
    seconds
        What a night takes.
    """

    output: Output
    log: Path
    options: str = "fake"
    fails: tuple[str, ...] = ()
    kills: tuple[str, ...] = ()
    seconds: float = 0.0

    def start(self) -> Callable[[CohortNight], NightOutcome]:
        return self._stage

    def _stage(self, night: CohortNight) -> NightOutcome:
        key = night.key(self.options)
        if night.name in self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        if night.name in self.fails:
            return NightOutcome(
                night.name, night.recording, key, reason=f"{night.recording}: cannot be read", lasting=True
            )
        if (marker := self.output.marker(night.name)) is not None and marker["key"] == key:
            return NightOutcome(night.name, night.recording, key, row=marker["row"])
        time.sleep(self.seconds)
        row = {"night": night.name, "recording": night.recording, "results": night.name, "tst_min": 400.0, "hours": 8.0}
        with self.output.night_folder(night.name) as folder:
            (folder / "hypnogram.csv").write_text(night.name)
            (folder / MARKER).write_text(json.dumps({"key": key, "row": row}))
        (self.log / f"{night.name.replace('/', '+')}.{time.time_ns()}").touch()
        return NightOutcome(night.name, night.recording, key, row=row)


@dataclass(frozen=True)
class NoModel:
    """Cannot start."""

    options: str = "none"

    def start(self) -> Callable[[CohortNight], NightOutcome]:
        raise InputError("giga", "model", "not there", "name one that is")


def made_up_nights(count: int) -> list[CohortNight]:
    return [CohortNight(f"ward-{k % 3}/night-{k:05d}", f"/data/{k:05d}.edf", f"{k}") for k in range(count)]


def stagings(log: Path) -> dict[str, int]:
    """Count how often each night was staged."""
    return Counter(file.name.rpartition(".")[0].replace("+", "/") for file in log.iterdir())
