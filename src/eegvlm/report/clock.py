"""Times on the page: clock time where the recording's start is known, else time since its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from eegvlm.hypnogram import Hypnogram

_STEPS_S = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600)
_MOST_TICKS = 13


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis.

    Parameters
    ----------
    percent
        Where it lies, in percent of the night's length.
    label
        The time in words.
    is_minor
        Whether a narrow screen leaves its label out.
    """

    percent: float
    label: str
    is_minor: bool


def time_label(night: Hypnogram, seconds: float) -> str:
    """Return the time this many seconds after the first epoch's start, as ``23:04:30`` or elapsed ``1:04:30``."""
    if night.start is not None:
        return (night.time_of(0) + timedelta(seconds=seconds)).strftime("%H:%M:%S")
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def time_ticks(night: Hypnogram) -> list[Tick]:
    """Return marks at round times, about a dozen at most."""
    step = next((s for s in _STEPS_S if night.duration_s / s <= _MOST_TICKS), 86400)
    first = night.time_of(0) if night.start is not None else None
    before = _since_midnight(first) if first is not None else 0.0
    ticks = []
    number = -(-before // step)
    while number * step - before <= night.duration_s:
        seconds = number * step - before
        label = time_label(night, seconds)
        ticks.append(Tick(100 * seconds / night.duration_s, label if step < 60 else label[:-3], bool(number % 2)))
        number += 1
    return ticks


def _since_midnight(time: datetime) -> float:
    return (time - time.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
