"""Recordings in HDF5, read through h5py (extra ``hdf5``); samples stay in the file until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sampled_source import SampledSource
from eegvlm.lab.datasets.sources import Channels, RecordingClock, RecordingFile, SignalSource
from eegvlm.signals import Problem, Recording
from eegvlm.signals.arrays import exact_rate
from eegvlm.signals.labels import unique_labels
from eegvlm.signals.source import Signal


@dataclass(frozen=True)
class StoredSignal:
    """One signal of a file.

    Parameters
    ----------
    path
        Of its data set in the file.
    label
        As channels are spelled elsewhere.
    rate
        Samples per second.
    factor
        Microvolt per stored unit; None where it is no voltage.
    """

    path: str
    label: str
    rate: float
    factor: float | None


@dataclass(frozen=True)
class StoredSignals:
    """What a file holds, and what must be known about it."""

    signals: tuple[StoredSignal, ...]
    problems: tuple[Problem, ...] = ()


Describe = Callable[[Any, Path], StoredSignals]
"""From an open ``h5py.File`` and its path to its signals."""


@dataclass(frozen=True)
class Hdf5Recording:
    """A recording in one file.

    Parameters
    ----------
    path
        The file.
    describe
        Finds its signals.
    """

    path: Path
    describe: Describe

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    def clock(self) -> RecordingClock:
        """Read the length; the start is not known."""
        return RecordingClock(None, float(self._source().duration_s))

    def open(self, channels: Channels | None) -> Recording:
        """Open the file."""
        return Recording.from_source(self._source(), channels)

    def _source(self) -> SampledSource:
        with opened(self.path) as file:
            stored = self.describe(file, self.path)
            if not stored.signals:
                raise DatasetError(self.path, "signals", "none", "give the file as it was downloaded")
            sizes = [int(file[signal.path].size) for signal in stored.signals]
        labels = unique_labels([signal.label for signal in stored.signals])
        signals = tuple(
            Signal(
                label,
                signal.path.rpartition("/")[2],
                exact_rate(signal.rate),
                "uV" if signal.factor else "",
                signal.factor,
                size,
            )
            for label, signal, size in zip(labels, stored.signals, sizes, strict=True)
        )

        def read(index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
            with opened(self.path) as file:
                values = np.asarray(file[stored.signals[index].path][start:stop], np.float32)
            return values * np.float32(stored.signals[index].factor or 1.0)

        return SampledSource(str(self.path), signals, read, problems=stored.problems)


def hdf5_or_edf(path: Path, describe: Describe) -> SignalSource:
    """Return a recording as it was published, in HDF5, or as it was converted to EDF since."""
    return RecordingFile(path) if path.suffix.lower() == ".edf" else Hdf5Recording(path, describe)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file to read it.

    Raises
    ------
    DatasetError
        If h5py is not installed, or the file is damaged.
    """
    try:
        import h5py
    except ImportError:
        hint = "install the extra with pip install 'eeg-vlm[hdf5]'"
        raise DatasetError(path, "format", "HDF5, which is read through h5py", hint) from None
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        raise DatasetError(path, "HDF5", error, "the file is damaged or of another kind: copy it again") from error
