"""What WFDB's ``rdann`` prints: time, sample number, type, sub, chan, num, and a text after a tab.

Texts are those of the MIT-BIH Polysomnographic Database (``W``, ``2``, ``3 H``: a stage, then respiratory events) or
``Sleep_stage_N2 duration: 30``. The recording starts at sample 0. Only read.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from eegvlm.hypnogram.formats.clock_times import ClockTime, clock_time, onsets_by_clock
from eegvlm.hypnogram.formats.event_list import stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import says_sleep_stage

_ROW = re.compile(
    r"\s*(?:\[(?P<clock>[\d:.]+)(?:\s+(?P<date>[\d/]+))?\]|(?P<elapsed>(?:\d{1,3}:)?\d{1,5}:\d{2}(?:\.\d+)?))"
    r"\s+(?P<sample>\d{1,12})\s+(?P<type>\S+)\s+-?\d+\s+-?\d+\s+-?\d+(?:\s+(?P<text>\S.*?))?\s*"
)
# A stage of the MIT-BIH database, then apneas, hypopneas, arousals and leg movements.
_STAGE = re.compile(r"(W|R|N[1-3]|[1-4]|MT?)(?:\s+(?:HA|H|OA|X|CAA|CA|LA|L|A))*")
_LENGTH = re.compile(r"(.*?)\s*duration:\s*(\d+(?:\.\d+)?)", re.IGNORECASE)


class _RdannRow(NamedTuple):
    """A line: its number, its time where it is a clock time, else seconds, its sample, its text."""

    line: int
    time: ClockTime | float
    sample: int
    text: str


def _recognises(source: ScoringSource) -> bool:
    lines = [line for line in decoded(source.head).splitlines()[:50] if line.strip()]
    return sum(_ROW.fullmatch(line) is not None for line in lines) >= max(1, len(lines) - 2)


def _read(source: ScoringSource) -> Hypnogram:
    rows: list[_RdannRow] = []
    for number, line in enumerate(source.text().splitlines(), start=1):
        match = _ROW.fullmatch(line)
        if match is None:
            if rows and line.strip():
                raise source.error(f"line {number}", line, "expected time, sample, type, sub, chan, num and a text")
            continue
        rows.append(_RdannRow(number, _time(source, number, match), int(match["sample"]), match["text"] or ""))
    if not rows:
        raise source.error("content", "no annotation", "expected what rdann prints")
    onsets, start, note = _onsets(source, rows)
    stages: list[Event] = []
    others: list[Event] = []
    for row, onset_s in zip(rows, onsets, strict=True):
        text, duration_s, is_stage = stage_of_text(row.text)
        (stages if is_stage else others).append(Event(onset_s, duration_s, text, f"line {row.line}"))
    hypnogram = hypnogram_from_events(source, stages_among(source, stages, others), start=start)
    return hypnogram.with_notes(*([note] if note else []))


def stage_of_text(text: str) -> tuple[str, float | None, bool]:
    """Split the text of an annotation: what it names, its length in seconds if it says so, whether it is a stage."""
    length = _LENGTH.fullmatch(text)
    name, duration_s = (length[1], float(length[2])) if length else (text, None)
    stage = _STAGE.fullmatch(name.strip())
    if stage is not None:
        spelled = "?" if stage[1] in ("M", "MT") else stage[1] if stage[1][0] == "N" else f"Stage {stage[1]}"
        return spelled, duration_s, True
    return name, duration_s, says_sleep_stage(name)


def _time(source: ScoringSource, number: int, match: re.Match[str]) -> ClockTime | float:
    if match["elapsed"]:
        seconds = 0.0
        for part in match["elapsed"].split(":"):
            seconds = 60 * seconds + float(part)
        return seconds
    clock = clock_time(match["clock"])
    if clock is None:
        raise source.error(f"line {number}, time", match["clock"], "expected a clock time such as 22:41:17.000")
    return clock._replace(date_text=match["date"])


def _onsets(source: ScoringSource, rows: list[_RdannRow]) -> tuple[list[float], datetime | None, str | None]:
    """Seconds after sample 0, its clock time where the rows hold clock times, and a note."""
    clocks = [row.time for row in rows if isinstance(row.time, ClockTime)]
    seconds = [row.time for row in rows if not isinstance(row.time, ClockTime)]
    if not clocks:
        return seconds, None, None
    if seconds:
        raise source.error("time", "two kinds of time", "print all annotations with one command")
    begin, elapsed, note = onsets_by_clock(clocks[0], clocks)
    samples = rows[-1].sample - rows[0].sample
    if not samples and rows[0].sample:
        note = "the recording's start is not known from one annotation: its own time was taken"
    before_s = rows[0].sample * elapsed[-1] / samples if samples else 0.0
    onsets = [round(onset_s + before_s, 3) for onset_s in elapsed]
    return onsets, begin - timedelta(seconds=round(before_s, 3)), note


FORMAT = Format("rdann", "what rdann prints", (".txt",), _recognises, _read, None)
