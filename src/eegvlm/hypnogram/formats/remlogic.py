"""Event lists of RemLogic (Embla), as in the CAP Sleep Database, and of the Dreem headband, which writes the same.

A row holds a clock time, the name of an event and its length in seconds. Rows named ``SLEEP-...`` are epochs; the
others are events within them (``MCAP-A1``), even where a column repeats the epoch's stage in each row. A preamble may
stand above the headings, which are English or French. Only read.
"""

from __future__ import annotations

import re

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.clock_times import clock_time
from eegvlm.hypnogram.formats.columns import TableRow
from eegvlm.hypnogram.formats.event_list import ListedEvent, hypnogram_from_list
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram

_TIME = re.compile(r"(?:time|heure)\s*\[hh:mm:ss[^\]]*\]", re.IGNORECASE)
_EVENT = re.compile(r"event|[ée]v[éè]nement", re.IGNORECASE)
_DURATION = re.compile(r"(?:duration|dur[ée]e)\s*\[s\]", re.IGNORECASE)
_DATE = re.compile(r"recording date:?\s+(\S+)", re.IGNORECASE)
_STAGE = re.compile(r"sleep-(?:s\d|rem?|mt|unscored|n\d|w|r|stage[\s_-]?.+)", re.IGNORECASE)


def _recognises(source: ScoringSource) -> bool:
    return any(_header(line) is not None for line in decoded(source.head).splitlines()[:200])


def _header(line: str) -> tuple[int, int, int] | None:
    """Columns of time, event and length, if a line holds the headings."""
    cells = [cell.strip() for cell in line.split(columns.delimiter_of(line))]
    indices = []
    for heading in (_TIME, _EVENT, _DURATION):
        matches = [k for k, cell in enumerate(cells) if heading.fullmatch(cell)]
        if len(matches) != 1:
            return None
        indices.append(matches[0])
    return indices[0], indices[1], indices[2]


def _read(source: ScoringSource) -> Hypnogram:
    lines = source.text().splitlines()
    headings = next(((k, places) for k, line in enumerate(lines) if (places := _header(line)) is not None), None)
    if headings is None:
        hint = "expected a line of headings with Time [hh:mm:ss], Event and Duration[s]"
        raise source.error("headings", lines[0] if lines else "", hint)
    head, (time_column, event_column, duration_column) = headings
    rows = columns.rows_of(source, "\n".join(lines[head:]), columns.delimiter_of(lines[head]))[1:]
    events = []
    for short in rows:
        row = TableRow(short.line + head, short.cells)
        clock = clock_time(columns.cell(row, time_column))
        if clock is None:
            text = columns.cell(row, time_column)
            raise source.error(f"line {row.line}, time", text, "expected a clock time such as 22:41:17")
        text = columns.cell(row, event_column)
        duration_s = None
        if columns.cell(row, duration_column):
            duration_s = columns.number(source, row, duration_column, "duration", comma=True)
        events.append(ListedEvent(clock, duration_s, text, f"line {row.line}", _STAGE.fullmatch(text) is not None))
    if not events:
        raise source.error("content", "headings only", "expected one event a line under them")
    dates = (match[1] for line in lines[:head] if (match := _DATE.match(line.strip())))
    return hypnogram_from_list(source, events, date_text=next(dates, None))


FORMAT = Format("remlogic", "RemLogic or Dreem event list", (".txt",), _recognises, _read, None)
