"""Event tables of Noxturnal: start and end as clock times, one row an event, headings in the user's language.

Recognised by the second line, which holds the units in square brackets. Only read. Dates are written as the
user's country does; day and month are told apart by a number above 12, or else by the shorter night.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, Source, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.timing import Timing

_UNITS = re.compile(r"\[\](?:[,;\t]\[[^\]]*\])+[,;\t]?")
_DATE_ORDERS = ("%d/%m/%Y", "%m/%d/%Y")
_CLOCKS = ("%H:%M:%S", "%H:%M:%S.%f", "%I:%M:%S %p")


def _recognises(source: Source) -> bool:
    lines = decoded(source.head).split("\n", 2)
    return len(lines) > 2 and _UNITS.fullmatch(lines[1].strip()) is not None


def _read(source: Source) -> Hypnogram:
    text = source.text()
    rows = columns.rows_of(source, text, columns.delimiter_of(columns.first_line(text)))[2:]
    rows = [row for row in rows if len(row.cells) >= 3]
    if not rows:
        raise source.error("content", "no event", "expected start, end and name of an event in each line")
    nights = [night for order in _DATE_ORDERS if (night := _times(rows, order))]
    if not nights:
        hint = "expected clock times such as 31/05/2024 22:15:00"
        raise source.error(f"line {rows[0].line}", ", ".join(rows[0].cells[:2]), hint)
    times = min(nights, key=lambda night: max(stop for _, stop in night) - min(start for start, _ in night))
    events = [
        Event(
            (start - times[0][0]).total_seconds(),
            (stop - start).total_seconds(),
            row.cells[2],
            f"line {row.line}",
        )
        for row, (start, stop) in zip(rows, times, strict=True)
    ]
    hypnogram = hypnogram_from_events(source, pick_stages(source, events), start=times[0][0])
    lights = hypnogram.lights and hypnogram.lights.shifted(-hypnogram.onset_s)
    return replace(hypnogram, start=hypnogram.time_of(0), onset_s=0.0, lights=lights, timing=Timing.CLOCK).with_notes(
        "the start of the first stage was taken as the recording's start, which the file does not say"
    )


def _times(rows: Sequence[columns.Row], order: str) -> list[tuple[datetime, datetime]] | None:
    """Start and end of each row, or None if one is no time in this order of day and month."""
    for clock in _CLOCKS:
        try:
            pattern = f"{order} {clock}"
            return [
                (datetime.strptime(row.cells[0], pattern), datetime.strptime(row.cells[1], pattern)) for row in rows
            ]
        except ValueError:
            continue
    return None


FORMAT = Format("noxturnal", "Noxturnal event table", (), _recognises, _read, None)
