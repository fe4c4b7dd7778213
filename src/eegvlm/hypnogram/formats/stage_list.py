"""One list of stages, from the recording's start: a JSON array (Dreem's open data), or all of them in one line.

``[0, 0, 1, ...]``, ``["W", "W", "N1", ...]``, ``{"hypnogram": [...]}``, ``W W N1 N1 ...``, ``0,0,1,1,...``, and
``WW1122...`` or ``001122...``, one character an epoch. Characters, and labels of which ten or more stand in a line,
may be wrapped over several lines. Integer codes need a coding. Only read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.format import HEAD_BYTES, Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.json_epoch_length import epoch_length_beside
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling

_SPLIT = re.compile(r"[\s,;]+")
_CODE = re.compile(r"[+-]?\d{1,2}(?:\.0)?")
_KEYS = ("hypnogram", "stages", "sleep_stages")
_FEWEST = 10  # a line of fewer is a row of a table
_HOUR = 120  # epochs
_LONGEST_LINE = 2 * _HOUR  # of a list that is wrapped over several lines
_LETTERS = "0123456789WRMwrm?"
_CHARACTERS = re.compile(rf"[{_LETTERS}]{{60,}}")  # half an hour: no number and no word is as long


def _recognises(source: ScoringSource) -> bool:
    head = decoded(source.head).strip()
    if head.startswith("["):
        return re.match(r'\[\s*(?:-?\d{1,3}(?:\.0)?\s*[,\]]|"|null)', head) is not None
    if head.startswith("{"):
        return re.search(r'"(?:hypnogram|sleep_stages)"\s*:\s*\[', head) is not None
    lines = [line.strip() for line in head.splitlines()]
    if len(lines) > 1:
        return len(source.head) < HEAD_BYTES and (_are_wrapped_characters(lines) or _are_wrapped_labels(lines))
    if _CHARACTERS.fullmatch(head):
        return True
    return len(texts := _SPLIT.split(head)) >= _FEWEST and _are_stages(texts[: _FEWEST * 10])


def _are_wrapped_characters(lines: Sequence[str]) -> bool:
    """Tell whether lines hold one character an epoch; all but the last are equally long."""
    *full, last = lines
    characters = all(_CHARACTERS.fullmatch(line) for line in full) and set(last) <= set(_LETTERS)
    return characters and _are_full([len(line) for line in full]) and 0 < len(last) <= len(full[0])


def _are_wrapped_labels(lines: Sequence[str]) -> bool:
    """Tell whether lines hold ten or more labels each, the last one perhaps fewer.

    A table of ten scorers without a header looks alike; it has as many rows as a night has epochs, all of them full.
    """
    *full, last = map(_labels_in, lines)
    listed = last == full[0] and len(lines) < _HOUR
    return _are_full(full) and full[0] >= _FEWEST and (0 < last < full[0] or listed)


def _are_full(widths: Sequence[int]) -> bool:
    return len(set(widths)) == 1


def _labels_in(line: str) -> int:
    """Return how many labels of stages a line holds, 0 where it holds anything else."""
    texts = [text for text in _SPLIT.split(line) if text]
    return len(texts) if all(stage_of_spelling(text) is not None for text in texts) else 0


def _are_stages(texts: list[str]) -> bool:
    return all(_CODE.fullmatch(text) for text in texts) or all(
        stage_of_spelling(text) is not None or text in "1234" for text in texts
    )


def _read(source: ScoringSource) -> Hypnogram:
    text = source.text().strip()
    epoch_s: float | None = None
    notes: tuple[str, ...] = ()
    if text.startswith(("[", "{")):
        texts, epoch_s, notes = _texts_of_json(source, text)
    else:
        lines = [line.strip() for line in text.splitlines()]
        joined = "".join(lines)
        texts = list(joined) if _CHARACTERS.fullmatch(joined) else [part for part in _SPLIT.split(text) if part]
        per_line = len(texts) / max(len(lines), 1)  # a byte order mark alone is no line
        if len(lines) > 1 and per_line > _LONGEST_LINE:
            value = f"{len(lines)}, of {per_line:.0f} stages each"
            raise source.error("lines", value, "each seems to be a night or a scorer of its own; give a file for each")
    if not texts:
        raise source.error("content", "an empty list", "expected one stage an epoch")
    places = [f"epoch {k}" for k in range(1, len(texts) + 1)]
    return hypnogram_from_texts(source, texts, places, epoch_s=epoch_s).with_notes(*notes)


def _texts_of_json(source: ScoringSource, text: str) -> tuple[list[str], float | None, tuple[str, ...]]:
    """Return the stages, the length of an epoch where it stands beside them, and what was left out."""
    try:
        loaded = json.loads(text)
    # A number of more digits than int() takes is a ValueError; brackets nested without end exhaust the stack.
    except (ValueError, RecursionError) as error:
        raise source.error("JSON", error, "it is not well-formed; export it again") from error
    beside: dict[str, Any] = {}
    if isinstance(loaded, dict):
        key = next((key for key in _KEYS if key in loaded), None)
        beside = {name: value for name, value in loaded.items() if name != key}
        loaded = None if key is None else loaded[key]
    if not isinstance(loaded, list):
        raise source.error("JSON", type(loaded).__name__, "expected a list of stages")
    for k, value in enumerate(loaded, start=1):
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise source.error(f"epoch {k}", value, "expected a label or a code")
    epoch_s, notes = epoch_length_beside(source, beside, n_stages=len(loaded))
    return ["?" if value is None else str(value).strip()[:100] for value in loaded], epoch_s, notes


FORMAT = Format(
    "list", "a list of stages in one line, or as JSON", (".json", ".txt"), _recognises, _read, None, holds_codes=True
)
