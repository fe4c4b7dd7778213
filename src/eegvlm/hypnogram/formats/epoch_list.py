"""One text an epoch, or a stretch: labels as they are, integer codes by a coding.

For formats that are lists of stages in one wrapping or another. Whether a text is a stage is decided as it is for
events (:func:`eegvlm.hypnogram.formats.events.pick_stages`); codes need a coding, for the conventions conflict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eegvlm.hypnogram.codings import ASK_CODING, Coding
from eegvlm.hypnogram.formats.events import Event, StageEvents, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.fine_rows import refuse_fine_rows
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.stage_texts import are_rechtschaffen_kales, wake_missing
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage
from eegvlm.hypnogram.timing import Timing

_CODE = re.compile(r"[+-]?\d{1,3}(?:\.0*)?")
_NOTHING = ("", "?", "n/a", "nan", "null", "None")
DEFAULT_EPOCH_S = 30.0


def hypnogram_from_texts(
    source: ScoringSource,
    texts: Sequence[str],
    places: Sequence[str],
    *,
    epoch_s: float | None = None,
    coding: Coding | None = None,
) -> Hypnogram:
    """Read a list of one stage an epoch, from the recording's start.

    Parameters
    ----------
    source
        The file.
    texts, places
        The label or code of each epoch, and where it stands.
    epoch_s
        Length of an epoch, where the file says it; else the user's, the coding's, or 30 s, with a note.
    coding
        What codes mean, where the file says it; else the user's.

    Raises
    ------
    HypnogramError
        If there are codes and no coding, or a text is no stage.
    """
    coding = coding or source.coding
    length_s = source.epoch_s or epoch_s or (coding.epoch_s if coding else DEFAULT_EPOCH_S)
    events = [
        Event(round(k * length_s, 6), length_s, text, place)
        for k, (text, place) in enumerate(zip(texts, places, strict=True))
    ]
    hypnogram = hypnogram_from_events(source, events_of_texts(source, events, coding=coding), epoch_s=length_s)
    hypnogram = replace(hypnogram, timing=Timing.NOTHING)
    if source.epoch_s is None and epoch_s is None:
        refuse_fine_rows(source, hypnogram.stages, length_s, what="stages", row_name="stage")
        return hypnogram.with_notes(f"each stage was taken as {length_s:g} s, which the file does not say")
    return hypnogram


def events_of_texts(source: ScoringSource, events: Sequence[Event], *, coding: Coding | None = None) -> StageEvents:
    """Tell the stages of events that are labels, or all codes.

    Raises
    ------
    HypnogramError
        If there are codes and no coding, or a code that the coding does not have.
    """
    named = [event for event in events if event.text not in _NOTHING]
    codes = [event for event in named if _CODE.fullmatch(event.text)]
    if not codes:
        return pick_stages(source, [event._replace(text=event.text or "?") for event in events])
    if len(codes) < len(named) and are_rechtschaffen_kales([event.text for event in named]):
        return pick_stages(source, [_named_stage(event) for event in named])
    if len(codes) < len(named):
        odd = next(event for event in named if not _CODE.fullmatch(event.text))
        raise source.error(odd.where, odd.text, "expected a code, as elsewhere in the file")
    coding = coding or source.coding
    if coding is None:
        raise source.error(codes[0].where, codes[0].text, ASK_CODING)
    stages = [_stage(source, coding, event) for event in events]
    odd_codes = sorted({code for event in codes if (code := int(float(event.text))) in coding.undocumented})
    notes = [f"the undocumented code {code} was read as unscored" for code in odd_codes]
    return StageEvents(tuple(events), np.array(stages, dtype=np.int8), (*notes, *wake_missing(coding, stages)))


def _named_stage(event: Event) -> Event:
    return event._replace(text=f"Stage {event.text}") if _CODE.fullmatch(event.text) else event


def _stage(source: ScoringSource, coding: Coding, event: Event) -> Stage:
    if event.text in _NOTHING:
        return Stage.UNSCORED
    stage = coding.stages.get(int(float(event.text)))
    if stage is None:
        raise source.error(event.where, event.text, f"the coding {coding.name} has {coding.about}")
    return stage
