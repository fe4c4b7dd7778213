"""The CSV that Wonambi exports: a line with its version, headings, then one epoch a row.

``clock start time,start,end,stage``: seconds after the recording's start, and the same as a time of day, which gives
the start without a date. Source: ``wonambi.attr.annotations.Annotations.export``. Only read.
"""

from __future__ import annotations

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.clock_times import NO_DATE_NOTE, clock_time, moment
from eegvlm.hypnogram.formats.event_list import stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.wonambi_xml import UNSCORED
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.timing import DAY_S

_HEADINGS = ("clock start time", "start", "end", "stage")


def _recognises(source: ScoringSource) -> bool:
    lines = decoded(source.head).splitlines()[:2]
    return len(lines) == 2 and lines[0].startswith("Wonambi v") and tuple(lines[1].split(",")) == _HEADINGS


def _read(source: ScoringSource) -> Hypnogram:
    rows = [row for row in columns.rows_of(source, source.text(), ",") if row.cells[0] != _HEADINGS[0]][1:]
    if not rows:
        raise source.error("content", "headings only", "expected one epoch a line under them")
    events = []
    for row in rows:
        begin_s, end_s = (columns.number(source, row, k, _HEADINGS[k]) for k in (1, 2))
        stage = columns.cell(row, 3)
        text = "?" if stage.casefold() in UNSCORED else stage
        events.append(Event(begin_s, end_s - begin_s, text, f"line {row.line}"))
    clock = clock_time(columns.cell(rows[0], 0))
    if clock is None:
        raise source.error(f"line {rows[0].line}, {_HEADINGS[0]}", rows[0].cells[0], "expected a clock time")
    start = moment(None, (clock.seconds - events[0].onset_s) % DAY_S)
    return hypnogram_from_events(source, stages_among(source, events, ()), start=start).with_notes(NO_DATE_NOTE)


FORMAT = Format("wonambi-csv", "CSV exported by Wonambi", (".csv",), _recognises, _read, None)
