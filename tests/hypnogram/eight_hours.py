"""One eight-hour night of 960 epochs, for tests that write it in many forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

# Where each stage ends, in seconds.
ENDS = (
    *(("W", 510), ("N1", 750), ("N2", 1950), ("N3", 3750), ("N2", 4350), ("R", 4800), ("W", 4860), ("N1", 4980)),
    *(("N2", 7680), ("N3", 8880), ("N2", 9780), ("R", 11280), ("W", 11460), ("N1", 11640), ("N2", 15240)),
    *(("N3", 15600), ("N2", 18000), ("R", 20100), ("N1", 20250), ("N2", 22050), ("W", 22170), ("N2", 23370)),
    *(("R", 26070), ("W", 28800)),
)
STARTS = (0, *(end for _, end in ENDS[:-1]))
RUNS = tuple((start, end, stage) for start, (stage, end) in zip(STARTS, ENDS, strict=True))
LABELS = [stage for start, end, stage in RUNS for _ in range((end - start) // 30)]
EPOCHS = tuple((30 * k, 30 * k + 30, stage) for k, stage in enumerate(LABELS))
START = datetime(2024, 10, 26, 22, 41, 17)
CODES = {"W": 0, "N1": 1, "N2": 2, "N3": 3, "R": 4}
BEFORE_THE_LAST = LABELS[: RUNS[-1][0] // 30 + 1]  # the last stage of a list of changes has no end


def clock(seconds: float, pattern: str = "%H:%M:%S") -> str:
    """Write the clock time of a second of the night."""
    return (START + timedelta(seconds=seconds)).strftime(pattern)


def runs(line: Callable[[str, int, int], str], end: str = "\n") -> str:
    """Write a line for each stretch from its stage, onset and length."""
    return "".join(line(stage, start, stop - start) + end for start, stop, stage in RUNS)


def epochs(line: Callable[[str, int], str], end: str = "\n") -> str:
    """Write a line for each epoch from its stage and onset."""
    return "".join(line(stage, start) + end for start, _, stage in EPOCHS)
