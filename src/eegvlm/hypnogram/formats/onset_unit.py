"""What the times of a table count: seconds, milliseconds, minutes, hours, samples.

A unit is believed where the column's name says it (``onset_ms``). Where nothing says it, seconds are believed
only if the night they give can be one; otherwise the user is asked. The rules rest on two lengths: no night is
longer than 48 h, so milliseconds and samples of half an hour or more cannot pass for seconds; and no list of
changes in minutes or hours, read as seconds, reaches an hour.
"""

from __future__ import annotations

import re
from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.format import ScoringSource

LONGEST_NIGHT_S: Final = 48 * 3600.0
SECONDS_IN: Final = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
CLOCK, ELAPSED = "clock", "elapsed"
_RATE = re.compile(r"(\d+(?:\.\d+)?) *hz", re.IGNORECASE)
_COMMON_RATES_HZ = (50, 64, 100, 125, 128, 160, 200, 250, 256, 400, 500, 512, 1000, 1024, 2000, 2048)
_SHORTEST_LIST_S = 3600.0
COMMON_EPOCHS_S: Final = (30.0, 20.0, 10.0, 5.0, 4.0)
_COARSEST_GRID_S = 60  # scorers change the stage at epochs of at most a minute
_MANY_ROWS = 8
_LONGEST_COMMON_S = 1500  # few stages all last a multiple of 25 minutes; 30 s at 50 Hz are 1500 samples
_ASK = "say what it counts with --onset-unit (s, ms, min, h, or samples at a rate such as 256Hz)"


def check_onset_unit(unit: str) -> None:
    """Refuse a unit that is not known.

    Raises
    ------
    HypnogramError
        The sentence lists those that are.
    """
    if unit not in (*SECONDS_IN, CLOCK, ELAPSED) and not _RATE.fullmatch(unit):
        hint = "choose s, ms, min, h, samples at a rate such as 256Hz, clock or elapsed"
        raise HypnogramError("--onset-unit", "value", unit, hint)


def seconds_in(unit: str) -> float | None:
    """Return the seconds of one unit; None for ``clock``, ``elapsed`` and samples of an unknown rate."""
    if match := _RATE.fullmatch(unit):
        return 1.0 / float(match[1]) if float(match[1]) > 0 else None
    return SECONDS_IN.get(unit)


def scale_of_times(
    source: ScoringSource,
    name: str,
    times: NDArray[np.float64],
    *,
    named_unit: str | None,
    lengths: NDArray[np.float64],
) -> tuple[float, tuple[str, ...]]:
    """Tell how many seconds one unit of a column of times is.

    Parameters
    ----------
    source, name
        The file and the column, for the errors.
    times
        float, shape (n,): the times as they stand in the file, in order of time.
    named_unit
        The unit in the column's name, if there is one.
    lengths
        float, shape (m,): the lengths of the rows in the same unit, where there are any.

    Returns
    -------
    tuple
        Seconds of one unit, and notes on how that was found out.

    Raises
    ------
    HypnogramError
        If the times fit no night, or more than one unit does.
    """
    last = float(times[-1]) + (float(lengths[-1]) if lengths.size else 0.0)
    field = f"column '{name}'"
    if source.onset_unit is not None or named_unit is not None:
        unit = source.onset_unit or named_unit or ""
        named_scale = seconds_in(unit)
        if named_scale is None:
            hint = "it holds numbers; " + (_ASK if unit not in (CLOCK, ELAPSED) else "name their unit instead")
            raise source.error(field, f"in {unit}", hint)
        if abs(last * named_scale) > LONGEST_NIGHT_S:
            hint = f"no night is longer than 48 h; {_ASK}"
            raise source.error(field, f"up to {last:g} {unit}, which is {last * named_scale / 3600:g} h", hint)
        return named_scale, ()
    if source.recording_s is not None:
        fits = {
            scale for scale in _scales() if 0.985 * source.recording_s <= last * scale <= 1.005 * source.recording_s
        }
        if len(fits) == 1 and (scale := fits.pop()) != 1.0:
            note = f"one unit of {field} was taken as {scale:g} s, by the length of the recording"
            return scale, (note,)
    if abs(last) > LONGEST_NIGHT_S:
        hint = f"as seconds that would be {last / 3600:g} h, and no night is longer than 48 h; {_ASK}"
        raise source.error(field, f"up to {last:g}", hint)
    if not _can_be_seconds(times, lengths):
        hint = f"as seconds that would be stages of {(last - float(times[0])) / 60:g} min in all; {_ASK}"
        raise source.error(field, f"up to {last:g}", hint)
    return 1.0, ()


def _scales() -> tuple[float, ...]:
    return (*SECONDS_IN.values(), *(1.0 / rate for rate in _COMMON_RATES_HZ if rate != 1000))


def _can_be_seconds(times: NDArray[np.float64], lengths: NDArray[np.float64]) -> bool:
    steps = lengths[lengths > 0] if lengths.size else np.diff(times)
    steps = steps[steps > 0]
    if not steps.size:
        return True
    span = float(times[-1] - times[0]) + (float(lengths[-1]) if lengths.size else 0.0)
    if span < _SHORTEST_LIST_S:
        if lengths.size == 1:
            return False  # one row shows no step
        usual = [np.abs(steps - step) <= 0.02 * step for step in COMMON_EPOCHS_S]
        return bool(max(fits.mean() for fits in usual) >= 0.5)
    whole = np.rint(steps).astype(np.int64)
    on_whole_seconds = bool((np.abs(steps - whole) < 1e-6).all())
    common = gcd(*whole.tolist())
    coarse = common > _COARSEST_GRID_S if len(whole) >= _MANY_ROWS else common >= _LONGEST_COMMON_S
    return not (on_whole_seconds and coarse)
