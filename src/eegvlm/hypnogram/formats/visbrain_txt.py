"""Text of Visbrain's Sleep: rows of a stage and the second at which it ends, or one code a line.

Rows with ends stand under ``*Duration_sec`` and the like. Codes are explained in ``<name>_description.txt`` beside the
file.

Source: ``visbrain.io.rw_hypno`` (versions ``time`` and ``sample``). Only read.
"""

from __future__ import annotations

from pathlib import Path

from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import is_epoch_length

_DURATION = "*duration_sec"


def _recognises(source: ScoringSource) -> bool:
    lines = decoded(source.head).splitlines()[:20]
    if any(line.casefold().startswith(_DURATION) for line in lines):
        return True
    return source.path.suffix.casefold() in (".txt", ".csv") and _is_description(_description(source.path))


def _description(path: Path) -> Path:
    return path.with_name(f"{path.stem}_description.txt")


def _is_description(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(5) == b"time "
    except OSError:
        return False


def _read(source: ScoringSource) -> Hypnogram:
    lines = source.text().splitlines()
    if not any(line.casefold().startswith(_DURATION) for line in lines[:20]):
        return _read_codes(source, lines)
    events, end_s, duration_s = [], 0.0, None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, _, text = line.replace("\t", " ").rpartition(" ")
        if name.startswith("*") and name.strip().casefold() != _DURATION:
            continue
        try:
            seconds = float(text)
        except ValueError:
            raise source.error(f"line {number}", line, "expected a stage and the second at which it ends") from None
        if name.strip().casefold() == _DURATION:
            duration_s = seconds
            continue
        if seconds < end_s:
            raise source.error(f"line {number}, end", text, f"expected {end_s:g} or more: rows are in order of time")
        if seconds > end_s:
            events.append(Event(end_s, round(seconds - end_s, 6), name.strip(), f"line {number}"))
        end_s = seconds
    if duration_s is not None and end_s > duration_s + 1:
        hint = f"the recording ends at {duration_s:g} s (*Duration_sec); are the times seconds?"
        raise source.error("last end", end_s, hint)
    return hypnogram_from_events(source, pick_stages(source, events))


def _read_codes(source: ScoringSource, lines: list[str]) -> Hypnogram:
    """Read one code a line, with the seconds of a line and the codes in the file beside it."""
    path = _description(source.path)
    try:
        described = dict(line.rsplit(None, 1) for line in path.read_text().splitlines() if len(line.split()) > 1)
        length_s = float(described.pop("time"))
    except (OSError, UnicodeDecodeError, KeyError, ValueError):
        raise source.error(path.name, "not readable", "expected 'time 30.0' and lines such as 'N2 2' in it") from None
    if not is_epoch_length(length_s):
        raise source.error(f"{path.name}, time", length_s, "expected the seconds of a line")
    names = {code: name for name, code in described.items()}
    texts, places = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.strip() not in names:
            hint = f"{path.name} has {', '.join(sorted(names))}"
            raise source.error(f"line {number}", line.strip(), hint)
        texts.append(names[line.strip()])
        places.append(f"line {number}")
    return hypnogram_from_texts(source, texts, places, epoch_s=length_s)


FORMAT = Format("visbrain", "Visbrain text", (".txt", ".csv"), _recognises, _read, None)
