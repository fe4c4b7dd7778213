"""What a night's scoring amounts to: the parameters that the AASM manual asks to report.

Berry et al., *The AASM Manual for the Scoring of Sleep and Associated Events*, chapter II ("parameters to be
reported for polysomnography"). Time is counted exactly: an epoch that lights off or lights on cuts in two
gives the part that lies between them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import SAME_S
from eegvlm.hypnogram.stage import STAGES, Stage


@dataclass(frozen=True)
class SleepStatistics:
    """The numbers of a night. Times are in minutes; None where a number does not exist.

    Attributes
    ----------
    lights_off_s, lights_on_s
        What was counted, seconds after the recording's start.
    tib_min
        Time in bed: lights off to lights on (the manual's total recording time).
    tst_min
        Total sleep time: N1, N2, N3 and R between lights off and lights on.
    spt_min
        Sleep period: from sleep onset to the end of the last sleep epoch; 0 without sleep.
    sleep_efficiency_pct
        TST as a percentage of TIB; None if nothing was scored, or time in bed is not known (:func:`count_sleep`).
    sleep_maintenance_pct
        TST as a percentage of SPT; None without sleep.
    sol_min
        Sleep onset latency: lights off to the first epoch of any sleep stage; None without sleep, or where lights
        off is not known (:func:`count_sleep`).
    waso_min
        Wake after sleep onset, until lights on (so the final awakening counts, as in the manual); None
        without sleep.
    waso_spt_min
        The part of it that lies within the sleep period.
    n1_latency_min, n2_latency_min, n3_latency_min, rem_latency_min
        From sleep onset to the first epoch of the stage; None if there is none.
    w_min, n1_min, n2_min, n3_min, r_min
        Minutes of each stage between lights off and lights on.
    unscored_min
        Minutes between lights off and lights on that have no stage.
    n1_pct, n2_pct, n3_pct, r_pct
        Share of TST; None without sleep.
    awakenings
        Stretches of W within the sleep period that follow sleep (the final awakening is not one of them).
        Unscored epochs between sleep and W do not matter.
    stage_shifts
        Changes from one stage to another within the sleep period, between neighbouring scored epochs.
    notes
        What a reader of the numbers should know.
    """

    lights_off_s: float
    lights_on_s: float
    tib_min: float
    tst_min: float
    spt_min: float
    sleep_efficiency_pct: float | None
    sleep_maintenance_pct: float | None
    sol_min: float | None
    waso_min: float | None
    waso_spt_min: float | None
    n1_latency_min: float | None
    n2_latency_min: float | None
    n3_latency_min: float | None
    rem_latency_min: float | None
    w_min: float
    n1_min: float
    n2_min: float
    n3_min: float
    r_min: float
    unscored_min: float
    n1_pct: float | None
    n2_pct: float | None
    n3_pct: float | None
    r_pct: float | None
    awakenings: int
    stage_shifts: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the numbers under their names, ready for JSON."""
        return {**asdict(self), "notes": list(self.notes)}


def sleep_statistics(
    hypnogram: Hypnogram, *, lights_off_s: float | None = None, lights_on_s: float | None = None
) -> SleepStatistics:
    """Compute the sleep statistics of a night.

    Parameters
    ----------
    hypnogram
        The scoring, epochs of any length (the manual's are 30 s).
    lights_off_s, lights_on_s
        Seconds after the recording's start; the start and the end of the scoring where not given. They may
        lie outside the scoring: the time that it does not reach counts as unscored, and a note says so.

    Raises
    ------
    HypnogramError
        If lights on does not follow lights off, or the scoring does not reach into the time between them.

    Examples
    --------
    >>> import numpy as np
    >>> night = Hypnogram(np.repeat(np.array([0, 2, 0], dtype=np.int8), [20, 160, 20]))
    >>> numbers = sleep_statistics(night)
    >>> numbers.tib_min, numbers.tst_min, numbers.sol_min, numbers.sleep_efficiency_pct
    (100.0, 80.0, 10.0, 80.0)
    """
    off = hypnogram.onset_s if lights_off_s is None else float(lights_off_s)
    on = hypnogram.end_s if lights_on_s is None else float(lights_on_s)
    if not (math.isfinite(off) and math.isfinite(on) and off < on):
        value = f"off at {off:g} s, on at {on:g} s"
        raise HypnogramError("sleep statistics", "lights", value, "lights on must follow lights off")
    if on <= hypnogram.onset_s or off >= hypnogram.end_s:
        hint = f"give lights that overlap the scoring ({hypnogram.onset_s:g} to {hypnogram.end_s:g} s)"
        raise HypnogramError("sleep statistics", "lights", f"off at {off:g} s, on at {on:g} s", hint)

    starts = np.clip(hypnogram.onsets_s, off, on)
    stops = np.clip(hypnogram.onsets_s + hypnogram.epoch_s, off, on)
    inside = stops - starts > SAME_S
    starts, stops, stages = starts[inside], stops[inside], hypnogram.stages[inside]
    minutes = (stops - starts) / 60
    tib = (on - off) / 60
    stage_minutes = [_total(minutes, stages == stage) for stage in STAGES]
    tst = math.fsum(stage_minutes[1:])
    unscored = max(0.0, tib - math.fsum(stage_minutes))

    sleep = np.flatnonzero(stages > Stage.W)
    period = slice(sleep[0], sleep[-1] + 1) if sleep.size else slice(0, 0)
    onset_s = float(starts[sleep[0]]) if sleep.size else math.nan
    after_onset = starts >= onset_s  # all False without sleep
    wake = stages == Stage.W
    spt = float(stops[sleep[-1]] - onset_s) / 60 if sleep.size else 0.0
    latency = {stage: _first(starts, stages == stage, onset_s) for stage in STAGES}
    return SleepStatistics(
        lights_off_s=off,
        lights_on_s=on,
        tib_min=tib,
        tst_min=tst,
        spt_min=spt,
        sleep_efficiency_pct=_percent(tst, tib) if (stages != Stage.UNSCORED).any() else None,
        sleep_maintenance_pct=_percent(tst, spt),
        sol_min=(onset_s - off) / 60 if sleep.size else None,
        waso_min=_total(minutes, wake & after_onset) if sleep.size else None,
        waso_spt_min=_total(minutes[period], wake[period]) if sleep.size else None,
        n1_latency_min=latency[Stage.N1],
        n2_latency_min=latency[Stage.N2],
        n3_latency_min=latency[Stage.N3],
        rem_latency_min=latency[Stage.R],
        w_min=stage_minutes[Stage.W],
        n1_min=stage_minutes[Stage.N1],
        n2_min=stage_minutes[Stage.N2],
        n3_min=stage_minutes[Stage.N3],
        r_min=stage_minutes[Stage.R],
        unscored_min=unscored,
        n1_pct=_percent(stage_minutes[Stage.N1], tst),
        n2_pct=_percent(stage_minutes[Stage.N2], tst),
        n3_pct=_percent(stage_minutes[Stage.N3], tst),
        r_pct=_percent(stage_minutes[Stage.R], tst),
        awakenings=_count_awakenings(stages[period]),
        stage_shifts=_count_shifts(stages[period]),
        notes=tuple(_notes(hypnogram, off, on, unscored)),
    )


def _total(minutes: NDArray[np.float64], which: NDArray[np.bool_]) -> float:
    return math.fsum(minutes[which])


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole > 0 else None


def _first(starts: NDArray[np.float64], which: NDArray[np.bool_], onset_s: float) -> float | None:
    return float(starts[which][0] - onset_s) / 60 if which.any() else None


def _count_awakenings(period: NDArray[np.int8]) -> int:
    scored = period[period != Stage.UNSCORED]
    return int(np.count_nonzero((scored[1:] == Stage.W) & (scored[:-1] != Stage.W)))


def _count_shifts(period: NDArray[np.int8]) -> int:
    both_scored = (period[1:] != Stage.UNSCORED) & (period[:-1] != Stage.UNSCORED)
    return int(np.count_nonzero(both_scored & (period[1:] != period[:-1])))


def _notes(hypnogram: Hypnogram, off: float, on: float, unscored_min: float) -> list[str]:
    notes = []
    if off < hypnogram.onset_s - SAME_S:
        notes.append(f"the scoring begins {(hypnogram.onset_s - off) / 60:g} min after lights off")
    if on > hypnogram.end_s + SAME_S:
        notes.append(f"the scoring ends {(on - hypnogram.end_s) / 60:g} min before lights on")
    if unscored_min > SAME_S:
        notes.append(f"{unscored_min:g} min are unscored: in time in bed, but neither sleep nor wake")
    if abs(hypnogram.epoch_s - 30.0) > SAME_S:
        notes.append(f"counted in epochs of {hypnogram.epoch_s:g} s, not 30 s")
    return notes
