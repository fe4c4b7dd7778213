"""JSON of YASA's ``Hypnogram.to_json``: labels, length of an epoch, start, and probabilities where they are known.

Source: ``yasa.hypno``, version 0.8. A start with a time zone is read as the local time that it gives. Only read.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from eegvlm.hypnogram.formats.clock_times import local_time
from eegvlm.hypnogram.formats.eegvlm_json import loaded_object
from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram

_FREQUENCY = re.compile(r"(\d{0,6})\s*(ms|s|sec|min|T|S)")
_SECONDS = {"ms": 0.001, "s": 1.0, "S": 1.0, "sec": 1.0, "min": 60.0, "T": 60.0}
STAGE_NAMES = ("WAKE", "N1", "N2", "N3", "REM")
"""YASA's names of the five stages, in the order of ours."""
OTHER_STAGES_NOTE = "probabilities were left out: they are not of the five stages"


def _recognises(source: ScoringSource) -> bool:
    head = decoded(source.head).lstrip()
    return head.startswith("{") and re.match(r'\{\s*"values"\s*:\s*\[', head) is not None


def _read(source: ScoringSource) -> Hypnogram:
    loaded = loaded_object(source)
    values = loaded.get("values")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise source.error("values", type(values).__name__, "expected a list of labels")
    match = _FREQUENCY.fullmatch(str(loaded.get("freq", "")))
    if match is None:
        raise source.error("freq", loaded.get("freq"), "expected the length of an epoch, such as 30s")
    epoch_s = int(match[1] or 1) * _SECONDS[match[2]]
    places = [f"values {k}" for k in range(1, len(values) + 1)]
    texts = ["?" if value in ("ART", "UNS") else value for value in values]
    hypnogram = hypnogram_from_texts(source, texts, places, epoch_s=epoch_s)
    if loaded.get("start") is not None:
        hypnogram = replace(hypnogram, start=local_time(source, "start", loaded["start"]))
    return _with_probabilities(source, hypnogram, loaded.get("proba"))


def _with_probabilities(source: ScoringSource, hypnogram: Hypnogram, columns: object) -> Hypnogram:
    if columns is None:
        return hypnogram
    if not isinstance(columns, dict) or any(name not in columns for name in STAGE_NAMES):
        return hypnogram.with_notes(OTHER_STAGES_NOTE)
    try:
        table = np.array([columns[name] for name in STAGE_NAMES], dtype=np.float32).T
    except (TypeError, ValueError):
        raise source.error("proba", "not numbers", "expected five lists of numbers") from None
    if table.shape != (len(hypnogram), len(STAGE_NAMES)):
        raise source.error("proba", table.shape, f"expected five lists of {len(hypnogram)} numbers")
    return replace(hypnogram, probabilities=table)


FORMAT = Format("yasa", "YASA JSON", (".json",), _recognises, _read, None)
