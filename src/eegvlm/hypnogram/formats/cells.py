"""What stands in the cells of a column: numbers, times, dates, both, or text.

Numbers may have a decimal comma; times may have AM or PM, go beyond 24 h (elapsed), and stand after a date. Thousands
separators are told from decimals by what a column of ascending times allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.clock_times import clock_time, dated, dates_of
from eegvlm.hypnogram.timing import NO_DATE

NOT_GIVEN = ("", "n/a", "na", "nan", "none", "null", "-", "--")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,' ])\d{3})+", re.ASCII)
_ELAPSED = re.compile(r"(?P<sign>-?)(?P<h>\d{1,3}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:[.,](?P<f>\d{1,9}))?)?", re.ASCII)
_ZONE = re.compile(r"(?<=\d)\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)$")
_DOTTED = re.compile(r"\d\d?\.\d\d\.\d\d", re.ASCII)
_MOST_DATES = 3
_FEW_CELLS = 4
_LARGEST = 1e15  # differences and units of what is larger are no times, and may overflow
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"),
        start=1,
    )
    for name in names.split()
}
_POINTED_DATE = re.compile(r"(\d{1,2})([.-])(\d{1,2})\2(\d{4}|\d\d)(?=[ T,])", re.ASCII)
_NAMED_MONTH = re.compile(r"(\d{1,2})[ .-]*([A-Za-zä]{3,9})[ .,-]+(\d{4}|\d\d)\b")


class CellKind(Enum):
    """What the cells of a column are."""

    EMPTY = "nothing"
    NUMBER = "numbers"
    TIME = "times"
    DATE = "dates"
    MOMENT = "dates with times"
    TEXT = "text"


class TimesOfDay(NamedTuple):
    """A column of times without dates.

    Attributes
    ----------
    seconds
        float, shape (n,): seconds after midnight, or elapsed; NaN for empty cells.
    resolution_s
        Smallest difference that the column can show: 60 for ``22:41``, 1 for ``22:41:17``, less with fractions.
    half_days
        Whether any cell says AM or PM, so that the times are of day.
    """

    seconds: NDArray[np.float64]
    resolution_s: float
    half_days: bool


class Moments(NamedTuple):
    """A column of dates with times: the instants (None for empty cells), resolution, whether they are UTC, a note."""

    instants: tuple[datetime | None, ...]
    resolution_s: float
    utc: bool
    note: str | None


def is_given(text: str) -> bool:
    """Tell whether a cell holds anything."""
    return text.casefold() not in NOT_GIVEN


def kind_of(cells: Sequence[str]) -> CellKind:
    """Tell what most cells of a column are: nine in ten of those that hold anything."""
    filled = [text for text in cells if is_given(text)]
    if not filled:
        return CellKind.EMPTY
    if _are_dotted_times(filled):
        return CellKind.TIME
    kinds = [_kind_of_cell(text) for text in filled]
    for kind in (CellKind.NUMBER, CellKind.TIME, CellKind.DATE, CellKind.MOMENT):
        if kinds.count(kind) >= 0.9 * len(kinds):
            return kind
    return CellKind.TEXT


def _are_dotted_times(filled: Sequence[str]) -> bool:
    """Tell whether ``22.41.17`` are times: some are no dates, or they are too many for the dates of a night."""
    distinct = set(filled)
    return could_be_dotted_times(filled) and (
        len(distinct) > _MOST_DATES or not all(dates_of(text) for text in distinct)
    )


def could_be_dotted_times(cells: Sequence[str]) -> bool:
    """Tell whether all cells that hold anything can be times such as ``22.41.17``, which may be dates as well."""
    return all(_DOTTED.fullmatch(text) and clock_time(text) is not None for text in set(cells) if is_given(text))


def carries_numbers(cells: Sequence[str]) -> bool:
    """Tell whether half or more of the cells are numbers or times, or hold a number of their own each."""
    filled = [text for text in cells if is_given(text)]
    numbered = {text for text in filled if re.search(r"\d", text)}  # Epoch 12, 510 s, 22h41
    if len(filled) >= _FEW_CELLS and 2 * len(numbered) >= len(filled):
        return True
    return sum(_kind_of_cell(text) is not CellKind.TEXT for text in filled) >= 0.5 * len(filled) > 0


def _kind_of_cell(text: str) -> CellKind:
    if _NUMBER.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return CellKind.NUMBER
    if _ELAPSED.fullmatch(text):
        return CellKind.TIME
    if dates_of(text) or dates_of(_month_as_number(text)):
        return CellKind.DATE
    clock = clock_time(_without_zone(_month_as_number(text)))
    if clock is None:
        return CellKind.TEXT
    return CellKind.TIME if clock.date_text is None else CellKind.MOMENT


def numbers_of(cells: Sequence[str], *, ascending: bool = False) -> NDArray[np.float64] | None:
    """Return the numbers of a column, NaN for empty cells; None where one is none or its separators are unclear.

    Numbers that are too large for a time are none.

    Parameters
    ----------
    cells
        The cells.
    ascending
        Whether the numbers are times, which grow: then ``1.950`` after ``750`` is one thousand.
    """
    values = np.full(len(cells), np.nan)
    grouped = [bool(_THOUSANDS.fullmatch(text)) for text in cells]
    plain = [text for text, group in zip(cells, grouped, strict=True) if is_given(text) and not group]
    small = all(text.isdecimal() and float(text) < 1000 for text in plain)
    spaced = any(re.search(r"[' ]", text) for text, group in zip(cells, grouped, strict=True) if group)
    thousands = spaced or (any(grouped) and bool(plain) and small)
    for k, text in enumerate(cells):
        if is_given(text):
            if not (_NUMBER.fullmatch(text) or (grouped[k] and thousands)):
                return None
            values[k] = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else np.nan
            if abs(values[k]) > _LARGEST:
                return None
    if thousands:
        joined = np.array([float(re.sub(r"[.,' ]", "", t)) if is_given(t) else np.nan for t in cells])
        if spaced or (ascending and _grows(joined) and not _grows(values)):
            return joined
        if ascending and not _grows(values):
            return None
    return values


def _grows(values: NDArray[np.float64]) -> bool:
    numbers = values[~np.isnan(values)]
    return bool((np.diff(numbers) >= 0).all())


def times_of_day(cells: Sequence[str]) -> TimesOfDay | None:
    """Return the times of a column, or None where a cell that holds anything is none."""
    seconds = np.full(len(cells), np.nan)
    resolution_s, half_days = 60.0, False
    for k, text in enumerate(cells):
        if not is_given(text):
            continue
        elapsed = _ELAPSED.fullmatch(text)
        clock = None if elapsed else clock_time(_without_zone(text))
        if elapsed:
            whole = 3600 * int(elapsed["h"]) + 60 * int(elapsed["m"]) + int(elapsed["s"] or 0)
            seconds[k] = (whole + float(f"0.{elapsed['f'] or 0}")) * (-1 if elapsed["sign"] else 1)
        elif clock is not None and clock.date_text is None:
            seconds[k] = clock.seconds
            half_days |= clock.half_days
        else:
            return None
        resolution_s = min(resolution_s, _resolution_s(text))
    return TimesOfDay(seconds, resolution_s, half_days)


def moments_of(cells: Sequence[str]) -> Moments | None:
    """Return the dates with times of a column, or None where a cell that holds anything is none."""
    plain = [_day_first(_month_as_number(text)) if is_given(text) else "" for text in cells]
    zones = [_ZONE.search(text) for text in plain]
    clocks = [clock_time(_without_zone(text)) if text else None for text in plain]
    clock_times = [clock for clock in clocks if clock is not None]
    resolved = dated(clock_times) if clock_times and len(clock_times) == sum(map(bool, plain)) else None
    if resolved is None:
        return None
    instants, unclear = resolved
    note = None
    if unclear is not None:  # day and month can be swapped, and both give the same night
        shift = datetime.combine(NO_DATE, datetime.min.time()) - datetime.combine(
            min(instants).date(), datetime.min.time()
        )
        instants = [instant + shift for instant in instants]
        note = f"of {clock_times[0].date_text} day and month could be swapped, so only the time of day is used"
    offsets = [_offset_of(zone[1]) if zone else timedelta(0) for zone, text in zip(zones, plain, strict=True) if text]
    # In local time as written at the start of the night: clocks that are set forward or back do not jump in it.
    instants = [instant - offset + offsets[0] for instant, offset in zip(instants, offsets, strict=True)]
    utc = any(zone is not None and zone[1] in ("Z", "UTC", "GMT") for zone in zones)
    ordered = iter(instants)
    resolution_s = min(_resolution_s(_without_zone(text)) for text in plain if text)
    return Moments(tuple(next(ordered) if text else None for text in plain), resolution_s, utc, note)


def _resolution_s(text: str) -> float:
    clock = re.search(r"\d{1,3}([:.])\d\d(?:\1\d\d([.,]\d+)?)?(?=\D*$)", text)
    if clock is None:
        return 1.0
    if clock[2]:
        return max(10.0 ** -(len(clock[2]) - 1), 1e-3) if clock[2].strip(".,0") else 1.0
    return 1.0 if clock[0].count(clock[1]) == 2 else 60.0


def _offset_of(zone: str) -> timedelta:
    if zone in ("Z", "UTC", "GMT"):
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def _without_zone(text: str) -> str:
    return _ZONE.sub("", text)


def _day_first(text: str) -> str:
    """Write ``11.05.2024 22:41`` as ``2024-05-11 22:41``: with points, and with hyphens, the day comes first."""
    match = _POINTED_DATE.match(text)
    if match is None or not 1 <= int(match[3]) <= 12:
        return text
    year = match[4] if len(match[4]) == 4 else f"{'19' if int(match[4]) >= 85 else '20'}{match[4]}"  # as EDF does
    return f"{year}-{int(match[3]):02d}-{int(match[1]):02d}{text[match.end() :]}"


def _month_as_number(text: str) -> str:
    """Write ``26-Oct-2024 22:41`` as ``26.10.2024 22:41``."""
    match = _NAMED_MONTH.match(text)
    number = match and _MONTHS.get(match[2].casefold()[:3])
    if not match or not number:
        return text
    return f"{match[1]}.{number:02d}.{match[3]}{text[match.end() :]}"
