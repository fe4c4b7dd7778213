"""Hypnogram and hypnodensity as SVG paths, one unit of x an epoch.

The drawing stretches with the page; texts beside it do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram import Hypnogram, Stage

# From top to bottom, as hypnograms are drawn: R below W.
ROWS = (Stage.W, Stage.R, Stage.N1, Stage.N2, Stage.N3)
_HEIGHT = 100.0


@dataclass(frozen=True)
class StagePath:
    """What is drawn in one stage's colour: its label and the path's data."""

    label: str
    data: str


@dataclass(frozen=True)
class ChartSpan:
    """A stretch of the night, in percent of its length."""

    left: float
    width: float


def hypnogram_paths(night: Hypnogram) -> tuple[list[StagePath], str]:
    """Return the bars of each stage and the thin steps between them, 100 units high."""
    bars: dict[Stage, list[str]] = {stage: [] for stage in ROWS}
    steps = []
    before: Stage | None = None
    for run in night.runs():
        if run.stage is Stage.UNSCORED:
            before = None
            continue
        bars[run.stage].append(f"M{run.first} {_row(run.stage):g}h{run.n_epochs}")
        if before is not None:
            steps.append(f"M{run.first} {_row(before):g}V{_row(run.stage):g}")
        before = run.stage
    return [StagePath(stage.label, "".join(bars[stage])) for stage in ROWS], "".join(steps)


def hypnodensity_paths(night: Hypnogram) -> list[StagePath]:
    """Return each stage's layer of the stacked probabilities, 100 units high, wake on top."""
    if night.probabilities is None:
        return []
    order = [int(stage) for stage in ROWS]
    shares = night.probabilities[:, order].astype(np.float64)
    edges = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)], axis=1) * _HEIGHT
    complete = np.asarray(np.isfinite(shares).all(axis=1), np.bool_)
    layers = []
    for k, stage in enumerate(ROWS):
        data = "".join(_layer(edges[a:b, k], edges[a:b, k + 1], a) for a, b in stretches(complete))
        layers.append(StagePath(stage.label, data))
    return layers


def chart_spans(mask: NDArray[np.bool_]) -> list[ChartSpan]:
    """Return every stretch of true values of a mask, one value an epoch."""
    n = len(mask)
    return [ChartSpan(100 * first / n, 100 * (stop - first) / n) for first, stop in stretches(mask)]


def unscored_spans(night: Hypnogram) -> list[ChartSpan]:
    """Return where epochs have no stage."""
    return chart_spans(~night.scored)


def ticks_path(epochs: Iterable[int]) -> str:
    """Return one upright line in the middle of every epoch named, 100 units high."""
    return "".join(f"M{epoch + 0.5:g} 0V{_HEIGHT:g}" for epoch in epochs)


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, stop) of every stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _row(stage: Stage) -> float:
    return _HEIGHT * (ROWS.index(stage) + 0.5) / len(ROWS)


def _layer(top: NDArray[np.float64], bottom: NDArray[np.float64], first: int) -> str:
    """Outline one stretch of a layer: along its upper edge, back along its lower one."""
    upper_edge = "".join(f"V{y:.1f}h1" for y in top)
    lower_edge = "".join(f"V{y:.1f}h-1" for y in bottom[::-1])
    return f"M{first} {bottom[0]:.1f}{upper_edge}{lower_edge}Z"
