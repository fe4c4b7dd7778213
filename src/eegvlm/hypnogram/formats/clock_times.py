"""Clock times as scoring software writes them: 24 or 12 hours, with or without a date, over midnight.

Understood: ``22:41:17``, ``22:41:17,500``, ``22.41.17``, ``22:41``, ``10:41:17 PM``, each alone or after a date such
as ``26.10.2024``, ``26/10/2024``, ``10/26/2024``, ``2024-10-26`` (with a space or a ``T`` between). Not covered: time
zones, and names of months.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.timing import DAY_S, NO_DATE

NO_DATE_NOTE = "the file gives no date, so its clock times are times of day only"
_HALF_DAY_S = DAY_S / 2
_YEARS = range(1900, 2200)  # others are damage, and some of them more than a date can hold
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})")
_CLOCK = re.compile(
    r"(?:(?P<date>\d{1,4}[./-]\d{1,2}[./-]\d{1,4})[T ,]\s*)?"
    r"(?P<hour>\d{1,2})(?P<sign>[:.])(?P<minute>[0-5]\d)"
    r"(?:(?P=sign)(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?",
    re.IGNORECASE,
)


class ClockTime(NamedTuple):
    """A time of day: seconds after midnight, the date's text where there is one, whether it said AM or PM."""

    seconds: float
    date_text: str | None = None
    half_days: bool = False


def clock_time(text: str) -> ClockTime | None:
    """Return the clock time that a text is, or None where it is none.

    A time of two parts needs a colon (``22:41``), or any decimal number would be one.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match["second"] is None and match["sign"] == "."):
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    if hour > 23:
        return None
    seconds = 3600 * hour + 60 * int(match["minute"]) + int(match["second"] or 0) + float(f"0.{match['fraction'] or 0}")
    return ClockTime(round(seconds, 6), match["date"], match["half"] is not None)


def local_time(source: ScoringSource, field: str, value: object) -> datetime:
    """Return a date and time from its ISO 8601 text, as the local time of the zone that it may name.

    Raises
    ------
    HypnogramError
        If the value is no such text.
    """
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "").replace(tzinfo=None)
    except ValueError:
        raise source.error(field, value, "expected a time such as 2024-10-26T22:41:17") from None


def dates_of(text: str) -> list[date]:
    """Return the days that a text of numbers can mean: none, one, or two where day and month can be swapped."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return []
    first, middle, last = match[1], match[3], match[4]
    if len(first) == 4:
        orders = [(first, middle, last)]
    else:
        year = last if len(last) == 4 else f"{'19' if int(last) >= 85 else '20'}{int(last):02d}"  # as EDF does
        orders = [(year, middle, first), (year, first, middle)]
    days = []
    for year, month, day in orders:
        try:
            days.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return list(dict.fromkeys(day for day in days if day.year in _YEARS))


def date_of(text: str, *, month_first: bool) -> tuple[date | None, str | None]:
    """Return the day that a text means, and a note where day and month could be swapped.

    Parameters
    ----------
    text
        A date of numbers.
    month_first
        Which order to take where no number above 12 tells.
    """
    days = dates_of(text)
    if len(days) < 2:
        return (days[0] if days else None), None
    day = days[1] if month_first else days[0]
    return day, f"{text} was taken as {day.isoformat()}; day and month could be swapped"


def dated(clocks: Sequence[ClockTime]) -> tuple[list[datetime], str | None] | None:
    """Return the instants of clock times that all have a date, and a note where day and month could be swapped.

    Of the two orders of day and month, the one that gives the shorter night is taken. None if a date is missing or
    is none.
    """
    if not all(clock.date_text for clock in clocks):
        return None
    options = [dates_of(clock.date_text or "") for clock in clocks]
    if not all(options):
        return None
    month_first = any(clock.half_days for clock in clocks)
    nights = []
    for order in (1, 0) if month_first else (0, 1):
        moments = [
            moment(days[order] if len(days) == 2 else days[0], clock.seconds)
            for days, clock in zip(options, clocks, strict=True)
        ]
        nights.append(moments)
    spans = [max(night) - min(night) for night in nights]
    chosen = nights[0] if spans[0] <= spans[1] else nights[1]
    swapped = spans[0] == spans[1] and nights[0] != nights[1]
    note = f"{clocks[0].date_text} was taken as {chosen[0]:%Y-%m-%d}; day and month could be swapped"
    return chosen, note if swapped else None


def elapsed_seconds(clocks: Sequence[ClockTime], *, since: float | None = None) -> list[float]:
    """Return times of day as seconds that go on over midnight.

    Parameters
    ----------
    clocks
        Times in the order of the file, the first at most 12 hours from ``since``, each of the others at most 12
        hours from the one before.
    since
        The time of day to count from, seconds after midnight; that of the first if not given.
    """
    before = clocks[0].seconds if since is None else since
    day_s, elapsed = -before, []
    for clock in clocks:
        step = clock.seconds - before
        if step < -_HALF_DAY_S:
            day_s += DAY_S
        elif step > _HALF_DAY_S:
            day_s -= DAY_S
        elapsed.append(round(day_s + clock.seconds, 6))
        before = clock.seconds
    return elapsed


def onsets_by_clock(
    first: ClockTime, clocks: Sequence[ClockTime], *, date_text: str | None = None
) -> tuple[datetime, list[float], str | None]:
    """Return the instant of a first clock time, the seconds from it to each of the others, and a note on its date.

    Parameters
    ----------
    first
        What the seconds count from.
    clocks
        Clock times in the order of the file, with a date each or as :func:`elapsed_seconds` takes them.
    date_text
        The date of the first, where its own text has none.
    """
    with_dates = dated([first, *clocks])
    if with_dates is not None:
        (begin, *moments), note = with_dates
        return begin, [(at - begin).total_seconds() for at in moments], note
    half_days = any(clock.half_days for clock in (first, *clocks))
    day, note = date_of(first.date_text or date_text or "", month_first=half_days)
    return moment(day, first.seconds), elapsed_seconds(clocks, since=first.seconds), note if day else NO_DATE_NOTE


def moment(day: date | None, seconds: float) -> datetime:
    """Return a clock time on a day; on :data:`NO_DATE` where the day is not known."""
    return datetime.combine(day or NO_DATE, time(0)) + timedelta(seconds=seconds)
