"""Clock times of rows as seconds that go on: over midnight, over a change to or from daylight-saving time.

Times of day in the order of the file may fall once a day, at midnight. Rows in another order are laid on the clock
face and the night begins after the longest time without a row. Where the clocks were changed in the night, the times
jump by an hour against the rows; they are put right where the file itself shows it (by epoch numbers, lengths, or an
hour that comes twice) or where the date is one on which Europe or North America changes its clocks.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.cells import Moments, TimesOfDay
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.timing import DAY_S, NO_DATE

_HOUR_S = 3600.0
_HALF_DAY_S = DAY_S / 2


class ClockAxis(NamedTuple):
    """Rows on the clock.

    Attributes
    ----------
    seconds
        float, shape (n,): seconds after midnight of the first day, going on over the next; NaN without a time.
    day
        The first day, where a date is known.
    resolution_s
        What the times are rounded to.
    notes
        What was put right.
    utc
        Whether the times are in UTC and not in the local time that recorders write.
    """

    seconds: NDArray[np.float64]
    day: date | None
    resolution_s: float
    notes: tuple[str, ...] = ()
    utc: bool = False


def axis_of_times(
    source: ScoringSource, name: str, times: TimesOfDay, *, day: date | None, expected: NDArray[np.float64]
) -> ClockAxis:
    """Lay times of day without dates on an axis.

    Parameters
    ----------
    source, name
        The file and the column, for errors.
    times
        The column.
    day
        The date of the night, where another column says it.
    expected
        float, shape (n - 1,): seconds from each row to the next as other columns have it; NaN where they say nothing.

    Raises
    ------
    HypnogramError
        If the times run back and forth.
    """
    seconds = times.seconds.copy()
    timed = np.flatnonzero(~np.isnan(seconds))
    steps = np.diff(seconds[timed])
    expected = _expected_between(expected, timed)
    long = steps > _HALF_DAY_S
    if long.any() and (expected[long] < _HALF_DAY_S).all():  # clocks that were set back over midnight
        short = (steps + _HALF_DAY_S) % DAY_S - _HALF_DAY_S
        seconds[timed] = seconds[timed[0]] + np.append(0.0, np.cumsum(short))
        steps = np.zeros(0)
    back = np.flatnonzero(steps < 0)
    if back.size and (steps[back] <= -_HALF_DAY_S).all() and back.size <= 2:
        seconds[timed[1:]] += DAY_S * np.cumsum(steps < 0)
    elif back.size:
        seconds[timed] = _put_in_order(source, name, seconds[timed], expected, times.resolution_s)
    seconds, notes = _clocks_changed(seconds, timed, day, expected, times.resolution_s)
    if day is None and not notes and np.isnan(expected).any():
        _refuse_an_hour_missing(source, name, seconds[timed], times.resolution_s)
    return ClockAxis(seconds, day, times.resolution_s, notes)


def axis_of_moments(source: ScoringSource, name: str, moments: Moments, *, expected: NDArray[np.float64]) -> ClockAxis:
    """Lay dates with times on an axis; a date that does not change at midnight is put right.

    Parameters
    ----------
    source, name, expected
        As in :func:`axis_of_times`.
    moments
        The column.

    Raises
    ------
    HypnogramError
        If the times of one date run back and forth, or an hour is missing on a date that is not known.
    """
    timed = np.array([k for k, instant in enumerate(moments.instants) if instant is not None], dtype=np.intp)
    instants = [instant for instant in moments.instants if instant is not None]
    first = datetime.combine(min(instants).date(), datetime.min.time())
    seconds = np.full(len(moments.instants), np.nan)
    seconds[timed] = [(instant - first).total_seconds() for instant in instants]
    notes: tuple[str, ...] = ()
    steps = np.diff(seconds[timed])
    expected = _expected_between(expected, timed)
    one_day = len({instant.date() for instant in instants}) == 1
    midnights = steps <= -_HALF_DAY_S
    if one_day and midnights.any():
        if midnights.sum() == 1 and np.count_nonzero((steps < 0) & ~midnights) <= 1:
            seconds[timed[1:]] += DAY_S * np.cumsum(midnights)
        else:
            seconds[timed] = _put_in_order(source, name, seconds[timed], expected, moments.resolution_s)
        date_of_all = "one date" if first.date() == NO_DATE else f"the date {first:%Y-%m-%d}"
        notes = (f"all rows have {date_of_all}; those after midnight were taken as of the next day",)
    day = first.date()
    seconds, more = _clocks_changed(seconds, timed, day, expected, moments.resolution_s)
    if day == NO_DATE and not more and np.isnan(expected).any():
        _refuse_an_hour_missing(source, name, seconds[timed], moments.resolution_s)
    if moments.utc:
        more = (*more, "the clock times are in UTC, so the local time of the start is not known")
    return ClockAxis(seconds, day, moments.resolution_s, (*notes, *more), moments.utc)


def _expected_between(expected: NDArray[np.float64], timed: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sum expected steps over rows without a time."""
    total = np.concatenate([[0.0], np.cumsum(expected)])
    between: NDArray[np.float64] = np.diff(total[timed]) if len(timed) else np.empty(0)
    return between


def _put_in_order(
    source: ScoringSource, name: str, seconds: NDArray[np.float64], expected: NDArray[np.float64], resolution_s: float
) -> NDArray[np.float64]:
    """Lay times that fall more than once a night, or by less than half a day, on one axis."""
    steps = np.diff(seconds)
    back = np.flatnonzero((steps < 0) & (steps > -_HALF_DAY_S))
    if back.size == 1 and _is_hour_back(steps, expected, int(back[0]), resolution_s):
        return seconds + DAY_S * np.concatenate([[0.0], np.cumsum(steps <= -_HALF_DAY_S)])
    face = np.unique(seconds % DAY_S)
    if (seconds >= DAY_S).any():  # elapsed times in another order
        return seconds
    gaps = np.diff(face, append=face[0] + DAY_S)
    longest = int(gaps.argmax())
    other_gaps = np.delete(gaps, longest)
    if back.size == 1 or gaps[longest] < _HOUR_S or (other_gaps.size and gaps[longest] < 2 * other_gaps.max()):
        k = int(np.flatnonzero(steps < 0)[0])
        hint = "the times run back and forth; sort the rows by time, or add dates, or AM and PM"
        raise source.error(f"column '{name}'", f"{_clock(seconds[k])} before {_clock(seconds[k + 1])}", hint)
    begin = face[(longest + 1) % len(face)]
    ordered: NDArray[np.float64] = np.where(seconds < begin - 1e-9, seconds + DAY_S, seconds)
    return ordered


def _is_hour_back(steps: NDArray[np.float64], expected: NDArray[np.float64], k: int, resolution_s: float) -> bool:
    """Tell whether a step back is that of clocks set back by an hour: the rows go on as they did."""
    if not np.isnan(expected[k]):
        return bool(abs(steps[k] + _HOUR_S - expected[k]) <= resolution_s)
    usual = _usual_step(np.delete(steps, k) % DAY_S)
    return usual is not None and bool(abs(steps[k] + _HOUR_S - usual) <= resolution_s)


def _usual_step(steps: NDArray[np.float64]) -> float | None:
    """Return the step that at least half of the rows have; None where there is none."""
    if not len(steps):
        return None
    values, counts = np.unique(np.round(steps, 3), return_counts=True)
    return float(values[counts.argmax()]) if counts.max() >= 0.5 * len(steps) else None


def _hour_ahead(steps: NDArray[np.float64], resolution_s: float) -> tuple[int, float] | None:
    """Return the only step that is an hour longer than the usual one, and that one; None where there is none."""
    usual = _usual_step(steps)
    if usual is None:
        return None
    ahead = np.flatnonzero(np.abs(steps - usual - _HOUR_S) <= resolution_s)
    return (int(ahead[0]), usual) if ahead.size == 1 else None


def _clocks_changed(
    seconds: NDArray[np.float64],
    timed: NDArray[np.intp],
    day: date | None,
    expected: NDArray[np.float64],
    resolution_s: float,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Put an hour right by which the clocks were changed."""
    steps = np.diff(seconds[timed])
    if not len(steps):
        return seconds, ()
    off = expected - steps
    hour_off = np.flatnonzero(np.abs(np.abs(off) - _HOUR_S) <= resolution_s)
    agree = np.abs(off) <= resolution_s
    judged = ~np.isnan(expected)
    if hour_off.size == 1 and judged.sum() >= 2 and agree[judged].mean() >= 0.5:
        k, hour = int(hour_off[0]), _HOUR_S * float(np.sign(off[hour_off[0]]))
        return _moved(seconds, timed, k, hour, "by the other columns")
    back = np.flatnonzero((steps < 0) & (steps >= -_HOUR_S))
    if back.size == 1 and _is_hour_back(steps, np.full(len(steps), np.nan), int(back[0]), resolution_s):
        return _moved(seconds, timed, int(back[0]), _HOUR_S, "the same hour comes twice")
    if back.size == 1 and day is not None and _sets_back(day, seconds[timed[back[0]]]):
        return _moved(seconds, timed, int(back[0]), _HOUR_S, "by the date")
    if day is not None and not judged.any():
        ahead = _hour_ahead(steps, resolution_s)
        if ahead is not None and _sets_forward(day, seconds[timed[ahead[0]]]):
            return _moved(seconds, timed, ahead[0], -_HOUR_S, "by the date")
    return seconds, ()


def _refuse_an_hour_missing(
    source: ScoringSource, name: str, seconds: NDArray[np.float64], resolution_s: float
) -> None:
    """Refuse a hole of one hour where clocks are set forward: it is a hole or none at all."""
    ahead = _hour_ahead(np.diff(seconds), resolution_s)
    if ahead is None:
        return
    k, usual = ahead
    before = float(seconds[k]) % DAY_S
    if any(before < hour * _HOUR_S <= before + usual + resolution_s for hour in (1, 2, 3)):
        value = f"{_clock(before)} before {_clock(seconds[k + 1])}"
        hint = "an hour is missing, or the clocks were set forward; add dates, epoch numbers or onsets in seconds"
        raise source.error(f"column '{name}'", value, hint)


def _moved(
    seconds: NDArray[np.float64], timed: NDArray[np.intp], k: int, hour: float, why: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    at = _clock(seconds[timed[k + 1]])
    corrected = seconds.copy()
    corrected[timed[k + 1] :] += hour
    way = "back" if hour > 0 else "forward"
    return corrected, (
        f"the clocks were set {way} by an hour before {at} ({why}); the rows after it go on without a gap",
    )


def _day_at(day: date, seconds: float) -> date:
    return day + timedelta(days=int(seconds // DAY_S))


def _sets_back(day: date, seconds: float) -> bool:
    """Tell whether clocks are set back in the small hours: last Sunday of October, first Sunday of November."""
    at = _day_at(day, seconds)
    return at in (_last_sunday(at.year, 10), _sunday(at.year, 11, 1)) and seconds % DAY_S < 4 * _HOUR_S


def _sets_forward(day: date, seconds: float) -> bool:
    """Tell whether clocks are set forward in the small hours: last Sunday of March, second Sunday of March."""
    at = _day_at(day, seconds + 60)
    return at in (_last_sunday(at.year, 3), _sunday(at.year, 3, 2)) and (seconds + 60) % DAY_S < 4 * _HOUR_S


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _sunday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _clock(seconds: float) -> str:
    whole = round(seconds) % int(DAY_S)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
