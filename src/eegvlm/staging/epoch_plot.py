"""One epoch of a staged night as a figure: the traces that were read, what was measured in them, the stage.

Drawn with matplotlib, an optional extra, from the signals in microvolt; ``eegvlm render`` draws the model's own pixels.
"""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.core.extras import import_extra
from eegvlm.errors import InputError
from eegvlm.evidence import Finding
from eegvlm.hypnogram.plotting import COLOURS
from eegvlm.images.shown_channel import ShownChannel
from eegvlm.scoring import TABLE
from eegvlm.signals import EPOCH_S

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from eegvlm.staging.night import StagedNight

_WIDTH, _ROW, _TITLE = 10.0, 1.25, 0.8
_LEAST_UV = 50.0  # half the height of a row, so that a quiet channel is not blown up


def plot_epoch(night: StagedNight, number: int) -> Figure:
    """Draw one epoch; see :meth:`.StagedNight.plot_epoch`."""
    n_epochs = len(night.hypnogram)
    if not 1 <= number <= n_epochs:
        raise InputError("StagedNight.plot_epoch", "epoch", number, f"epochs count from 1: give 1 to {n_epochs}")
    pyplot: Any = import_extra("matplotlib.pyplot", "figures", "StagedNight.plot_epoch")
    panels = [panel.name for panel in night.prepared.layout.panels]
    channels = {name: night.prepared.shown_in(name, number - 1) for name in panels}
    findings = [] if night.evidence is None else night.evidence.findings[number - 1]
    figure: Figure = pyplot.figure(figsize=(_WIDTH, _TITLE + _ROW * len(panels)), layout="constrained")
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (name, channel) in zip(rows, channels.items(), strict=True):
        _row(ax, name, channel, number - 1, night.prepared.layout.rate, findings)
    rows[-1].set_xlabel("Seconds")
    figure.suptitle(_title(night, number), fontsize=10, color=COLOURS.get(night.hypnogram[number - 1], "black"))
    if text := _rationale(night, number):
        figure.supxlabel(fill(text, 130), fontsize=8)
    return figure


def _row(ax: Axes, panel: str, channel: ShownChannel | None, epoch: int, rate: float, findings: list[Finding]) -> None:
    """Draw one channel, and box its events."""
    ax.set_xlim(0, EPOCH_S)
    ax.set_xticks(np.arange(0, EPOCH_S + 1, 5))
    ax.grid(axis="x", color="#dddddd", lw=0.5)
    if channel is None:
        ax.set_yticks([])
        ax.text(EPOCH_S / 2, 0.5, f"{panel}: no usable signal", ha="center", transform=ax.get_xaxis_transform())
        return
    signal = channel.signals[epoch : epoch + 1][0]
    ax.plot(np.arange(len(signal)) / rate, signal, lw=0.6, color="#20242b")
    height = max(_LEAST_UV, 1.05 * float(np.abs(signal).max()))
    ax.set_ylim(-height, height)
    ax.set_ylabel(f"{channel.name}\nµV", fontsize=8)
    for finding in findings:
        if finding.channel in (channel.name, None) and not TABLE.kind(finding.kind).is_whole:
            ax.axvspan(finding.start_s, finding.end_s, color="#b4286a", alpha=0.12, lw=0)
            words = finding.kind.replace("_", " ")
            ax.text(finding.start_s, height * 0.97, words, fontsize=6, va="top", color="#b4286a", clip_on=True)


def _title(night: StagedNight, number: int) -> str:
    hypnogram = night.hypnogram
    clock = "" if hypnogram.start is None else f", {hypnogram.time_of(number - 1):%H:%M:%S}"
    confidence = hypnogram.confidence
    sure = np.nan if confidence is None else float(confidence[number - 1])
    probability = "" if np.isnan(sure) else f" ({sure:.2f})"
    return f"Epoch {number} of {len(hypnogram)}{clock}: {hypnogram[number - 1].label}{probability}"


def _rationale(night: StagedNight, number: int) -> str:
    return next((str(rationale["text"]) for rationale in night.rationales or () if rationale["epoch"] == number), "")
