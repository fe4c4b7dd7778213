"""NSRR annotation XML (``...-nsrr.xml``): events with a start and a length, stages among them.

A stage's concept is a name and a code, ``Stage 2 sleep|2`` (in the oldest files only a
name, ``SDO:NonRapidEyeMovementSleep-N2``); the codes are those of Profusion. The clock time
of the recording's start is there, but in public files its date is ``00.00.00``: then a note gives it.

Written as public files are, for much software finds the stages by patterns of lines: one element a line in the order
type, concept, start, duration, with CRLF, plain decimals, and the recording's start first. Sources: files of the Sleep
Heart Health Study, and the MATLAB class ``loadPSGAnnotationClass`` of NSRR's EDF viewer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eegvlm.hypnogram.codings import CODINGS, Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import safe_xml
from eegvlm.hypnogram.formats.events import (
    Event,
    StageEvents,
    hypnogram_from_events,
    rechtschaffen_kales_notes,
)
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.formats.unknown_names import MOST_ODD_SHARE, named
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, is_epoch_length
from eegvlm.hypnogram.stage import Stage, stage_of_spelling
from eegvlm.hypnogram.stage_map import folded
from eegvlm.signals.lights import LightsMarker, lights_marker
from eegvlm.signals.lights_spelling import lights_switch

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOT = "PSGAnnotation"
_CONCEPTS = {
    Stage.W: "Wake|0",
    Stage.N1: "Stage 1 sleep|1",
    Stage.N2: "Stage 2 sleep|2",
    Stage.N3: "Stage 3 sleep|3",
    Stage.R: "REM sleep|5",
    Stage.UNSCORED: "Unscored|9",
}
_CLOCK = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}|\d\d) (\d\d)\.(\d\d)\.(\d\d)(?:\.(\d{1,6}))?")


def _recognises(source: ScoringSource) -> bool:
    return safe_xml.names_root(source, _ROOT)


def _read(source: ScoringSource) -> Hypnogram:
    root = safe_xml.parse(source, _ROOT)
    length = root.find("EpochLength")
    epoch_s = None
    if length is not None:
        epoch_s = safe_xml.number(source, length, "EpochLength")
        if not is_epoch_length(epoch_s):
            raise source.error("EpochLength", epoch_s, EPOCH_LENGTH_HINT)
    events: list[Event] = []
    stages: list[Stage] = []
    unknown: list[Event] = []
    lights: list[LightsMarker] = []
    start: datetime | None = None
    notes: list[str] = []
    for k, scored in enumerate(root.iter("ScoredEvent"), start=1):
        concept = (scored.findtext("EventConcept") or "").strip()
        where = f"ScoredEvent {k}"
        if concept == "Recording Start Time":
            start, notes = _clock(scored)
        if lights_switch(name := concept.partition("|")[0]):
            marker = lights_marker(safe_xml.number(source, scored.find("Start"), f"{where}, Start"), name)
            lights += [marker] if marker else []
            continue
        if not _is_stage(scored, concept):
            continue
        onset_s = safe_xml.number(source, scored.find("Start"), f"{where}, Start")
        duration_s = safe_xml.number(source, scored.find("Duration"), f"{where}, Duration")
        events.append(Event(onset_s, duration_s, concept, where))
        stage = _stage(source, concept, where)
        stages.append(Stage.UNSCORED if stage is None else stage)
        if stage is None:
            unknown.append(events[-1])
    if not events:
        raise source.error("stages", "none", "expected ScoredEvents of type Stages|Stages")
    if unknown:
        if len(unknown) > MOST_ODD_SHARE * len(events):
            raise source.error(unknown[0].where, unknown[0].text, "expected a stage such as 'Stage 2 sleep|2'")
        notes.append(f"unscored, for it is no known stage: {named(event.text for event in unknown)}")
    texts = (event.text.partition("|")[0] for event in events)
    notes += rechtschaffen_kales_notes(texts) if any("4" in event.text for event in events) else ()
    picked = StageEvents(tuple(events), np.array(stages, dtype=np.int8), tuple(notes), tuple(lights))
    return hypnogram_from_events(source, picked, start=start, epoch_s=epoch_s)


def _is_stage(scored: Element, concept: str) -> bool:
    """Tell whether an event is a stage: by its type, or by its name where old files have no type."""
    kind = (scored.findtext("EventType") or "").strip().casefold()
    sdo = concept.casefold().startswith("sdo:") and stage_of_spelling(concept) is not None
    return kind.startswith("stages") or (sdo and not kind)


def _stage(source: ScoringSource, concept: str, where: str) -> Stage | None:
    """Return the stage of a concept such as ``REM sleep|5``, whose name and code must say the same."""
    name, _, code = concept.partition("|")
    stage = source.stage_of(name)
    coded = CODINGS["profusion"].stages.get(int(code)) if re.fullmatch(r"[0-9]", code.strip()) else None
    if None not in (stage, coded) and stage is not coded and folded(name) not in source.stage_map:
        hint = (
            "its name and its code are different stages; put the wrong one right, or say what the name means with --map"
        )
        raise source.error(f"{where}, EventConcept", concept, hint)
    return coded if stage is None else stage


def _clock(scored: Element) -> tuple[datetime | None, list[str]]:
    """Clock time of the recording's start; where it has no date, a note instead."""
    text = (scored.findtext("ClockTime") or "").strip()
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None, []
    day, month, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    if len(match[3]) == 2:
        year += 1900 if year >= 85 else 2000  # as EDF does
    microsecond = int((match[7] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, microsecond), []
    except ValueError:
        return None, [f"the recording started at {text.split()[1].replace('.', ':')}, date not given"]


def _clock_text(start: datetime) -> str:
    """Write a start as NSRR does, ``26.10.24 22.41.17``; with more digits only where these do not hold it."""
    date = f"{start:%d.%m.%y}" if 1985 <= start.year <= 2084 else f"{start:%d.%m.%Y}"
    return f"{date} {start:%H.%M.%S}" + (f".{start:%f}" if start.microsecond else "")


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    if coding is not None:
        raise HypnogramError(path, "coding", coding.name, "NSRR XML has its own codes; leave the coding out")
    start = [] if hypnogram.start is None else [f"<ClockTime>{_clock_text(hypnogram.start)}</ClockTime>"]
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
        f"<{_ROOT}>",
        "<SoftwareVersion>eeg-vlm</SoftwareVersion>",
        f"<EpochLength>{safe_xml.decimal(hypnogram.epoch_s)}</EpochLength>",
        "<ScoredEvents>",
        # The viewer takes the first event for the recording, whatever its name.
        "<ScoredEvent>",
        "<EventType/>",
        "<EventConcept>Recording Start Time</EventConcept>",
        "<Start>0</Start>",
        f"<Duration>{safe_xml.decimal(max(0.0, hypnogram.end_s))}</Duration>",
        *start,
        "</ScoredEvent>",
    ]
    for run in hypnogram.runs():
        lines += [
            "<ScoredEvent>",
            "<EventType>Stages|Stages</EventType>",
            f"<EventConcept>{_CONCEPTS[run.stage]}</EventConcept>",
            f"<Start>{safe_xml.decimal(hypnogram.onset_s + run.first * hypnogram.epoch_s)}</Start>",
            f"<Duration>{safe_xml.decimal(run.n_epochs * hypnogram.epoch_s)}</Duration>",
            "</ScoredEvent>",
        ]
    return {path: safe_xml.lines_of(*lines, "</ScoredEvents>", f"</{_ROOT}>")}


FORMAT = Format(
    "nsrr",
    "NSRR annotation XML",
    ("-nsrr.xml", ".xml"),
    _recognises,
    _read,
    _write,
    frozenset({"start", "onset_s", "epoch_s"}),
)
