"""``.hyp`` of Elan, as Visbrain writes it too: a header, then one code a line from the recording's start.

The header holds ``time_base`` (seconds of a code), ``sampling_period`` (of the signal), ``epoch_nb`` and
``epoch_list``. Codes are 0 to 5, 5 being REM and 4 stage 4, and -1 for artefacts. Source: ``visbrain.io.rw_hypno``.
Only read.
"""

from __future__ import annotations

from dataclasses import replace

from eegvlm.hypnogram.codings import CODINGS
from eegvlm.hypnogram.formats.epoch_list import events_of_texts
from eegvlm.hypnogram.formats.events import Event, hypnogram_from_events
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import is_epoch_length
from eegvlm.hypnogram.timing import Timing

_LIST = "epoch_list"


def _recognises(source: ScoringSource) -> bool:
    lines = decoded(source.head).splitlines()[:10]
    return any(line.startswith("time_base") for line in lines) and any(line.strip() == _LIST for line in lines)


def _read(source: ScoringSource) -> Hypnogram:
    lines = [line.strip() for line in source.text().rstrip().splitlines()]
    if _LIST not in lines:
        raise source.error("header", lines[0] if lines else "", f"expected time_base, epoch_nb and {_LIST}")
    first = lines.index(_LIST) + 1
    header = dict(line.split(None, 1) for line in lines[: first - 1] if len(line.split(None, 1)) == 2)
    try:
        length_s = float(header.get("time_base", ""))
    except ValueError:
        length_s = 0.0
    if not is_epoch_length(length_s):
        raise source.error("time_base", header.get("time_base", ""), "expected the seconds of a code")
    codes = lines[first:]
    if not codes:
        raise source.error(_LIST, "empty", "expected one code a line under it")
    if header.get("epoch_nb", str(len(codes))) != str(len(codes)):
        raise source.error("epoch_nb", header["epoch_nb"], f"{len(codes)} codes follow; the file is cut or was changed")
    events = [
        Event(k * length_s, length_s, "?" if code == "-1" else code, f"line {first + k + 1}")
        for k, code in enumerate(codes)
    ]
    picked = events_of_texts(source, events, coding=CODINGS["profusion"])
    return replace(hypnogram_from_events(source, picked, epoch_s=length_s), timing=Timing.EPOCH_NUMBER)


FORMAT = Format("elan", "Elan or Visbrain .hyp", (".hyp",), _recognises, _read, None)
