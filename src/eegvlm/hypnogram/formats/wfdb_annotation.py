"""WFDB annotation files of sleep stages (``.st``), as in the MIT-BIH Polysomnographic Database.

Read by the package ``wfdb`` (``pip install 'eeg-vlm[wfdb]'``). The sampling rate and the start stand in the header
(``.hea``) beside the file. An annotation's text is a stage, then respiratory events; it lasts to the next one. Only
read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eegvlm.hypnogram.formats.clock_times import NO_DATE
from eegvlm.hypnogram.formats.event_list import stages_among
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, Source
from eegvlm.hypnogram.formats.rdann import stage_of_text
from eegvlm.hypnogram.hypnogram import Hypnogram

_SUFFIXES = (".st",)


def _recognises(source: Source) -> bool:
    return source.path.name.casefold().endswith(_SUFFIXES)


def _read(source: Source) -> Hypnogram:
    try:
        import wfdb
    except ImportError:
        hint = "install wfdb to read it (pip install 'eeg-vlm[wfdb]'), or give what rdann prints"
        raise source.error("format", source.path.suffix, hint) from None
    record = str(source.path.with_suffix(""))
    try:
        annotations: Any = wfdb.rdann(record, source.path.suffix[1:])
        header: Any = wfdb.rdheader(record) if source.path.with_suffix(".hea").is_file() else None
    # A damaged file makes wfdb fail in any way that struct, numpy or decode() can.
    except Exception as error:
        raise source.error("content", type(error).__name__, "wfdb cannot read it; is the file whole?") from error
    rate_hz = annotations.fs or (header.fs if header is not None else None)
    if not rate_hz:
        hint = f"put the record's header {source.path.with_suffix('.hea').name} beside it"
        raise source.error("sampling rate", "not in the file", hint)
    stages: list[Event] = []
    others: list[Event] = []
    for k, (sample, note) in enumerate(zip(annotations.sample, annotations.aux_note, strict=True), start=1):
        text, duration_s, is_stage = stage_of_text(str(note).strip("\0 "))
        event = Event(round(float(sample) / float(rate_hz), 3), duration_s, text, f"annotation {k}")
        (stages if is_stage else others).append(event)
    start = None
    if header is not None and header.base_time is not None:
        start = datetime.combine(header.base_date or NO_DATE, header.base_time)
    return hypnogram_from_events(source, stages_among(source, stages, others), start=start)


FORMAT = Format("wfdb", "WFDB annotations", _SUFFIXES, _recognises, _read, None)
