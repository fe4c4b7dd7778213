"""Lights off and on as a user gives them, a clock time or seconds, ahead of a recording's own markers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from eegvlm.errors import InputError
from eegvlm.signals.lights import Lights
from eegvlm.signals.recording import Recording

_DAY_S = 86_400.0
_MINUTE_S = 60.0
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*(?:s|sec|seconds?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?\s*(?:([ap])\.?m\.?)?")
_FORMS = "give a clock time (22:41, 22:41:17, 10:41 PM, 2024-10-26T22:41:17) or seconds after the start (1200)"


def parse_lights(
    text: str,
    start: datetime | None,
    length_s: float,
    *,
    option: str = "--lights-off",
    after_s: float | None = None,
) -> float:
    """Read the time at which lights went off or on.

    A clock time without a date is the first such time at or after the recording's start, or after
    ``after_s`` where that is given. A time to the minute means the recording's start if the recording starts
    within that minute. Where a clock time occurs twice in the recording (longer than a day) and ``after_s`` does
    not decide, it is refused rather than guessed.

    Parameters
    ----------
    text
        ``22:41``, ``22:41:17``, ``10:41 PM``, ``2024-10-26T22:41:17``, ``1200`` or ``1200 s``.
    start
        Naive local time of the recording's start; None where it is not known.
    length_s
        Length of the recording, seconds.
    option
        What the user calls it, for messages.
    after_s
        Seconds after the start that the time must follow: lights off, where lights on is read.

    Returns
    -------
    float
        Seconds after the recording's start, from 0 to ``length_s``.

    Raises
    ------
    InputError
        Where the text is no time, lies outside of the recording or not after ``after_s``, is ambiguous, or is
        a clock time and the start is not known.

    Examples
    --------
    >>> evening = datetime(2024, 10, 26, 22, 0)
    >>> parse_lights("22:41", evening, 28_800), parse_lights("1200 s", None, 28_800)
    (2460.0, 1200.0)
    """
    plain = text.strip().casefold()
    if match := _SECONDS.fullmatch(plain):
        seconds = float(match[1])
    elif start is None and ":" in plain:
        hint = "the recording's start is not known; give seconds after it, for example 1200"
        raise InputError(option, "clock time", text, hint)
    elif start is not None and (match := _CLOCK.fullmatch(plain)):
        seconds = _first_such_time(text, match, start, length_s, option, after_s)
    elif start is not None and (dated := _dated(text.strip())):
        seconds = (dated - start).total_seconds()
    else:
        raise InputError(option, "time", text, _FORMS)
    if not 0 <= seconds <= length_s:
        raise InputError(option, "time", text, f"it lies outside of the recording, {_extent(start, length_s)}")
    if after_s is not None and seconds <= after_s:
        raise InputError(option, "time", text, f"lights on must follow lights off, which is at {after_s:g} s")
    return seconds


def choose_lights(recording: Recording, lights_off: str | None = None, lights_on: str | None = None) -> Lights | None:
    """Return the lights that count for a recording: what the user gives, else what its markers say.

    Parameters
    ----------
    recording
        Any recording.
    lights_off, lights_on
        The user's ``--lights-off`` and ``--lights-on``, as in :func:`parse_lights`; each replaces its marker.

    Returns
    -------
    Lights or None
        None where neither the user nor a marker says anything.

    Raises
    ------
    InputError
        As :func:`parse_lights`, and where lights on does not follow lights off.
    """
    marked = recording.lights
    if lights_off is None and lights_on is None:
        return marked
    start, length_s = recording.start, recording.duration_s
    off_s = marked.off_s if marked else None
    on_s = marked.on_s if marked else None
    if lights_off is not None:
        off_s = parse_lights(lights_off, start, length_s)
        if off_s >= length_s:
            raise InputError("--lights-off", "time", lights_off, "nothing of the recording follows it")
    if lights_on is not None:
        on_s = parse_lights(lights_on, start, length_s, option="--lights-on", after_s=off_s)
        if on_s <= 0:
            raise InputError("--lights-on", "time", lights_on, "nothing of the recording precedes it")
    elif off_s is not None and on_s is not None and on_s <= off_s:
        hint = f"the recording's marker of lights on, at {on_s:g} s, does not follow it; give --lights-on as well"
        raise InputError("--lights-off", "time", lights_off, hint)
    named = [name for name, text in (("--lights-off", lights_off), ("--lights-on", lights_on)) if text is not None]
    source = " and ".join(named)
    if len(named) == 1 and marked and (marked.on_s if lights_on is None else marked.off_s) is not None:
        source += f" and {marked.source}"
    return Lights(off_s, on_s, source)


def _first_such_time(
    text: str, match: re.Match[str], start: datetime, length_s: float, option: str, after_s: float | None
) -> float:
    hour, minute, second = int(match[1]), int(match[2]), float(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            raise InputError(option, "time", text, _FORMS)
        hour = hour % 12 + (12 if match[4] == "p" else 0)
    if hour > 23 or minute > 59 or second >= 60:
        raise InputError(option, "time", text, _FORMS)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = (midnight + timedelta(hours=hour, minutes=minute, seconds=second) - start).total_seconds()
    if match[3] is None and -_MINUTE_S < seconds < 0:
        seconds = 0.0  # the minute in which the recording starts
    while seconds < 0 or (after_s is not None and seconds <= after_s):
        seconds += _DAY_S
    # In the last minute of a recording of a day, the time at which it started comes round again.
    if after_s is None and seconds + _DAY_S < length_s - _MINUTE_S:
        example = (start + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        hint = f"it occurs more than once in the recording; give its date as well, for example {example}"
        raise InputError(option, "clock time", text, hint)
    return seconds


def _dated(text: str) -> datetime | None:
    """Read a date and a time; None for anything else, also for a time with a zone."""
    if ":" not in text:
        return None
    try:
        dated = datetime.fromisoformat(text)
    except ValueError:
        return None
    return dated if dated.tzinfo is None else None


def _extent(start: datetime | None, length_s: float) -> str:
    if start is None:
        return f"which is {length_s:g} s long"
    stop = start + timedelta(seconds=length_s)
    return f"which runs from {start:%Y-%m-%d %H:%M:%S} to {stop:%Y-%m-%d %H:%M:%S} ({length_s:g} s)"
