"""Event tables of Noxturnal: start and end as clock times, one row an event, headings in the user's language.

Recognised by the second line, which holds the units in square brackets. Only read. Dates are written as the
user's country does, or as ISO does; day and month are told apart by a number above 12, or else by the shorter night.
"""

from __future__ import annotations

import re

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.cells import moments_of
from eegvlm.hypnogram.formats.event_list import from_first_stage
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram

_UNITS = re.compile(r"\[\](?:[,;\t]\[[^\]]*\])+[,;\t]?")


def _recognises(source: ScoringSource) -> bool:
    lines = decoded(source.head).split("\n", 2)
    return len(lines) > 2 and _UNITS.fullmatch(lines[1].strip()) is not None


def _read(source: ScoringSource) -> Hypnogram:
    text = source.text()
    rows = columns.rows_of(source, text, columns.delimiter_of(columns.first_line(text)))[2:]
    rows = [row for row in rows if len(row.cells) >= 3]
    if not rows:
        raise source.error("content", "no event", "expected start, end and name of an event in each line")
    moments = moments_of([row.cells[column] for column in (0, 1) for row in rows])
    if moments is None or None in moments.instants:
        hint = "expected clock times such as 31/05/2024 22:15:00 or 2024-05-31T22:15:00"
        raise source.error(f"line {rows[0].line}", ", ".join(rows[0].cells[:2]), hint)
    instants = [instant for instant in moments.instants if instant is not None]
    starts, stops = instants[: len(rows)], instants[len(rows) :]
    events = [
        Event((start - starts[0]).total_seconds(), (stop - start).total_seconds(), row.cells[2], f"line {row.line}")
        for row, start, stop in zip(rows, starts, stops, strict=True)
    ]
    hypnogram = hypnogram_from_events(source, pick_stages(source, events), start=starts[0])
    notes = (moments.note,) if moments.note else ()
    return from_first_stage(hypnogram.with_notes(*notes))


FORMAT = Format("noxturnal", "Noxturnal event table", (), _recognises, _read, None)
