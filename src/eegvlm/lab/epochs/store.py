"""A built store: a folder of mapped nights (:mod:`.night_file`), read by row number in microvolt, or by subject."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout
from eegvlm.lab.epochs.file_names import folder_names
from eegvlm.lab.epochs.journal import JOURNAL
from eegvlm.lab.epochs.manifest import MANIFEST, Manifest, NightEntry, read_manifest
from eegvlm.lab.epochs.night_file import NightFile
from eegvlm.lab.epochs.problems import StoreError

Signals = dict[str, npt.NDArray[np.float32]]
COLUMNS = ("dataset", "subject", "night", "index", "onset_s", "stage", "roles", "scale", "saturated", "hash")
_SIGN = b'"format": "eegvlm-epochs-'  # how the plan begins, in the manifest as in the journal
_REMEDY = "run the same `eegvlm dataset build` again, which makes it anew"


def is_store(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder holds what :func:`eegvlm.lab.epochs.build_store` wrote, finished or not."""
    files = [Path(folder, name) for name in (MANIFEST, JOURNAL)]
    return any(_SIGN in _beginning(file) for file in files if file.is_file())


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(64)


def night_paths(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the file of each night of a plan, by name; no name leaves the folder, whatever it is."""
    return {name: folder / "nights" / f"{plain}.npy" for name, plain in folder_names(names).items()}


def is_whole(night: NightFile, entry: NightEntry) -> bool:
    """Tell whether a night's files are those that were written."""
    try:
        return sha256(night.digest()).hexdigest() == entry.sha256
    except InputError:
        return False


class EpochStore:
    """A finished store, opened.

    Parameters
    ----------
    folder
        What :func:`eegvlm.lab.epochs.build_store` wrote.

    Attributes
    ----------
    manifest
        What it holds.
    layout, panels
        The layout whose panels are stored, and their names.
    nights
        Its nights, in the order of ``manifest.nights``; mapped when they are first read.

    Raises
    ------
    StoreError
        Where no finished store lies in the folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self.layout: ImageLayout = self.manifest.layout
        self.panels = [panel.name for panel in self.layout.panels]
        files = night_paths(self.folder, self.manifest.plan["nights"])
        samples = self.manifest.plan["samples_per_epoch"]
        self.nights = [
            NightFile(files[night.name], shape=(night.rows, len(self.panels), samples), remedy=_REMEDY)
            for night in self.manifest.nights
        ]
        self._samples = samples
        self._starts = np.cumsum([0, *(night.rows for night in self.manifest.nights)], dtype=np.int64)

    def __len__(self) -> int:
        return self.manifest.rows

    @cached_property
    def stages(self) -> npt.NDArray[np.int8]:
        """Stage of each row, -1 where unscored: int8 ``(rows,)``."""
        return np.concatenate([night.labels.stages for night in self.nights])

    @cached_property
    def night_of(self) -> npt.NDArray[np.int64]:
        """Number of each row's night in ``manifest.nights``: int64 ``(rows,)``."""
        return np.repeat(np.arange(len(self.nights)), np.diff(self._starts))

    def rows_of(self, night: int) -> npt.NDArray[np.int64]:
        """Return the rows of a night, by its number: int64 ``(epochs,)``."""
        return np.arange(self._starts[night], self._starts[night + 1])

    def fields(self, names: Iterable[str] = COLUMNS, *, nights: Iterable[int] | None = None) -> dict[str, list[Any]]:
        """Return what is known of each epoch beside its signals, a list a column.

        Parameters
        ----------
        names
            Of ``dataset, subject, night, index, onset_s, stage, roles, scale, saturated, hash``.
        nights
            Numbers of the nights; all where None.
        """
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for number in range(len(self.nights)) if nights is None else nights:
            fields = self._fields(number)
            for name, values in columns.items():
                values += fields[name]
        return columns

    def rows(
        self, *, subjects: Iterable[str] | None = None, nights: Iterable[str] | None = None, scored: bool = False
    ) -> npt.NDArray[np.int64]:
        """Select rows.

        Parameters
        ----------
        subjects, nights
            Keep those of these persons, of these nights; all where None.
        scored
            Keep those with a stage only.

        Returns
        -------
        int64 ``(n,)``
            Rising.

        Raises
        ------
        StoreError
            Where the store has no such subject or night.
        """
        entries = self.manifest.nights
        keep = np.ones(len(entries), np.bool_)
        for what, selection, names in (
            ("subject", subjects, [night.subject for night in entries]),
            ("night", nights, [night.name for night in entries]),
        ):
            if selection is not None:
                chosen = set(selection)
                for name in sorted(chosen - set(names)):
                    hint = f"it has {len(set(names))}, such as {', '.join(names[:3])}"
                    raise StoreError(self.folder, what, name, f"not in the store; {hint}")
                keep &= np.array([name in chosen for name in names])
        selected = keep[self.night_of]
        if scored:
            selected &= self.stages >= 0
        return np.flatnonzero(selected)

    def signals(self, rows: npt.ArrayLike) -> Signals:
        """Read epochs.

        Parameters
        ----------
        rows
            Row numbers, in any order, also repeated: ``(n,)``; or a mask of all rows.

        Returns
        -------
        dict
            Panel to float32 ``(n, samples)`` µV in the order of ``rows``, NaN where there is no signal.

        Raises
        ------
        InputError
            Where a row does not exist or its night is damaged.
        """
        numbers = self._numbers(rows)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise StoreError(self.folder, "row", f"{numbers.min()} to {numbers.max()}", f"give 0 to {len(self) - 1}")
        microvolt = np.empty((len(numbers), len(self.panels), self._samples), np.float32)
        night_of = np.searchsorted(self._starts, numbers, side="right") - 1
        for night in np.unique(night_of):
            at = np.flatnonzero(night_of == night)
            microvolt[at] = self.nights[night].microvolt(numbers[at] - self._starts[night])
        return {panel: microvolt[:, i] for i, panel in enumerate(self.panels)}

    def duplicates(self) -> list[npt.NDArray[np.int64]]:
        """Return the groups of rows whose source samples are the same, by which one recording is found twice.

        Epochs in which every channel is flat or missing are not compared.
        """
        digests = np.concatenate([night.columns("hash")["hash"] for night in self.nights])
        order = np.argsort(digests, kind="stable")
        edges = np.flatnonzero(digests[order][1:] != digests[order][:-1]) + 1
        groups = [group for group in np.split(order, edges) if len(group) > 1 and digests[group[0]]]
        return sorted(groups, key=lambda group: int(group[0]))

    def verify(self, nights: Iterable[int] | None = None) -> None:
        """Compare nights, by their numbers, with their SHA-256; all where None.

        Raises
        ------
        StoreError
            Naming the first that is missing or damaged.
        """
        for number in range(len(self.nights)) if nights is None else nights:
            night = self.nights[number]
            if not is_whole(night, self.manifest.nights[number]):
                state = "damaged" if night.file.is_file() else "not found"
                raise StoreError(night.file, "night", state, _REMEDY)

    def _numbers(self, rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
        values = np.asarray(rows)
        if values.dtype == np.bool_:
            if values.shape != (len(self),):
                raise StoreError(self.folder, "rows", f"mask of shape {values.shape}", f"give one of ({len(self)},)")
            return np.flatnonzero(values)
        return values.astype(np.int64).reshape(-1)

    def _fields(self, number: int) -> dict[str, list[Any]]:
        entry, night = self.manifest.nights[number], self.nights[number]
        channels = [entry.channels[panel] for panel in self.panels]
        columns = night.columns("onset_s", "saturated", "hash", "stages")
        return {
            "dataset": [self.manifest.plan["dataset"]["name"]] * entry.rows,
            "subject": [entry.subject] * entry.rows,
            "night": [entry.name] * entry.rows,
            "index": list(range(entry.rows)),
            "onset_s": columns["onset_s"].tolist(),
            "stage": columns["stages"].tolist(),
            "roles": [[channel and channel["role"] for channel in channels]] * entry.rows,
            "scale": [night.scale.tolist()] * entry.rows,
            "saturated": columns["saturated"].tolist(),
            "hash": [digest.decode() or None for digest in columns["hash"].tolist()],
        }
