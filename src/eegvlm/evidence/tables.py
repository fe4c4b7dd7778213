"""Events of a night as tables and as annotations: pandas and MNE, both optional extras."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.core.extras import import_extra
from eegvlm.errors import InputError
from eegvlm.evidence.marks import Marks
from eegvlm.scoring.limits import EPOCH_S

if TYPE_CHECKING:
    import mne
    import pandas as pd

    from eegvlm.evidence.evidence import Evidence

COLUMNS = ("kind", "channel", "epoch", "onset_s", "duration_s", "frequency_hz", "amplitude_uv")


def events_table(evidence: Evidence, kinds: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row an event, in order of onset; see :meth:`.Evidence.to_dataframe`."""
    pandas = import_extra("pandas", "pandas", "Evidence.to_dataframe")
    tables = [_rows(pandas, *of_channel) for of_channel in _marks(evidence, kinds)]
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
    for kind, channel, marks in _marks(evidence, kinds):
        onsets += marks.onset_s.tolist()
        durations += marks.duration_s.tolist()
        texts += [kind] * len(marks)
        for frequency, amplitude in zip(marks.frequency_hz.tolist(), marks.amplitude_uv.tolist(), strict=True):
            extra = {"channel": channel, "amplitude_uv": amplitude}
            extras.append(extra if np.isnan(frequency) else {**extra, "frequency_hz": frequency})
    origin = None if start is None else start.replace(tzinfo=UTC)
    return module.Annotations(onsets, durations, texts, orig_time=origin, extras=extras)


def _marks(evidence: Evidence, kinds: Iterable[str] | None) -> list[tuple[str, str, Marks]]:
    """Return the tables of the kinds, of which each must have been measurable."""
    chosen = list(evidence.marks) if kinds is None else [str(kind) for kind in kinds]
    for kind in chosen:
        if kind not in evidence.marks:
            words = kind.replace("_", " ")
            measured = ", ".join(sorted(evidence.marks)) or "nothing"
            hint = f"no channel shows it, so none found would be wrong to say; measured were {measured}"
            raise InputError("evidence", words, "not measurable", hint)
    return [(kind, name, marks) for kind in chosen for name, marks in evidence.marks[kind].items()]


def _rows(pandas: Any, kind: str, channel: str, marks: Marks) -> pd.DataFrame:
    table = {
        "kind": kind,
        "channel": channel,
        "epoch": (marks.onset_s // EPOCH_S).astype(np.int64) + 1,
        "onset_s": marks.onset_s,
        "duration_s": marks.duration_s,
        "frequency_hz": marks.frequency_hz,
        "amplitude_uv": marks.amplitude_uv,
    }
    return pandas.DataFrame(table, columns=list(COLUMNS))
