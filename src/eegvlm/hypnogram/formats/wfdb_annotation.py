"""WFDB annotation files of sleep stages: ``.st`` (MIT-BIH Polysomnographic Database), ``.arousal`` (PhysioNet 2018).

The MIT format: pairs of bytes, six bits of a type and ten of the samples since the annotation before; some types hold
the text, a longer step, or a channel. The sampling rate and the start stand in the header (``.hea``) beside the file.
An annotation's text is a stage, then respiratory events; it lasts to the next one. Source: annot(5) of the WFDB
Applications Guide. The package ``wfdb`` is not used: version 4.3 leaves out a stage that starts at sample 0. Not
covered: the AHA format. Only read.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from eegvlm.hypnogram.formats.clock_times import clock_time, date_of, moment
from eegvlm.hypnogram.formats.event_list import stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.formats.rdann import stage_of_text
from eegvlm.hypnogram.hypnogram import Hypnogram

_SUFFIXES = (".st", ".arousal")
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_RATE = "## time resolution: "


class _Header(NamedTuple):
    """What the header of a record says: samples per second, and the start where it is known."""

    rate_hz: float | None
    start: datetime | None


def _recognises(source: ScoringSource) -> bool:
    return source.path.name.casefold().endswith(_SUFFIXES)


def _read(source: ScoringSource) -> Hypnogram:
    annotations = _annotations(source, source.data())
    header = _header(source, source.path.with_suffix(".hea"))
    rates = [text.removeprefix(_RATE) for _, text in annotations if text.startswith(_RATE)]
    rate_hz = _number(rates[0]) if rates else header.rate_hz
    if not rate_hz:
        hint = f"put the record's header {source.path.with_suffix('.hea').name} beside it"
        raise source.error("sampling rate", "not known", hint)
    stages: list[Event] = []
    others: list[Event] = []
    for k, (sample, note) in enumerate(annotations, start=1):
        if note.startswith("##"):
            continue
        text, duration_s, is_stage = stage_of_text(note)
        event = Event(round(sample / rate_hz, 3), duration_s, text, f"annotation {k}")
        (stages if is_stage else others).append(event)
    return hypnogram_from_events(source, stages_among(source, stages, others), start=header.start)


def _annotations(source: ScoringSource, data: bytes) -> list[tuple[int, str]]:
    """Sample and text of each annotation."""
    annotations: list[tuple[int, str]] = []
    sample, at = 0, 0
    while at + 1 < len(data):
        word = data[at] | data[at + 1] << 8
        kind, value = word >> 10, word & 0x3FF
        at += 2
        if word == 0:
            return annotations
        if kind == _SKIP:
            step = data[at : at + 4]  # a number of four bytes, its upper half first
            sample += int.from_bytes(step[2:] + step[:2], "little", signed=True)
            at += 4
        elif kind == _AUX:
            text = data[at : at + value].decode("latin-1").strip("\0 ")
            at += value + value % 2
            if annotations:
                annotations[-1] = (annotations[-1][0], text)
        elif kind not in (_NUM, _SUB, _CHAN):
            sample += value
            annotations.append((sample, ""))
    raise source.error("content", "no end mark", "the file is cut, or no WFDB annotation file")


def _header(source: ScoringSource, path: Path) -> _Header:
    if not path.is_file():
        return _Header(None, None)
    text = path.read_text(encoding="latin-1")
    line = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    fields = line.split()
    rate_hz = _number(fields[2].split("/")[0]) if len(fields) > 2 else 250.0  # the default of WFDB
    if not rate_hz:
        raise source.error(f"{path.name}, sampling frequency", fields[2], "expected samples per second")
    clock = clock_time(fields[4]) if len(fields) > 4 else None
    day: date | None = date_of(fields[5], month_first=False)[0] if len(fields) > 5 else None
    return _Header(rate_hz, None if clock is None else moment(day, clock.seconds))


def _number(text: str) -> float | None:
    try:
        return float(text) if float(text) > 0 else None
    except ValueError:
        return None


FORMAT = Format("wfdb", "WFDB annotations", _SUFFIXES, _recognises, _read, None)
