"""Event lists of Natus (SleepWorks, XLTEK) and Grass Twin: ``22:41:17  Stage - N2``, one row a change of stage.

A row may begin with the number of the epoch and end with further columns; comments and other events stand between.
A stage lasts to the next one. ``START RECORDING`` is the recording's start, where the list has it. Columns are split
by tabs, semicolons or commas. Form: event lists of the Wisconsin Sleep Cohort and of SleepWorks. Only read.
"""

from __future__ import annotations

import re

from eegvlm.hypnogram.formats.clock_times import ClockTime, clock_time
from eegvlm.hypnogram.formats.event_list import ListedEvent, hypnogram_from_list
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram

_STAGE = re.compile(r"stage - (.+)", re.IGNORECASE)
_UNSCORED = ("no stage", "mvt", "movement", "unscored", "unknown")
_START = "start recording"
_SPLIT = re.compile(r"\t|;|,| {2,}")


def _recognises(source: ScoringSource) -> bool:
    rows = (_row(line) for line in decoded(source.head).splitlines()[:2000])
    return any(row is not None and _STAGE.fullmatch(row[1]) for row in rows)


def _read(source: ScoringSource) -> Hypnogram:
    rows, start = [], None
    for number, line in enumerate(source.text().splitlines(), start=1):
        event = _row(line)
        if event is None:
            continue
        clock, text = event
        stage = _STAGE.fullmatch(text)
        name = "?" if stage and stage[1].strip().casefold() in _UNSCORED else text
        rows.append(ListedEvent(clock, None, name, f"line {number}", stage is not None))
        if text.casefold() == _START and start is None:
            start = clock
    if not any(row.is_stage for row in rows):
        raise source.error("content", "no row with a clock time and 'Stage - ...'", "export the list with its stages")
    return hypnogram_from_list(source, rows, start=start, to_next=True)


def _row(line: str) -> tuple[ClockTime, str] | None:
    """Clock time and text of a row; None where it has no clock time."""
    cells = [cell.strip() for cell in _SPLIT.split(line)]
    timed = next(((k, clock) for k, cell in enumerate(cells) if (clock := clock_time(cell)) is not None), None)
    if timed is None:
        return None
    k, clock = timed
    after = [cell for cell in cells[k + 1 :] if cell]
    text = next((cell for cell in after if _STAGE.fullmatch(cell)), after[0] if after else "")
    return clock, text


FORMAT = Format("natus", "Natus or Grass Twin event list", (".txt", ".csv"), _recognises, _read, None)
