"""A shard: the Parquet file of one or a few nights, the same bytes whenever it is made.

Columns: ``dataset``, ``subject``, ``night``, ``index``, ``onset_s``, ``stage``, one list of int16 a panel under the
panel's name, ``roles`` and ``scale`` (one an entry of the layout's panels), ``saturated``, ``hash``. A panel without
signal is null; a sample without signal inside an epoch is -32768. Signals are packed as differences
(``DELTA_BINARY_PACKED``), which fits filtered waves better than any general compressor.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import make_folder, replacing
from eegvlm.core.temporary_names import remove_unfinished
from eegvlm.lab.epochs.counts import MISSING
from eegvlm.lab.epochs.problems import StoreError, optional
from eegvlm.lab.epochs.reading import NightEpochs

ROWS_PER_GROUP = 60  # half an hour: what is decoded at once
FIELDS = ("dataset", "subject", "night", "index", "onset_s", "stage", "roles", "scale", "saturated", "hash")
_OPEN_FILES = 8
_GROUPS_KEPT = 4
_DAMAGED = "it is damaged; run the same `eegvlm dataset build` again, which makes it anew"


def shard_path(folder: Path, number: int, of: int) -> Path:
    """Return where a shard lies."""
    return folder / "data" / f"shard-{number:05d}-of-{of:05d}.parquet"


def write_shard(file: Path, nights: Iterable[NightEpochs], panels: dict[str, float], *, samples: int) -> int:
    """Write a shard, whole or not at all.

    Parameters
    ----------
    file
        The Parquet file.
    nights
        Its nights, read one after the other.
    panels
        Panel to µV of one count, in the layout's order.
    samples
        Of an epoch.

    Returns
    -------
    int
        Rows. Where there are none, no file is written.
    """
    parquet = optional("pyarrow.parquet")
    schema = _schema(panels)
    remove_unfinished(file)
    remaining = iter(nights)
    first = next(remaining, None)
    if first is None:
        return 0
    make_folder(file.parent)
    rows = 0
    with replacing(file) as temporary, parquet.ParquetWriter(temporary, schema, **_packing(panels)) as writer:
        for night in chain([first], remaining):
            writer.write_table(_table(night, panels, schema, samples), row_group_size=ROWS_PER_GROUP)
            rows += len(night)
    return rows


def group_starts(nights: Iterable[int], rows_per_group: int) -> npt.NDArray[np.int64]:
    """Return the first row of each row group, and the number of rows, of a shard, from the rows of its nights.

    No row group holds two nights.
    """
    starts: list[int] = []
    first = 0
    for rows in nights:
        starts += range(first, first + rows, rows_per_group)
        first += rows
    return np.array([*starts, first], dtype=np.int64)


class Shards:
    """The Parquet files of a store, opened when they are needed, the last ones kept open.

    Parameters
    ----------
    files
        In order.
    starts
        First row of each row group of each file, and its number of rows: int64 ``(groups + 1,)``.
    panels
        In the layout's order.
    samples
        Of an epoch.
    """

    def __init__(self, files: list[Path], starts: list[npt.NDArray[np.int64]], panels: list[str], samples: int) -> None:
        self.files, self.starts, self.panels, self.samples = files, starts, panels, samples
        self._open: OrderedDict[int, Any] = OrderedDict()
        self._groups: OrderedDict[tuple[int, int], npt.NDArray[np.int16]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict(), "_groups": OrderedDict()}

    def fields(self, shard: int, names: list[str]) -> Any:
        """Read columns other than signals: an Arrow table."""
        return self._reading(shard, lambda file: file.read(columns=names, use_threads=False))

    def counts(self, shard: int, group: int) -> npt.NDArray[np.int16]:
        """Read the signals of a row group: int16 ``(rows, panels, samples)``, -32768 where there is no signal."""
        if (shard, group) in self._groups:
            self._groups.move_to_end((shard, group))
            return self._groups[shard, group]
        table = self._reading(shard, lambda file: file.read_row_group(group, columns=self.panels, use_threads=False))
        counts = np.stack([self._dense(table.column(panel)) for panel in self.panels], axis=1)
        counts.flags.writeable = False
        self._groups[shard, group] = counts
        if len(self._groups) > _GROUPS_KEPT:
            self._groups.popitem(last=False)
        return counts

    def _dense(self, column: Any) -> npt.NDArray[np.int16]:
        """Fill nulls, which take no place among a list's values."""
        array = column.combine_chunks()
        counts = np.full((len(array), self.samples), MISSING)
        present = array.is_valid().to_numpy(zero_copy_only=False)
        counts[present] = array.flatten().to_numpy().reshape(-1, self.samples)
        return counts

    def _file(self, shard: int) -> Any:
        if shard in self._open:
            self._open.move_to_end(shard)
            return self._open[shard]
        pyarrow, parquet = optional("pyarrow"), optional("pyarrow.parquet")
        path = self.files[shard]
        try:
            file = parquet.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        except FileNotFoundError:
            raise StoreError(path, "shard", "not found", _DAMAGED.removeprefix("it is damaged; ")) from None
        except (OSError, pyarrow.ArrowException) as error:
            raise StoreError(path, "shard", error, _DAMAGED) from error
        metadata, starts = file.metadata, self.starts[shard]
        if (metadata.num_rows, metadata.num_row_groups) != (starts[-1], len(starts) - 1):
            mismatch = f"{metadata.num_rows} rows, the manifest says {starts[-1]}"
            raise StoreError(path, "shard", mismatch, _DAMAGED)
        self._open[shard] = file
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return file

    def _reading(self, shard: int, read: Any) -> Any:
        pyarrow = optional("pyarrow")
        file = self._file(shard)
        try:
            return read(file)
        except (OSError, pyarrow.ArrowException) as error:
            raise StoreError(self.files[shard], "shard", error, _DAMAGED) from error


def _schema(panels: dict[str, float]) -> Any:
    arrow = optional("pyarrow")
    # Lists of a fixed size with nulls among them cannot be read by pyarrow 18.
    signal = arrow.list_(arrow.int16())
    return arrow.schema(
        [
            ("dataset", arrow.string()),
            ("subject", arrow.string()),
            ("night", arrow.string()),
            ("index", arrow.int32()),
            ("onset_s", arrow.float64()),
            ("stage", arrow.int8()),
            *((panel, signal) for panel in panels),
            ("roles", arrow.list_(arrow.string())),
            ("scale", arrow.list_(arrow.float32())),
            ("saturated", arrow.int32()),
            ("hash", arrow.string()),
        ]
    )


def _packing(panels: dict[str, float]) -> dict[str, Any]:
    signals = [f"{panel}.list.element" for panel in panels]
    return {
        "compression": "zstd",
        "use_dictionary": ["dataset", "subject", "night", "roles.list.element", "scale.list.element"],
        "column_encoding": dict.fromkeys(signals, "DELTA_BINARY_PACKED"),
        "write_statistics": ["subject", "night", "index", "stage"],
        "write_page_checksum": True,
    }


def _table(night: NightEpochs, panels: dict[str, float], schema: Any, samples: int) -> Any:
    arrow = optional("pyarrow")
    n = len(night)
    roles = [channel.role.value if channel else None for channel in (night.channels[panel] for panel in panels)]
    saturated = sum(night.saturated.values(), start=np.zeros(n, np.int32))
    columns = {
        "dataset": [night.night.dataset] * n,
        "subject": [night.night.person] * n,
        "night": [night.night.name] * n,
        "index": np.arange(n, dtype=np.int32),
        "onset_s": night.onset_s,
        "stage": night.stages,
        "roles": [roles] * n,
        "scale": [list(panels.values())] * n,
        "saturated": saturated,
        "hash": night.hashes,
    }
    arrays = {name: arrow.array(values, schema.field(name).type) for name, values in columns.items()}
    for panel in panels:
        counts = night.counts.get(panel)
        if counts is None:
            arrays[panel] = arrow.nulls(n, schema.field(panel).type)
        else:
            missing = (counts == MISSING).all(axis=1)
            ends = np.concatenate([[0], np.cumsum(~missing, dtype=np.int32) * np.int32(samples)])
            values = arrow.array(counts[~missing].ravel())
            arrays[panel] = arrow.ListArray.from_arrays(
                arrow.array(ends, arrow.int32()), values, mask=arrow.array(missing)
            )
    return arrow.table([arrays[field.name] for field in schema], schema=schema)
