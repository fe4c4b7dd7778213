"""Rows of a stage and two times without headings, where the second time is a length or the end.

A scoring covers its night without gaps, so one of the two readings makes each row end where the next one starts, and
the other does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

_TOLERANCE_S = 0.01


class SecondTime(Enum):
    """What the second of two times is."""

    LENGTH = "length"
    STOP = "stop"


def second_time(starts_s: Sequence[float], seconds: Sequence[float]) -> SecondTime | None:
    """Tell whether the second time of each row is its length or its end; None if both or neither is possible.

    A reading is possible if no row ends after the next one starts, and at least half of the rows end exactly there.
    """
    starts, second = np.asarray(starts_s, dtype=float), np.asarray(seconds, dtype=float)
    if len(starts) < 2 or not np.isfinite([starts, second]).all() or (np.diff(starts) <= 0).any():
        return None
    possible = []
    for reading, stops in ((SecondTime.LENGTH, starts + second), (SecondTime.STOP, second)):
        gaps = starts[1:] - stops[:-1]
        follows = (gaps >= -_TOLERANCE_S).all() and (np.abs(gaps) <= _TOLERANCE_S).mean() >= 0.5
        if follows and (stops > starts).all():
            possible.append(reading)
    return possible[0] if len(possible) == 1 else None
