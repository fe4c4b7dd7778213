"""When each row of a table starts and how long it lasts, in seconds, from whatever columns say it.

The start comes from numbers (in a unit that is known, or asked for), else from the clock, else from the ends or
lengths of the rows before, else from epoch numbers. All other columns of time must agree with it, or the table is
refused: a row is what its columns say together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.cells import Kind, is_given, moments_of, numbers_of, times_of_day
from eegvlm.hypnogram.formats.clock_axis import ClockAxis, axis_of_moments, axis_of_times
from eegvlm.hypnogram.formats.clock_times import DAY_S, dates_of, moment
from eegvlm.hypnogram.formats.epoch_lengths import EPOCH_LENGTHS_S
from eegvlm.hypnogram.formats.format import Source
from eegvlm.hypnogram.formats.onset_unit import CLOCK, ELAPSED, LONGEST_NIGHT_S, scale_of_times, seconds_in
from eegvlm.hypnogram.formats.table_layout import Layout, TimeColumn
from eegvlm.hypnogram.formats.table_text import Table

_SAME_S = 0.05
_MOST_TILING_SCALES = ("s", "min", "ms", "h")


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
        Clock time of second 0; on :data:`.clock_times.NO_DATE` where only the time of day is known.
    epoch_s
        Length of an epoch, where epoch numbers and times together say it.
    resolution_s
        What the starts are rounded to.
    rests_on
        ``clock``, ``onset``, ``epoch number`` or ``order``.
    notes
        What was found out on the way.
    """

    onsets_s: NDArray[np.float64]
    lengths_s: NDArray[np.float64]
    start: datetime | None
    epoch_s: float | None
    resolution_s: float
    rests_on: str
    notes: tuple[str, ...]


def times_of_rows(source: Source, table: Table, layout: Layout, staged: NDArray[np.bool_]) -> RowTimes:
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
    epochs = _epoch_numbers(source, table, layout)
    elapsed, of_day = _split_times(source, table, layout)
    clock = _clock_axis(source, table, layout, of_day, epochs)
    notes = list(layout.notes) + list(clock.notes if clock else ())
    rests_on, resolution_s = "onset", 1e-3
    if elapsed is not None:
        onsets, resolution_s = elapsed
    elif numeric := [column for column in layout.onsets if column.kind is Kind.NUMBER]:
        onsets, more = _numeric_onsets(source, table, layout, numeric, clock, staged)
        notes += more
    elif clock is not None:
        onsets, rests_on, resolution_s = clock.seconds - np.nanmin(clock.seconds), "clock", clock.resolution_s
    elif layout.ends:
        onsets, more = _after_the_row_before(source, table, layout)
        notes += more
    elif layout.lengths and (epochs is None or _is_counter(epochs)):
        onsets, more = _one_after_the_other(source, table, layout, staged)
        notes += more
    else:
        onsets, rests_on = _by_epoch_numbers(source, layout, epochs), "epoch number"
    _refuse_missing(source, table, layout, onsets)
    start = None
    if clock is not None:
        _refuse_contradiction(source, table, layout.onsets, onsets, clock, of_day)
        first = int(np.flatnonzero(~np.isnan(clock.seconds))[0])
        start = moment(clock.day, float(clock.seconds[first] - onsets[first]))
    epoch_s = None
    if epochs is not None and rests_on != "epoch number":
        epoch_s, lead = _agreement_with_epochs(source, table, layout, onsets, epochs, resolution_s)
        if rests_on == "clock" and lead is not None and start is not None:
            onsets, start = onsets + lead, start - timedelta(seconds=lead)
    lengths, more = _lengths(source, table, layout, onsets, staged, resolution_s)
    notes += more
    return RowTimes(onsets, lengths, start, epoch_s, resolution_s, rests_on, tuple(notes))


def _numbers(source: Source, table: Table, column: TimeColumn, *, ascending: bool = False) -> NDArray[np.float64]:
    cells = table.cells(column.index)
    values = numbers_of(cells, ascending=ascending)
    if values is None:
        wrong = next((k for k, text in enumerate(cells) if is_given(text) and numbers_of([text]) is None), 0)
        hint = "expected a number; write decimals with a point and no thousands separators"
        raise source.error(f"line {table.rows[wrong].line}, {column.name}", cells[wrong], hint)
    return values


def _epoch_numbers(source: Source, table: Table, layout: Layout) -> NDArray[np.float64] | None:
    return None if layout.epoch is None else _numbers(source, table, layout.epoch)


def _is_counter(epochs: NDArray[np.float64]) -> bool:
    """Tell whether epoch numbers merely count the rows."""
    return not np.isnan(epochs).any() and bool((np.diff(epochs) == 1).all())


def _split_times(
    source: Source, table: Table, layout: Layout
) -> tuple[tuple[NDArray[np.float64], float] | None, TimeColumn | None]:
    """Tell elapsed times from times of day among columns written as hh:mm:ss or with dates."""
    elapsed: tuple[NDArray[np.float64], float] | None = None
    of_day: TimeColumn | None = None
    for column in layout.onsets:
        if column.kind is Kind.MOMENT:
            of_day = column
        elif column.kind is Kind.TIME:
            times = times_of_day(table.cells(column.index))
            if times is None:
                raise _no_time(source, table, column)
            known = times.seconds[~np.isnan(times.seconds)]
            if _is_elapsed(source, column, known, half_days=times.half_days, dated=layout.date is not None):
                if times.resolution_s >= 60:
                    hint = "minutes and seconds, or hours and minutes? write it as hh:mm:ss"
                    raise source.error(f"column '{column.name}'", table.cells(column.index)[0], hint)
                elapsed = (times.seconds, times.resolution_s)
            elif of_day is None or of_day.kind is Kind.TIME:
                of_day = column
    return elapsed, of_day


def _is_elapsed(
    source: Source, column: TimeColumn, seconds: NDArray[np.float64], *, half_days: bool, dated: bool
) -> bool:
    if source.onset_unit in (CLOCK, ELAPSED):
        return source.onset_unit == ELAPSED
    if half_days or dated or column.times == CLOCK:
        return False
    if seconds.max() >= DAY_S or seconds.min() < 0:
        return True
    falls, late = bool((np.diff(seconds) < -DAY_S / 2).any()), seconds[0] >= DAY_S / 2
    if falls or late:
        return False
    return column.times == ELAPSED or float(seconds.min()) == 0.0


def _clock_axis(
    source: Source, table: Table, layout: Layout, column: TimeColumn | None, epochs: NDArray[np.float64] | None
) -> ClockAxis | None:
    if column is None:
        return None
    cells = table.cells(column.index)
    dates = None if layout.date is None else table.cells(layout.date.index)
    if (
        column.kind is Kind.TIME
        and dates is not None
        and all(is_given(d) for d, t in zip(dates, cells, strict=True) if t)
    ):
        joined = [f"{day} {time}" if is_given(time) else "" for day, time in zip(dates, cells, strict=True)]
        if moments_of(joined) is not None:
            cells = joined
    moments = moments_of(cells) if column.kind is Kind.MOMENT or cells is not table.cells(column.index) else None
    times = times_of_day(table.cells(column.index)) if column.kind is Kind.TIME else None
    if moments is None and times is None:
        raise _no_time(source, table, column)
    if moments is not None:
        first = min(instant for instant in moments.instants if instant is not None)
        raw = np.array([np.nan if i is None else (i - first).total_seconds() for i in moments.instants])
        axis = axis_of_moments(moments, expected=_expected_steps(source, table, layout, raw, epochs))
        notes = (*axis.notes, *([moments.note] if moments.note else []))
        if moments.utc:
            notes = (*notes, f"column '{column.name}' is in UTC, which recorders do not write; check the start time")
        return axis._replace(notes=notes)
    if times is None:
        raise _no_time(source, table, column)
    day = _only_date(dates)
    expected = _expected_steps(source, table, layout, times.seconds, epochs)
    axis = axis_of_times(source, column.name, times, day=day, expected=expected)
    if column.times is None and not times.half_days and axis.day is None and float(times.seconds[0]) < DAY_S / 2:
        axis = axis._replace(notes=(*axis.notes, f"column '{column.name}' was taken for times of day (--onset-unit)"))
    return axis


def _only_date(cells: list[str] | None) -> date | None:
    days = {day for text in cells or () if is_given(text) for day in dates_of(text)[:1]}
    return days.pop() if len(days) == 1 else None


def _expected_steps(
    source: Source, table: Table, layout: Layout, raw: NDArray[np.float64], epochs: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Seconds from row to row as columns other than the clock have it; NaN where none agrees with most of it."""
    steps = np.diff(raw) % DAY_S
    options: list[NDArray[np.float64]] = []
    for column in layout.onsets:
        if column.kind is Kind.NUMBER:
            options += [np.diff(_numbers(source, table, column)) * scale for scale in (1.0, 60.0, 1e-3)]
    for column in layout.lengths:
        if column.kind is Kind.NUMBER:
            options += [_numbers(source, table, column)[:-1] * scale for scale in (1.0, 60.0, 1e-3)]
        elif (times := times_of_day(table.cells(column.index))) is not None:
            options.append(times.seconds[:-1])
    if epochs is not None:
        options += [np.diff(epochs) * length for length in EPOCH_LENGTHS_S]
    for option in options:
        agrees = np.abs(option % DAY_S - steps) <= 1.0
        if len(agrees) and agrees.mean() >= 0.5:
            return option
    return np.full(len(steps), np.nan)


def _numeric_onsets(
    source: Source,
    table: Table,
    layout: Layout,
    numeric: list[TimeColumn],
    clock: ClockAxis | None,
    staged: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the starts in seconds by the first column of numbers whose unit is known; the others must agree."""
    column = next((c for c in numeric if c.unit and seconds_in(c.unit) is not None), numeric[0])
    values = _numbers(source, table, column, ascending=True)
    judged = staged & ~np.isnan(values)
    order = np.argsort(values[judged], kind="stable")
    lengths = [
        _numbers(source, table, c)[judged][order] for c in layout.lengths if c.kind is Kind.NUMBER and not c.unit
    ]
    unit = None if column.unit == "hms" else column.unit
    scale: float | None = None
    notes: tuple[str, ...] = ()
    if clock is not None and source.onset_unit is None and (unit is None or seconds_in(unit) is None):
        scale = _scale_by_clock(values[judged], clock.seconds[judged])
    if scale is None:
        given = lengths[0] if lengths else np.empty(0)
        given = given[~np.isnan(given)]
        scale, notes = scale_of_times(source, column.name, values[judged][order], named_unit=unit, lengths=given)
    for other in numeric:
        if other is not column:
            _refuse_other_line(source, table, column, other, values)
    return values * scale, notes


def _scale_by_clock(values: NDArray[np.float64], seconds: NDArray[np.float64]) -> float | None:
    known = ~np.isnan(seconds)
    if known.sum() < 2:
        return None
    span = float(np.ptp(values[known]))
    return None if span <= 0 else float(f"{np.ptp(seconds[known]) / span:.4g}")


def _refuse_other_line(
    source: Source, table: Table, one: TimeColumn, other: TimeColumn, values: NDArray[np.float64]
) -> None:
    """Refuse a second column of starts that is not the first one in another unit."""
    second = _numbers(source, table, other, ascending=True)
    known = ~(np.isnan(values) | np.isnan(second))
    x, y = values[known] - values[known][0], second[known] - second[known][0]
    if not len(x) or not np.ptp(x):
        return
    slope = float(y[np.abs(x).argmax()] / x[np.abs(x).argmax()])
    if (np.abs(y - slope * x) > 1e-3 * np.abs(y).max() + 1e-9).any():
        raise _contradiction(source, table, one, other, int(np.abs(y - slope * x).argmax()))


def _after_the_row_before(source: Source, table: Table, layout: Layout) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Start each row where the one before ends, the first at 0."""
    column = layout.ends[0]
    if column.kind is not Kind.NUMBER:
        hint = "only ends are given as clock times; add a column of start times"
        raise source.error(f"column '{column.name}'", table.cells(column.index)[0], hint)
    values = _numbers(source, table, column, ascending=True)
    if (np.diff(values) < 0).any():
        hint = "each row must end after the one before; sort the rows, or add a column of starts"
        raise source.error(f"column '{column.name}'", "ends that go back", hint)
    unit = None if column.unit == "hms" else column.unit
    scale, notes = scale_of_times(source, column.name, np.append(0.0, values), named_unit=unit, lengths=np.empty(0))
    return np.append(0.0, values[:-1]) * scale, (*notes, "each row was taken to start where the one before ends")


def _one_after_the_other(
    source: Source, table: Table, layout: Layout, staged: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Lay rows that give only their lengths one after the other."""
    column = layout.lengths[0]
    if not staged.all():
        hint = "the rows give lengths and no starts, and some are no stages; add a column of starts"
        raise source.error(f"column '{column.name}'", "lengths alone", hint)
    seconds, notes = _length_seconds(source, table, column, None, np.empty(0), staged)
    if np.isnan(seconds).any():
        hint = "the rows give lengths and no starts, and one has none"
        raise source.error(f"line {table.rows[int(np.isnan(seconds).argmax())].line}", "no length", hint)
    return np.append(0.0, np.cumsum(seconds)[:-1]), (*notes, "the rows were laid one after the other by their lengths")


def _by_epoch_numbers(source: Source, layout: Layout, epochs: NDArray[np.float64] | None) -> NDArray[np.float64]:
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


def _refuse_missing(source: Source, table: Table, layout: Layout, onsets: NDArray[np.float64]) -> None:
    missing = np.flatnonzero(np.isnan(onsets))
    if missing.size:
        row = table.rows[int(missing[0])]
        raise source.error(f"line {row.line}, start", row.cells[layout.stage], "expected a time in each row")
    if not np.ptp(onsets) <= LONGEST_NIGHT_S or not abs(onsets).max() < 1e9:
        hint = "no night is longer than 48 h; give one night a file, and name the unit with --onset-unit"
        raise source.error("times", f"over {np.ptp(onsets) / 3600:g} h", hint)


def _refuse_contradiction(
    source: Source,
    table: Table,
    columns: tuple[TimeColumn, ...],
    onsets: NDArray[np.float64],
    clock: ClockAxis,
    of_day: TimeColumn | None,
) -> None:
    known = np.flatnonzero(~np.isnan(clock.seconds))
    off = (clock.seconds - onsets)[known]
    off = np.abs(off - off[0])
    other = next((column for column in columns if column is not of_day), None)
    if other is not None and of_day is not None and off.max() > max(2.0, 1.02 * clock.resolution_s):
        raise _contradiction(source, table, other, of_day, int(known[off.argmax()]))


def _agreement_with_epochs(
    source: Source,
    table: Table,
    layout: Layout,
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
    known = ~np.isnan(epochs)
    numbers, times = epochs[known] - epochs[known][0], onsets[known] - onsets[known][0]
    lengths = [source.epoch_s] if source.epoch_s else list(EPOCH_LENGTHS_S)
    if np.ptp(numbers) and not source.epoch_s:
        far = int(np.abs(numbers).argmax())
        lengths.append(round(float(times[far] / numbers[far]), 3))
    slack = max(resolution_s, 0.02 * 30.0)
    for length in lengths:
        off = times / length - numbers if length > 0 else np.full(len(times), np.inf)
        if (np.abs(off) < 1.0 - 1e-6 + resolution_s / length).all() and length >= 1:
            exact = bool((np.abs(off) * length <= slack).all())
            first = 0.0 if epochs[known].min() <= 0 else 1.0
            lead = float(epochs[known][onsets[known].argmin()] - first) * length
            return (length if exact and np.ptp(numbers) else None), (lead if exact else None)
    order = np.argsort(onsets[known], kind="stable")
    if _is_counter(epochs[known]) or _is_counter(epochs[known][order]):
        return None, None
    column = layout.epoch or layout.onsets[0]
    off = np.abs(times / 30.0 - numbers)
    rows = np.flatnonzero(known)
    others = (*layout.onsets, *layout.ends, *layout.lengths)
    raise _contradiction(source, table, others[0], column, int(rows[off.argmax()]))


def _lengths(
    source: Source,
    table: Table,
    layout: Layout,
    onsets: NDArray[np.float64],
    staged: NDArray[np.bool_],
    resolution_s: float,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the lengths of the rows by columns of lengths and of ends, which must agree."""
    found: list[tuple[TimeColumn, NDArray[np.float64]]] = []
    notes: tuple[str, ...] = ()
    for column in layout.lengths:
        seconds, more = _length_seconds(source, table, column, layout, onsets, staged)
        found.append((column, seconds))
        notes += more
    for column in layout.ends:
        found.append((column, _until(source, table, layout, column, onsets)))
    if not found:
        return np.full(len(onsets), np.nan), ()
    (first, lengths), *rest = found
    for column, other in rest:
        both = ~(np.isnan(lengths) | np.isnan(other))
        off = np.where(both, np.abs(lengths - other), 0.0)
        slack = max(2.0, 2 * resolution_s)
        hour = np.abs(off - 3600.0) <= slack  # clocks were changed within the row
        if ((off > slack) & ~hour).any() or hour.sum() > 1:
            raise _contradiction(source, table, first, column, int(off.argmax()))
        lengths = np.where(np.isnan(lengths), other, lengths)
    negative = np.flatnonzero(lengths < -_SAME_S)
    if negative.size:
        row = table.rows[int(negative[0])]
        raise source.error(
            f"line {row.line}, {found[-1][0].name}", f"{lengths[negative[0]]:g} s", "it ends before it starts"
        )
    return np.maximum(lengths, 0.0), notes


def _until(
    source: Source, table: Table, layout: Layout, column: TimeColumn, onsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how long each row lasts by the time at which it ends."""
    cells = table.cells(column.index)
    if column.kind is Kind.NUMBER:
        values = _numbers(source, table, column)
        starts = next((c for c in layout.onsets if c.kind is Kind.NUMBER and c.unit == column.unit), None)
        if starts is not None:
            begin = _numbers(source, table, starts, ascending=True)
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
    if column.kind is Kind.MOMENT:
        begins, ends = moments_of(table.cells(starts.index)), moments_of(cells)
        if begins is None or ends is None:
            raise _no_time(source, table, column if ends is None else starts)
        pairs = zip(begins.instants, ends.instants, strict=True)
        spans = np.array([np.nan if a is None or b is None else (b - a).total_seconds() for a, b in pairs])
        spans = np.where(spans < 0, spans + DAY_S, spans)  # one date for all rows, also for those after midnight
    else:
        first, last = times_of_day(table.cells(starts.index)), times_of_day(cells)
        if first is None or last is None:
            raise _no_time(source, table, column if last is None else starts)
        spans = np.round(last.seconds - first.seconds, 6) % DAY_S
    # Where a row ends as the next one starts, it lasts until then, whatever the clocks did in between.
    to_next = np.diff(onsets)
    same = np.array([a == b for a, b in zip(cells[:-1], table.cells(starts.index)[1:], strict=True)], dtype=bool)
    spans[:-1] = np.where(same & (to_next >= 0), to_next, spans[:-1])
    return spans


def _length_seconds(
    source: Source,
    table: Table,
    column: TimeColumn,
    layout: Layout | None,
    onsets: NDArray[np.float64],
    staged: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return a column of lengths in seconds; the unit is the named one, or the one by which rows meet."""
    cells = table.cells(column.index)
    if column.kind is Kind.TIME:
        times = times_of_day(cells)
        if times is None:
            raise _no_time(source, table, column)
        values, units = times.seconds, {"hh:mm:ss" if times.resolution_s < 60 else "hh:mm": 1.0}
        if times.resolution_s >= 60:
            units["mm:ss"] = 1.0 / 60
    else:
        values = _numbers(source, table, column)
        named = seconds_in(column.unit) if column.unit else None
        if named is not None:
            return values * named, ()
        units = {unit: scale for unit in _MOST_TILING_SCALES if (scale := seconds_in(unit)) is not None}
        if source.onset_unit and (scale := seconds_in(source.onset_unit)) is not None:
            units = {source.onset_unit: scale} if layout is None else {source.onset_unit: scale, **units}
        units["epochs"] = source.epoch_s or 30.0
    if len(units) == 1:
        return values * next(iter(units.values())), ()
    if layout is None or len(onsets) == 0:
        ends = np.append(0.0, np.nancumsum(values))
        scale, notes = scale_of_times(source, column.name, ends, named_unit=None, lengths=np.empty(0))
        return values * scale, notes
    return _unit_that_meets(source, column, values, units, onsets, staged)


def _unit_that_meets(
    source: Source,
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


def _no_time(source: Source, table: Table, column: TimeColumn) -> HypnogramError:
    cells = table.cells(column.index)
    wrong = next(
        (k for k, t in enumerate(cells) if is_given(t) and times_of_day([t]) is None and moments_of([t]) is None), 0
    )
    hint = "expected a time such as 22:41:17, 10:41:17 PM or 2024-10-26 22:41:17"
    return source.error(f"line {table.rows[wrong].line}, {column.name}", cells[wrong], hint)


def _contradiction(source: Source, table: Table, one: TimeColumn, other: TimeColumn, row: int) -> HypnogramError:
    line = table.rows[row]
    value = f"{line.cells[one.index]} and {line.cells[other.index]}"
    hint = "the two columns contradict each other in this row; take the wrong one out of the file"
    return source.error(f"line {line.line}, '{one.name}' and '{other.name}'", value, hint)
