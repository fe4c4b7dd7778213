"""Lists of events whose texts look like stages: arousals of type R, spindles with the stage in which they lie.

A scoring fills its night: a stage ends where the next one starts, or a hole is left where nobody scored. Events leave
holes after nearly each row. Where a list does, it is refused, for a night of holes would be read out of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.format import ScoringSource

_MEETS_S: Final = 1.05  # times rounded to seconds, and ends that name the last second of a row
_FEWEST = 3
_MANY, _SOME = 10, 5  # rows of real epochs that never meet, or never repeat a stage with holes between, are no chance
_GRIDS_S: Final = (30.0, 20.0, 10.0, 5.0)
_ON_GRID_S: Final = 0.6  # 2 % of an epoch: recorders' clocks drift
_EVENTS = (
    "these seem to be events (arousals, spindles, single periods), not a scoring; "
    "give the list of stages, each as long as it lasts, with ? for time without a stage"
)
_ENDS = "no stage lasts until the next one starts; give ends or lengths that reach it, and ? for time without a stage"


def refuse_events(
    source: ScoringSource, where: str, starts: NDArray[np.float64], stops: NDArray[np.float64], stages: NDArray[np.int8]
) -> None:
    """Refuse stretches of stages that leave holes as events do.

    Parameters
    ----------
    source, where
        The file, and the place of the first stretch, for the error.
    starts, stops
        float, shape (n,): seconds, in order of starts; the stops as the file states them.
    stages
        int8, shape (n,).

    Raises
    ------
    HypnogramError
        If fewer than half of the stretches meet the next one and they cover less than half of their time; if none of
        many does; or if all are equally long and start where the stage changes.
    """
    if len(starts) < _FEWEST:
        return
    gaps = starts[1:] - np.maximum.accumulate(stops)[:-1]
    meets = float((gaps <= _MEETS_S).mean())
    lengths = stops - starts
    covered = float(lengths.sum() / (stops.max() - starts[0]))
    sparse = meets < 0.5 and covered < 0.5
    never_meet = len(starts) >= _MANY and meets < 0.05
    equal = bool((np.abs(lengths - lengths[0]) <= _MEETS_S).all())
    only_changes = len(starts) >= _SOME and equal and meets < 1 and bool((stages[1:] != stages[:-1]).all())
    if sparse or never_meet or only_changes:
        what = f"that last {min(covered, 1):.0%} of the time between them"
        raise _no_scoring(source, where, len(starts), what, _EVENTS if covered < 0.5 else _ENDS)


def refuse_marks(source: ScoringSource, where: str, starts: NDArray[np.float64]) -> None:
    """Refuse stages without a length that repeat one another and start anywhere, as marks of events do.

    Parameters
    ----------
    source, where
        As in :func:`refuse_events`.
    starts
        float, shape (n,): seconds, in order.

    Raises
    ------
    HypnogramError
        If the starts do not lie on epochs of any usual length.
    """
    since = starts - starts[0]
    off = [np.abs((since + grid / 2) % grid - grid / 2) for grid in _GRIDS_S]
    if not any((distance <= _ON_GRID_S).mean() >= 0.9 for distance in off):
        raise _no_scoring(source, where, len(starts), "without a length, at times that are no epochs", _EVENTS)


def _no_scoring(source: ScoringSource, where: str, n: int, what: str, hint: str) -> HypnogramError:
    return source.error(f"{where}, stages", f"{n} {what}", hint)
