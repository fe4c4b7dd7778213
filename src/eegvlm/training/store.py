"""Epochs on disk for training: one night a pair of files, drawn only when a batch is made.

A night is kept at the layout's rate, filtered as the layout says, one row of int16 a panel: what the rasteriser
takes, at 1/16 µV, so that augmentation and drawing can differ from pass to pass. Beside it lie its labels.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES

MICROVOLT = 1 / 16
_ABSENT = np.int16(-32768)


@dataclass(frozen=True)
class NightLabels:
    """What is known of the epochs of a night.

    Parameters
    ----------
    person
        The sleeper, unique among all data sets.
    stages
        int8 (n,): the scorer's, -1 where an epoch is not learnt.
    targets
        float32 (n, 5): probabilities to learn; rows of unscored epochs are not used.
    allowed
        bool (5,): the stages among which the loss compares.
    """

    person: str
    stages: npt.NDArray[np.int8]
    targets: npt.NDArray[np.float32]
    allowed: npt.NDArray[np.bool_]


def one_hot(stages: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return (n, 5) certain targets; zeros where a stage is -1."""
    return np.asarray(stages[:, None] == np.array(STAGES), dtype=np.float32)


def write_night(
    file: Path, panels: Sequence[str], signals: dict[str, npt.NDArray[np.float32]], labels: NightLabels
) -> None:
    """Write one night: ``{panel: (epochs, samples) µV}``, panels without a channel left out, and its labels."""
    empty = np.full_like(next(iter(signals.values())), np.nan)
    rows = np.stack([signals.get(panel, empty) for panel in panels], axis=1) / MICROVOLT  # (epochs, panels, samples)
    absent = np.isnan(rows)
    stored = np.clip(np.rint(np.where(absent, 0, rows)), -32767, 32767).astype(np.int16)
    stored[absent] = _ABSENT
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file.with_suffix(".labels.npz"),
        person=labels.person,
        stages=labels.stages,
        targets=labels.targets,
        allowed=labels.allowed,
    )
    partial = file.with_suffix(".new.npy")
    np.save(partial, stored)
    os.replace(partial, file)  # noqa: PTH105 (atomic on every system)


def _labels(file: Path) -> NightLabels:
    try:
        with np.load(file, allow_pickle=False) as held:
            return NightLabels(str(held["person"]), held["stages"], held["targets"], held["allowed"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(file, "labels", error, "delete this night's two files; they are made again") from error


class EpochStore:
    """The epochs to learn of several nights.

    Parameters
    ----------
    files
        Nights that :func:`write_night` wrote, by the name of their source.
    panels
        The panels, in the order in which they were written.
    unscored
        Whether to hold every epoch with signal, instead of those to learn.

    Attributes
    ----------
    nights
        Name of each night.
    persons
        The sleeper of each night.
    night, position
        int64 (n,): of each row, its night and its place in it.
    source
        int64 (n,): of each row, the place of its source in ``sources``.
    stages, targets, allowed
        (n,), (n, 5), (n, 5): see :class:`NightLabels`.
    """

    def __init__(self, files: dict[str, list[Path]], panels: Sequence[str], *, unscored: bool = False) -> None:
        self.files, self.panels = files, list(panels)
        self.sources = list(files)
        paths = [(number, path) for number, source in enumerate(files) for path in files[source]]
        self.nights = [path.stem for _, path in paths]
        self._signals = [np.load(path, mmap_mode="r") for _, path in paths]
        labels = [_labels(path.with_suffix(".labels.npz")) for _, path in paths]
        self.persons = [one.person for one in labels]
        if unscored:
            rows = [np.flatnonzero((night != _ABSENT).any(axis=(1, 2))) for night in self._signals]
        else:
            rows = [np.flatnonzero(one.stages >= 0) for one in labels]
        counts = [len(some) for some in rows]
        self.position = np.concatenate([*rows, np.empty(0, np.intp)]).astype(np.int64)
        self.night = np.repeat(np.arange(len(paths)), counts)
        self.source = np.repeat([number for number, _ in paths], counts).astype(np.int64)
        self.stages = np.concatenate([o.stages[r] for o, r in zip(labels, rows, strict=True)]).astype(np.int64)
        self.targets = np.concatenate([o.targets[r] for o, r in zip(labels, rows, strict=True)])
        self.allowed = np.repeat(np.stack([one.allowed for one in labels]), counts, axis=0)

    def __len__(self) -> int:
        return len(self.position)

    def __getitem__(self, index: int) -> int:
        return index  # a batch is read at once, by :meth:`signals`

    def digest(self) -> str:
        """Return the SHA-256 of all stored signals and labels, in order."""
        digest = hashlib.sha256()
        for paths in self.files.values():
            for path in paths:
                for file in (path, path.with_suffix(".labels.npz")):
                    with file.open("rb") as held:
                        digest.update(hashlib.file_digest(held, "sha256").digest())
        return digest.hexdigest()

    def length(self, night: int) -> int:
        """Return how many epochs a night has, those that are not learnt included."""
        return len(self._signals[night])

    def signals(self, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float32]]:
        """Return ``{panel: (len(rows), samples) µV}``, NaN where a panel is absent."""
        pairs = zip(self.night[rows], self.position[rows], strict=True)
        return self._in_microvolt(np.stack([self._signals[night][position] for night, position in pairs]))

    def whole_night(self, night: int, epochs: slice) -> dict[str, npt.NDArray[np.float32]]:
        """Return ``{panel: (epochs, samples) µV}`` of consecutive epochs, learnt or not."""
        return self._in_microvolt(np.asarray(self._signals[night][epochs]))

    def _in_microvolt(self, stored: npt.NDArray[np.int16]) -> dict[str, npt.NDArray[np.float32]]:
        values = stored.astype(np.float32) * np.float32(MICROVOLT)
        values[stored == _ABSENT] = np.nan
        return {panel: values[:, i] for i, panel in enumerate(self.panels)}
