"""Compumedics Profusion XML (``...-profusion.xml``): one code an epoch, from the recording's start.

Written with the sections of Compumedics' own files in their order, of which some readers (YASA) count the places; those
of channels and events are empty, and the montage, which is of the recording, is left out. Source: the description of
the six sections in the readers of Case Western University (``readXML``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eegvlm.hypnogram.codings import CODINGS, Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import safe_xml
from eegvlm.hypnogram.formats.events import rechtschaffen_kales_notes
from eegvlm.hypnogram.formats.format import Format, ScoringSource, from_the_recordings_start
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, is_epoch_length
from eegvlm.hypnogram.timing import Timing

_ROOT = "CMPStudyConfig"


def _recognises(source: ScoringSource) -> bool:
    return safe_xml.names_root(source, _ROOT)


def _read(source: ScoringSource) -> Hypnogram:
    root = safe_xml.parse(source, _ROOT)
    epoch_s = source.epoch_s or safe_xml.number(source, root.find("EpochLength"), "EpochLength")
    if not is_epoch_length(epoch_s):
        raise source.error("EpochLength", epoch_s, EPOCH_LENGTH_HINT)
    codes = [(element.text or "").strip() for element in root.findall("SleepStages/SleepStage")]
    if not codes:
        raise source.error("SleepStages", "no SleepStage", "export the study with its sleep stages")
    coding = CODINGS["profusion"]
    stages = np.empty(len(codes), dtype=np.int8)
    for epoch, code in enumerate(codes):
        stage = coding.stages.get(int(code)) if re.fullmatch(r"\d{1,2}", code) else None
        if stage is None:
            raise source.error(f"SleepStage of epoch {epoch + 1}", code, f"expected {coding.about}")
        stages[epoch] = stage
    notes = rechtschaffen_kales_notes(f"stage {code}" for code in codes if code == "4")
    return Hypnogram(stages, epoch_s, notes=notes, timing=Timing.EPOCH_NUMBER)


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    if coding is not None and coding.name != "profusion":
        raise HypnogramError(path, "coding", coding.name, "Profusion XML has its own codes; leave the coding out")
    codes = CODINGS["profusion"].codes
    stages = [codes[stage] for stage in from_the_recordings_start(hypnogram, path)]
    lines = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<{_ROOT}>",
        f"<EpochLength>{safe_xml.decimal(hypnogram.epoch_s)}</EpochLength>",
        "<StepChannels/>",
        "<ScoredEventSettings/>",
        "<ScoredEvents/>",
        "<SleepStages>",
        *(f"<SleepStage>{code}</SleepStage>" for code in stages),
        "</SleepStages>",
        f"</{_ROOT}>",
    )
    return {path: safe_xml.lines_of(*lines)}


FORMAT = Format(
    "profusion",
    "Compumedics Profusion XML",
    ("-profusion.xml", ".xml"),
    _recognises,
    _read,
    _write,
    frozenset({"epoch_s"}),
)
