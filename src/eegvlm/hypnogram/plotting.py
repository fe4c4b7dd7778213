"""Hypnogram and hypnodensity drawn with matplotlib, an optional extra.

The order of the stages and their colours are those of the report: W above R, then N1 to N3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.core.extras import import_extra
from eegvlm.core.runs import true_runs
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = (Stage.W, Stage.R, Stage.N1, Stage.N2, Stage.N3)
"""From top to bottom, as hypnograms are drawn."""
COLOURS = {
    Stage.W: "#96620a",
    Stage.R: "#b4286a",
    Stage.N1: "#1f7a72",
    Stage.N2: "#2a6fb5",
    Stage.N3: "#2b3f93",
}
_LINE, _UNSCORED = "#5c6370", "#d9dce2"
_SIZE = (9.0, 2.4)


def plot_hypnogram(hypnogram: Hypnogram, ax: Axes | None = None) -> Axes:
    """Draw the stages over time; see :meth:`.Hypnogram.plot`."""
    ax = _axes(ax, "Hypnogram.plot")
    hours = _hours(hypnogram)
    for first, stop in true_runs(~hypnogram.scored):
        ax.axvspan(hours[first], hours[stop], color=_UNSCORED, lw=0, zorder=0)
    for first, stop in true_runs(hypnogram.scored):
        rows = [ROWS.index(Stage(int(stage))) for stage in hypnogram.stages[first:stop]]
        ax.stairs(rows, hours[first : stop + 1], baseline=None, color=_LINE, lw=1, zorder=1)
    for run in hypnogram.runs():
        if run.stage is not Stage.UNSCORED:
            row, ends = ROWS.index(run.stage), (hours[run.first], hours[run.first + run.n_epochs])
            ax.hlines(row, *ends, color=COLOURS[run.stage], lw=4, zorder=2)
    ax.set_yticks(range(len(ROWS)), [stage.label for stage in ROWS])
    ax.set_ylim(len(ROWS) - 0.5, -0.5)
    ax.set_ylabel("Stage")
    _time_axis(ax, hypnogram, hours)
    return ax


def plot_hypnodensity(hypnogram: Hypnogram, ax: Axes | None = None) -> Axes:
    """Draw the probabilities of the stages over time; see :meth:`.Hypnogram.plot_hypnodensity`."""
    if hypnogram.probabilities is None:
        hint = "this scoring has no probabilities: Hypnogram.plot draws its stages"
        raise HypnogramError("hypnogram", "probabilities", "none", hint)
    ax = _axes(ax, "Hypnogram.plot_hypnodensity")
    hours = _hours(hypnogram)
    shares = hypnogram.probabilities[:, [int(stage) for stage in reversed(ROWS)]].astype(np.float64)
    edges = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)], axis=1)
    has_probabilities = np.asarray(np.isfinite(shares).all(axis=1), np.bool_)
    for place, stage in enumerate(reversed(ROWS)):
        for number, (first, stop) in enumerate(true_runs(has_probabilities)):
            ax.stairs(
                edges[first:stop, place + 1],
                hours[first : stop + 1],
                baseline=edges[first:stop, place],
                fill=True,
                color=COLOURS[stage],
                lw=0,
                label=stage.label if number == 0 else None,
            )
    ax.set_ylim(0, 1)
    ax.set_ylabel("Probability")
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    _time_axis(ax, hypnogram, hours)
    return ax


def _axes(ax: Axes | None, asked_by: str) -> Axes:
    pyplot = import_extra("matplotlib.pyplot", "figures", asked_by)
    return pyplot.subplots(figsize=_SIZE, layout="constrained")[1] if ax is None else ax


def _hours(hypnogram: Hypnogram) -> NDArray[np.float64]:
    """Return where epochs begin and the last ends, hours after the recording's start: float64 (n + 1,)."""
    return np.append(hypnogram.onsets_s, hypnogram.end_s) / 3600


def _time_axis(ax: Axes, hypnogram: Hypnogram, hours: NDArray[np.float64]) -> None:
    """Label time by the clock where it is known, else by hours."""
    ax.set_xlim(hours[0], hours[-1])
    if hypnogram.start is None:
        ax.set_xlabel("Hours")
        return
    start: datetime = hypnogram.start
    ax.set_xlabel("Time")
    first = np.ceil(hours[0] + start.minute / 60 + start.second / 3600) - start.minute / 60 - start.second / 3600
    full = np.arange(first, hours[-1] + 1e-9)
    if len(full) > 1:  # ticks on full hours of the clock
        ax.set_xticks(full[:: max(1, len(full) // 12)])
    clock: Any = lambda hour, _: f"{start + timedelta(hours=float(hour)):%H:%M}"  # noqa: E731 (a formatter)
    ax.xaxis.set_major_formatter(clock)
