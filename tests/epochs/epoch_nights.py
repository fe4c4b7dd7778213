"""Nights made of arrays, whose every sample and stage a test knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.datasets import Dataset, DatasetProblem, Night
from eegvlm.lab.datasets.sources import Channels, RecordingClock
from eegvlm.signals import EPOCH_S, Recording, RecordingError

RATE = 100
PER_EPOCH = 3000


@dataclass(frozen=True)
class ArrayNight:
    """Signals by label and the stages; while the file ``broken`` exists, the recording cannot be read."""

    signals: Mapping[str, npt.NDArray[np.float32]] = field(repr=False)
    stages: Sequence[int]
    broken: Path | None = None
    fault: OSError | None = None
    scorer: str = "truth"

    @property
    def paths(self) -> tuple[Path, ...]:
        return ()

    @property
    def path(self) -> None:
        return None

    def clock(self) -> RecordingClock:
        return RecordingClock(None, len(next(iter(self.signals.values()))) / RATE)

    def read(self, recording_s: float | None = None) -> Hypnogram:
        return Hypnogram(np.array(self.stages, np.int8), EPOCH_S)

    def open(self, channels: Channels | None) -> Recording:
        if self.broken is not None and self.broken.exists():
            raise RecordingError(self.broken, "header", "garbage", "copy it again")
        if self.fault is not None:
            raise self.fault
        return Recording.from_arrays({label: (x, float(RATE)) for label, x in self.signals.items()}, None, channels)


def noise(seed: int, epochs: int = 4, microvolt: float = 20.0) -> npt.NDArray[np.float32]:
    """Return EEG-like noise of a number of epochs, samples one after the other."""
    return np.random.default_rng(seed).normal(0, microvolt, epochs * PER_EPOCH).astype(np.float32)


def night(
    source: ArrayNight, name: str = "n1", subject: str = "s1", *, dataset: str = "folder", crop: float | None = None
) -> Night:
    return Night(dataset, dataset, subject, name, source, (source,), wake_crop_min=crop)


def dataset_of(*nights: Night, root: str = "nights", problems: Sequence[DatasetProblem] = ()) -> Dataset:
    return Dataset("folder", root, tuple(nights), tuple(problems), {"scorer": None, "wake_crop_min": None})


def simple_dataset(nights: int = 2, epochs: int = 4, seed: int = 0) -> Dataset:
    """Return nights of EEG and chin, each of a subject of its own, with stages W N1 N2 N3 R W ..."""
    made = []
    for number in range(nights):
        signals = {"C4-M1": noise(seed + 2 * number, epochs), "EMG chin": noise(seed + 2 * number + 1, epochs, 10)}
        stages = [k % 5 for k in range(epochs)]
        made.append(night(ArrayNight(signals, stages), f"n{number}", f"s{number}"))
    return dataset_of(*made)
