"""A scored night and a pandas ``DataFrame``: one row an epoch out, any table of stages and times in.

A table is read by the rules for files (:mod:`.formats.table`), so that its columns are understood, or refused, alike.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.core.extras import import_extra
from eegvlm.errors import WrongTypeError
from eegvlm.hypnogram.codings import coding_of_name
from eegvlm.hypnogram.error import HypnogramError, with_options_of
from eegvlm.hypnogram.formats import probability_text
from eegvlm.hypnogram.formats.columns import TableRow
from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.onset_unit import check_onset_unit
from eegvlm.hypnogram.formats.table import hypnogram_from_table
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage_map import StageMap, stage_map_of

if TYPE_CHECKING:
    import pandas as pd

_OURS = ("onset_s", "duration_s", "stage")
_OPTIONS = {"--coding": "coding=", "--map": "stage_map=", "--epoch": "epoch_s=", "--onset-unit": "onset_unit="}


def to_dataframe(hypnogram: Hypnogram) -> pd.DataFrame:
    """Return one row an epoch; see :meth:`.Hypnogram.to_dataframe`."""
    pandas = import_extra("pandas", "pandas", "Hypnogram.to_dataframe")
    table: dict[str, Any] = {
        "onset_s": hypnogram.onsets_s,
        "duration_s": np.full(len(hypnogram), hypnogram.epoch_s),
        "stage": hypnogram.labels,
    }
    if hypnogram.start is not None:
        table["time"] = [hypnogram.time_of(epoch) for epoch in range(len(hypnogram))]
    if hypnogram.probabilities is not None:
        table |= dict(zip(probability_text.COLUMNS, hypnogram.probabilities.T, strict=True))
        table["confidence"] = hypnogram.confidence
    if hypnogram.quality is not None:
        table["quality"] = list(hypnogram.quality)
    return pandas.DataFrame(table, index=pandas.RangeIndex(1, len(hypnogram) + 1, name="epoch"))


def from_dataframe(
    table: pd.DataFrame,
    *,
    stage: str | None,
    coding: str | None,
    epoch_s: float | None,
    onset_unit: str | None,
    start: datetime | None,
    stage_map: str | StageMap | None,
) -> Hypnogram:
    """Read a table of stages; see :meth:`.Hypnogram.from_dataframe`."""
    if not hasattr(table, "columns") or not hasattr(table, "iterrows"):
        hint = "give a pandas DataFrame; Hypnogram.from_strings and Hypnogram.from_codes take a Series or a list"
        raise WrongTypeError.of("Hypnogram.from_dataframe", "table", table, hint)
    if not len(table):
        raise HypnogramError("DataFrame", "rows", 0, "give one with at least one row")
    if onset_unit is not None:
        check_onset_unit(onset_unit)
    names = stage_map_of(stage_map)
    convention = None if coding is None else coding_of_name(coding)
    source = ScoringSource(Path("DataFrame"), b"", convention, epoch_s, onset_unit, stage_map=names)
    has_our_columns = all(name in table.columns for name in _OURS) and stage in (None, "stage")
    rows = table[list(_OURS)] if has_our_columns else _with_times_of_index(table)
    if not has_our_columns and stage is not None:
        rows = _with_stage_column(source, rows, stage)
    try:
        hypnogram = _read(source, _as_text(rows), start)
    except HypnogramError as error:
        raise with_options_of(error, _OPTIONS) from error
    if has_our_columns:
        hypnogram = _with_columns_of_ours(hypnogram, table, start)
    return hypnogram


def _read(source: ScoringSource, table: TextTable, start: datetime | None) -> Hypnogram:
    if table.width > 1:
        return hypnogram_from_table(source, table, start=start)
    texts = table.cells(0)
    places = [f"row {number}" for number in range(1, len(texts) + 1)]
    return replace(hypnogram_from_texts(source, texts, places), start=start)


def _with_times_of_index(table: pd.DataFrame) -> pd.DataFrame:
    """Make a column of an index of times or time differences: pandas keeps time series so."""
    kind = type(table.index).__name__
    if kind not in ("DatetimeIndex", "TimedeltaIndex"):
        return table
    return table.reset_index(names="time" if kind == "DatetimeIndex" else "onset")


def _with_stage_column(source: ScoringSource, table: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Give the column that the user named the name by which it is found; other columns of stages are not read."""
    if stage not in table.columns:
        columns = ", ".join(str(name) for name in table.columns)
        raise HypnogramError("DataFrame", "stage", stage, f"there is no such column; there are {columns}")

    def is_another(name: str) -> bool:
        return all(source.stage_of(_cell(value)) is not None for value in table[name].unique())

    columns_read = [name for name in table.columns if name == stage or not is_another(name)]
    return table[columns_read].rename(columns={stage: "stage"})


def _as_text(table: pd.DataFrame) -> TextTable:
    header = tuple(str(name) for name in table.columns)
    columns = [[_cell(value) for value in table.iloc[:, place].tolist()] for place in range(len(header))]
    rows = tuple(TableRow(number, cells) for number, cells in enumerate(zip(*columns, strict=True), start=1))
    return TextTable(header, 0, rows)


def _cell(value: Any) -> str:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return ""
    if hasattr(value, "total_seconds"):
        return repr(float(value.total_seconds()))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return str(value)


def _with_columns_of_ours(hypnogram: Hypnogram, table: pd.DataFrame, start: datetime | None) -> Hypnogram:
    """Add what else :func:`to_dataframe` writes, where there is one row an epoch."""
    if not np.array_equal(np.round(table["onset_s"], 6), np.round(hypnogram.onsets_s, 6)):
        return hypnogram
    if start is None and "time" in table.columns:
        first = table["time"].iloc[0].to_pydatetime().replace(tzinfo=None)
        start = first - timedelta(seconds=hypnogram.onset_s)
    probabilities = None
    if all(name in table.columns for name in probability_text.COLUMNS):
        probabilities = table[list(probability_text.COLUMNS)].to_numpy(np.float32)
    quality = tuple(table["quality"]) if "quality" in table.columns else None
    return replace(hypnogram, start=start, probabilities=probabilities, quality=quality)
