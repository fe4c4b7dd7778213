"""``.ids`` files of U-Time and U-Sleep: ``start,length,stage`` in seconds, one row a stretch of one stage, no headings.

Under another name they are recognised where each row ends as the next one starts. Source: ``utime.hypnogram.utils``
(``sparse_to_csv_file``). Only read.
"""

from __future__ import annotations

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.columns import Row
from eegvlm.hypnogram.formats.epoch_list import events_of_texts
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, Source, decoded
from eegvlm.hypnogram.formats.two_times import SecondTime, second_time
from eegvlm.hypnogram.hypnogram import Hypnogram

_SUFFIXES = (".ids", ".sds")


def _recognises(source: Source) -> bool:
    if source.path.name.casefold().endswith(_SUFFIXES):
        return True
    text = decoded(source.head)
    delimiter = columns.delimiter_of(columns.first_line(text))
    lines = [line.split(delimiter) for line in text.splitlines() if line.strip()][: -1 if len(text) > 60000 else None]
    try:
        return (
            bool(lines)
            and all(len(cells) == 3 for cells in lines)
            and (
                second_time([float(cells[0]) for cells in lines], [float(cells[1]) for cells in lines])
                is SecondTime.LENGTH
            )
        )
    except ValueError:
        return False


def _read(source: Source) -> Hypnogram:
    text = source.text()
    rows = columns.rows_of(source, text, columns.delimiter_of(columns.first_line(text)))
    if not rows:
        raise source.error("content", "no line", "expected start,length,stage in each line")
    events = [_event(source, row) for row in rows]
    if second_time([event.onset_s for event in events], [event.duration_s or 0 for event in events]) is SecondTime.STOP:
        hint = "its second column holds ends, not lengths; name the columns in a first line: start,stop,stage"
        raise source.error("columns", ", ".join(rows[0].cells), hint)
    return hypnogram_from_events(source, events_of_texts(source, events))


def _event(source: Source, row: Row) -> Event:
    if len(row.cells) != 3:
        raise source.error(f"line {row.line}", ", ".join(row.cells), "expected start,length,stage")
    start_s, length_s = (columns.number(source, row, k, name) for k, name in ((0, "start"), (1, "length")))
    return Event(start_s, length_s, row.cells[2], f"line {row.line}")


FORMAT = Format("ids", "U-Time or U-Sleep start,length,stage", _SUFFIXES, _recognises, _read, None, holds_codes=True)
