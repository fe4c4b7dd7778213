"""Starts of rows in seconds: from numbers, from ends or lengths of the rows before, from epoch numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.cells import CellKind
from eegvlm.hypnogram.formats.clock_axis import ClockAxis
from eegvlm.hypnogram.formats.column_values import contradiction, numbers_in
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.length_times import length_seconds
from eegvlm.hypnogram.formats.onset_unit import CLOCK, LONGEST_NIGHT_S, SECONDS_IN, scale_of_times, seconds_in
from eegvlm.hypnogram.formats.table_layout import TableLayout, TimeColumn
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.timing import DAY_S

_FEWEST_LENGTHS = 4


def numeric_onsets(
    source: ScoringSource,
    table: TextTable,
    numeric: list[TimeColumn],
    lengths: tuple[TimeColumn, ...],
    clock: ClockAxis | None,
    staged: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], float, tuple[str, ...]]:
    """Return the starts in seconds, the seconds of one unit, and notes.

    The first column of numbers whose unit is known counts; the others must agree with it.
    """
    column = next((c for c in numeric if c.unit and seconds_in(c.unit) is not None), numeric[0])
    values = numbers_in(source, table, column, ascending=True)
    judged = staged & ~np.isnan(values)
    if not judged.any():
        raise source.error(
            f"column '{column.name}'", "an empty cell in each row of a stage", "expected a time in each row"
        )
    order = np.argsort(values[judged], kind="stable")
    unnamed_lengths = [
        numbers_in(source, table, c)[judged][order] for c in lengths if c.kind is CellKind.NUMBER and not c.unit
    ]
    unit = None if column.unit == "hms" else column.unit
    scale: float | None = None
    notes: tuple[str, ...] = ()
    if clock is not None and source.onset_unit is None and (unit is None or seconds_in(unit) is None):
        scale = _scale_by_clock(values[judged], clock.seconds[judged])
    if scale is None:
        durations = unnamed_lengths[0] if unnamed_lengths else np.empty(0)
        durations = durations[~np.isnan(durations)]
        scale, notes = scale_of_times(source, column.name, values[judged][order], named_unit=unit, lengths=durations)
    for other in numeric:
        if other is not column:
            refuse_other_line(source, table, column, other, values)
    _refuse_numbers_of_a_clock(source, table, column, values * scale)
    return values * scale, scale, notes


def _refuse_numbers_of_a_clock(
    source: ScoringSource, table: TextTable, column: TimeColumn, seconds: NDArray[np.float64]
) -> None:
    """Refuse numbers that count from midnight: by their name, or because they begin again there."""
    hint = "numbers that count from midnight are no onsets; write clock times as hh:mm:ss"
    if column.times == CLOCK:
        raise source.error(f"column '{column.name}'", table.cells(column.index)[0], hint)
    timed = np.flatnonzero(~np.isnan(seconds))
    steps = np.diff(seconds[timed])
    falls = np.flatnonzero(steps < 0)
    if falls.size != 1 or steps[falls[0]] > -DAY_S / 2 or seconds[timed].min() < 0 or seconds[timed].max() > DAY_S:
        return
    before, after = (table.cells(column.index)[row] for row in timed[falls[0] : falls[0] + 2])
    raise source.error(f"column '{column.name}'", f"{before} before {after}", hint)


def _scale_by_clock(values: NDArray[np.float64], seconds: NDArray[np.float64]) -> float | None:
    timed = ~np.isnan(seconds)
    if timed.sum() < 2:
        return None
    span = float(np.ptp(values[timed]))
    if span <= 0:
        return None
    scale = float(np.ptp(seconds[timed])) / span
    rate_hz = round(1 / scale) if scale else 0
    exact = [*SECONDS_IN.values(), *([1 / rate_hz] if rate_hz else [])]
    return next((unit_s for unit_s in exact if abs(scale - unit_s) <= 1e-3 * unit_s), scale)


def refuse_other_line(
    source: ScoringSource, table: TextTable, column: TimeColumn, other: TimeColumn, values: NDArray[np.float64]
) -> None:
    """Refuse a second column of starts that is not the first one in another unit."""
    second = numbers_in(source, table, other, ascending=True)
    in_both = ~(np.isnan(values) | np.isnan(second))
    x, y = values[in_both] - values[in_both][0], second[in_both] - second[in_both][0]
    if not len(x) or not np.ptp(x):
        return
    slope = float(y[np.abs(x).argmax()] / x[np.abs(x).argmax()])
    if (np.abs(y - slope * x) > 1e-3 * np.abs(y).max() + 1e-9).any():
        raise contradiction(source, table, column, other, int(np.abs(y - slope * x).argmax()))


def after_the_row_before(
    source: ScoringSource, table: TextTable, layout: TableLayout
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Start each row where the one before ends, the first at 0."""
    column = layout.ends[0]
    if column.kind is not CellKind.NUMBER:
        hint = "only ends are given as clock times; add a column of start times"
        raise source.error(f"column '{column.name}'", table.cells(column.index)[0], hint)
    values = numbers_in(source, table, column, ascending=True)
    if (np.diff(values) < 0).any():
        hint = "each row must end after the one before; sort the rows, or add a column of starts"
        raise source.error(f"column '{column.name}'", "ends that go back", hint)
    unit = None if column.unit == "hms" else column.unit
    scale, notes = scale_of_times(source, column.name, np.append(0.0, values), named_unit=unit, lengths=np.empty(0))
    return np.append(0.0, values[:-1]) * scale, (*notes, "each row was taken to start where the one before ends")


def one_after_the_other(
    source: ScoringSource, table: TextTable, layout: TableLayout, staged: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Lay rows that give only their lengths one after the other."""
    column = layout.lengths[0]
    if not staged.all():
        hint = "the rows give lengths and no starts, and some are no stages; add a column of starts"
        raise source.error(f"column '{column.name}'", "lengths alone", hint)
    if column.unit is None and source.onset_unit is None and len(table.rows) < _FEWEST_LENGTHS:
        hint = "too few rows tell seconds from minutes; name the unit (duration_s) or give --onset-unit"
        raise source.error(f"column '{column.name}'", ", ".join(table.cells(column.index)), hint)
    seconds, notes = length_seconds(source, table, column, None, staged)
    if np.isnan(seconds).any():
        hint = "the rows give lengths and no starts, and one has none"
        raise source.error(f"line {table.rows[int(np.isnan(seconds).argmax())].line}", "no length", hint)
    return np.append(0.0, np.cumsum(seconds)[:-1]), (*notes, "the rows were laid one after the other by their lengths")


def by_epoch_numbers(
    source: ScoringSource, layout: TableLayout, epochs: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the starts of epochs that are counted from 0 or, where no number is 0, from 1."""
    name = layout.epoch.name if layout.epoch else ""
    if epochs is None or np.isnan(epochs).any():
        raise source.error(f"column '{name}'", "an empty cell", "give each row its epoch number")
    first = 0.0 if epochs.min() <= 0 else 1.0
    length = source.epoch_s or (source.coding.epoch_s if source.coding else 30.0)
    onsets: NDArray[np.float64] = (epochs - first) * length
    if np.ptp(onsets) > LONGEST_NIGHT_S or onsets.max() > LONGEST_NIGHT_S:
        hint = "no night is longer than 48 h; name the column for what it counts, or give --in-epoch-length"
        raise source.error(f"column '{name}'", f"up to {epochs.max():g}, which is {onsets.max() / 3600:g} h", hint)
    steps = np.diff(np.unique(epochs))
    common = int(np.gcd.reduce(steps.astype(np.int64))) if len(steps) else 1
    if len(steps) >= 8 and common > 1:
        hint = f"it counts in steps of {common}; name the column for what it counts (onset_s, sample)"
        raise source.error(f"column '{name}'", ", ".join(f"{value:g}" for value in epochs[:4]), hint)
    return onsets


def numbers_for_want_of_seconds(
    source: ScoringSource,
    layout: TableLayout,
    clock: ClockAxis,
    epochs: NDArray[np.float64] | None,
    column: TimeColumn | None,
) -> NDArray[np.float64]:
    """Place rows by their epoch numbers where the clock only has minutes; it must agree with them."""
    if epochs is not None:
        onsets = by_epoch_numbers(source, layout, epochs)
        off = clock.seconds - onsets
        if np.nanmax(off) - np.nanmin(off) <= 2 * clock.resolution_s:
            return onsets
    hint = "the times have no seconds, which epochs of 30 s need; add them, or a column of onsets in seconds"
    raise source.error(f"column '{column.name if column else ''}'", "hours and minutes", hint)
