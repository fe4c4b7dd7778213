"""Annotations as MNE saves them: ``.txt``, ``.csv`` and ``-annot.fif``.

The ``.txt`` form has its headings in ``#`` lines and onsets in seconds after ``orig_time``; the ``.csv`` form has
onsets as dates and times, from 1970 where no ``orig_time`` is known. MNE calls the local time of a recording UTC; it
is read as local time, as MNE takes it from EDF. ``.fif`` files are read by MNE itself (``pip install 'eeg-vlm[mne]'``).
Source: ``mne.Annotations.save``, MNE 1.13. Only read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.stated_seconds import hypnogram_from_seconds
from eegvlm.hypnogram.hypnogram import Hypnogram

_COLUMNS = ["onset", "duration", "description"]
_NO_TIME = datetime(1970, 1, 1)  # the origin of times in files of annotations without an orig_time
_FIF_SUFFIXES = ("-annot.fif", "_annot.fif", "-annot.fif.gz", "_annot.fif.gz")


def _recognises(source: ScoringSource) -> bool:
    if source.path.name.casefold().endswith(_FIF_SUFFIXES):
        return True
    lines = decoded(source.head).splitlines()
    if lines and (lines[0].startswith("# MNE-Annotations") or any(_headings(line) for line in lines[:20])):
        return True
    return _is_csv(lines[:2])


def _headings(line: str) -> list[str] | None:
    """Return the columns that a ``#`` line of the ``.txt`` form names."""
    names = [name.strip() for name in line.removeprefix("#").split(",")] if line.startswith("#") else []
    return names if names[:3] == _COLUMNS else None


def _is_csv(lines: list[str]) -> bool:
    if len(lines) < 2 or lines[0].strip().split(",")[:3] != _COLUMNS:
        return False
    return _moment(lines[1].split(",")[0]) is not None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None) if "-" in text[1:] else None
    except ValueError:
        return None


def _read(source: ScoringSource) -> Hypnogram:
    if source.path.name.casefold().endswith(_FIF_SUFFIXES):
        return _read_fif(source)
    text = source.text()
    return _read_csv(source, text) if _is_csv(text.splitlines()[:2]) else _read_txt(source, text)


def _read_txt(source: ScoringSource, text: str) -> Hypnogram:
    start, names, events = None, _COLUMNS, []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").partition(":")
            if key.strip() == "orig_time":
                start = _moment(value)
                if start is None:
                    raise source.error(f"line {number}, orig_time", value.strip(), "expected a date and a time")
            names = _headings(line) or names
            continue
        cells = line.split(",")
        if not line.strip():
            continue
        if len(cells) < len(names):
            raise source.error(f"line {number}", line, f"expected {', '.join(names)}")
        # A description may hold commas; what stands after it is as many cells as there are further columns.
        last = len(cells) - (len(names) - len(_COLUMNS))
        row = columns.TableRow(number, tuple(cell.strip() for cell in cells[:2]))
        times = [columns.number(source, row, k, _COLUMNS[k]) for k in (0, 1)]
        events.append(Event(times[0], times[1], ",".join(cells[2:last]).strip(), f"line {number}"))
    return hypnogram_from_seconds(source, pick_stages(source, events), start=start)


def _read_csv(source: ScoringSource, text: str) -> Hypnogram:
    rows = columns.rows_of(source, text, ",")[1:]
    moments = []
    for row in rows:
        at = _moment(columns.cell(row, 0))
        if at is None:
            raise source.error(f"line {row.line}, onset", columns.cell(row, 0), "expected a date and a time")
        moments.append(at)
    start = min(moments)
    dated = start.year > _NO_TIME.year
    events = [
        Event(
            (at - (start if dated else _NO_TIME)).total_seconds(),
            columns.number(source, row, 1, "duration"),
            columns.cell(row, 2),
            f"line {row.line}",
        )
        for at, row in zip(moments, rows, strict=True)
    ]
    hypnogram = hypnogram_from_events(source, pick_stages(source, events), start=start if dated else None)
    if not dated:
        return hypnogram
    return hypnogram.with_notes("the first annotation was taken as the recording's start, which the file does not say")


def _read_fif(source: ScoringSource) -> Hypnogram:
    try:
        import mne
    except ImportError:
        hint = "install MNE to read it (pip install 'eeg-vlm[mne]'), or save the annotations as .txt"
        raise source.error("format", ".fif", hint) from None
    try:
        annotations: Any = mne.read_annotations(source.path)
    # A damaged file makes MNE fail in any way that struct, numpy or decode() can.
    except Exception as error:
        raise source.error("content", type(error).__name__, "MNE cannot read its annotations; save it again") from error
    start = annotations.orig_time
    events = [
        Event(float(onset), float(duration), str(text), f"annotation {k}")
        for k, (onset, duration, text) in enumerate(
            zip(annotations.onset, annotations.duration, annotations.description, strict=True), start=1
        )
    ]
    naive = None if start is None else start.replace(tzinfo=None)
    return hypnogram_from_events(source, pick_stages(source, events), start=naive)


FORMAT = Format("mne", "annotations saved by MNE", (".txt", ".csv", *_FIF_SUFFIXES), _recognises, _read, None)
