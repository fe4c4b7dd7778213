"""Which nights stand out, and why: beyond a stated limit, or far from the other nights.

A value is far where it lies more than 3.5 robust standard deviations from the median (Iglewicz and Hoaglin 1993: the
modified z-score, 0.6745 (x - median) / MAD), in cohorts of 20 nights or more.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FAR = 3.5
FEWEST_NIGHTS = 20


@dataclass(frozen=True)
class Measure:
    """A column whose distribution is shown.

    Parameters
    ----------
    column
        Of the summary.
    words, unit
        What a reader calls it.
    below, above
        Values beyond which a night stands out by itself; None where only the other nights tell.
    """

    column: str
    words: str
    unit: str = ""
    below: float | None = None
    above: float | None = None


MEASURES = (
    Measure("hours", "recording", "h", below=4.0),
    Measure("tst_min", "total sleep time", "min", below=60.0),
    Measure("sleep_efficiency_pct", "sleep efficiency", "%"),
    Measure("sol_min", "sleep onset latency", "min"),
    Measure("waso_min", "wake after sleep onset", "min"),
    Measure("rem_latency_min", "REM latency", "min"),
    Measure("n1_pct", "N1 of sleep", "%"),
    Measure("n2_pct", "N2 of sleep", "%"),
    Measure("n3_pct", "N3 of sleep", "%"),
    Measure("r_pct", "R of sleep", "%"),
    Measure("eeg_unusable_pct", "unusable EEG", "%", above=20.0),
    Measure("unfamiliarity", "unfamiliarity (above 1: unlike training)", above=1.0),
    Measure("expected_accuracy", "expected accuracy", below=0.7),
    Measure("agreement_kappa", "kappa with the scoring beside it", below=0.4),
)


@dataclass(frozen=True)
class Distribution:
    """The known values of a measure.

    Parameters
    ----------
    measure
        What was measured.
    values
        float64 (n,), in the order of the nights that have one.
    """

    measure: Measure
    values: np.ndarray[tuple[int], np.dtype[np.float64]]

    @property
    def limits(self) -> tuple[float, float]:
        """Between which values a night does not stand out."""
        low, high = -np.inf, np.inf
        if len(self.values) >= FEWEST_NIGHTS:
            median = float(np.median(self.values))
            spread = float(np.median(np.abs(self.values - median))) / 0.6745
            if spread > 0:
                low, high = median - FAR * spread, median + FAR * spread
        below, above = self.measure.below, self.measure.above
        return max(low, -np.inf if below is None else below), min(high, np.inf if above is None else above)


def distributions(rows: Iterable[Mapping[str, Any]]) -> list[Distribution]:
    """Collect the values of all measures; those that no night has are left out."""
    values = {measure.column: array("d") for measure in MEASURES}
    for row in rows:
        for column, of_column in values.items():
            if (value := row.get(column)) is not None:
                of_column.append(float(value))
    return [
        Distribution(measure, np.frombuffer(values[measure.column]))
        for measure in MEASURES
        if len(values[measure.column])
    ]


def reasons(row: Mapping[str, Any], limits: Mapping[str, tuple[float, float]]) -> list[str]:
    """Say why a night stands out.

    Parameters
    ----------
    row
        Of the summary.
    limits
        By column, from :attr:`Distribution.limits`.

    Returns
    -------
    list of str
        Empty where it does not.
    """
    sentences = []
    for measure in MEASURES:
        value = row.get(measure.column)
        if value is None or measure.column not in limits:
            continue
        low, high = limits[measure.column]
        if not low <= value <= high:
            beyond, side = (low, "below") if value < low else (high, "above")
            unit = f" {measure.unit}" if measure.unit else ""
            sentences.append(f"{measure.words} {value:.4g}{unit} ({side} {beyond:.3g})")
    if "missing_channels" in row and "eeg" in str(row["missing_channels"]).split("; "):
        sentences.append("no EEG channel")
    return sentences
