"""What every channel shows, joined into one table of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eegvlm.lab.simulation.events import SEEN_UV, EventKind, Events


@dataclass(frozen=True)
class Shown:
    """Events of one kind as one channel shows them.

    Attributes
    ----------
    kind
        The kind.
    onset_s, duration_s, peak_to_peak_uv, frequency_hz
        float64 (n,), in the order in which the sleeper has them, so that channels can be matched.
    """

    kind: EventKind
    onset_s: np.ndarray
    duration_s: np.ndarray
    peak_to_peak_uv: np.ndarray
    frequency_hz: np.ndarray


def truth_table(channels: Sequence[tuple[str, Sequence[Shown]]]) -> Events:
    """Join what channels show into one table ordered by onset; the rows of one event share a number."""
    columns: dict[str, list[np.ndarray]] = {name: [np.zeros(0)] for name in ("onset", "duration", "size", "frequency")}
    names: dict[str, list[np.ndarray]] = {name: [np.zeros(0, dtype="<U1")] for name in ("kind", "channel", "key")}
    numbers = [np.zeros(0, dtype=np.int64)]
    for label, channel_events in channels:
        for events in channel_events:
            n = len(events.onset_s)
            columns["onset"].append(events.onset_s)
            columns["duration"].append(events.duration_s)
            columns["size"].append(events.peak_to_peak_uv)
            columns["frequency"].append(events.frequency_hz)
            names["kind"].append(np.full(n, str(events.kind)))
            names["channel"].append(np.full(n, label))
            # pops are a channel's own; everything else is one event that several channels see
            key = f"{events.kind} {label}" if events.kind is EventKind.ELECTRODE_POP else str(events.kind)
            names["key"].append(np.full(n, key))
            numbers.append(np.arange(n))
    table = {name: np.concatenate(parts) for name, parts in (columns | names).items()}
    table["number"] = np.concatenate(numbers)
    visible = table["size"] >= SEEN_UV
    table = {name: values[visible] for name, values in table.items()}
    order = np.lexsort((table["channel"], table["number"], table["key"], table["onset"]))
    table = {name: values[order] for name, values in table.items()}
    new = np.ones(len(order), dtype=bool)
    new[1:] = (table["key"][1:] != table["key"][:-1]) | (table["number"][1:] != table["number"][:-1])
    return Events(
        kind=table["kind"],
        channel=table["channel"],
        onset_s=table["onset"],
        duration_s=table["duration"],
        amplitude_uv=table["size"],
        frequency_hz=table["frequency"],
        event=np.cumsum(new) - 1,
    )
