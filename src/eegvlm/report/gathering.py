"""One pass over a recording's panel channels: the traces of every epoch and the spectrogram of the EEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.images import ImageLayout, Panel, PreparedNight
from eegvlm.images.shown_channel import ShownChannel
from eegvlm.report.leads import BAND, FurtherLeads
from eegvlm.report.signal_quality import read_from
from eegvlm.report.spectrogram import Spectrogram, column_powers, column_seconds, draw_spectrogram
from eegvlm.report.traces import CHUNK, TraceCoding, coding_of, encode, fit, panel_coding, rounding_error
from eegvlm.signals import MODALITIES, Channel, Role

_SAMPLED = 16  # every so many epochs, one whose rounding error is measured


@dataclass(frozen=True)
class Pictures:
    """What a page shows of the signals.

    Parameters
    ----------
    chunks
        A gzip stream for every :data:`~eegvlm.report.traces.CHUNK` epochs.
    panels
        For the page's script: one object a panel, those without a channel included.
    spectrogram
        Of the first EEG panel; None where there is no such channel or no signal.
    spectrogram_channel
        Its preferred channel's name, and those that stand in for it.
    """

    chunks: list[bytes]
    panels: list[dict[str, Any]]
    spectrogram: Spectrogram | None
    spectrogram_channel: str


def gather(night: PreparedNight, most_bytes: int, leads: FurtherLeads | None = None) -> Pictures:
    """Pack what the panels show, a chunk of epochs at a time.

    Parameters
    ----------
    night
        The night as the model saw it.
    most_bytes
        What the packed traces may weigh.
    leads
        EEG leads that no panel shows.
    """
    layout = night.layout
    ordered = panels_in_order(layout)
    panels = [panel for panel in ordered if panel.name in night.panels]
    further = () if leads is None else leads.channels
    codings = [panel_coding(panel, layout.rate) for panel in panels]
    if leads is not None:
        codings += [coding_of("eeg", leads.band(channel)[1], layout.rate) for channel in further]
    eeg = next((panel.name for panel in panels if panel.roles[0].modality == "eeg"), None)
    seconds = column_seconds(night.n_epochs)
    blocks, powers = [], []
    sampled: list[list[NDArray[np.float32]]] = [[] for _ in codings]
    present = np.zeros((len(further), night.n_epochs), np.bool_)
    for first in range(0, night.n_epochs, CHUNK):
        count = min(CHUNK, night.n_epochs - first)
        signals = night.signals(slice(first, first + count))
        lead_signals = () if leads is None else leads.epochs(layout.rate, first, count)
        traces = [*(signals[panel.name] for panel in panels), *lead_signals]
        blocks.append([encode(epochs, coding) for epochs, coding in zip(traces, codings, strict=True)])
        for samples, epochs in zip(sampled, traces, strict=True):
            samples.append(epochs[::_SAMPLED].copy())
        for place, epochs in enumerate(lead_signals):
            present[place, first : first + count] = np.isfinite(epochs).all(axis=1)
        if eeg is not None:
            powers.append(column_powers(signals[eeg], layout.rate, seconds))
    packed, by = fit(blocks, codings, most_bytes)
    packing = [
        _packing(coding, by, rounding_error(np.concatenate(epochs), coding, by), layout.rate)
        for coding, epochs in zip(codings, sampled, strict=True)
    ]
    of_panel = {panel.name: fields for panel, fields in zip(panels, packing, strict=False)}
    return Pictures(
        chunks=packed,
        panels=[
            *({**_described(panel, night), **of_panel.get(panel.name, {})} for panel in ordered),
            *(
                {**_lead(channel, is_present), **fields}
                for channel, is_present, fields in zip(further, present, packing[len(panels) :], strict=True)
            ),
        ],
        spectrogram=draw_spectrogram(np.concatenate(powers), layout.rate) if powers else None,
        spectrogram_channel=_channels_read(night, eeg) if eeg is not None else "",
    )


def panels_in_order(layout: ImageLayout) -> list[Panel]:
    """Return the panels from top to bottom, as the page shows them."""
    return sorted(layout.panels, key=lambda panel: panel.top)


def panel_words(name: str) -> str:
    """Return a panel's name as a person writes it: ``"EOG left"`` of ``"eog_left"``."""
    return " ".join(word.upper() if word in MODALITIES else word for word in name.split("_"))


def _role_words(role: Role) -> str:
    """Return a role as rationales write it: ``"frontal EEG"``, ``"left EOG"``, ``"chin EMG"``."""
    return f"{role.place} {role.modality.upper()}" if role.place != role.modality.upper() else role.place


def _described(panel: Panel, night: PreparedNight) -> dict[str, Any]:
    channels = night.panels.get(panel.name, ())
    return {
        "name": panel_words(panel.name),
        "modality": panel.roles[0].modality,
        "range": panel.microvolt_per_pixel * panel.row_height / 2,
        "band": list(panel.band),
        "channel": channels[0].name if channels else None,
        "channels": [_channel(one) for one in channels],
        "shown": night.shown[panel.name].tolist() if channels else [],
    }


def _packing(coding: TraceCoding, by: float, error: float | None, rate: float) -> dict[str, Any]:
    """Say how a row's traces are packed."""
    step = coding.step_uv * by if coding.kind == "wave" else coding.step_uv
    # The transform is orthonormal over the layout's samples; the page evaluates its cosines directly.
    weight = step * float(np.sqrt(2 / (rate * 30))) if coding.kind == "wave" else step
    return {"kind": coding.kind, "numbers": coding.numbers, "weight": weight,
            "error": error, "highest": coding.highest_hz}  # fmt: skip


def _lead(channel: Channel, present: NDArray[np.bool_]) -> dict[str, Any]:
    """Describe a lead that no panel shows, as the others are."""
    return {
        "name": channel.name,
        "lead": True,
        "modality": "eeg",
        "band": [BAND[0], None],
        "channel": channel.name,
        "channels": [{"name": channel.name, "words": None, "note": channel.note}],
        "shown": np.where(present, 0, -1).tolist(),
    }


def _channel(channel: ShownChannel) -> dict[str, Any]:
    """Describe a channel that a panel may show."""
    return {
        "name": channel.name,
        "words": _role_words(channel.role) if channel.role is not None else None,
        "note": channel.channel.note if channel.channel is not None else "",
    }


def _channels_read(night: PreparedNight, panel: str) -> str:
    """Name the preferred channel of a panel, and where others stand in for it."""
    others = read_from(night)[panel]
    return "; ".join([night.panels[panel][0].name, *(f"{name} in {count} epochs" for name, count in others)])
