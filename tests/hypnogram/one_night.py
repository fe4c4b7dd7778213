"""A night of 960 epochs in 24 stretches, from which the files of other programs are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate

START = datetime(2024, 10, 26, 22, 41, 17)
RUNS = (
    *(("W", 510), ("N1", 240), ("N2", 1200), ("N3", 1800), ("N2", 600), ("R", 450), ("W", 60), ("N1", 120)),
    *(("N2", 2700), ("N3", 1200), ("N2", 900), ("R", 1500), ("W", 180), ("N1", 180), ("N2", 3600), ("N3", 360)),
    *(("N2", 2400), ("R", 2100), ("N1", 150), ("N2", 1800), ("W", 120), ("N2", 1200), ("R", 2700), ("W", 2730)),
)
ONSETS = tuple(accumulate((seconds for _, seconds in RUNS[:-1]), initial=0))
LABELS = [stage for stage, seconds in RUNS for _ in range(seconds // 30)]
CODES = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 4}


def clock(seconds: float, form: str = "%H:%M:%S") -> str:
    """Write the clock time of a second of the night."""
    return (START + timedelta(seconds=seconds)).strftime(form)


def runs(line: Callable[[str, int, int], str], end: str = "\n") -> str:
    """Write a line for each stretch from its stage, onset and length."""
    return "".join(line(stage, onset, seconds) + end for (stage, seconds), onset in zip(RUNS, ONSETS, strict=True))


def epochs(line: Callable[[str, int], str], end: str = "\n") -> str:
    """Write a line for each epoch from its stage and onset."""
    return "".join(line(stage, 30 * k) + end for k, stage in enumerate(LABELS))
