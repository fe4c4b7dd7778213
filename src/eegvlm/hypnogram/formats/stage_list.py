"""One list of stages, from the recording's start: a JSON array (Dreem's open data), or all of them in one line.

``[0, 0, 1, ...]``, ``["W", "W", "N1", ...]``, ``{"hypnogram": [...]}``, ``W W N1 N1 ...``, ``0,0,1,1,...``, and
``WW1122...`` or ``001122...``, one character an epoch. Integer codes need a coding. Only read.
"""

from __future__ import annotations

import json
import re

from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.format import Format, Source, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling

_SPLIT = re.compile(r"[\s,;]+")
_CODE = re.compile(r"[+-]?\d{1,2}(?:\.0)?")
_KEYS = ("hypnogram", "stages", "sleep_stages")
_FEWEST = 10  # a line of fewer is a row of a table
_CHARACTERS = re.compile(r"[\dWRMwrm?]{60,}")  # half an hour: no number and no word is as long


def _recognises(source: Source) -> bool:
    head = decoded(source.head).strip()
    if head.startswith("["):
        return re.match(r'\[\s*(?:-?\d{1,3}(?:\.0)?\s*[,\]]|"|null)', head) is not None
    if head.startswith("{"):
        return re.search(r'"(?:hypnogram|sleep_stages)"\s*:\s*\[', head) is not None
    if _CHARACTERS.fullmatch(head):
        return True
    return "\n" not in head and len(texts := _SPLIT.split(head)) >= _FEWEST and _are_stages(texts[: _FEWEST * 10])


def _are_stages(texts: list[str]) -> bool:
    return all(_CODE.fullmatch(text) for text in texts) or all(
        stage_of_spelling(text) is not None or text in "1234" for text in texts
    )


def _read(source: Source) -> Hypnogram:
    text = source.text().strip()
    if text.startswith(("[", "{")):
        texts = _texts_of_json(source, text)
    else:
        texts = list(text) if _CHARACTERS.fullmatch(text) else [part for part in _SPLIT.split(text) if part]
    if not texts:
        raise source.error("content", "an empty list", "expected one stage an epoch")
    return hypnogram_from_texts(source, texts, [f"epoch {k}" for k in range(1, len(texts) + 1)])


def _texts_of_json(source: Source, text: str) -> list[str]:
    try:
        loaded = json.loads(text)
    # A number of more digits than int() takes is a ValueError; brackets nested without end exhaust the stack.
    except (ValueError, RecursionError) as error:
        raise source.error("JSON", error, "it is not well-formed; export it again") from error
    if isinstance(loaded, dict):
        loaded = next((loaded[key] for key in _KEYS if key in loaded), None)
    if not isinstance(loaded, list):
        raise source.error("JSON", type(loaded).__name__, "expected a list of stages")
    for k, value in enumerate(loaded, start=1):
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise source.error(f"epoch {k}", value, "expected a label or a code")
    return ["?" if value is None else str(value).strip()[:100] for value in loaded]


FORMAT = Format(
    "list", "a list of stages in one line, or as JSON", (".json", ".txt"), _recognises, _read, None, holds_codes=True
)
