"""A scoring as one JSON object: everything that a :class:`Hypnogram` holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.field_checks import QUALITY_WORDS
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.json_epoch_length import epoch_length_beside
from eegvlm.hypnogram.formats.probability_text import text_of
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, MOST_S, is_epoch_length
from eegvlm.hypnogram.stage import STAGES, Stage, stage_of_spelling
from eegvlm.signals.lights import Lights

_FORMAT = "eegvlm-hypnogram"
_KEYS = frozenset(
    {"format", "version", "start", "onset_s", "epoch_s", "stages", "probabilities", "notes", "lights", "quality"}
)


def loaded_object(source: ScoringSource) -> dict[str, Any]:
    """Load a JSON file that holds one object.

    Raises
    ------
    HypnogramError
        If it is no JSON, or not an object.
    """
    text = decoded(source.data())
    try:
        loaded = json.loads(text)
    # A number of more digits than int() takes is a ValueError; brackets nested without end exhaust the stack.
    except (ValueError, RecursionError) as error:
        raise source.error("JSON", error, "it is not well-formed; export it again") from error
    if not isinstance(loaded, dict):
        raise source.error("JSON", type(loaded).__name__, "expected an object with stages")
    return loaded


def start_of(source: ScoringSource, value: object) -> datetime | None:
    """Return a naive start time from its ISO 8601 text; None from null."""
    if value is None:
        return None
    try:
        start = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        start = None
    if start is None or start.tzinfo is not None:
        raise source.error("start", value, "expected a local time such as 2024-05-31T22:15:00.250000")
    return start


def epoch_length_of(source: ScoringSource, value: object) -> float:
    """Return a length of epochs from a number of seconds above zero."""
    length = seconds_of(source, "epoch length", value)
    if not is_epoch_length(length):
        raise source.error("epoch length", value, EPOCH_LENGTH_HINT)
    return length


def seconds_of(source: ScoringSource, name: str, value: object) -> float:
    """Return a finite number of seconds."""
    # A bool is an int to Python; the bound keeps integers of a thousand digits from float().
    if type(value) not in (int, float) or not -MOST_S <= value <= MOST_S:  # type: ignore[operator]
        raise source.error(name, value, "expected a number of seconds")
    return float(value)  # type: ignore[arg-type]


def _recognises(source: ScoringSource) -> bool:
    return decoded(source.head).lstrip().startswith("{")


def _read(source: ScoringSource) -> Hypnogram:
    loaded = loaded_object(source)
    version = loaded.get("version", 1)
    if loaded.get("format", _FORMAT) != _FORMAT or version != 1:
        value = f"{loaded.get('format')} version {version}"
        raise source.error("format", value, f"expected {_FORMAT} version 1")
    labels = loaded.get("stages")
    if not isinstance(labels, list) or not labels:
        raise source.error("stages", labels, 'expected a list of labels such as ["W", "N1"]')
    notes = loaded.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise source.error("notes", notes, "expected a list of texts")
    beside = {key: value for key, value in loaded.items() if key not in _KEYS}
    epoch_s, left_out = epoch_length_beside(source, beside, n_stages=len(labels)) if beside else (None, ())
    return Hypnogram(
        np.array([_stage(source, epoch, label) for epoch, label in enumerate(labels, start=1)], dtype=np.int8),
        epoch_s=source.epoch_s or epoch_length_of(source, loaded.get("epoch_s", epoch_s or 30.0)),
        start=start_of(source, loaded.get("start")),
        onset_s=seconds_of(source, "onset_s", loaded.get("onset_s", 0.0)),
        probabilities=_probabilities(source, loaded.get("probabilities"), len(labels)),
        notes=(*notes, *left_out),
        lights=_lights(source, loaded.get("lights")),
        quality=_quality(source, loaded.get("quality"), len(labels)),
    )


def _quality(source: ScoringSource, words: object, n_epochs: int) -> tuple[str, ...] | None:
    if words is None:
        return None
    if not isinstance(words, list) or len(words) != n_epochs or any(word not in QUALITY_WORDS for word in words):
        hint = f"expected {n_epochs} words, each {', '.join(QUALITY_WORDS[:3])} or empty"
        raise source.error("quality", type(words).__name__, hint)
    return tuple(words)


def _lights(source: ScoringSource, value: object) -> Lights | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("source"), str):
        raise source.error("lights", value, "expected an object with off_s, on_s and source")
    off_s, on_s = (
        None if value.get(name) is None else seconds_of(source, f"lights, {name}", value[name])
        for name in ("off_s", "on_s")
    )
    return Lights(off_s, on_s, value["source"])


def _stage(source: ScoringSource, epoch: int, label: object) -> Stage:
    stage = stage_of_spelling(label) if isinstance(label, str) else None
    if stage is None:
        raise source.error(f"stage of epoch {epoch}", label, "expected W, N1, N2, N3, R or ?")
    return stage


def _probabilities(source: ScoringSource, rows: object, n_epochs: int) -> NDArray[np.float32] | None:
    if rows is None:
        return None
    if not isinstance(rows, list) or len(rows) != n_epochs:
        raise source.error("probabilities", type(rows).__name__, f"expected a list of {n_epochs} rows")
    table = np.full((n_epochs, len(STAGES)), np.nan, dtype=np.float32)
    for epoch, row in enumerate(rows):
        if row is None:
            continue
        numbers = isinstance(row, list) and all(type(value) in (int, float) for value in row)
        if not numbers or len(row) != len(STAGES) or not all(0 <= value <= 1 for value in row):
            raise source.error(f"probabilities of epoch {epoch + 1}", row, "expected five numbers from 0 to 1, or null")
        table[epoch] = row
    return table


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    if coding is not None:
        raise HypnogramError(path, "coding", coding.name, "this format holds labels, not codes; leave the coding out")
    probabilities = None
    if hypnogram.probabilities is not None:
        probabilities = [
            None if np.isnan(row).all() else [float(text_of(value)) for value in row] for row in hypnogram.probabilities
        ]
    whole = {
        "format": _FORMAT,
        "version": 1,
        "start": None if hypnogram.start is None else hypnogram.start.isoformat(),
        "onset_s": hypnogram.onset_s,
        "epoch_s": hypnogram.epoch_s,
        "stages": hypnogram.labels,
        "probabilities": probabilities,
        "notes": list(hypnogram.notes),
    }
    if hypnogram.quality is not None:
        whole["quality"] = list(hypnogram.quality)
    if hypnogram.lights is not None:
        whole["lights"] = hypnogram.lights.to_dict()
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in whole.items())
    return {path: ("{\n" + ",\n".join(lines) + "\n}\n").encode()}


FORMAT = Format(
    "json",
    "JSON of this package",
    (".json",),
    _recognises,
    _read,
    _write,
    frozenset({"start", "onset_s", "epoch_s", "probabilities", "notes", "lights", "quality"}),
)
