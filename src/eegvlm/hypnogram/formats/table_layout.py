"""What every column of a table is: by its name, else by its content, else the table is refused.

A column that carries numbers or times and is not understood may be the one that says when each row is, so nothing
is read past it. Columns of text that are no stages are left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.cells import (
    CellKind,
    carries_numbers,
    could_be_dotted_times,
    is_given,
    kind_of,
    numbers_of,
)
from eegvlm.hypnogram.formats.column_names import ColumnRole, Meaning, meaning_of
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.stage_column import could_be_codes, same_stages, stage_column
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.formats.unknown_names import shortened
from eegvlm.hypnogram.stage_map import folded

_TIMED = (ColumnRole.ONSET, ColumnRole.END, ColumnRole.LENGTH)
_TILES_FROM = 3  # rows from which the ends that meet starts are no chance
_MOST_SHOWN = 8


@dataclass(frozen=True)
class TimeColumn:
    """A column of times: where it stands, its name, what its cells are, the unit and nature that its name says."""

    index: int
    name: str
    kind: CellKind
    unit: str | None = None
    times: str | None = None


@dataclass(frozen=True)
class TableLayout:
    """What the columns of a table are.

    Attributes
    ----------
    stage
        The column of stages.
    all_stages
        Whether each of its rows is a stage, as its name says; else other events may stand between.
    onsets, ends, lengths
        Columns of times.
    epoch, date
        Columns of epoch numbers and of dates.
    scorer
        The column that says who scored a row.
    left_out
        Names of columns that carry something else.
    notes
        How columns were understood that have no name for it.
    """

    stage: int
    all_stages: bool
    onsets: tuple[TimeColumn, ...] = ()
    ends: tuple[TimeColumn, ...] = ()
    lengths: tuple[TimeColumn, ...] = ()
    epoch: TimeColumn | None = None
    date: TimeColumn | None = None
    scorer: int | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def layout_of(source: ScoringSource, table: TextTable) -> TableLayout:
    """Understand every column of a table.

    Raises
    ------
    HypnogramError
        If there is no column of stages, more than one, or a column of numbers or times is not understood.
    """
    kinds = [kind_of(table.cells(k)) for k in range(table.width)]
    meanings = _meanings(table)
    stage, all_stages, notes = stage_column(source, table, kinds, meanings)
    layout = TableLayout(stage, all_stages, notes=notes)
    unclear: list[int] = []
    left_out: list[str] = []
    for k, (kind, meaning) in enumerate(zip(kinds, meanings, strict=True)):
        if k == stage or kind is CellKind.EMPTY:
            continue
        placed = None if meaning is None else _with_column(source, table, layout, k, kind, meaning)
        if placed is not None:
            layout = placed
        elif _may_be_left_out(source, table, k, stage, kind, meaning) or not carries_numbers(table.cells(k)):
            left_out.append(table.name(k))
        else:
            unclear.append(k)
    layout = _by_content(table, layout, unclear, kinds)
    for k in unclear:
        if k not in {c.index for c in (*layout.onsets, *layout.ends, *layout.lengths, layout.epoch, layout.date) if c}:
            raise _not_understood(source, table, k)
    return replace(layout, left_out=tuple(left_out))


def _meanings(table: TextTable) -> list[Meaning | None]:
    if table.header is None:
        return [None] * table.width
    return [meaning_of(name) if name or k == 0 else None for k, name in enumerate(table.header)]


def _with_column(
    source: ScoringSource, table: TextTable, layout: TableLayout, k: int, kind: CellKind, meaning: Meaning
) -> TableLayout | None:
    """Add a column to the layout by its name; None where its content is not what the name says."""
    role = meaning.role
    if role in _TIMED and kind is CellKind.DATE and could_be_dotted_times(table.cells(k)):
        kind = CellKind.TIME
    column = TimeColumn(k, table.name(k), kind, meaning.unit, meaning.times)
    if role is ColumnRole.EPOCH and kind is CellKind.NUMBER:
        values = numbers_of(table.cells(k), ascending=True)
        whole = values is not None and bool((np.isnan(values) | (values == np.round(values))).all())
        return replace(layout, epoch=column) if whole and layout.epoch is None else None
    if role in _TIMED and kind is CellKind.DATE and layout.date is None:
        return replace(layout, date=column)
    if role is ColumnRole.DATE and kind in (CellKind.DATE, CellKind.MOMENT):
        if kind is CellKind.MOMENT:
            return replace(layout, onsets=(*layout.onsets, column))
        return replace(layout, date=column) if layout.date is None else None
    if role in _TIMED and kind in (CellKind.NUMBER, CellKind.TIME, CellKind.MOMENT):
        if role is ColumnRole.ONSET:
            return replace(layout, onsets=(*layout.onsets, column))
        if role is ColumnRole.END:
            return replace(layout, ends=(*layout.ends, column))
        return None if kind is CellKind.MOMENT else replace(layout, lengths=(*layout.lengths, column))
    if role is ColumnRole.SCORER and layout.scorer is None:
        return replace(layout, scorer=k)
    # An ``ID`` may number the rows or name the person.
    named_persons = role is ColumnRole.EPOCH and kind is CellKind.TEXT and not carries_numbers(table.cells(k))
    if role is ColumnRole.NIGHT or named_persons:
        values_found = sorted({text for text in table.cells(k) if is_given(text)})
        if len(values_found) > 1:
            nights = ", ".join(values_found[:_MOST_SHOWN])
            raise source.error(f"column '{table.name(k)}'", nights, "it names several nights; give a file for each")
        return layout
    return None


def _may_be_left_out(
    source: ScoringSource, table: TextTable, k: int, stage: int, kind: CellKind, meaning: Meaning | None
) -> bool:
    """Tell whether a column is known to say nothing of time: measures, probabilities, codes beside labels."""
    if meaning is not None and meaning.role is ColumnRole.OTHER and kind in (CellKind.NUMBER, CellKind.TEXT):
        return True
    if meaning is not None and meaning.role in (ColumnRole.STAGE, ColumnRole.TEXT):
        return kind is CellKind.TEXT or same_stages(source, table, k, stage) or source.scorer is not None
    named = source.scorer is not None and folded(source.scorer) == folded(table.name(stage))
    return named and kind is CellKind.NUMBER and could_be_codes(table.cells(k), source.coding)


def _by_content(
    table: TextTable, layout: TableLayout, unclear: Sequence[int], kinds: Sequence[CellKind]
) -> TableLayout:
    """Understand columns without a name that is known by how they fit together."""
    columns = {k: TimeColumn(k, table.name(k), kinds[k]) for k in unclear}
    numbers = {k: v for k in unclear if kinds[k] is CellKind.NUMBER and (v := numbers_of(table.cells(k))) is not None}
    numbers = {k: v for k, v in numbers.items() if not np.isnan(v).any()}
    if layout.epoch is None:
        counts = [k for k, v in numbers.items() if len(v) > 1 and v[0] in (0, 1) and (np.diff(v) == 1).all()]
        if counts:
            layout = replace(
                layout, epoch=columns[counts[0]], notes=(*layout.notes, _taken(columns[counts[0]], "epoch numbers"))
            )
            numbers.pop(counts[0])
    if not layout.onsets and len(table.rows) >= _TILES_FROM:
        layout = _tiling(layout, columns, numbers)
    times = [k for k in unclear if kinds[k] in (CellKind.TIME, CellKind.MOMENT)]
    if not layout.onsets and times and len(times) <= 2:
        start, *end = times
        layout = replace(layout, onsets=(columns[start],), notes=(*layout.notes, _taken(columns[start], "start times")))
        if end and not layout.ends and _meets(table.cells(start), table.cells(end[0])):
            layout = replace(
                layout, ends=(columns[end[0]],), notes=(*layout.notes, _taken(columns[end[0]], "end times"))
            )
    dates = [k for k in unclear if kinds[k] is CellKind.DATE]
    if layout.date is None and len(dates) == 1:
        layout = replace(layout, date=columns[dates[0]])
    untimed = not (layout.onsets or layout.ends or layout.lengths or layout.epoch)
    if table.header is None and untimed and len(numbers) == 1:
        ((k, values),) = numbers.items()
        layout = _stage_and_time(layout, columns[k], values)
    return layout


def _tiling(
    layout: TableLayout, columns: dict[int, TimeColumn], numbers: dict[int, NDArray[np.float64]]
) -> TableLayout:
    """Find a start and a length or an end among numbers: each row ends where the next one starts."""
    for start, starts in numbers.items():
        if not (np.diff(starts) > 0).all():
            continue
        for meeting, values in numbers.items():
            if meeting == start:
                continue
            ends_meet = bool((np.abs(values[:-1] - starts[1:]) <= 1e-6).mean() >= 0.9)
            lengths_meet = bool((np.abs(starts[:-1] + values[:-1] - starts[1:]) <= 1e-6).mean() >= 0.9)
            if ends_meet == lengths_meet:
                continue
            notes = (_taken(columns[start], "starts"), _taken(columns[meeting], "ends" if ends_meet else "lengths"))
            layout = replace(layout, onsets=(columns[start],), notes=(*layout.notes, *notes))
            second = (columns[meeting],)
            return replace(layout, ends=second) if ends_meet else replace(layout, lengths=second)
    return layout


def _stage_and_time(layout: TableLayout, column: TimeColumn, values: NDArray[np.float64]) -> TableLayout:
    """Read two columns without names: time before stage from 0 on, or stage before the time at which it ends.

    The second form is that of Visbrain and Elan; a list of starts begins with 0.
    """
    if not (np.diff(values) > 0).all():
        return layout
    if values[0] == 0:
        return replace(layout, onsets=(column,), notes=(*layout.notes, _taken(column, "starts")))
    if column.index > layout.stage and values[0] > 0:
        return replace(layout, ends=(column,), notes=(*layout.notes, _taken(column, "the times at which stages end")))
    return layout


def _meets(starts: Sequence[str], ends: Sequence[str]) -> bool:
    pairs = [(end, start) for (end, _), (_, start) in pairwise(zip(ends, starts, strict=True))]
    return sum(end == start for end, start in pairs) >= 0.5 * len(pairs)


def _taken(column: TimeColumn, what: str) -> str:
    return f"column {column.name} was taken for {what}, by its content"


def _not_understood(source: ScoringSource, table: TextTable, k: int) -> HypnogramError:
    cells = table.cells(k)
    if kind_of(cells) is CellKind.NUMBER and numbers_of(cells) is None:
        wrong_row = next((row for row, text in enumerate(cells) if is_given(text) and numbers_of([text]) is None), None)
        if wrong_row is not None:
            hint = "expected a number, as in the other rows; take lines of sums and remarks out of the file"
            return source.error(
                f"line {table.rows[wrong_row].line}, {table.name(k)}", shortened(cells[wrong_row]), hint
            )
    first_cells = ", ".join(shortened(text) for text in cells[:4])
    hint = (
        "what this column says is not clear, and it may say when the rows are; name it for what it is "
        "(epoch, onset_s, end_s, duration_s, start time, scorer) or take it out of the file"
    )
    return source.error(f"column '{table.name(k)}'", first_cells, hint)
