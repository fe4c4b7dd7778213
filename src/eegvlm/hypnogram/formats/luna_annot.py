"""Luna's ``.annot``: rows of class, instance, channel, start, stop and meta, or fewer columns; stages are classes.

Rows have six, four (class, instance, start, stop) or three columns (class, start, stop), split by tabs or spaces, with
or without a line of headings. A time is seconds, a clock time, ``0+hh:mm:ss`` elapsed, or an epoch ``e:3`` (30 s) or
``e:3:20``; a stop is also a length ``+30``, or ``...`` for the start of the next row. Under another name the file is
recognised by its headings, or where each row's stop is the next one's start. Source: the section ".annot files" of
Luna's reference. Not covered: overlapping epochs (``e:2:30:15``). Only read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eegvlm.hypnogram.formats.clock_times import ClockTime, clock_time, onsets_by_clock
from eegvlm.hypnogram.formats.event_list import from_first_stage
from eegvlm.hypnogram.formats.events import Event, pick_stages
from eegvlm.hypnogram.formats.format import HEAD_BYTES, Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.stated_seconds import hypnogram_from_seconds
from eegvlm.hypnogram.formats.two_times import SecondTime, second_time
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.timing import DAY_S

_SUFFIXES = (".annot",)
# Columns of class, instance, start and stop, by the number of columns in a row.
_LAYOUTS = {6: (0, 1, 3, 4), 4: (0, 1, 2, 3), 3: (0, 0, 1, 2)}
_HEADINGS = {
    ("class", "instance", "channel", "start", "stop", "meta"),
    ("class", "instance", "start", "stop"),
    ("class", "start", "stop"),
}
_EPOCH = re.compile(r"e:(\d{1,7})(?::(\d{1,5}(?:\.\d+)?))?")
_ELAPSED = re.compile(r"0\+(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_EPOCH_S = 30.0
_CLASSES_OF_STAGES = ("sleepstage", "sleep_stage", "stage", "stages")


def _recognises(source: ScoringSource) -> bool:
    if source.path.name.casefold().endswith(_SUFFIXES):
        return True
    rows = _rows(decoded(source.head))
    if not rows:
        return False
    if tuple(rows[0][1]) in _HEADINGS:
        return True
    if len(source.head) >= HEAD_BYTES:
        rows = rows[:-1]  # the last line may be cut
    if any(len(cells) not in (3, 6) for _, cells in rows):
        return False
    layout = [_LAYOUTS[len(cells)] for _, cells in rows]
    try:
        times = [(float(cells[at[2]]), float(cells[at[3]])) for (_, cells), at in zip(rows, layout, strict=True)]
    except ValueError:
        return False
    return second_time([start for start, _ in times], [stop for _, stop in times]) is SecondTime.STOP


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row that is neither empty nor of the preamble."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            rows.append((number, [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()))
    return rows


def _read(source: ScoringSource) -> Hypnogram:
    rows = _rows(source.text())
    if rows and tuple(rows[0][1]) in _HEADINGS:
        rows = rows[1:]
    if not rows:
        raise source.error("content", "no row", "expected class, start and stop in each line")
    starts: list[float | ClockTime] = []
    stops: list[str] = []
    texts: list[str] = []
    for number, cells in rows:
        if len(cells) not in _LAYOUTS:
            hint = "expected six columns (class, instance, channel, start, stop, meta), four or three"
            raise source.error(f"line {number}", " ".join(cells), hint)
        name, instance, start, stop = (cells[column] for column in _LAYOUTS[len(cells)])
        starts.append(_time(source, number, "start", start))
        stops.append(_stop_of_epoch(start, stop))
        texts.append(instance if name.casefold() in _CLASSES_OF_STAGES else name)
    clocks = [start for start in starts if isinstance(start, ClockTime)]
    if clocks and len(clocks) < len(starts):
        hint = "some starts are clock times and some are not; write all in one way"
        raise source.error("start", "two kinds of time", hint)
    begin, note = None, None
    onsets: list[float] = [start for start in starts if not isinstance(start, ClockTime)]
    if clocks:
        begin, onsets, note = onsets_by_clock(clocks[0], clocks)
    events = [
        Event(onset_s, _length(source, rows, k, onsets, stops[k]), texts[k], f"line {rows[k][0]}")
        for k, onset_s in enumerate(onsets)
    ]
    hypnogram = hypnogram_from_seconds(source, pick_stages(source, events), start=begin)
    if clocks:
        hypnogram = from_first_stage(hypnogram)
    return hypnogram.with_notes(*([note] if note else []))


def _time(source: ScoringSource, number: int, name: str, text: str) -> float | ClockTime:
    if match := _EPOCH.fullmatch(text):
        return (int(match[1]) - 1) * float(match[2] or _EPOCH_S)
    if match := _ELAPSED.fullmatch(text):
        return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
    if (clock := _luna_clock(text)) is not None:
        return clock
    try:
        return float(text)
    except ValueError:
        hint = "expected seconds, a clock time, 0+hh:mm:ss or an epoch such as e:3"
        raise source.error(f"line {number}, {name}", text, hint) from None


def _luna_clock(text: str) -> ClockTime | None:
    """Read a clock time, which Luna joins to a date by a hyphen (``26-10-2024-22:41:17``)."""
    head, hyphen, tail = text.rpartition("-")
    return clock_time(f"{head} {tail}" if hyphen and ":" in tail else text)


def _stop_of_epoch(start: str, stop: str) -> str:
    """Give the stop of an epoch its other spellings' form: the end of the epoch that it names."""
    named = stop if _EPOCH.fullmatch(stop) else start if stop == "." else ""
    match = _EPOCH.fullmatch(named)
    return repr(int(match[1]) * float(match[2] or _EPOCH_S)) if match else stop


def _length(
    source: ScoringSource, rows: Sequence[tuple[int, list[str]]], k: int, onsets: Sequence[float], stop: str
) -> float | None:
    """Length of a row in seconds; None where it lasts to the next stage."""
    if stop in ("...", "."):
        return None
    number = rows[k][0]
    if stop.startswith("+"):
        try:
            return float(stop)
        except ValueError:
            raise source.error(f"line {number}, stop", stop, "expected a length such as +30") from None
    end = _time(source, number, "stop", stop)
    if isinstance(end, ClockTime):
        start = _luna_clock(rows[k][1][_LAYOUTS[len(rows[k][1])][2]])
        if start is None:
            raise source.error(f"line {number}, stop", stop, "expected seconds, as the start")
        return (end.seconds - start.seconds) % DAY_S
    length_s = end - onsets[k]
    if length_s < 0:
        raise source.error(f"line {number}, stop", stop, "expected a time after the start")
    return length_s


FORMAT = Format("luna", "Luna .annot", _SUFFIXES, _recognises, _read, None)
