"""Luna's own XML (``WRITE-ANNOTS xml``): instances of classes with a start and a length; stages are classes.

Source: the section "Luna XML files" of Luna's reference. Only read.
"""

from __future__ import annotations

from eegvlm.hypnogram.formats import safe_xml
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram

_ROOT = "Annotations"


def _recognises(source: ScoringSource) -> bool:
    return safe_xml.names_root(source, _ROOT) and safe_xml.names_root(source, "Classes")


def _read(source: ScoringSource) -> Hypnogram:
    root = safe_xml.parse(source, _ROOT)
    events = []
    for k, instance in enumerate(root.iterfind("Instances/Instance"), start=1):
        where = f"Instance {k}"
        onset_s = safe_xml.number(source, instance.find("Start"), f"{where}, Start")
        duration_s = safe_xml.number(source, instance.find("Duration"), f"{where}, Duration")
        name = (instance.findtext("Class") or "").strip()
        if name.casefold() in ("sleepstage", "sleep_stage"):
            name = (instance.findtext("Name") or "").strip()
        events.append(Event(onset_s, duration_s, name, where))
    return hypnogram_from_events(source, pick_stages(source, events))


FORMAT = Format("luna-xml", "Luna XML", (".xml",), _recognises, _read, None)
