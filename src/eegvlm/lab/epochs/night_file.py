"""A night on disk, mapped: the one form in which epochs are kept, by a built store and by a run of training alike.

Two files a night. ``<night>.npy``: int16 counts (epochs, panels, samples), filtered and at the rate of a layout,
-32768 where there is no signal. ``<night>.labels.npz``: the person, stages, probabilities to learn, stages to compare,
and the µV of one count by panel; a built store adds what else is known of each epoch. It is what the rasteriser takes,
not pictures, so that augmentation and drawing can differ from pass to pass.

Not covered: compression. A night is opened when it is first read, by every process for itself, and rows at random
are as fast as the disk.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import make_folder, replacing
from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.lab.epochs.counts import FINEST, MISSING, to_microvolt

MADE_AGAIN = "delete this night's two files; they are made again"


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


def labels_file(file: Path) -> Path:
    """Return the file of a night's labels, which lies beside that of its signals."""
    return file.with_suffix(".labels.npz")


def write_counts(
    file: Path,
    counts: Mapping[str, npt.NDArray[np.int16]],
    panels: Mapping[str, float],
    labels: NightLabels,
    columns: Mapping[str, npt.NDArray[Any]] | None = None,
) -> None:
    """Write one night; each of its two files appears whole or not at all, the signals last.

    Parameters
    ----------
    file
        The ``.npy`` file.
    counts
        Panel to int16 (epochs, samples); panels without a channel are left out.
    panels
        Panel to µV of one count, in the order in which they are stored.
    labels
        Of its epochs.
    columns
        What else is known of each epoch, by name: (epochs,).

    Raises
    ------
    InputError
        If it cannot be written.
    """
    empty = np.full_like(next(iter(counts.values())), MISSING)
    stored = np.stack([counts.get(panel, empty) for panel in panels], axis=1)
    fields: dict[str, Any] = {
        "person": labels.person,
        "stages": labels.stages,
        "targets": labels.targets,
        "allowed": labels.allowed,
        "scale": np.array(list(panels.values()), np.float32),
        **(columns or {}),
    }
    make_folder(file.parent)
    with replacing(labels_file(file)) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **fields)
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, stored)


class NightFile:
    """A night that :func:`write_counts` wrote.

    Parameters
    ----------
    file
        Its signals; the labels lie beside them.
    shape
        Epochs, panels and samples that it must have; not checked where None.
    places
        Panels that are read, by their place in the file, in the order in which they are given back; all where None.
    remedy
        What a user can do about a damaged file.
    """

    def __init__(
        self,
        file: Path,
        *,
        shape: tuple[int, int, int] | None = None,
        places: Sequence[int] | None = None,
        remedy: str = MADE_AGAIN,
    ) -> None:
        self.file = file
        self._shape, self._places, self._remedy = shape, places, remedy

    def __getstate__(self) -> dict[str, Any]:
        # a mapped array would be copied as a whole
        return {name: value for name, value in self.__dict__.items() if name not in ("counts", "scale")}

    def __len__(self) -> int:
        return len(self.counts) if self._shape is None else self._shape[0]

    def showing(self, places: Sequence[int]) -> NightFile:
        """Return the same night of which these panels are read, by their places in the file."""
        everything = self._shape is not None and list(places) == list(range(self._shape[1]))
        chosen = None if everything else places
        return NightFile(self.file, shape=self._shape, places=chosen, remedy=self._remedy)

    @property
    def key(self) -> str:
        """The file's name."""
        return self.file.stem

    @cached_property
    def counts(self) -> npt.NDArray[np.int16]:
        """All panels as they are stored, mapped: int16 (epochs, panels, samples).

        Raises
        ------
        InputError
            If the file is absent or damaged.
        """
        try:
            counts: npt.NDArray[np.int16] = np.load(self.file, mmap_mode="r")
        except FileNotFoundError:
            raise InputError(self.file, "signals", "not found", self._remedy) from None
        except (OSError, ValueError, EOFError) as error:
            raise InputError(self.file, "signals", f"damaged ({error})", self._remedy) from error
        if counts.dtype != np.int16 or counts.ndim != 3 or counts.shape != (self._shape or counts.shape):
            raise InputError(self.file, "signals", f"{counts.dtype} of shape {counts.shape}", self._remedy)
        return counts

    @cached_property
    def scale(self) -> npt.NDArray[np.float32]:
        """µV of one count of each panel that is read: float32 (panels,)."""
        with self._archive() as archive:
            # A run of before nights stated their scale has one scale for all panels.
            scale = archive["scale"] if "scale" in archive else np.full(self.counts.shape[1], FINEST, np.float32)
        return np.asarray(self._chosen(scale, axis=0))

    @property
    def labels(self) -> NightLabels:
        """Read them.

        Raises
        ------
        InputError
            If the file is absent or damaged.
        """
        with self._archive() as archive:
            return NightLabels(str(archive["person"]), archive["stages"], archive["targets"], archive["allowed"])

    def columns(self, *names: str) -> dict[str, npt.NDArray[Any]]:
        """Return what was written of each epoch under these names: (epochs,).

        Raises
        ------
        InputError
            If the file is absent or damaged, or holds no such column.
        """
        with self._archive() as archive:
            return {name: archive[name] for name in names}

    def microvolt(self, epochs: int | slice | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return (panels, samples) µV of one epoch, (n, panels, samples) of several; NaN where there is no signal."""
        stored = self._chosen(np.asarray(self.counts[epochs]), axis=-2)
        return to_microvolt(stored, self.scale[:, None])

    def heard(self) -> npt.NDArray[np.bool_]:
        """Return which epochs have a signal: bool (epochs,)."""
        return np.asarray((self._chosen(self.counts, axis=-2) != MISSING).any(axis=(1, 2)))

    def digest(self) -> bytes:
        """Return SHA-256 of its two files, one after the other.

        Raises
        ------
        InputError
            If one of them is absent.
        """
        digest = b""
        for file in (self.file, labels_file(self.file)):
            try:
                with file.open("rb") as stream:
                    digest += hashlib.file_digest(stream, "sha256").digest()
            except FileNotFoundError:
                raise InputError(file, "night", "not found", self._remedy) from None
        return digest

    @contextmanager
    def _archive(self) -> Iterator[Any]:
        file = labels_file(self.file)
        try:
            with np.load(file, allow_pickle=False) as archive:
                yield archive
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(file, "labels", error, self._remedy) from error

    def _chosen(self, stored: npt.NDArray[Any], *, axis: int) -> npt.NDArray[Any]:
        return stored if self._places is None else np.take(stored, self._places, axis=axis)
