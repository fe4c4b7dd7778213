"""What of a scoring is counted as the night: from lights off to lights on, or the main sleep period of a day.

Time in bed has no meaning for a recording of a day or two unless lights off and on are known. Where they are
not, the statistics are those of the main sleep period, which say nothing about the time before sleep onset and
after the final awakening.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.period import Period, main_sleep_period
from eegvlm.hypnogram.statistics import SleepStatistics, sleep_statistics
from eegvlm.signals.lights import Lights

LONGEST_NIGHT_S = 16 * 3600.0
_UNKNOWN = "sleep onset latency and sleep efficiency are not known without lights off and on"


@dataclass(frozen=True)
class CountedSleep:
    """The statistics of a night, and what they count.

    Parameters
    ----------
    lights_off_s, lights_on_s
        Lights off and on, seconds after the recording's start; None where neither was given nor marked.
    basis
        What is counted and where that comes from, as a sentence without its full stop.
    statistics
        The numbers of what is counted.
    whole
        The numbers of the whole scoring.
    main_period
        The main sleep period, epochs counted from 0, where it decides what is counted; None otherwise.
    main_period_s
        Its start and end, seconds after the recording's start.
    """

    lights_off_s: float | None
    lights_on_s: float | None
    basis: str
    statistics: SleepStatistics
    whole: SleepStatistics
    main_period: Period | None = None
    main_period_s: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, object]:
        """Return everything for JSON; epochs of the main sleep period count from 1 there, as scorers do."""
        period = None
        if self.main_period is not None and self.main_period_s is not None:
            period = {
                "first_epoch": self.main_period.first + 1,
                "last_epoch": self.main_period.last + 1,
                "start_s": self.main_period_s[0],
                "end_s": self.main_period_s[1],
            }
        return {
            "lights_off_s": self.lights_off_s,
            "lights_on_s": self.lights_on_s,
            "basis": self.basis,
            "main_sleep_period": period,
            "statistics": self.statistics.to_dict(),
            "whole": self.whole.to_dict(),
        }


def count_sleep(hypnogram: Hypnogram, lights: Lights | None = None) -> CountedSleep:
    """Compute the statistics of a night, and say what they count.

    Counted is, in this order: the time between lights off and lights on; where only one of them is known and
    more than 16 hours would count, up to (or from) the main sleep period on that side; where neither is known,
    the main sleep period of a scoring longer than 16 hours; the whole scoring.

    Parameters
    ----------
    hypnogram
        The scoring.
    lights
        Lights off and on; the scoring's own (:attr:`Hypnogram.lights`) where not given.

    Returns
    -------
    CountedSleep
        Where lights off was not known and the main sleep period is counted, ``sol_min`` and
        ``sleep_efficiency_pct`` of its statistics are None.

    Raises
    ------
    HypnogramError
        If lights on does not follow lights off, or the scoring does not reach into the time between them.

    Examples
    --------
    >>> import numpy as np
    >>> night = Hypnogram(np.repeat(np.array([0, 2, 0], dtype=np.int8), [20, 160, 20]))
    >>> counted = count_sleep(night, Lights(300.0, None, "the technician's notes"))
    >>> counted.statistics.sol_min, counted.whole.sol_min
    (5.0, 10.0)
    >>> counted.basis
    "from lights off (the technician's notes) to the end of the scoring; lights on is not known"
    """
    lights = lights or hypnogram.lights or Lights(None, None, "")
    whole = sleep_statistics(hypnogram)
    begin_s = hypnogram.onset_s if lights.off_s is None else lights.off_s
    end_s = hypnogram.end_s if lights.on_s is None else lights.on_s
    # Statistics first: they refuse lights that make no sense.
    statistics = sleep_statistics(hypnogram, lights_off_s=begin_s, lights_on_s=end_s)
    both_known = lights.off_s is not None and lights.on_s is not None
    period = None if both_known or end_s - begin_s <= LONGEST_NIGHT_S else _main_period(hypnogram, begin_s, end_s)
    if period is None:
        return CountedSleep(lights.off_s, lights.on_s, _basis(lights), statistics, whole)
    period_s = (_onset_s(hypnogram, period.first), _onset_s(hypnogram, period.last + 1))
    if lights.off_s is None:
        begin_s = period_s[0]
    if lights.on_s is None:
        end_s = period_s[1]
    statistics = sleep_statistics(hypnogram, lights_off_s=begin_s, lights_on_s=end_s)
    if lights.off_s is None:
        notes = (*statistics.notes, _UNKNOWN)
        statistics = replace(statistics, sol_min=None, sleep_efficiency_pct=None, notes=notes)
    return CountedSleep(lights.off_s, lights.on_s, _basis(lights, period), statistics, whole, period, period_s)


def _main_period(hypnogram: Hypnogram, begin_s: float, end_s: float) -> Period | None:
    """Find the main sleep period among the epochs that lie wholly between two times."""
    try:
        part = hypnogram.crop(begin_s, end_s)
    except HypnogramError:  # no whole epoch lies between them
        return None
    period = main_sleep_period(part)
    shift = round((part.onset_s - hypnogram.onset_s) / hypnogram.epoch_s)
    return period and Period(period.first + shift, period.last + shift)


def _onset_s(hypnogram: Hypnogram, epoch: int) -> float:
    return hypnogram.onset_s + epoch * hypnogram.epoch_s


def _basis(lights: Lights, period: Period | None = None) -> str:
    if lights.off_s is not None and lights.on_s is not None:
        return f"from lights off to lights on ({lights.source})"
    if lights.off_s is not None:
        until = "the end of the main sleep period" if period else "the end of the scoring"
        return f"from lights off ({lights.source}) to {until}; lights on is not known"
    if lights.on_s is not None:
        since = "the start of the main sleep period" if period else "the start of the scoring"
        return f"from {since} to lights on ({lights.source}); lights off is not known"
    if period:
        return "the main sleep period of a recording of more than 16 hours; lights off and on are not known"
    return "the whole scoring; lights off and on are not known"
