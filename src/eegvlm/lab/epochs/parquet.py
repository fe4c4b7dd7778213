"""A store's epochs as Parquet shards, which Hugging Face and others read: the same bytes whenever they are made.

Columns: ``dataset``, ``subject``, ``night``, ``index``, ``onset_s``, ``stage``, one list of int16 a panel under the
panel's name, ``roles`` and ``scale`` (one an entry of the layout's panels), ``saturated``, ``hash``. A panel without
signal is null; a sample without signal inside an epoch is -32768. Signals are packed as differences
(``DELTA_BINARY_PACKED``), which fits filtered waves better than any general compressor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.core.files import make_folder, replacing, write_text
from eegvlm.core.temporary_names import remove_unfinished
from eegvlm.lab.epochs.card import parquet_card
from eegvlm.lab.epochs.claim import claim_export
from eegvlm.lab.epochs.counts import MISSING
from eegvlm.lab.epochs.parts import Parts, numbers_by_part
from eegvlm.lab.epochs.problems import StoreError, optional
from eegvlm.lab.epochs.store import COLUMNS, EpochStore

CARD = "README.md"
_ROWS_PER_GROUP = 60  # half an hour: what a reader decodes at once


@dataclass(frozen=True)
class ParquetSet:
    """What :func:`export_parquet` wrote.

    Parameters
    ----------
    folder
        Where.
    epochs, nights
        How many.
    n_bytes
        Size of the shards.
    """

    folder: Path
    epochs: int
    nights: int
    n_bytes: int


def export_parquet(
    store: EpochStore,
    out: str | os.PathLike[str],
    *,
    shard_nights: int = 1,
    parts: Parts | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ParquetSet:
    """Write the epochs of a store as Parquet shards; those that a killed run had finished are not written again.

    Parameters
    ----------
    store
        Where the epochs come from.
    out
        The folder: a new one, an empty one, or one that an export of the same began.
    shard_nights
        Nights a Parquet file.
    parts
        Which nights are for training, validation and test; others are not written. Names of shards begin with the
        part. None: all are for training.
    progress
        Called with the number of nights done and of all.

    Returns
    -------
    ParquetSet

    Raises
    ------
    StoreError
        Where a panel cannot be a column, a night is damaged, or the folder holds something else.
    InputError
        Where it cannot be written.
    """
    optional("pyarrow")
    folder = Path(out)
    for panel in store.panels:
        if panel in COLUMNS or "." in panel:
            raise StoreError(store.layout.name, "panel", panel, "rename it: no column can have that name")
    if shard_nights < 1:
        raise StoreError("Parquet export", "shard_nights", shard_nights, "give 1 or more")
    numbers_of = numbers_by_part(store, parts)
    claim_export(folder, store, "parquet", parts, shard_nights=shard_nights)
    shards: dict[Path, list[int]] = {}
    for part, numbers in numbers_of.items():
        groups = [numbers[at : at + shard_nights] for at in range(0, len(numbers), shard_nights)]
        name = "shard" if parts is None else part
        for number, group in enumerate(groups):
            shards[folder / "data" / f"{name}-{number:05d}-of-{len(groups):05d}.parquet"] = group
    done, nights = 0, sum(map(len, numbers_of.values()))
    for file, group in shards.items():
        if progress is not None:
            progress(done, nights)
        if not file.is_file():
            _write_shard(file, store, group)
        done += len(group)
    if progress is not None:
        progress(done, nights)
    of_parts = {} if parts is None else {part: len(numbers) for part, numbers in numbers_of.items()}
    write_text(folder / CARD, parquet_card(store.manifest, of_parts))
    epochs = sum(store.manifest.nights[number].rows for numbers in numbers_of.values() for number in numbers)
    return ParquetSet(folder, epochs, nights, sum(file.stat().st_size for file in shards))


def _write_shard(file: Path, store: EpochStore, nights: list[int]) -> None:
    parquet = optional("pyarrow.parquet")
    schema = _schema(store.panels)
    remove_unfinished(file)
    store.verify(nights)
    make_folder(file.parent)
    with replacing(file) as temporary, parquet.ParquetWriter(temporary, schema, **_packing(store.panels)) as writer:
        for number in nights:
            writer.write_table(_table(store, number, schema), row_group_size=_ROWS_PER_GROUP)


def _schema(panels: list[str]) -> Any:
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


def _packing(panels: list[str]) -> dict[str, Any]:
    signals = [f"{panel}.list.element" for panel in panels]
    return {
        "compression": "zstd",
        "use_dictionary": ["dataset", "subject", "night", "roles.list.element", "scale.list.element"],
        "column_encoding": dict.fromkeys(signals, "DELTA_BINARY_PACKED"),
        "write_statistics": ["subject", "night", "index", "stage"],
        "write_page_checksum": True,
    }


def _table(store: EpochStore, number: int, schema: Any) -> Any:
    arrow = optional("pyarrow")
    fields = store.fields(nights=[number])
    arrays = {name: arrow.array(values, schema.field(name).type) for name, values in fields.items()}
    stored = store.nights[number].counts
    for place, panel in enumerate(store.panels):
        counts = stored[:, place]
        missing = (counts == MISSING).all(axis=1)
        if missing.all():
            arrays[panel] = arrow.nulls(len(counts), schema.field(panel).type)
            continue
        ends = np.concatenate([[0], np.cumsum(~missing, dtype=np.int32) * np.int32(counts.shape[1])])
        values = arrow.array(counts[~missing].ravel())
        arrays[panel] = arrow.ListArray.from_arrays(arrow.array(ends, arrow.int32()), values, mask=arrow.array(missing))
    return arrow.table([arrays[field.name] for field in schema], schema=schema)
