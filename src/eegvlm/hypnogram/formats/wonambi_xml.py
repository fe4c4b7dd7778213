"""Annotations of Wonambi: XML with raters, each with epochs of ``epoch_start``, ``epoch_end`` and ``stage``.

Times count from ``start_time``, the recording's start. Epochs that were never scored (``Unknown``) are unscored. Where
there are several raters, the user names one. Source: ``wonambi.attr.annotations``, version 5. Only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eegvlm.hypnogram.error import SeveralScorersError
from eegvlm.hypnogram.formats import safe_xml
from eegvlm.hypnogram.formats.clock_times import local_time
from eegvlm.hypnogram.formats.event_list import stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOT = "annotations"
UNSCORED = ("unknown", "undefined", "movement", "artefact")


def _recognises(source: ScoringSource) -> bool:
    return safe_xml.names_root(source, _ROOT) and safe_xml.names_root(source, "dataset")


def _read(source: ScoringSource) -> Hypnogram:
    root = safe_xml.parse(source, _ROOT)
    text = (root.findtext("dataset/start_time") or "").strip()
    start = local_time(source, "start_time", text) if text else None
    events = []
    for k, epoch in enumerate(_rater(source, root).iterfind("stages/epoch"), start=1):
        begin_s, end_s = (
            safe_xml.number(source, epoch.find(name), f"epoch {k}, {name}") for name in ("epoch_start", "epoch_end")
        )
        stage = (epoch.findtext("stage") or "").strip()
        events.append(Event(begin_s, end_s - begin_s, "?" if stage.casefold() in UNSCORED else stage, f"epoch {k}"))
    return hypnogram_from_events(source, stages_among(source, events, ()), start=start)


def _rater(source: ScoringSource, root: Element) -> Element:
    raters = [rater for rater in root.findall("rater") if rater.find("stages/epoch") is not None]
    if not raters:
        raise source.error("rater", "none with stages", "score the recording first")
    names = [rater.get("name") or "" for rater in raters]
    if source.scorer is not None:
        if source.scorer not in names:
            raise source.error("--scorer", source.scorer, f"choose one of {', '.join(names)}")
        return raters[names.index(source.scorer)]
    if len(raters) > 1:
        raise SeveralScorersError.of(source.path, "raters", tuple(names))
    return raters[0]


FORMAT = Format("wonambi", "Wonambi annotations", (".xml",), _recognises, _read, None, holds_scorers=True)
