"""A hypnogram for paper: rectangles and texts in millimetres, which every renderer of SVG draws alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.report.charts import ROWS
from eegvlm.report.clock import time_ticks

WIDTH, HEIGHT = 182.0, 46.0
LEFT, TOP, BOTTOM = 9.0, 5.0, 5.0
COLOURS = {
    "W": "#c98a1b",
    "R": "#b0413e",
    "N1": "#86b7d9",
    "N2": "#3f7fb5",
    "N3": "#1d3f72",
    "step": "#8b939c",
    "grid": "#d5d9de",
    "unscored": "#eceef1",
    "lights": "#1b1f24",
}
"""Fill of each kind of bar."""
_BAR = 1.5


@dataclass(frozen=True)
class Bar:
    """A filled rectangle in millimetres; ``kind`` is a key of :data:`COLOURS`."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """A text whose place is in millimetres; ``anchor`` is ``start``, ``middle`` or ``end``."""

    text: str
    x: float
    y: float
    anchor: str = "middle"


@dataclass(frozen=True)
class PrintedHypnogram:
    """What is drawn, in the order in which it is drawn."""

    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]


def printed_hypnogram(night: Hypnogram, lights: Mapping[str, float | None] | None) -> PrintedHypnogram:
    """Lay out a night.

    Parameters
    ----------
    night
        The scoring.
    lights
        ``off_s`` and ``on_s``, seconds after the recording's start; None where they are not known.
    """
    across = (WIDTH - LEFT) / len(night)
    floor = HEIGHT - BOTTOM
    bars, labels = [], []
    for stage in ROWS:
        labels.append(Label(stage.label, LEFT - 1.5, _row(stage) + 1.0, "end"))
    for tick in time_ticks(night):
        x = LEFT + (WIDTH - LEFT) * tick.percent / 100
        bars.append(Bar("grid", x - 0.05, TOP, 0.1, floor - TOP))
        anchor = "start" if tick.percent < 1 else "end" if tick.percent > 99 else "middle"
        labels.append(Label(tick.label, x, HEIGHT - 1, anchor))
    before: Stage | None = None
    for run in night.runs():
        x, width = LEFT + run.first * across, run.n_epochs * across
        if run.stage is Stage.UNSCORED:
            bars.append(Bar("unscored", x, TOP, width, floor - TOP))
            before = None
            continue
        if before is not None:
            top, bottom = sorted((_row(before), _row(run.stage)))
            bars.append(Bar("step", x - 0.07, top, 0.14, bottom - top))
        bars.append(Bar(run.stage.label, x, _row(run.stage) - _BAR / 2, width, _BAR))
        before = run.stage
    for name, words in (("off_s", "lights off"), ("on_s", "lights on")):
        seconds = (lights or {}).get(name)
        if seconds is not None:
            x = LEFT + (seconds - night.onset_s) / night.epoch_s * across
            bars.append(Bar("lights", x - 0.2, TOP - 1.5, 0.4, floor - TOP + 1.5))
            # the text stays on the paper wherever the line is
            anchor = "start" if x < LEFT + 20 else "end" if x > WIDTH - 20 else "middle"
            labels.append(Label(words, x, TOP - 2, anchor))
    return PrintedHypnogram(tuple(bars), tuple(labels))


def _row(stage: Stage) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (ROWS.index(stage) + 0.5) / len(ROWS)
