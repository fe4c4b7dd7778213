"""When each row of a table starts and how long it lasts, in seconds, from whatever columns say it.

The start comes from numbers (in a unit that is known, or asked for), else from the clock, else from the ends or
lengths of the rows before, else from epoch numbers. All other columns of time must agree with it, or the table is
refused: a row is what its columns say together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.cells import CellKind
from eegvlm.hypnogram.formats.clock_axis import ClockAxis
from eegvlm.hypnogram.formats.clock_times import moment
from eegvlm.hypnogram.formats.column_values import contradiction, numbers_in
from eegvlm.hypnogram.formats.epoch_lengths import EPOCH_LENGTHS_S
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.length_times import lengths_of_rows
from eegvlm.hypnogram.formats.onset_times import (
    after_the_row_before,
    by_epoch_numbers,
    numbers_for_want_of_seconds,
    numeric_onsets,
    one_after_the_other,
    refuse_other_line,
)
from eegvlm.hypnogram.formats.onset_unit import LONGEST_NIGHT_S
from eegvlm.hypnogram.formats.row_clock import clock_of_rows, split_times
from eegvlm.hypnogram.formats.table_layout import TableLayout, TimeColumn
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.timing import Timing


@dataclass(frozen=True)
class RowTimes:
    """When the rows are.

    Attributes
    ----------
    onsets_s
        float, shape (n,): start of each row, seconds after ``start`` where that is known, else after the
        recording's start.
    lengths_s
        float, shape (n,): length of each row, NaN where nothing says it.
    start
        Clock time of second 0; on :data:`eegvlm.hypnogram.timing.NO_DATE` where only the time of day is known.
    epoch_s
        Length of an epoch, where epoch numbers and times together say it.
    resolution_s
        What the starts are rounded to.
    rests_on
        What the starts come from: clock, onsets or epoch numbers.
    notes
        What was found out on the way.
    """

    onsets_s: NDArray[np.float64]
    lengths_s: NDArray[np.float64]
    start: datetime | None
    epoch_s: float | None
    resolution_s: float
    rests_on: Timing
    notes: tuple[str, ...]


def times_of_rows(source: ScoringSource, table: TextTable, layout: TableLayout, staged: NDArray[np.bool_]) -> RowTimes:
    """Find out when each row starts and how long it lasts.

    Parameters
    ----------
    source, table, layout
        The table and what its columns are; at least one of them says something of time.
    staged
        bool, shape (n,): rows whose text is a known stage; units are judged by them alone.

    Raises
    ------
    HypnogramError
        If a time is missing or none, a unit is not clear, or two columns contradict each other.
    """
    epochs = None if layout.epoch is None else numbers_in(source, table, layout.epoch, ascending=True)
    scale: float | None = None
    elapsed, of_day = split_times(source, table, layout)
    clock = clock_of_rows(source, table, layout, of_day, epochs)
    notes = list(layout.notes) + list(clock.notes if clock else ())
    rests_on, resolution_s = Timing.ONSET, 1e-3
    numeric = [column for column in layout.onsets if column.kind is CellKind.NUMBER]
    if elapsed is not None:
        column, onsets, resolution_s = elapsed
        for other in numeric:
            refuse_other_line(source, table, column, other, onsets)
    elif numeric:
        onsets, scale, more = numeric_onsets(source, table, numeric, layout.lengths, clock, staged)
        notes += more
    elif clock is not None and clock.resolution_s >= 60:
        onsets, rests_on = numbers_for_want_of_seconds(source, layout, clock, epochs, of_day), Timing.EPOCH_NUMBER
        notes.append("the clock times have no seconds: the start is known to the minute")
    elif clock is not None:
        onsets, rests_on, resolution_s = clock.seconds - np.nanmin(clock.seconds), Timing.CLOCK, clock.resolution_s
    elif layout.ends:
        onsets, more = after_the_row_before(source, table, layout)
        notes += more
    elif layout.lengths and (epochs is None or _is_counter(epochs)):
        onsets, more = one_after_the_other(source, table, layout, staged)
        notes += more
    else:
        onsets, rests_on = by_epoch_numbers(source, layout, epochs), Timing.EPOCH_NUMBER
    _refuse_missing(source, table, layout, onsets)
    start = None
    if clock is not None:
        _refuse_contradiction(source, table, layout.onsets, onsets, clock, of_day)
        first = int(np.flatnonzero(~np.isnan(clock.seconds))[0])
        start = moment(clock.day, float(clock.seconds[first] - onsets[first]))
        start = None if clock.utc else start
    epoch_s = None
    if epochs is not None and rests_on is not Timing.EPOCH_NUMBER:
        epoch_s, lead = _agreement_with_epochs(source, table, layout, onsets, epochs, resolution_s)
        if rests_on is Timing.CLOCK and lead is not None:
            onsets = onsets + lead
            start = None if start is None else start - timedelta(seconds=lead)
    lengths, more = lengths_of_rows(source, table, layout, onsets, staged, resolution_s=resolution_s, scale=scale)
    notes += more
    return RowTimes(onsets, lengths, start, epoch_s, resolution_s, rests_on, tuple(notes))


def _is_counter(epochs: NDArray[np.float64]) -> bool:
    """Tell whether epoch numbers merely count the rows."""
    return not np.isnan(epochs).any() and bool((np.diff(epochs) == 1).all())


def _refuse_missing(source: ScoringSource, table: TextTable, layout: TableLayout, onsets: NDArray[np.float64]) -> None:
    missing = np.flatnonzero(np.isnan(onsets))
    if missing.size:
        row = table.rows[int(missing[0])]
        raise source.error(f"line {row.line}, start", row.cells[layout.stage], "expected a time in each row")
    if not np.ptp(onsets) <= LONGEST_NIGHT_S or not abs(onsets).max() < 1e9:
        hint = "no night is longer than 48 h; give one night a file, and name the unit with --onset-unit"
        raise source.error("times", f"over {np.ptp(onsets) / 3600:g} h", hint)


def _refuse_contradiction(
    source: ScoringSource,
    table: TextTable,
    columns: tuple[TimeColumn, ...],
    onsets: NDArray[np.float64],
    clock: ClockAxis,
    of_day: TimeColumn | None,
) -> None:
    timed = np.flatnonzero(~np.isnan(clock.seconds))
    off = (clock.seconds - onsets)[timed]
    off = np.abs(off - off[0])
    other = next((column for column in columns if column is not of_day), None)
    if other is not None and of_day is not None and off.max() > max(2.0, 1.02 * clock.resolution_s):
        raise contradiction(source, table, other, of_day, int(timed[off.argmax()]))


def _agreement_with_epochs(
    source: ScoringSource,
    table: TextTable,
    layout: TableLayout,
    onsets: NDArray[np.float64],
    epochs: NDArray[np.float64],
    resolution_s: float,
) -> tuple[float | None, float | None]:
    """Return the epoch length by which numbers and times agree, and where the first row starts by its number.

    Numbers that merely count the rows of a list of changes agree with any times.

    Raises
    ------
    HypnogramError
        If numbers and times contradict each other.
    """
    numbered = ~np.isnan(epochs)
    numbers, times = epochs[numbered] - epochs[numbered][0], onsets[numbered] - onsets[numbered][0]
    lengths = [source.epoch_s] if source.epoch_s else list(EPOCH_LENGTHS_S)
    if np.ptp(numbers) and not source.epoch_s:
        far = int(np.abs(numbers).argmax())
        lengths.append(round(float(times[far] / numbers[far]), 3))
    slack = max(resolution_s, 0.02 * 30.0)
    for length in lengths:
        off = times / length - numbers if length > 0 else np.full(len(times), np.inf)
        if length >= 1 and (np.abs(off) < 1.0 - 1e-6 + resolution_s / length).all():
            exact = bool((np.abs(off) * length <= slack).all())
            first = 0.0 if epochs[numbered].min() <= 0 else 1.0
            lead = float(epochs[numbered][onsets[numbered].argmin()] - first) * length
            return (length if exact and np.ptp(numbers) else None), (lead if exact else None)
    order = np.argsort(onsets[numbered], kind="stable")
    if _is_counter(epochs[numbered]) or _is_counter(epochs[numbered][order]):
        return None, None
    column = layout.epoch or layout.onsets[0]
    off = np.abs(times / 30.0 - numbers)
    rows = np.flatnonzero(numbered)
    others = (*layout.onsets, *layout.ends, *layout.lengths)
    raise contradiction(source, table, others[0], column, int(rows[off.argmax()]))
