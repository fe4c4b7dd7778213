"""``.ids`` files of U-Time and U-Sleep: ``start,length,stage`` in seconds, one row a stretch of one stage, no headings.

Under another name they are recognised where each row ends as the next one starts. Source: ``utime.hypnogram.utils``
(``sparse_to_csv_file``). Only read.
"""

from __future__ import annotations

from eegvlm.hypnogram.formats.epoch_list import events_of_texts
from eegvlm.hypnogram.formats.events import Event
from eegvlm.hypnogram.formats.format import HEAD_BYTES, Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.stated_seconds import can_be_a_night, hypnogram_from_seconds
from eegvlm.hypnogram.formats.two_times import SecondTime, second_time
from eegvlm.hypnogram.hypnogram import Hypnogram

_SUFFIXES = (".ids", ".sds")


def _recognises(source: ScoringSource) -> bool:
    if source.path.name.casefold().endswith(_SUFFIXES):
        return True
    text = decoded(source.head)
    lines = [line for line in text.splitlines() if line.strip()]
    rows = [_cells(line) for line in (lines[:-1] if len(source.head) >= HEAD_BYTES else lines)]
    try:
        starts, lengths = ([_seconds(cells[k]) for cells in rows] for k in (0, 1))
    except (IndexError, ValueError):
        return False
    if not all(len(cells) == 3 for cells in rows) or second_time(starts, lengths) is not SecondTime.LENGTH:
        return False
    return can_be_a_night(starts, lengths)  # a table of other units is a table, for which the user can name them


def _cells(line: str) -> list[str]:
    """Split a row at tabs, semicolons or commas, or at spaces where it has none of them."""
    delimiter = next((character for character in "\t;," if character in line), None)
    return [cell.strip() for cell in line.split(delimiter, 2)]


def _seconds(text: str) -> float:
    return float(text.replace(",", "."))  # only a row that is split by semicolons has a comma in a cell


def _read(source: ScoringSource) -> Hypnogram:
    events = [
        _event(source, number, line)
        for number, line in enumerate(source.text().splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not events:
        raise source.error("content", "no line", "expected start,length,stage in each line")
    if second_time([event.onset_s for event in events], [event.duration_s or 0 for event in events]) is SecondTime.STOP:
        hint = "its second column holds ends, not lengths; name the columns in a first line: start,stop,stage"
        raise source.error("columns", "start,stop,stage", hint)
    return hypnogram_from_seconds(source, events_of_texts(source, events))


def _event(source: ScoringSource, number: int, line: str) -> Event:
    cells = _cells(line)
    try:
        start_s, length_s, stage = _seconds(cells[0]), _seconds(cells[1]), cells[2]
    except (IndexError, ValueError):
        raise source.error(f"line {number}", line, "expected start,length,stage, the first two in seconds") from None
    return Event(start_s, length_s, stage, f"line {number}")


FORMAT = Format("ids", "U-Time or U-Sleep start,length,stage", _SUFFIXES, _recognises, _read, None, holds_codes=True)
