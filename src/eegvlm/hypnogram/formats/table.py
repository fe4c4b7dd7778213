"""CSV and TXT: one stage a line or a row, as labels or as integer codes; or rows with start and length.

Labels are read as they are. Integers are read only with a coding, for the conventions conflict; the
exception is a file of ``W``, ``R`` and the digits 1 to 4, which can only be the stages of Rechtschaffen and
Kales. DREAMS files name themselves in their first line (``[HypnogramAASM]``, ``[HypnogramR&K]``), which
serves as their coding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from eegvlm.hypnogram.codings import CODINGS, DREAMS_ZERO, Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.columns import Row
from eegvlm.hypnogram.formats.events import (
    Event,
    StageEvents,
    hypnogram_from_events,
    pick_stages,
    rechtschaffen_kales_notes,
)
from eegvlm.hypnogram.formats.format import Format, Source, from_the_recordings_start
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage, stage_of_spelling
from eegvlm.hypnogram.timing import Timing

_STAGE_NAMES = (
    *("stage", "stages", "sleep stage", "sleep stages", "sleepstage", "trial type", "hypnogram", "hypno"),
    *("annotation", "annotations", "event", "label", "labels", "description", "score", "value"),
)
_ONSET_NAMES = ("onset", "onset s", "recording onset", "start", "start s", "begin", "begin s")
_DURATION_NAMES = ("duration", "duration s", "length", "length s")
_INTEGER = re.compile(r"[+-]?\d{1,3}(?:\.0*)?")
_DEFAULT_EPOCH_S = 30.0
_NOT_GIVEN = ("", "n/a")


def _recognises(source: Source) -> bool:
    return True  # any text may be a table; the registry asks this format last


def _read(source: Source) -> Hypnogram:
    text = source.text()
    first = columns.first_line(text)
    marker = first.strip(",;\t ").casefold()
    if marker in DREAMS_ZERO:
        return _read_dreams(source, text, marker)
    rows = columns.rows_of(source, text, columns.delimiter_of(first))
    if not rows:
        raise source.error("content", "no line", "expected one stage a line")
    header = rows[0].cells
    column = columns.column_of(header, _STAGE_NAMES)
    if column is None:
        column, notes = _column_without_header(source, rows)
        return _read_epochs(source, rows, column, notes)
    if columns.column_of(header, _ONSET_NAMES) is not None:
        return hypnogram_from_timed_rows(source, rows[0], rows[1:])
    if len(rows) == 1:
        raise source.error("content", "a header only", "expected one stage a line under it")
    return _read_epochs(source, rows[1:], column, ())


def hypnogram_from_timed_rows(
    source: Source,
    header: Row,
    rows: Sequence[Row],
    *,
    start: datetime | None = None,
    epoch_s: float | None = None,
) -> Hypnogram:
    """Read rows that say when they start: tables with an onset column, BIDS events.

    Raises
    ------
    HypnogramError
        If there is no column of stages, a time is no number, or codes have no coding.
    """
    onset = columns.column_of(header.cells, _ONSET_NAMES)
    column = columns.column_of(header.cells, _STAGE_NAMES)
    if onset is None or column is None:
        hint = "expected a column of start times (onset) and one of stages (trial_type or stage)"
        raise source.error(f"line {header.line}, columns", ", ".join(header.cells), hint)
    duration = columns.column_of(header.cells, _DURATION_NAMES)
    events = [_event(source, row, onset, duration, column) for row in rows]
    if _are_codes([event.text for event in events]):
        coded = [event for event in events if event.text not in _NOT_GIVEN]
        coding = _needed_coding(source, coded[0].where, coded[0].text)
        stages = np.array([_decode(source, coding, e.where, e.text, None) for e in coded], dtype=np.int8)
        picked = StageEvents(tuple(coded), stages, _coding_notes(coding, [e.text for e in coded]))
    else:
        picked = pick_stages(source, events)
    return hypnogram_from_events(source, picked, start=start, epoch_s=epoch_s)


def _event(source: Source, row: Row, onset: int, duration: int | None, column: int) -> Event:
    length = None
    if duration is not None and columns.cell(row, duration) not in _NOT_GIVEN:
        length = columns.number(source, row, duration, "duration")
    onset_s = columns.number(source, row, onset, "onset")
    return Event(onset_s, length, columns.cell(row, column), f"line {row.line}")


def _column_without_header(source: Source, rows: Sequence[Row]) -> tuple[int, tuple[str, ...]]:
    """Choose the column of a table without a header: the only one, or the only one that holds labels."""
    width = max(len(row.cells) for row in rows)
    if width == 1:
        return 0, ()
    labelled = [k for k in range(width) if all(stage_of_spelling(columns.cell(row, k)) is not None for row in rows)]
    if len(labelled) != 1:
        hint = "name the columns in a first line, the one of the stages 'stage'"
        raise source.error(f"line {rows[0].line}", ", ".join(rows[0].cells), hint)
    return labelled[0], (f"column {labelled[0] + 1} was read, the only one that holds stages",)


def _read_epochs(source: Source, rows: Sequence[Row], column: int, notes: tuple[str, ...]) -> Hypnogram:
    """Read one epoch a row."""
    texts = [columns.cell(row, column) for row in rows]
    lines = [f"line {row.line}" for row in rows]
    _refuse_blank_lines(source, rows)
    if _are_codes(texts):
        coding = _needed_coding(source, lines[0], next(text for text in texts if _INTEGER.fullmatch(text)))
        stages = [_decode(source, coding, line, text, None) for line, text in zip(lines, texts, strict=True)]
        notes += _coding_notes(coding, texts)
        epoch_s = source.epoch_s or coding.epoch_s
    else:
        prefix = "stage " if _are_rechtschaffen_kales(texts) else ""
        spelled = [prefix + text if _INTEGER.fullmatch(text) else text for text in texts]
        stages = [_label(source, line, text) for line, text in zip(lines, spelled, strict=True)]
        notes += rechtschaffen_kales_notes(spelled)
        notes += ("the file holds labels, so its coding does not matter",) if source.coding else ()
        epoch_s = source.epoch_s or _DEFAULT_EPOCH_S
    if source.epoch_s is None:
        notes += (f"each line was taken as {epoch_s:g} s, which the file does not say",)
    return Hypnogram(np.array(stages, dtype=np.int8), epoch_s, notes=notes, timing=Timing.NOTHING)


def _read_dreams(source: Source, text: str, marker: str) -> Hypnogram:
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
    stages = [_decode(source, coding, f"line {row.line}", row.cells[0], zero) for row in rows]
    notes = (f"each line is {coding.epoch_s:g} s",) if source.epoch_s is None else ()
    epoch_s = source.epoch_s or coding.epoch_s
    return Hypnogram(np.array(stages, dtype=np.int8), epoch_s, notes=notes, timing=Timing.NOTHING)


def _refuse_blank_lines(source: Source, rows: Sequence[Row]) -> None:
    """Refuse an empty line between epochs: it may stand for one, which would shift all that follow."""
    for before, row in pairwise(rows):
        if row.line != before.line + 1:
            raise source.error(f"line {before.line + 1}", "empty", "write ? for an unscored epoch, or take it out")


def _are_codes(texts: Sequence[str]) -> bool:
    """Tell whether texts are integer codes: some are integers, and they are not digits among letters."""
    return any(_INTEGER.fullmatch(text) for text in texts) and not _are_rechtschaffen_kales(texts)


def _are_rechtschaffen_kales(texts: Sequence[str]) -> bool:
    """Tell whether texts are W, R and the digits 1 to 4."""
    digits = {text for text in texts if _INTEGER.fullmatch(text)}
    others = {text.casefold() for text in texts} - digits
    return bool(digits) and digits <= set("1234") and bool(others & {"w", "r", "wake", "rem"})


def _needed_coding(source: Source, where: str, code: str) -> Coding:
    if source.coding is None:
        hint = f"integer codes differ from source to source: name the coding, one of {', '.join(CODINGS)}"
        raise source.error(where, code, hint)
    return source.coding


def _decode(source: Source, coding: Coding, where: str, text: str, zero: Stage | None) -> Stage:
    code = int(float(text)) if _INTEGER.fullmatch(text) else None
    if code == 0 and coding.name == "dreams":
        if zero is None:
            hint = "0 is S4 in HypnogramR&K files and unknown in HypnogramAASM files: keep the file's first line"
            raise source.error(where, text, hint)
        return zero
    stage = coding.stages.get(code) if code is not None else None
    if stage is None and text.strip() == "?":
        return Stage.UNSCORED
    if stage is None:
        raise source.error(where, text, f"the coding {coding.name} has {coding.about}")
    return stage


def _label(source: Source, where: str, text: str) -> Stage:
    stage = stage_of_spelling(text)
    if stage is None:
        raise source.error(where, text, "expected W, N1, N2, N3, R, or ? for unscored")
    return stage


def _coding_notes(coding: Coding, texts: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(int(float(text)) for text in texts if _INTEGER.fullmatch(text))
    odd = [(code, counts[code]) for code in sorted(coding.undocumented) if counts[code]]
    return tuple(f"{n} epochs have the undocumented code {code} and are unscored" for code, n in odd)


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
)
