"""Philips Sleepware G3 and Alice ``.rml``: ``<Stage Type="NonREM2" Start="510"/>`` where the stage changes.

The stages of the person (``UserStaging``) are read; those of the software (``MachineStaging``) only where there are
none, with a note. The last stage lasts to the end of the recording (``Session/Duration``), where the file has it. Form:
the schema ``PatientStudy.xsd`` as public readers of ``.rml`` use it. Only read.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from eegvlm.hypnogram.formats import safe_xml
from eegvlm.hypnogram.formats.clock_times import local_time
from eegvlm.hypnogram.formats.event_list import lasting_to_next, stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOT = "PatientStudy"
_SESSION = "Acquisition/Sessions/Session"
_NAMES = {"nonrem1": "N1", "nonrem2": "N2", "nonrem3": "N3", "nonrem4": "N4", "notscored": "?"}


def _recognises(source: ScoringSource) -> bool:
    return safe_xml.names_root(source, _ROOT)


def _read(source: ScoringSource) -> Hypnogram:
    root = safe_xml.parse(source, _ROOT)
    staging, notes = _staging(source, root)
    sessions = root.findall(_SESSION)
    start = _start(source, sessions[0]) if sessions else None
    end_s = None
    if len(sessions) == 1 and sessions[0].find("Duration") is not None:
        end_s = safe_xml.number(source, sessions[0].find("Duration"), "Session, Duration")
    stages = staging.findall("Stage")
    onsets = []
    for k, stage in enumerate(stages, start=1):
        text = stage.get("Start", "")
        try:
            onsets.append(float(text))
        except ValueError:
            raise source.error(f"Stage {k}, Start", text, "expected a number of seconds") from None
    names = [stage.get("Type", "") for stage in stages]
    changes = [
        Event(onset_s, None, _NAMES.get(name.casefold(), name), f"Stage {k}")
        for k, (name, onset_s) in enumerate(zip(names, onsets, strict=True), start=1)
    ]
    events, more = lasting_to_next(source, changes, end_s=end_s)
    picked = stages_among(source, events, _lights(source, sessions))
    return hypnogram_from_events(source, picked, start=start).with_notes(*notes, *more)


def _staging(source: ScoringSource, root: Element) -> tuple[Element, list[str]]:
    """Return the element that holds the stages, and a note where they are not a person's."""
    for name, note in (
        ("UserStaging", None),
        ("MachineStaging", "the stages are those of the software (MachineStaging)"),
    ):
        scorings = [
            child for child in root.iterfind(f"ScoringData/StagingData/{name}/*") if child.find("Stage") is not None
        ]
        if len(scorings) > 1:
            hint = "it holds more than one scoring; export one of them"
            raise source.error(name, " and ".join(scoring.tag for scoring in scorings), hint)
        if scorings:
            return scorings[0], [note] if note else []
    raise source.error("StagingData", "no Stage", "export the study with its sleep stages")


def _start(source: ScoringSource, session: Element) -> datetime | None:
    text = (session.findtext("RecordingStart") or "").strip()
    return local_time(source, "RecordingStart", text) if text else None


def _lights(source: ScoringSource, sessions: list[Element]) -> list[Event]:
    """Markers of lights, where the study holds one session and they are numbers of seconds."""
    marks = []
    for name, text in (("LightsOff", "Lights Off"), ("LightsOn", "Lights On")):
        element = sessions[0].find(name) if len(sessions) == 1 else None
        if element is not None and (element.text or "").strip():
            marks.append(Event(safe_xml.number(source, element, name), None, text, name))
    return marks


FORMAT = Format("rml", "Philips Sleepware or Alice .rml", (".rml",), _recognises, _read, None)
