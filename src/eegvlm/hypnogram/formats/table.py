"""CSV and TXT: one stage a line, or a table whose columns say when each row is and which stage it has.

What a column is comes from :mod:`.table_layout`, when the rows are from :mod:`.row_times`. Rows of epochs are laid by
their numbers or times, and holes between them are unscored; rows of changes run to the next. A table is never read
past a column that was not understood.

Labels are read as they are. Integers are read only with a coding, for the conventions conflict; the exception is a
file of ``W``, ``R`` and the digits 1 to 4, which can only be the stages of Rechtschaffen and Kales. DREAMS files
name themselves in their first line (``[HypnogramAASM]``, ``[HypnogramR&K]``), which serves as their coding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from eegvlm.hypnogram.codings import CODINGS, DREAMS_ZERO, Coding
from eegvlm.hypnogram.error import HypnogramError, SeveralScorersError
from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.cells import is_given
from eegvlm.hypnogram.formats.columns import TableRow
from eegvlm.hypnogram.formats.event import Event
from eegvlm.hypnogram.formats.events import StageEvents, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.fine_rows import refuse_fine_rows
from eegvlm.hypnogram.formats.format import Format, ScoringSource, from_the_recordings_start
from eegvlm.hypnogram.formats.row_times import RowTimes, times_of_rows
from eegvlm.hypnogram.formats.stage_changes import Rows, read_rows
from eegvlm.hypnogram.formats.stage_texts import are_codes, decoded_codes, labelled_stages
from eegvlm.hypnogram.formats.table_layout import TableLayout, layout_of
from eegvlm.hypnogram.formats.table_text import TextTable, table_of
from eegvlm.hypnogram.formats.unclear_rows import (
    refuse_lines_between,
    refuse_merged_cells,
    refuse_sums,
    without_ignored,
)
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage_map import folded
from eegvlm.hypnogram.timing import Timing
from eegvlm.signals.lights import LightsMarker, lights_marker

_DEFAULT_EPOCH_S = 30.0
_PLACED_BY = {
    Timing.CLOCK: ("rows were placed by the clock",),
    Timing.EPOCH_NUMBER: ("rows were placed by their epoch numbers",),
}


def _recognises(source: ScoringSource) -> bool:
    return True  # any text may be a table; the registry asks this format last


def _read(source: ScoringSource) -> Hypnogram:
    text = source.text()
    marker = columns.first_line(text).strip(",;\t ").casefold()
    if marker in DREAMS_ZERO:
        return _read_dreams(source, text, marker)
    table = table_of(source, text)
    if table.header is None and len(table.rows) == 1 and (row := _in_one_line(source, table.rows[0])):
        return _read_one_line(source, row)
    if not table.rows:
        raise source.error("content", "a header only", "expected one stage a line under it")
    if table.width == 1:
        _refuse_blank_lines(source, table.rows)
        layout = TableLayout(0, all_stages=True)
        _rows_of_one_scorer(source, table, layout)  # refuses a scorer whom nothing names
        return _one_epoch_a_row(source, without_ignored(source, table, 0), layout, ())
    return hypnogram_from_table(source, table)


def hypnogram_from_table(
    source: ScoringSource, table: TextTable, *, start: datetime | None = None, epoch_s: float | None = None
) -> Hypnogram:
    """Read a table of more than one column.

    Parameters
    ----------
    source, table
        The file.
    start, epoch_s
        Clock time of second 0 and length of an epoch, where another file says them (a BIDS sidecar).

    Raises
    ------
    HypnogramError
        If a column is not understood, or columns contradict each other.
    """
    layout = layout_of(source, table)
    table, notes = _rows_of_one_scorer(source, table, layout)
    refuse_merged_cells(source, table, layout.stage)
    if not (layout.onsets or layout.ends or layout.lengths or layout.epoch):
        _refuse_blank_lines(source, table.rows)
        return _one_epoch_a_row(source, without_ignored(source, table, layout.stage), layout, notes)
    table = without_ignored(source, table, layout.stage)
    texts = table.cells(layout.stage)
    if not (layout.onsets or layout.epoch):
        refuse_sums(source, texts, [f"line {row.line}" for row in table.rows])
    codes = are_codes(source, texts)
    staged = np.array([codes or source.stage_of(text) is not None for text in texts], dtype=bool)
    if not staged.any():
        if not layout.all_stages:
            pick_stages(source, [Event(0.0, None, text, "") for text in texts if is_given(text)])  # refuses it
        staged[:] = True
    times = times_of_rows(source, table, layout, staged)
    picked = _picked(source, table, layout, times, codes=codes)
    epoch_s = source.epoch_s or epoch_s or times.epoch_s
    if times.rests_on is Timing.EPOCH_NUMBER:
        epoch_s = epoch_s or (source.coding.epoch_s if source.coding and codes else _DEFAULT_EPOCH_S)
        first = table.cells(layout.epoch.index)[int(times.onsets_s.argmin())] if layout.epoch else ""
        notes += (f"each epoch was taken as {epoch_s:g} s, which the file does not say",) if not source.epoch_s else ()
        if times.onsets_s.min() > 0:
            notes += (f"epochs are numbered from {first}, so the first starts at {times.onsets_s.min():g} s",)
    picked, more = _with_lengths(source, picked, times, epoch_s)
    hypnogram = hypnogram_from_events(source, picked, start=start or times.start, epoch_s=epoch_s)
    order = np.diff(times.onsets_s)
    unsorted_rows = ("the rows were put in order of time",) if (order < 0).any() else ()
    hypnogram = replace(hypnogram, timing=times.rests_on)
    placed_by = _PLACED_BY.get(times.rests_on, ())
    return hypnogram.with_notes(*notes, *more, *times.notes, *unsorted_rows, *placed_by, *_left_out(layout))


def _rows_of_one_scorer(
    source: ScoringSource, table: TextTable, layout: TableLayout
) -> tuple[TextTable, tuple[str, ...]]:
    """Keep the rows of the requested scorer, where a column names the scorer of each row."""
    if layout.scorer is None:
        if source.scorer is not None and folded(source.scorer) != folded(table.name(layout.stage)):
            columns_there = f"nor is it one of {', '.join(table.header)}" if table.header else "nor has one a name"
            raise source.error("--scorer", source.scorer, f"no column says who scored, {columns_there}")
        return table, ()
    rows_of = table.cells(layout.scorer)
    scorers = list(dict.fromkeys(rows_of))
    if source.scorer is None or len(scorers) == 1:
        if len(scorers) > 1:
            raise SeveralScorersError.of(source.path, f"column '{table.name(layout.scorer)}'", tuple(scorers))
        return table, ()
    by_scorer = [folded(name) == folded(source.scorer) for name in rows_of]
    if not any(by_scorer):
        raise source.error("--scorer", source.scorer, f"choose one of {', '.join(scorers)}")
    return table.with_rows(by_scorer), (f"of {len(scorers)} scorers, the rows of {source.scorer} were read",)


def _picked(
    source: ScoringSource, table: TextTable, layout: TableLayout, times: RowTimes, *, codes: bool
) -> StageEvents:
    """Make events of rows, and stages of their texts."""
    events = [
        Event(round(float(onset), 6), None if np.isnan(length) else round(float(length), 6), text, f"line {row.line}")
        for onset, length, row, text in zip(
            times.onsets_s, times.lengths_s, table.rows, table.cells(layout.stage), strict=True
        )
    ]
    if not (codes or layout.all_stages):
        return pick_stages(source, [event for event in events if is_given(event.text)])
    markers = [(event, lights_marker(event.onset_s, event.text)) for event in events]
    lights: list[LightsMarker] = [marker for _, marker in markers if marker]
    events = [event for event, marker in markers if not marker]
    texts, places = [event.text for event in events], [event.where for event in events]
    read = decoded_codes if codes else labelled_stages
    stages, notes = read(source, texts, places)
    marked = tuple(f"lights {marker.switch} is marked at {marker.onset_s:g} s" for marker in lights if marker.switch)
    return StageEvents(tuple(events), stages, (*notes, *marked), tuple(lights))


def _with_lengths(
    source: ScoringSource, picked: StageEvents, times: RowTimes, epoch_s: float | None
) -> tuple[StageEvents, tuple[str, ...]]:
    """Give rows without a length one: an epoch, or the time to the next row.

    Raises
    ------
    HypnogramError
        If the rows are neither one an epoch nor one a change.
    """
    if any(event.duration_s for event in picked.events):
        return picked, ()
    onsets = np.array([event.onset_s for event in picked.events])
    listed, first = np.unique(onsets, return_index=True)
    step = None if times.rests_on is Timing.ONSET and source.epoch_s is None and times.epoch_s is None else epoch_s
    reading = read_rows(listed, picked.stages[first], step=step, tolerance=1.02 * times.resolution_s)
    if reading.rows is Rows.CHANGES:
        refuse_sums(source, [event.text for event in picked.events], [event.where for event in picked.events])
        return picked, ()
    if reading.rows is Rows.UNCLEAR:
        first_onsets = ", ".join(f"{value:g}" for value in listed[:4])
        hint = "the rows are neither one an epoch nor one a change of stage; add a column of ends or durations"
        raise source.error("start of rows (s)", first_onsets, hint)
    length = reading.step or epoch_s or _DEFAULT_EPOCH_S
    events = tuple(event._replace(duration_s=length) for event in picked.events)
    slack = 0.5 * length
    holes = int(np.round((np.diff(listed)[np.diff(listed) > length + slack] / length - 1).sum()))
    notes = (f"{holes} epochs have no row and are unscored",) if holes else ()
    return replace(picked, events=events), notes


def _left_out(layout: TableLayout) -> tuple[str, ...]:
    return (f"columns left out: {', '.join(layout.left_out)}",) if layout.left_out else ()


def _in_one_line(source: ScoringSource, row: TableRow) -> TableRow | None:
    """Return the only row of a file, its stages split at blanks if need be; None where it holds one stage."""
    if len(row.cells) > 1:
        return row
    words = row.cells[0].split()
    several = len(words) > 1 and source.stage_of(row.cells[0]) is None
    return (
        TableRow(row.line, tuple(words))
        if several and all(source.stage_of(word) is not None for word in words)
        else None
    )


def _read_one_line(source: ScoringSource, row: TableRow) -> Hypnogram:
    """Read a file that holds all epochs in one line."""
    cells = [cell for cell in row.cells if cell]
    table = TextTable(None, row.line, tuple(TableRow(row.line, (cell,)) for cell in cells))
    hypnogram = _one_epoch_a_row(source, table, TableLayout(0, all_stages=True), ())
    return hypnogram.with_notes(f"line {row.line} holds all {len(cells)} epochs")


def _one_epoch_a_row(source: ScoringSource, table: TextTable, layout: TableLayout, notes: tuple[str, ...]) -> Hypnogram:
    """Read rows of which nothing says when they are: one epoch each, from the recording's start."""
    texts = table.cells(layout.stage)
    places = [f"line {row.line}" for row in table.rows]
    codes = are_codes(source, texts)
    stages, more = (decoded_codes if codes else labelled_stages)(source, texts, places)
    if not codes:
        refuse_lines_between(source, places, texts)
    notes = (*layout.notes, *notes, *more)
    if source.coding and not codes:
        notes += ("the file holds labels, so its coding does not matter",)
    epoch_s = source.epoch_s or (source.coding.epoch_s if codes and source.coding else _DEFAULT_EPOCH_S)
    if source.epoch_s is None:
        refuse_fine_rows(source, stages, epoch_s)
        notes += (f"each line was taken as {epoch_s:g} s, which the file does not say",)
    return Hypnogram(stages, epoch_s, notes=(*notes, *_left_out(layout)), timing=Timing.NOTHING)


def _read_dreams(source: ScoringSource, text: str, marker: str) -> Hypnogram:
    """Read a file that says in its first line that it is of DREAMS, and by which rules it was scored."""
    coding = CODINGS["dreams"]
    if source.coding not in (None, coding):
        hint = "its first line says that it is of DREAMS; leave the coding out"
        raise source.error("coding", source.coding.name if source.coding else "", hint)
    rows = columns.rows_of(source, text, ",")[1:]
    if not rows:
        raise source.error("content", "a header only", "expected one code a line under it")
    _refuse_blank_lines(source, rows)
    zero = DREAMS_ZERO[marker]
    coded = replace(source, coding=coding)
    texts, places = [row.cells[0] for row in rows], [f"line {row.line}" for row in rows]
    stages, _ = decoded_codes(coded, texts, places, zero=zero)
    notes = (f"each line is {coding.epoch_s:g} s",) if source.epoch_s is None else ()
    return Hypnogram(stages, source.epoch_s or coding.epoch_s, notes=notes, timing=Timing.NOTHING)


def _refuse_blank_lines(source: ScoringSource, rows: Sequence[TableRow]) -> None:
    """Refuse an empty line between epochs: it may stand for one, which would shift all that follow."""
    for before, row in pairwise(rows):
        if row.line != before.line + 1:
            raise source.error(f"line {before.line + 1}", "empty", "write ? for an unscored epoch, or take it out")


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    whole = from_the_recordings_start(hypnogram, path)
    if coding is None:
        return {path: ("\n".join(whole.labels) + "\n").encode()}
    if coding.name == "dreams" and whole.epoch_s != coding.epoch_s:
        hint = f"DREAMS files have one code per {coding.epoch_s:g} s; resample the scoring to that"
        raise HypnogramError(path, "epoch length", f"{whole.epoch_s:g} s", hint)
    lines = ["[HypnogramAASM]"] if coding.name == "dreams" else []
    for epoch, stage in enumerate(whole, start=1):
        if stage not in coding.codes:
            hint = f"the coding {coding.name} has no code for it ({coding.about})"
            raise HypnogramError(path, f"epoch {epoch}", stage.label, hint)
        lines.append(str(coding.codes[stage]))
    return {path: ("\n".join(lines) + "\n").encode()}


FORMAT = Format(
    "txt",
    "one stage a line, or a table with a column of stages",
    (".txt", ".csv", ".tsv", ".hyp"),
    _recognises,
    _read,
    _write,
    holds_codes=True,
    holds_scorers=True,
    holds_units=True,
)
