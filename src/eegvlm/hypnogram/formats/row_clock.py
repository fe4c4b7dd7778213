"""Which column of a table is its clock, and the seconds of its rows along that clock.

Columns of ``hh:mm:ss`` may be times of day or time elapsed; the columns beside them help where clocks were changed in
the night.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.cells import CellKind, is_given, moments_of, times_of_day
from eegvlm.hypnogram.formats.clock_axis import ClockAxis, axis_of_moments, axis_of_times
from eegvlm.hypnogram.formats.clock_times import dates_of
from eegvlm.hypnogram.formats.column_values import no_time, numbers_in
from eegvlm.hypnogram.formats.epoch_lengths import EPOCH_LENGTHS_S
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.onset_unit import CLOCK, ELAPSED
from eegvlm.hypnogram.formats.table_layout import TableLayout, TimeColumn
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.timing import DAY_S


def split_times(
    source: ScoringSource, table: TextTable, layout: TableLayout
) -> tuple[tuple[TimeColumn, NDArray[np.float64], float] | None, TimeColumn | None]:
    """Tell elapsed times from times of day among columns written as hh:mm:ss or with dates.

    Returns
    -------
    elapsed, of_day
        The column of elapsed times with its seconds and their resolution, and the column of times of day; None where
        there is none.

    Raises
    ------
    HypnogramError
        If a cell is no time, or elapsed times could be minutes and seconds as well as hours and minutes.
    """
    elapsed: tuple[TimeColumn, NDArray[np.float64], float] | None = None
    of_day: TimeColumn | None = None
    for column in layout.onsets:
        if column.kind is CellKind.MOMENT:
            of_day = column
        elif column.kind is CellKind.TIME:
            times = times_of_day(table.cells(column.index))
            if times is None:
                raise no_time(source, table, column)
            seconds = times.seconds[~np.isnan(times.seconds)]
            if _is_elapsed(source, column, seconds, half_days=times.half_days, dated=layout.date is not None):
                if times.resolution_s >= 60:
                    hint = "minutes and seconds, or hours and minutes? write it as hh:mm:ss"
                    raise source.error(f"column '{column.name}'", table.cells(column.index)[0], hint)
                elapsed = (column, times.seconds, times.resolution_s)
            elif of_day is None or of_day.kind is CellKind.TIME:
                of_day = column
    return elapsed, of_day


def clock_text(seconds: float) -> str:
    """Write seconds as hh:mm:ss, with hours beyond 24 where there are as many."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def _is_elapsed(
    source: ScoringSource, column: TimeColumn, seconds: NDArray[np.float64], *, half_days: bool, dated: bool
) -> bool:
    if source.onset_unit in (CLOCK, ELAPSED):
        return source.onset_unit == ELAPSED
    if half_days or dated or column.times == CLOCK:
        return False
    falls, late = bool((np.diff(seconds) < -DAY_S / 2).any()), seconds[0] >= DAY_S / 2
    if seconds.min() < 0:
        return True
    if seconds.max() >= DAY_S and not falls:
        if late and column.times != ELAPSED:
            value = f"from {clock_text(seconds[0])} to {clock_text(seconds.max())}"
            hint = "a clock that goes on beyond 24 h, or time elapsed? say which with --onset-unit clock or elapsed"
            raise source.error(f"column '{column.name}'", value, hint)
        return True
    if falls or late:
        return False
    return column.times == ELAPSED or float(seconds.min()) == 0.0


def clock_of_rows(
    source: ScoringSource,
    table: TextTable,
    layout: TableLayout,
    column: TimeColumn | None,
    epochs: NDArray[np.float64] | None,
) -> ClockAxis | None:
    """Return the rows along the clock of a column that :func:`split_times` found, with dates where others have them.

    Raises
    ------
    HypnogramError
        If a cell is no time, or clocks were changed and nothing tells by how much.
    """
    if column is None:
        return None
    cells = table.cells(column.index)
    dates = None if layout.date is None else table.cells(layout.date.index)
    if column.kind is CellKind.MOMENT:
        moments = moments_of(cells)
    elif dates is not None and all(is_given(d) for d, t in zip(dates, cells, strict=True) if t):
        moments = moments_of([f"{d} {t}" if is_given(t) else "" for d, t in zip(dates, cells, strict=True)])
    else:
        moments = None
    if moments is not None:
        first = min(instant for instant in moments.instants if instant is not None)
        raw = np.array([np.nan if i is None else (i - first).total_seconds() for i in moments.instants])
        axis = axis_of_moments(
            source, column.name, moments, expected=_expected_steps(source, table, layout, raw, epochs)
        )
        notes = (*axis.notes, *([moments.note] if moments.note else []))
        return axis._replace(notes=notes)
    times = times_of_day(cells)
    if times is None:
        raise no_time(source, table, column)
    day = _only_date(dates)
    expected = _expected_steps(source, table, layout, times.seconds, epochs)
    axis = axis_of_times(source, column.name, times, day=day, expected=expected)
    if column.times is None and not times.half_days and axis.day is None and float(times.seconds[0]) < DAY_S / 2:
        axis = axis._replace(
            notes=(*axis.notes, f"column '{column.name}' was taken for times of day (if not: --onset-unit elapsed)")
        )
    return axis


def _only_date(cells: list[str] | None) -> date | None:
    days = {day for text in cells or () if is_given(text) for day in dates_of(text)[:1]}
    return days.pop() if len(days) == 1 else None


def _expected_steps(
    source: ScoringSource,
    table: TextTable,
    layout: TableLayout,
    raw: NDArray[np.float64],
    epochs: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Seconds from row to row as columns other than the clock have it; NaN where none agrees with most of it."""
    steps = np.diff(raw) % DAY_S
    options: list[NDArray[np.float64]] = []
    for column in layout.onsets:
        if column.kind is CellKind.NUMBER:
            options += [np.diff(numbers_in(source, table, column)) * scale for scale in (1.0, 60.0, 1e-3)]
    for column in layout.lengths:
        if column.kind is CellKind.NUMBER:
            options += [numbers_in(source, table, column)[:-1] * scale for scale in (1.0, 60.0, 1e-3)]
        elif (times := times_of_day(table.cells(column.index))) is not None:
            options.append(times.seconds[:-1])
    if epochs is not None:
        options += [np.diff(epochs) * length for length in EPOCH_LENGTHS_S]
    for option in options:
        agrees = np.abs(option % DAY_S - steps) <= 1.0
        if len(agrees) and agrees.mean() >= 0.5:
            return option
    return np.full(len(steps), np.nan)
