"""What a notebook shows of a scored night: one line and a small picture, inline SVG of a few kilobytes."""

from __future__ import annotations

from html import escape

from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.plotting import COLOURS, ROWS
from eegvlm.hypnogram.stage import Stage

_WIDTH, _ROW, _LABELS = 640, 14, 28


def summary_line(hypnogram: Hypnogram) -> str:
    """Return length, start and the share of each stage in one line."""
    n = len(hypnogram)
    shares = [(stage, int((hypnogram.stages == stage).sum())) for stage in Stage]
    parts = [f"{stage.label} {100 * count / n:.0f} %" for stage, count in shares if count]
    return f"{hypnogram}: {', '.join(parts)}" + ("" if hypnogram.probabilities is None else "; with probabilities")


def html_of(hypnogram: Hypnogram) -> str:
    """Return a figure of HTML: bars in the stages' colours, thin steps between them."""
    scale = (_WIDTH - _LABELS) / len(hypnogram)
    bars, steps = [], []
    previous: Stage | None = None
    for run in hypnogram.runs():
        x, width = _LABELS + scale * run.first, scale * run.n_epochs
        if run.stage is Stage.UNSCORED:
            previous = None
            bars.append(f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="{_ROW * len(ROWS)}" fill="#8884"/>')
            continue
        y = _middle(run.stage)
        if previous is not None:
            steps.append(f"M{x:.1f} {_middle(previous)}V{y}")
        bars.append(f'<path d="M{x:.1f} {y}h{width:.1f}" stroke="{COLOURS[run.stage]}" stroke-width="6"/>')
        previous = run.stage
    labels = "".join(
        f'<text x="0" y="{_middle(stage) + 4}" font-size="11" fill="currentColor">{stage.label}</text>'
        for stage in ROWS
    )
    drawing = f'{"".join(bars)}<path d="{"".join(steps)}" stroke="#888" stroke-width="1" fill="none"/>{labels}'
    title = escape(summary_line(hypnogram))
    return (
        f'<figure style="margin:0"><figcaption>{title}</figcaption>'
        f'<svg role="img" aria-label="Hypnogram" width="{_WIDTH}" height="{_ROW * len(ROWS)}" '
        f'viewBox="0 0 {_WIDTH} {_ROW * len(ROWS)}">{drawing}</svg></figure>'
    )


def _middle(stage: Stage) -> int:
    return _ROW * ROWS.index(stage) + _ROW // 2
