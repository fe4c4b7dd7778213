r"""Sleep profiles of SOMNOmedics DOMINO (``Schlafprofil.txt``): a header, then rows ``22:41:17,000; Wach``.

The header gives the start of the recording and the length of an epoch (``Rate: 30 s``); the clock time of a row counts
where the two disagree. ``Signal ID: SchlafProfil\profil`` and ``Signal Type: Discret`` tell a profile from the other
lists that DOMINO exports. Only read.
"""

from __future__ import annotations

import re
from dataclasses import replace

from eegvlm.hypnogram.formats.clock_times import clock_time
from eegvlm.hypnogram.formats.event_list import ListedEvent, hypnogram_from_list
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import is_epoch_length

_KEY = re.compile(r"\s*(signal ?id|signal ?typ[e]?|start ?time|startzeit|rate|abtastrate)\s*:\s*(.*)", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(ms|s|sec|min)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0}
_CLOCK_CHANGE_S = 3600.0


def _recognises(source: ScoringSource) -> bool:
    head = decoded(source.head)[:2000].casefold().lstrip()
    return head.startswith("signal") and ("signal id:" in head[:200] or ("rate" in head and "discret" in head))


def _read(source: ScoringSource) -> Hypnogram:
    header: dict[str, str] = {}
    rows: list[ListedEvent] = []
    for number, line in enumerate(source.text().splitlines(), start=1):
        key = _KEY.fullmatch(line) if not rows else None
        if key is not None:
            header[key[1].casefold().replace(" ", "")] = key[2].strip()
            continue
        time_text, separator, stage = line.partition(";")
        clock = clock_time(time_text)
        if clock is None:
            if rows and line.strip():
                raise source.error(f"line {number}", line, "expected a row such as 22:41:17,000; N2")
            continue  # headings that do not matter here, and empty lines
        if not separator or not stage.strip():
            raise source.error(f"line {number}, stage", stage, "expected a stage after the semicolon")
        rows.append(ListedEvent(clock, None, stage.strip(" ;"), f"line {number}", is_stage=True))
    if header.get("signaltype", header.get("signaltyp", "discret")).casefold() != "discret":
        hint = "this is a list of events; export the sleep profile (Schlafprofil)"
        raise source.error("Signal ID", header.get("signalid", ""), hint)
    if not rows:
        raise source.error("content", "no epoch", "expected rows such as 22:41:17,000; N2")
    epoch_s = source.epoch_s or _epoch_length(source, header.get("rate") or header.get("abtastrate") or "")
    rows, notes = _with_lengths(rows, epoch_s)
    start_text = header.get("starttime") or header.get("startzeit") or ""
    start = clock_time(start_text)
    if start_text and start is None:
        raise source.error("Start Time", start_text, "expected a date and a time such as 26.10.2024 22:41:17")
    return hypnogram_from_list(source, rows, start=start, epoch_s=epoch_s).with_notes(*notes)


def _epoch_length(source: ScoringSource, text: str) -> float:
    rate = _RATE.fullmatch(text)
    seconds = float(rate[1].replace(",", ".")) * _SECONDS[rate[2].casefold()] if rate else 0.0
    if not is_epoch_length(seconds):
        raise source.error("Rate", text, "expected the length of an epoch, such as 30 s")
    return seconds


def _with_lengths(rows: list[ListedEvent], epoch_s: float) -> tuple[list[ListedEvent], list[str]]:
    """Give each row its length, and keep time going on where summer time ends in the night."""
    lasting, notes, set_back_s, previous = [], [], 0.0, None
    for row in rows:
        if previous is not None:
            step = row.clock.seconds - previous.seconds
            if abs(step - epoch_s + _CLOCK_CHANGE_S) < epoch_s / 2:
                set_back_s += _CLOCK_CHANGE_S
                notes.append(f"{row.where}: the clock was set back by an hour; time was taken to go on")
        previous = row.clock
        clock = row.clock._replace(seconds=row.clock.seconds + set_back_s)
        lasting.append(replace(row, clock=clock, duration_s=epoch_s))
    return lasting, notes


FORMAT = Format("somnomedics", "SOMNOmedics sleep profile", (".txt",), _recognises, _read, None)
