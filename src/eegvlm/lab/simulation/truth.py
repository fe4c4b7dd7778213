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
    for label, shown in channels:
        for one in shown:
            n = len(one.onset_s)
            columns["onset"].append(one.onset_s)
            columns["duration"].append(one.duration_s)
            columns["size"].append(one.peak_to_peak_uv)
            columns["frequency"].append(one.frequency_hz)
            names["kind"].append(np.full(n, str(one.kind)))
            names["channel"].append(np.full(n, label))
            # pops are a channel's own; everything else is one event that several channels see
            own = f"{one.kind} {label}" if one.kind is EventKind.ELECTRODE_POP else str(one.kind)
            names["key"].append(np.full(n, own))
            numbers.append(np.arange(n))
    held = {name: np.concatenate(parts) for name, parts in (columns | names).items()}
    held["number"] = np.concatenate(numbers)
    seen = held["size"] >= SEEN_UV
    held = {name: values[seen] for name, values in held.items()}
    order = np.lexsort((held["channel"], held["number"], held["key"], held["onset"]))
    held = {name: values[order] for name, values in held.items()}
    new = np.ones(len(order), dtype=bool)
    new[1:] = (held["key"][1:] != held["key"][:-1]) | (held["number"][1:] != held["number"][:-1])
    return Events(
        kind=held["kind"],
        channel=held["channel"],
        onset_s=held["onset"],
        duration_s=held["duration"],
        amplitude_uv=held["size"],
        frequency_hz=held["frequency"],
        event=np.cumsum(new) - 1,
    )
