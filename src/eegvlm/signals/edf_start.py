"""When a recording began, as the header of EDF says it: twice in EDF+, and not always alike."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from eegvlm.signals.labels import decode_field
from eegvlm.signals.problems import Problem

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_YEARS = range(1900, 2200)


def parse_start(head: bytes) -> tuple[datetime | None, tuple[Problem, ...]]:
    """Read date and time; two-digit years are 1985 to 2084; EDF+ repeats the date with four digits.

    Parameters
    ----------
    head
        The first 256 bytes of the file. Of the recording's identification only the date is looked at.

    Returns
    -------
    start, problems
        Naive local time to the second, None where it is unknown; what was odd.
    """
    day_text, time_text = decode_field(head[168:176]), decode_field(head[176:184])
    numbers = [re.findall(r"\d+", text) for text in (day_text, time_text)]
    try:
        day, month, year = (int(n) for n in numbers[0])
        hour, minute, second = (int(n) for n in numbers[1])
        clock = time(hour, minute, second)
    except ValueError:
        message = f"the start '{day_text} {time_text}' in the header is no date and time; the start is unknown"
        return None, (Problem("start-unknown", message),)
    short = _date(year + (1900 if 85 <= year < 100 else 2000 if year < 85 else 0), month, day)
    full = re.match(rb"Startdate (\d{1,2})-([A-Za-z]{3})-(\d{4})", head[88:168])
    long = None
    if full and full[2].decode().upper() in _MONTHS:
        long = _date(int(full[3]), _MONTHS.index(full[2].decode().upper()) + 1, int(full[1]))
    chosen = long or short
    if chosen is None:
        message = f"the start date '{day_text}' in the header is no date; the start is unknown"
        return None, (Problem("start-unknown", message),)
    start = datetime.combine(chosen, clock)
    # Two-digit years end in 2084, the four digits do not.
    if long is None or (day, month, year % 100) == (long.day, long.month, long.year % 100):
        return start, ()
    message = f"the header gives the start date as '{day_text}' and again as {long.isoformat()}; the latter is used"
    return start, (Problem("start-contradiction", message),)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None
