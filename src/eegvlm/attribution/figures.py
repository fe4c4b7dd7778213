"""Figures of an attribution for print: stage by stage, and single epochs with what their answers hang on."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eegvlm.attribution.attribution import KINDS, SHARES, Attribution
from eegvlm.attribution.patches import Patches
from eegvlm.attribution.recording import ShownEpoch
from eegvlm.attribution.summary import StageAttribution, by_stage
from eegvlm.core.files import write_together
from eegvlm.errors import InputError
from eegvlm.images import ImageLayout
from eegvlm.report import gathering
from eegvlm.signals import EPOCH_S

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
STAGES_FIGURE, EPOCHS_FIGURE = "stages", "epochs"
_COLOURS = "PuOr_r"  # orange speaks for the stage, purple against it; told apart by the colour-blind, and in grey
_CURVES = {  # line, colour
    "deletion": ("-", "#b35806"),
    "deletion by chance": ("--", "#b35806"),
    "insertion": ("-", "#542788"),
    "insertion by chance": ("--", "#542788"),
}


def check_formats(formats: Sequence[str]) -> None:
    """Refuse formats that there are not, and any where matplotlib is missing.

    Raises
    ------
    InputError
        Naming what there is, or what to install.
    """
    for name in formats:
        if name not in FORMATS:
            raise InputError("arguments", "figures", name, f"use any of {', '.join(FORMATS)}, or none")
    if formats:
        try:
            import matplotlib.figure  # noqa: F401
        except ImportError as error:
            hint = "pip install 'eeg-vlm[figures]' (matplotlib), or ask for none"
            raise InputError("arguments", "figures", ",".join(formats), hint) from error


def stages_figure(nights: Sequence[Attribution], title: str) -> Figure:
    """Draw the mean map of each stage, what each channel is worth, and the curves: a row a stage, the whole first.

    Parameters
    ----------
    nights
        At least one, of one layout, cut alike.
    title
        What stands above.
    """
    from matplotlib.figure import Figure

    stages, first = by_stage(nights), nights[0]
    columns = 2 if first.curves is None else 3
    shape = first.layout.height / first.layout.width
    widths = [1.25, 0.9, 1.0][:columns]
    figure = Figure(figsize=(4.0 * sum(widths), 0.9 + len(stages) * max(2.3, 4.2 * shape * 0.62)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    axes = figure.subplots(len(stages), columns, squeeze=False, width_ratios=widths)
    for row, group in zip(axes, stages, strict=True):
        _map(row[0], first.layout, first.patches, group)
        _channels(row[1], first.layout, group)
        if group.curves is not None:
            _curves(row[2], group)
    if columns == 3:
        figure.legend(
            *axes[0, 2].get_legend_handles_labels(), loc="outside lower right", ncols=4, fontsize=7, frameon=False
        )
    return figure


def epochs_figure(layout: ImageLayout, patches: Patches, epochs: Sequence[ShownEpoch], title: str) -> Figure:
    """Draw epochs as the model saw them, with the fall of each patch laid over.

    Parameters
    ----------
    layout, patches
        How they were drawn and cut.
    epochs
        At least one.
    title
        What stands above.
    """
    from matplotlib.figure import Figure

    columns = min(2, len(epochs))
    rows = -(-len(epochs) // columns)
    size = 5.2
    figure = Figure(
        figsize=(size * columns, 0.5 + rows * (size * layout.height / layout.width + 0.4)), layout="constrained"
    )
    figure.suptitle(title, fontsize=10)
    axes = figure.subplots(rows, columns, squeeze=False)
    for place, epoch in zip(axes.flat, epochs, strict=False):
        _over_picture(place, layout, patches, epoch)
    for place in axes.flat[len(epochs) :]:
        place.set_axis_off()
    return figure


def write_figures(folder: Path, figures: Mapping[str, Figure], formats: Sequence[str]) -> list[Path]:
    """Write figures in every format: ``stages.png``, ``stages.pdf`` ...

    Raises
    ------
    InputError
        If they cannot be written.
    """
    from matplotlib import rc_context

    contents: dict[Path, bytes] = {}
    for name, figure in figures.items():
        for kind in formats:
            stream = io.BytesIO()
            dates: dict[str, Any] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
            with rc_context({"svg.hashsalt": "eegvlm", "svg.fonttype": "none"}):
                figure.savefig(stream, format=kind, dpi=150, metadata=dates[kind])
            contents[folder / f"{name}.{kind}"] = stream.getvalue()
    write_together(contents)
    return list(contents)


def panel_words(layout: ImageLayout) -> list[str]:
    """Return the panels' names as the report writes them: ``"EOG left"`` of ``eog_left``."""
    return [gathering.panel_words(panel.name) for panel in layout.panels]


def _map(axes: Axes, layout: ImageLayout, patches: Patches, group: StageAttribution) -> None:
    picture = patches.as_picture(group.losses)
    most = max(float(np.nanmax(np.abs(picture))), 1e-6)
    image = axes.imshow(picture, cmap=_COLOURS, vmin=-most, vmax=most, interpolation="nearest", aspect="auto")
    _frame(axes, layout)
    name = "all stages" if group.stage is None else group.stage.label
    axes.set_title(
        f"{name}: {group.epochs} epochs of {group.nights} night{'' if group.nights == 1 else 's'}", fontsize=8
    )
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.9)
    bar.ax.tick_params(labelsize=6)
    bar.set_label("fall of log p, nats a patch", fontsize=6)


def _channels(axes: Axes, layout: ImageLayout, group: StageAttribution) -> None:
    places = np.arange(len(layout.panels))
    axes.barh(places, np.nan_to_num(group.panel_losses), color="#7f7f7f", height=0.6)
    for place, loss, share in zip(places, group.panel_losses, group.panel_shares, strict=True):
        text = "no channel" if np.isnan(loss) else f"{share:.0%}" if share > 0 else ""
        axes.annotate(
            text,
            (max(0.0, float(np.nan_to_num(loss))), place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6,
        )
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_yticks(places, panel_words(layout), fontsize=6)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.tick_params(axis="x", labelsize=6)
    axes.set_xlabel("fall of log p without the channel, nats; share", fontsize=6)
    axes.spines[["top", "right"]].set_visible(False)


def _curves(axes: Axes, group: StageAttribution) -> None:
    if group.curves is None:
        return
    areas = group.areas or {}
    for kind, curve in zip(KINDS, group.curves, strict=True):
        style, colour = _CURVES[kind]
        axes.plot(100 * SHARES, curve, style, color=colour, linewidth=1.2, label=kind)
    by_chance = ", ".join(
        f"{name} {areas[name]:.2f} / {areas[f'{name} by chance']:.2f}" for name in ("deletion", "insertion")
    )
    axes.set_title(f"area, ranked / by chance: {by_chance}", fontsize=6)
    axes.set_ylim(0, 1)
    axes.tick_params(labelsize=6)
    axes.set_xlabel("% of the patches", fontsize=6)
    axes.set_ylabel("probability of the stage", fontsize=6)
    axes.spines[["top", "right"]].set_visible(False)


def _over_picture(axes: Axes, layout: ImageLayout, patches: Patches, epoch: ShownEpoch) -> None:
    pixels = np.moveaxis(epoch.picture, 0, -1)
    if sum(layout.background) < 128 * len(layout.background):
        pixels = 255 - pixels  # for paper
    axes.imshow(pixels[..., 0] if pixels.shape[2] == 1 else pixels, cmap="gray", vmin=0, vmax=255, aspect="auto")
    values = patches.as_picture(epoch.losses)
    most = max(float(np.nanmax(np.abs(values))), 1e-6)
    strength = np.nan_to_num(np.abs(values) / most)
    axes.imshow(
        values, cmap=_COLOURS, vmin=-most, vmax=most, alpha=0.75 * strength, interpolation="nearest", aspect="auto"
    )
    _frame(axes, layout)
    axes.set_title(f"{epoch.title}; strongest patch {most:.2g} nats", fontsize=8)


def _frame(axes: Axes, layout: ImageLayout) -> None:
    """Name panels and rows at the left, seconds below, and draw the borders between panels."""
    ticks, names, within = [], [], ""
    for panel, words in zip(layout.panels, panel_words(layout), strict=True):
        if panel.rows > 1 and not within:
            within = f"; a row of {words}: {EPOCH_S / panel.rows:g} s"
        for row in range(panel.rows):
            ticks.append(panel.top + (row + 0.5) * panel.row_height - 0.5)
            start = EPOCH_S / panel.rows * row
            names.append(words if panel.rows == 1 else f"{words} {start:g} s" if row == 0 else f"{start:g} s")
        axes.axhline(panel.top - 0.5, color="black", linewidth=0.5)
    axes.set_yticks(ticks, names, fontsize=6)
    seconds = np.linspace(0, EPOCH_S, 7)
    axes.set_xticks(seconds / EPOCH_S * layout.width - 0.5, [f"{second:g}" for second in seconds], fontsize=6)
    axes.set_xlabel(f"seconds of the epoch{within}", fontsize=6)
