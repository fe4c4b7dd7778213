"""What the page says of signal quality: a row for each EEG channel, and what each panel was read from.

Samples of unusable epochs are not kept (:class:`~eegvlm.images.PreparedNight`): a reason in words stands in place of
their trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.images import Panel, PreparedNight
from eegvlm.report.charts import ChartSpan, chart_spans
from eegvlm.signals import QualityLevel

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class QualityRow:
    """The quality of one channel over the night; a gap is left blank.

    Parameters
    ----------
    channel
        Its name.
    good, doubtful, unusable
        Where it is.
    sentence
        How many epochs are doubtful and unusable, for those who do not see the row.
    """

    channel: str
    good: list[ChartSpan]
    doubtful: list[ChartSpan]
    unusable: list[ChartSpan]
    sentence: str


def quality_rows(night: PreparedNight, voters: Collection[str] = ()) -> list[QualityRow]:
    """Return a row for every EEG channel that was read at all; none if quality was not judged.

    Parameters
    ----------
    night
        The night as the model saw it.
    voters
        Names of further channels to show: derivations that were staged by themselves.
    """
    if night.quality is None:
        return []
    names: dict[str, None] = {}
    for panel, channels in night.panels.items():
        if night.layout.panel(panel).shows_eeg:
            is_read = [place == 0 or bool((night.shown[panel] == place).any()) for place in range(len(channels))]
            names |= {
                channel.name: None
                for channel, read in zip(channels, is_read, strict=True)
                if read or channel.name in voters
            }
    levels = {name: night.quality.channels[name].level for name in names if name in night.quality.channels}
    return [_row(name, level, night.scorable) for name, level in levels.items()]


def read_from(night: PreparedNight) -> dict[str, list[tuple[str, int]]]:
    """Return the stand-in channels from which each panel was read, with their number of epochs."""
    return {
        panel: [
            (channel.name, int((night.shown[panel] == place).sum()))
            for place, channel in enumerate(channels)
            if place and (night.shown[panel] == place).any()
        ]
        for panel, channels in night.panels.items()
    }


def epoch_notes(night: PreparedNight, panels: Sequence[Panel]) -> list[dict[str, dict[str, Any]]]:
    """Return what is to be said of panels in an epoch, for the page's script.

    Parameters
    ----------
    night
        The night as the model saw it.
    panels
        In the order in which the page shows them.

    Returns
    -------
    list of dict
        For each epoch: place of the panel, as text -> ``missing`` (why nothing is shown), ``instead`` (the preferred
        channel and why it is not read) and ``doubtful`` (what is wrong with what is shown), each where it applies. An
        epoch without any is empty.
    """
    notes: list[dict[str, dict[str, Any]]] = [{} for _ in range(night.n_epochs)]
    for place, panel in enumerate(panels):
        if panel.name in night.panels:
            for epoch, note in _panel_notes(night, panel.name):
                notes[epoch][str(place)] = note
    return notes


def _panel_notes(night: PreparedNight, panel: str) -> Iterator[tuple[int, dict[str, Any]]]:
    channels, sources = night.panels[panel], night.shown[panel]
    for epoch in range(night.n_epochs):
        source = int(sources[epoch])
        if source < 0:
            yield epoch, {"missing": _missing(night, [channel.name for channel in channels], epoch)}
            continue
        note: dict[str, Any] = {}
        if source > 0:
            note["instead"] = [channels[0].name, _words(night, channels[0].name, epoch) or "no signal"]
        if doubtful := _words(night, channels[source].name, epoch):
            note["doubtful"] = doubtful
        if note:
            yield epoch, note


def _missing(night: PreparedNight, names: Sequence[str], epoch: int) -> str:
    """Say why none of the channels of a panel can be shown."""
    if not night.scorable[epoch]:
        return "no complete signal in this epoch"
    reasons = {name: _words(night, name, epoch) for name in names}
    if len(set(reasons.values())) == 1:
        return ": ".join(filter(None, ("no usable signal", reasons[names[0]])))
    return "no usable signal: " + "; ".join(f"{name} {words or 'none'}" for name, words in reasons.items())


def _words(night: PreparedNight, channel: str, epoch: int) -> str:
    """Name the worst that is wrong with a channel in an epoch; "" where it is good or was not judged."""
    if night.quality is None or channel not in night.quality.channels:
        return ""
    quality = night.quality.channels[channel]
    worst = quality.level[epoch]
    if worst == QualityLevel.GOOD:
        return ""
    return ", ".join(kind.words for kind, levels in quality.levels.items() if levels[epoch] == worst)


def _row(name: str, level: npt.NDArray[np.int8], scorable: Bools) -> QualityRow:
    good, doubtful, unusable = (scorable & (level == which) for which in QualityLevel)
    sentence = f"{name}: {int(doubtful.sum())} epochs doubtful, {int(unusable.sum())} unusable"
    return QualityRow(name, chart_spans(good), chart_spans(doubtful), chart_spans(unusable), sentence)
