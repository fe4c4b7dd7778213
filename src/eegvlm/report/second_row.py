"""The second reader's row of the page: its hypnogram, where it differs from ours, and how far the two agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.pooling import check_same_epochs
from eegvlm.hypnogram.second_opinion import SecondOpinion
from eegvlm.report.charts import ChartSpan, StagePath, chart_spans, hypnogram_paths, unscored_spans


@dataclass(frozen=True)
class SecondRow:
    """What the template draws and says of a second opinion.

    Parameters
    ----------
    origin
        The reader's name and version, and the notes of its hypnogram.
    sentence
        Percent agreement and kappa.
    bars, steps, unscored
        As for our own hypnogram.
    differing
        Stretches in which both give a stage, but not the same.
    n_differing
        Number of these epochs.
    labels
        The second reader's stage of each epoch.
    """

    origin: str
    sentence: str
    bars: list[StagePath]
    steps: str
    unscored: list[ChartSpan]
    differing: list[ChartSpan]
    n_differing: int
    labels: list[str]


def second_row(ours: Hypnogram, second: SecondOpinion) -> SecondRow:
    """Return the row of a second opinion.

    Raises
    ------
    HypnogramError
        If its epochs are not those of ours.
    """
    check_same_epochs(ours, second.hypnogram, f"second reader {second.reader}")
    differs = np.zeros(len(ours), np.bool_)
    differs[list(second.differing)] = True
    bars, steps = hypnogram_paths(second.hypnogram)
    return SecondRow(
        origin="; ".join([f"{second.reader} {second.version}", *second.hypnogram.notes]),
        sentence=second.sentence,
        bars=bars,
        steps=steps,
        unscored=unscored_spans(second.hypnogram),
        differing=chart_spans(differs),
        n_differing=len(second.differing),
        labels=second.hypnogram.labels,
    )
