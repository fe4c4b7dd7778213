"""Events of a night as tables and as annotations: pandas and MNE, both optional extras."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.core.extras import import_extra
from eegvlm.errors import InputError
from eegvlm.evidence.event_table import EventTable
from eegvlm.scoring.limits import EPOCH_S

if TYPE_CHECKING:
    import mne
    import pandas as pd

    from eegvlm.evidence.evidence import Evidence

COLUMNS = ("kind", "channel", "epoch", "onset_s", "duration_s", "frequency_hz", "amplitude_uv")


def events_table(evidence: Evidence, kinds: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row an event, in order of onset; see :meth:`.Evidence.to_dataframe`."""
    pandas = import_extra("pandas", "pandas", "Evidence.to_dataframe")
    tables = [_rows(pandas, *of_channel) for of_channel in _events(evidence, kinds)]
    if not tables:
        return pandas.DataFrame(
            {name: pandas.Series(dtype=object if name in COLUMNS[:2] else float) for name in COLUMNS}
        )
    return pandas.concat(tables).sort_values("onset_s", kind="stable", ignore_index=True)


def events_annotations(
    evidence: Evidence, start: datetime | None, kinds: Iterable[str] | None = None
) -> mne.Annotations:
    """Return one annotation an event; see :meth:`.Evidence.to_annotations`."""
    module = import_extra("mne", "mne", "Evidence.to_annotations")
    onsets: list[float] = []
    durations: list[float] = []
    texts: list[str] = []
    extras: list[dict[str, Any]] = []
    for kind, channel, events in _events(evidence, kinds):
        onsets += events.onset_s.tolist()
        durations += events.duration_s.tolist()
        texts += [kind] * len(events)
        for frequency, amplitude in zip(events.frequency_hz.tolist(), events.amplitude_uv.tolist(), strict=True):
            extra = {"channel": channel, "amplitude_uv": amplitude}
            extras.append(extra if np.isnan(frequency) else {**extra, "frequency_hz": frequency})
    origin = None if start is None else start.replace(tzinfo=UTC)
    return module.Annotations(onsets, durations, texts, orig_time=origin, extras=extras)


def _events(evidence: Evidence, kinds: Iterable[str] | None) -> list[tuple[str, str, EventTable]]:
    """Return the tables of the kinds, of which each must have been measurable."""
    chosen = list(evidence.events) if kinds is None else [str(kind) for kind in kinds]
    for kind in chosen:
        if kind not in evidence.events:
            words = kind.replace("_", " ")
            measured = ", ".join(sorted(evidence.events)) or "nothing"
            hint = f"no channel shows it, so none found would be wrong to say; measured were {measured}"
            raise InputError("evidence", words, "not measurable", hint)
    return [(kind, name, events) for kind in chosen for name, events in evidence.events[kind].items()]


def _rows(pandas: Any, kind: str, channel: str, events: EventTable) -> pd.DataFrame:
    table = {
        "kind": kind,
        "channel": channel,
        "epoch": (events.onset_s // EPOCH_S).astype(np.int64) + 1,
        "onset_s": events.onset_s,
        "duration_s": events.duration_s,
        "frequency_hz": events.frequency_hz,
        "amplitude_uv": events.amplitude_uv,
    }
    return pandas.DataFrame(table, columns=list(COLUMNS))
