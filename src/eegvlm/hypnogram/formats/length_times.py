"""Lengths of rows in seconds: from a column of lengths or of ends; the unit is named, or rows meet by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.cells import CellKind, moments_of, times_of_day
from eegvlm.hypnogram.formats.column_values import contradiction, no_time, numbers_in
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.onset_unit import scale_of_times, seconds_in
from eegvlm.hypnogram.formats.table_layout import TableLayout, TimeColumn
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.timing import DAY_S

_SAME_S = 0.05
_UNITS = ("s", "min", "ms", "h")


def lengths_of_rows(
    source: ScoringSource,
    table: TextTable,
    layout: TableLayout,
    onsets: NDArray[np.float64],
    staged: NDArray[np.bool_],
    *,
    resolution_s: float,
    scale: float | None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the lengths of the rows by columns of lengths and of ends, which must agree."""
    by_column: list[tuple[TimeColumn, NDArray[np.float64]]] = []
    notes: tuple[str, ...] = ()
    for column in layout.lengths:
        seconds, more = length_seconds(source, table, column, onsets, staged, scale=scale)
        by_column.append((column, seconds))
        notes += more
    for column in layout.ends:
        by_column.append((column, _until(source, table, layout, column, onsets)))
    if not by_column:
        return np.full(len(onsets), np.nan), ()
    by_column = [(column, _with_last_second(seconds, onsets)) for column, seconds in by_column]
    (first, lengths), *rest = by_column
    for column, other in rest:
        both = ~(np.isnan(lengths) | np.isnan(other))
        off = np.where(both, np.abs(lengths - other), 0.0)
        slack = max(2.0, 2 * resolution_s)
        hour = np.abs(off - 3600.0) <= slack  # clocks were changed within the row
        if ((off > slack) & ~hour).any() or hour.sum() > 1:
            raise contradiction(source, table, first, column, int(off.argmax()))
        lengths = np.where(np.isnan(lengths), other, lengths)
    negative = np.flatnonzero(lengths < -_SAME_S)
    if negative.size:
        row = table.rows[int(negative[0])]
        raise source.error(
            f"line {row.line}, {by_column[-1][0].name}", f"{lengths[negative[0]]:g} s", "it ends before it starts"
        )
    return np.maximum(lengths, 0.0), notes


def _with_last_second(lengths: NDArray[np.float64], onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add the second that is missing where ends name the last second of a row: 0 to 29, 30 to 59."""
    missing = np.diff(onsets) - lengths[:-1]
    if len(missing) > 1 and (np.abs(missing - 1.0) <= 1e-6).mean() >= 0.9:
        return lengths + 1.0
    return lengths


def _until(
    source: ScoringSource, table: TextTable, layout: TableLayout, column: TimeColumn, onsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how long each row lasts by the time at which it ends."""
    cells = table.cells(column.index)
    if column.kind is CellKind.NUMBER:
        values = numbers_in(source, table, column, ascending=True)
        starts = next((c for c in layout.onsets if c.kind is CellKind.NUMBER and c.unit == column.unit), None)
        if starts is not None:
            begin = numbers_in(source, table, starts, ascending=True)
            far = int(np.abs(begin).argmax())
            scale = float(onsets[far] / begin[far]) if begin[far] else 1.0
        else:
            unit = source.onset_unit or column.unit
            scale = (seconds_in(unit) if unit else None) or 1.0
        lengths: NDArray[np.float64] = np.round(values * scale - onsets, 6)
        return lengths
    starts = next((c for c in layout.onsets if c.kind is column.kind), None)
    if starts is None:
        hint = "the starts are not written as the ends are; write both alike"
        raise source.error(f"column '{column.name}'", cells[0], hint)
    if column.kind is CellKind.MOMENT:
        begins, ends = moments_of(table.cells(starts.index)), moments_of(cells)
        if begins is None or ends is None:
            raise no_time(source, table, column if ends is None else starts)
        pairs = zip(begins.instants, ends.instants, strict=True)
        spans = np.array([np.nan if a is None or b is None else (b - a).total_seconds() for a, b in pairs])
        spans = np.where(spans < 0, spans + DAY_S, spans)  # one date for all rows, also for those after midnight
    else:
        first, last = times_of_day(table.cells(starts.index)), times_of_day(cells)
        if first is None or last is None:
            raise no_time(source, table, column if last is None else starts)
        spans = np.round(last.seconds - first.seconds, 6) % DAY_S
    # Where a row ends as the next one starts, it lasts until then, whatever the clocks did in between.
    to_next = np.diff(onsets)
    same = np.array([a == b for a, b in zip(cells[:-1], table.cells(starts.index)[1:], strict=True)], dtype=bool)
    spans[:-1] = np.where(same & (to_next >= 0), to_next, spans[:-1])
    return spans


def length_seconds(
    source: ScoringSource,
    table: TextTable,
    column: TimeColumn,
    onsets: NDArray[np.float64] | None,
    staged: NDArray[np.bool_],
    *,
    scale: float | None = None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return a column of lengths in seconds; the unit is the named one, or the one by which rows meet."""
    cells = table.cells(column.index)
    if column.kind is CellKind.TIME:
        times = times_of_day(cells)
        if times is None:
            raise no_time(source, table, column)
        values, units = times.seconds, {"hh:mm:ss" if times.resolution_s < 60 else "hh:mm": 1.0}
        if times.resolution_s >= 60:
            units["mm:ss"] = 1.0 / 60
    else:
        values = numbers_in(source, table, column)
        named = seconds_in(column.unit) if column.unit else None
        if named is not None:
            return values * named, ()
        units = {unit: unit_s for unit in _UNITS if (unit_s := seconds_in(unit)) is not None}
        if source.onset_unit and (unit_s := seconds_in(source.onset_unit)) is not None:
            units = {source.onset_unit: unit_s} if onsets is None else {source.onset_unit: unit_s, **units}
        elif scale is not None and scale not in units.values():
            units = {"the unit of the starts": scale, **units}
        elif scale is not None:
            units = {unit: units[unit] for unit in sorted(units, key=lambda unit: units[unit] != scale)}
        units["epochs"] = source.epoch_s or 30.0
    if len(units) == 1:
        return values * next(iter(units.values())), ()
    if onsets is None:
        ends = np.append(0.0, np.nancumsum(values))
        scale, notes = scale_of_times(source, column.name, ends, named_unit=None, lengths=np.empty(0))
        return values * scale, notes
    return _unit_that_meets(source, column, values, units, onsets, staged)


def _unit_that_meets(
    source: ScoringSource,
    column: TimeColumn,
    values: NDArray[np.float64],
    units: dict[str, float],
    onsets: NDArray[np.float64],
    staged: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Choose the unit by which rows of stages end where the next one starts."""
    judged = staged & ~np.isnan(values) & (values > 0)
    order = np.flatnonzero(judged)[np.argsort(onsets[judged], kind="stable")]
    to_next = np.diff(onsets[order])
    values_of = values[order][:-1]
    apart = to_next > _SAME_S
    if not apart.any():
        first = next(iter(units))
        return values * units[first], ()
    met = {unit: float((np.abs(values_of * scale - to_next) <= 1.05)[apart].mean()) for unit, scale in units.items()}
    first = next(iter(units))
    best = max(met, key=lambda unit: met[unit])
    if met[first] >= 0.5 or (met[best] < 0.9 and _could_have_holes(values_of[apart] * units[first], to_next[apart])):
        return values * units[first], ()
    if met[best] >= 0.9 and apart.sum() >= 2:
        note = f"column '{column.name}' was taken for {best}: by that the rows end where the next ones start"
        return values * units[best], (note,)
    hint = "its unit is not clear, for rows end neither where the next ones start nor before; name it (duration_s)"
    raise source.error(f"column '{column.name}'", ", ".join(f"{value:g}" for value in values[:4]), hint)


def _could_have_holes(lengths: NDArray[np.float64], to_next: NDArray[np.float64]) -> bool:
    """Tell whether rows with holes or slight overlaps between them are believable: they cover half of the time."""
    return bool(lengths.sum() >= 0.5 * to_next.sum() and (lengths >= 1.0).all())
