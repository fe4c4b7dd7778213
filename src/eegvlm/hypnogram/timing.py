"""What the place of a scoring in time rests on, and when two scorings, or a scoring and a recording, share a clock.

A start on one of :data:`NO_DATES` is a time of day without a date: EDF writes 1985-01-01 where the date is not to be
known, and date parsers and spreadsheets fill in the other days. Clocks are taken as the recorder's, which runs through
the night: a change to or from daylight saving time neither adds nor removes an hour, since no time zone is known.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from eegvlm.hypnogram.error import HypnogramError

NO_DATE = date(1985, 1, 1)
"""What EDF writes where the date is not to be known: a start on this day is a time of day only."""
NO_DATES = frozenset({NO_DATE, date(1970, 1, 1), date(1900, 1, 1), date(1899, 12, 30), date(1899, 12, 31)})
DAY_S = 86400.0
_NOON = 12
# A second day that holds more than this share of what the best day holds is a choice that nobody but the user can make.
_RIVAL_SHARE = 0.5


class Timing(StrEnum):
    """What a scoring's place in time rests on, the strongest first."""

    CLOCK = "clock"
    ONSET = "onset"
    EPOCH_NUMBER = "epoch number"
    NOTHING = "nothing"

    @property
    def in_words(self) -> str:
        """What to print after "aligned by"."""
        return "nothing (first epoch on first epoch)" if self is Timing.NOTHING else self.value

    @property
    def without_clock(self) -> Timing:
        """What is left where the other side has no clock: a first epoch that only the clock placed is anywhere."""
        return Timing.NOTHING if self is Timing.CLOCK else self


def weaker(first: Timing, second: Timing) -> Timing:
    """Return the weaker of two, which is what a comparison of both rests on."""
    order = list(Timing)
    return max(first, second, key=order.index)


class ClockOffset(NamedTuple):
    """Seconds from a reference's start to a scoring's start; the note is None where both dates were simply believed."""

    seconds: float
    note: str | None = None


class Span(NamedTuple):
    """A stretch of time, seconds after a start."""

    begin_s: float
    end_s: float

    def overlap_s(self, other: Span, offset_s: float) -> float:
        """Seconds that another stretch, moved by an offset, shares with this one."""
        return max(0.0, min(self.end_s, other.end_s + offset_s) - max(self.begin_s, other.begin_s + offset_s))


def has_date(start: datetime) -> bool:
    """Tell whether a start is more than a time of day."""
    return start.date() not in NO_DATES


def clock_offset(start: datetime | None, span: Span, reference: datetime | None, within: Span) -> ClockOffset | None:
    """Find how much later a scoring's time starts than a reference's, by their clocks.

    Parameters
    ----------
    start, span
        The scoring's start (naive local time) and the stretch that it covers, counted from there.
    reference, within
        The same of the recording, or of the other scoring.

    Returns
    -------
    ClockOffset or None
        None where either start is not known. Where a date is not known, the day is the one on which the two share most
        time. Where both dates are known they are believed, but for one slip: of two starts between midnight and noon,
        one may carry the evening's date. Then the two do not overlap, but do when the day is taken off, and the
        note says that this was done.

    Raises
    ------
    HypnogramError
        If a date is not known and the scoring fits more than one day.
    """
    if start is None or reference is None:
        return None
    if has_date(start) and has_date(reference):
        return _by_date(start, span, reference, within)
    seconds = _seconds_of_day(start) - _seconds_of_day(reference)
    shared = {
        seconds + day * DAY_S: within.overlap_s(span, seconds + day * DAY_S)
        for day in range(int((within.begin_s - span.end_s - seconds) // DAY_S), _last_day(seconds, span, within) + 1)
    }
    best = max(shared, key=lambda offset_s: (shared[offset_s], -abs(offset_s)), default=seconds)
    rivals = [offset_s for offset_s, common in shared.items() if common > _RIVAL_SHARE * shared[best] > 0]
    if len(rivals) > 1:
        places = " or ".join(f"{offset_s + span.begin_s:g} s" for offset_s in sorted(rivals))
        hint = "its clock times have no date, and it fits more than one day: give it dates"
        raise HypnogramError("hypnogram", "start", f"{start:%H:%M:%S}, {places} after the reference's start", hint)
    return ClockOffset(best, "by the time of day alone: a date is not known")


def _by_date(start: datetime, span: Span, reference: datetime, within: Span) -> ClockOffset:
    seconds = (start - reference).total_seconds()
    if within.overlap_s(span, seconds) > 0 or start.hour >= _NOON or reference.hour >= _NOON:
        return ClockOffset(seconds)
    apart = start.date() - reference.date()
    if abs(apart) != timedelta(days=1):
        return ClockOffset(seconds)
    on_same_date = seconds - apart.total_seconds()
    if within.overlap_s(span, on_same_date) <= 0:
        return ClockOffset(seconds)
    early = "the scoring" if apart < timedelta(0) else "the other side"
    note = f"by the time of day: {early} starts after midnight with the date of the evening before, as it seems"
    return ClockOffset(on_same_date, note)


def _last_day(seconds: float, span: Span, within: Span) -> int:
    return int((within.end_s - span.begin_s - seconds) // DAY_S)


def _seconds_of_day(at: datetime) -> float:
    return (at - datetime.combine(at.date(), datetime.min.time())).total_seconds()
