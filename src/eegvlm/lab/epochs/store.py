"""A store read back: by row number in microvolt, by subject, or streamed over processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.images import ImageLayout
from eegvlm.lab.datasets.files import sha256_of
from eegvlm.lab.epochs.counts import to_microvolt
from eegvlm.lab.epochs.journal import JOURNAL
from eegvlm.lab.epochs.manifest import MANIFEST, Manifest, read_manifest
from eegvlm.lab.epochs.problems import StoreError, optional
from eegvlm.lab.epochs.shard import Shards, group_starts, shard_path
from eegvlm.lab.epochs.streaming import mixed, share
from eegvlm.lab.epochs.unpacked import Unpacked

Signals = dict[str, npt.NDArray[np.float32]]
_SIGN = b'"format": "eegvlm-epochs-'  # how the plan begins, in the manifest as in the journal


def is_store(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder holds what :func:`eegvlm.lab.epochs.build_store` wrote, finished or not."""
    files = [Path(folder, name) for name in (MANIFEST, JOURNAL)]
    return any(_SIGN in _beginning(file) for file in files if file.is_file())


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(64)


@dataclass(frozen=True, eq=False)
class EpochBatch:
    """Epochs that a stream gives at once.

    Parameters
    ----------
    rows
        Their numbers in the store: int64 ``(n,)``.
    signals
        Panel to float32 ``(n, samples)`` µV, NaN where there is no signal: what :func:`eegvlm.images.render` draws.
    stages
        int8 ``(n,)``, -1 where unscored.
    """

    rows: npt.NDArray[np.int64]
    signals: Signals
    stages: npt.NDArray[np.int8]


class EpochStore:
    """A finished store, opened.

    Parameters
    ----------
    folder
        What :func:`eegvlm.lab.epochs.build_store` wrote.
    unpacked
        A folder for memory-mapped copies of the shards, made when a shard is first read: reading rows at random is
        then a hundred times faster, for two bytes a sample on disk. Copies are found by their content and can be
        shared by stores and processes. Without it, half an hour is decoded for every row.

    Raises
    ------
    StoreError
        Where no finished store lies in the folder.
    """

    def __init__(self, folder: str | os.PathLike[str], *, unpacked: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self.layout: ImageLayout = self.manifest.layout
        self.panels = [panel.name for panel in self.layout.panels]
        shards = self.manifest.shards
        files = [shard_path(self.folder, shard.number, len(shards)) for shard in shards]
        plan = self.manifest.plan
        groups = [group_starts((night.rows for night in shard.nights), plan["rows_per_group"]) for shard in shards]
        self._shards = Shards(files, groups, self.panels, plan["samples_per_epoch"])
        self._starts = np.concatenate([[0], np.cumsum([shard.rows for shard in shards], dtype=np.int64)])
        digests = [shard.sha256 for shard in shards]
        self._unpacked = None if unpacked is None else Unpacked(Path(unpacked), self._shards, digests)

    def __len__(self) -> int:
        return self.manifest.rows

    @cached_property
    def stages(self) -> npt.NDArray[np.int8]:
        """Stage of each row, -1 where unscored: int8 ``(rows,)``."""
        return np.concatenate([part.column("stage").to_numpy() for part in self._parts(["stage"])]).astype(np.int8)

    @cached_property
    def night_of(self) -> npt.NDArray[np.int64]:
        """Number of each row's night in ``manifest.nights``: int64 ``(rows,)``."""
        return np.repeat(np.arange(len(self.manifest.nights)), [night.rows for night in self.manifest.nights])

    @cached_property
    def index(self) -> npt.NDArray[np.int64]:
        """Number of each row's epoch in its night, from 0: int64 ``(rows,)``."""
        return np.concatenate([np.arange(night.rows) for night in self.manifest.nights])

    def fields(self, names: Iterable[str], *, first: int = 0, stop: int | None = None) -> dict[str, list[Any]]:
        """Return columns other than signals for the rows from ``first`` to ``stop``, as lists."""
        columns = list(names)
        end = len(self) if stop is None else stop
        parts = []
        for shard in self.manifest.shards:
            begin = int(self._starts[shard.number])
            if shard.rows and begin < end and first < begin + shard.rows:
                table = self._shards.fields(shard.number, columns)
                parts.append(table.slice(max(0, first - begin), end - max(first, begin)))
        return {name: [value for part in parts for value in part.column(name).to_pylist()] for name in columns}

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
        StoreError
            Where a row does not exist or its shard is damaged.
        """
        numbers = self._numbers(rows)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise StoreError(self.folder, "row", f"{numbers.min()} to {numbers.max()}", f"give 0 to {len(self) - 1}")
        counts = np.empty((len(numbers), len(self.panels), self._shards.samples), np.int16)
        shard_of = np.searchsorted(self._starts, numbers, side="right") - 1
        for shard in np.unique(shard_of):
            at = np.flatnonzero(shard_of == shard)
            counts[at] = self._read(int(shard), numbers[at] - self._starts[shard])
        return self._microvolt(counts)

    def stream(
        self,
        rows: npt.ArrayLike | None = None,
        *,
        batch: int = 64,
        rank: int = 0,
        world_size: int = 1,
        seed: int | None = None,
        pool: int = 8,
    ) -> Iterator[EpochBatch]:
        """Read epochs one half hour after the other; each is decoded once.

        Parameters
        ----------
        rows
            What is read, each row once, such as :meth:`rows` gives; all where None.
        batch
            Epochs at once; the last batch may be smaller.
        rank, world_size
            This process's number and how many there are. Together they read every row once; their shares differ by
            one half hour at most. Workers of a loader count as processes.
        seed
            Of the order; with it, half hours are shuffled, and epochs within ``pool`` half hours that are mixed. The
            stored order where None. Give another seed for another pass.
        pool
            Half hours that are mixed.

        Raises
        ------
        StoreError
            Where rank and world size do not fit, or a shard is damaged.
        """
        if not 0 <= rank < world_size or batch < 1 or pool < 1:
            arguments = f"rank {rank} of {world_size}, batch {batch}, pool {pool}"
            raise StoreError(self.folder, "stream", arguments, "ranks count from 0, the rest from 1")
        mask = np.zeros(len(self), np.bool_)
        mask[slice(None) if rows is None else self._numbers(rows)] = True
        units = share(self._units(mask), rank=rank, world_size=world_size, seed=seed)
        for mixed_rows, counts in mixed(units, self._decoded, batch=batch, pool=pool, seed=seed):
            yield EpochBatch(mixed_rows, self._microvolt(counts), self.stages[mixed_rows])

    def duplicates(self) -> list[npt.NDArray[np.int64]]:
        """Return the groups of rows whose source samples are the same, by which one recording is found twice.

        Epochs in which every channel is flat or missing are not compared.
        """
        parts = [part.column("hash").to_pylist() for part in self._parts(["hash"])]
        digests = np.array([digest or "" for part in parts for digest in part], "S32")
        order = np.argsort(digests, kind="stable")
        edges = np.flatnonzero(digests[order][1:] != digests[order][:-1]) + 1
        groups = [group for group in np.split(order, edges) if len(group) > 1 and digests[group[0]]]
        return sorted(groups, key=lambda group: int(group[0]))

    def verify(self) -> None:
        """Compare every shard with its SHA-256.

        Raises
        ------
        StoreError
            Naming the first that is missing or damaged.
        """
        for shard, file in zip(self.manifest.shards, self._shards.files, strict=True):
            if shard.rows and (not file.is_file() or sha256_of(file) != shard.sha256):
                state = "damaged" if file.is_file() else "not found"
                raise StoreError(file, "shard", state, "run the same `eegvlm dataset build` again, which makes it anew")

    def huggingface(self, *, streaming: bool = True) -> Any:
        """Open the shards with Hugging Face ``datasets``: rows as they are stored, signals as counts."""
        files = [str(file) for file, shard in zip(self._shards.files, self.manifest.shards, strict=True) if shard.rows]
        return optional("datasets").load_dataset("parquet", data_files=files, split="train", streaming=streaming)

    def _numbers(self, rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
        values = np.asarray(rows)
        if values.dtype == np.bool_:
            if values.shape != (len(self),):
                raise StoreError(self.folder, "rows", f"mask of shape {values.shape}", f"give one of ({len(self)},)")
            return np.flatnonzero(values)
        return values.astype(np.int64).reshape(-1)

    def _parts(self, names: list[str]) -> Iterator[Any]:
        return (self._shards.fields(shard.number, names) for shard in self.manifest.shards if shard.rows)

    def _read(self, shard: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        if self._unpacked is not None:
            return self._unpacked.counts(shard)[rows]
        starts = self._shards.starts[shard]
        group_of = np.searchsorted(starts, rows, side="right") - 1
        counts = np.empty((len(rows), len(self.panels), self._shards.samples), np.int16)
        for group in np.unique(group_of):
            at = group_of == group
            counts[at] = self._shards.counts(shard, int(group))[rows[at] - starts[group]]
        return counts

    def _units(self, mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
        """Rows that are wanted, by the row group in which they lie."""
        units = []
        for shard in self.manifest.shards:
            begin, end = self._starts[shard.number], self._starts[shard.number + 1]
            if not mask[begin:end].any():
                continue
            starts = begin + self._shards.starts[shard.number]
            for first, stop in pairwise(starts):
                rows = first + np.flatnonzero(mask[first:stop])
                if rows.size:
                    units.append(rows)
        return units

    def _decoded(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        shard = int(np.searchsorted(self._starts, rows[0], side="right")) - 1
        return self._read(shard, rows - self._starts[shard])

    def _microvolt(self, counts: npt.NDArray[np.int16]) -> Signals:
        sizes = self.manifest.microvolt_per_count
        return {panel: to_microvolt(counts[:, i], sizes[panel]) for i, panel in enumerate(self.panels)}
