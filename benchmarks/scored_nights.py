"""Scored nights that other benchmarks stage, with defects put on, and a file in which they keep what came out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording, Role
from quality_alarms import UCDDB_RATE

FIRST_SEED = 3_100_000
EEG = ("F4-M1", "C4-M1", "O2-M1")
OTHERS = ("EOG E1-M2", "EOG E2-M2", "EMG chin")

Signals = dict[str, np.ndarray]
Defect = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Subject:
    """A scored night.

    Attributes
    ----------
    name
        As it is kept.
    signals
        Label -> float32 (n,) µV at 128 Hz.
    stages
        int8 (n_epochs,): the truth, or the expert's.
    """

    name: str
    signals: Signals
    stages: np.ndarray

    @property
    def recording(self) -> Recording:
        """The night as the stager reads it."""
        return Recording.from_arrays({label: (signal, UCDDB_RATE) for label, signal in self.signals.items()})

    def damaged(self, labels: Sequence[str], defect: Defect, epochs: slice, seed: int) -> Subject:
        """Return the night with a defect on some channels in some epochs."""
        rng, signals = np.random.default_rng(seed), dict(self.signals)
        for label in labels:
            changed = signals[label].reshape(len(self.stages), -1).copy()
            changed[epochs] = defect(changed[epochs], rng)
            signals[label] = changed.reshape(-1).astype(np.float32)
        return replace(self, signals=signals)


class Kept:
    """Results by name, in a file of lines that grows."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path and path.exists() else []
        self._held: dict[str, Any] = {one["name"]: one["result"] for one in map(json.loads, lines)}

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return a result, computed where it is not known."""
        if name not in self._held:
            self._held[name] = compute()
            if self._path:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"name": name, "result": self._held[name]}) + "\n")
        return self._held[name]


def simulated(nights: int, hours: float) -> Iterator[Subject]:
    """Simulate nights of six channels."""
    for seed in range(FIRST_SEED, FIRST_SEED + nights):
        labels = [f"EEG {label}" for label in EEG]
        night = simulate_night(hours=hours, seed=seed, rate=UCDDB_RATE, channels=(*labels, *OTHERS))
        signals = {label.removeprefix("EEG "): samples for label, samples in night.signals.items()}
        yield Subject(f"{seed} {hours:g} h", signals, night.stages)


def ucddb(root: Path) -> Subject:
    """Read the complete night of UCDDB."""
    (night,) = open_dataset("ucddb-epochs", root, only="ucddb018", look_inside=False).nights
    recording, stages = night.recording(), night.hypnogram().stages
    channel = recording.channel(Role.EEG_CENTRAL)
    epochs = recording.raw_epochs(channel)
    complete = (stages >= 0) & np.isfinite(epochs).all(axis=1)
    return Subject("ucddb018", {"C4-M1": epochs[complete].reshape(-1)}, stages[complete])
