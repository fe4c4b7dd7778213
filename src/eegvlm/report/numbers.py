"""The night's numbers in rows: what a table of sleep statistics says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eegvlm.hypnogram import STAGES, CountedSleep, Hypnogram, SleepStatistics


@dataclass(frozen=True)
class Number:
    """A number of the night.

    Parameters
    ----------
    name
        What it is called.
    value
        With its unit.
    meaning
        What it counts.
    whole
        The same of the whole scoring, where not all of it is counted; "" otherwise.
    """

    name: str
    value: str
    meaning: str = ""
    whole: str = ""


@dataclass(frozen=True)
class StageRow:
    """One stage of the night.

    Parameters
    ----------
    label
        The stage.
    minutes, percent
        As scored; the percentage is of total sleep time, empty for wake.
    expected
        Minutes by the probabilities: their sum over the epochs. Empty where there are none.
    """

    label: str
    minutes: str
    percent: str
    expected: str


def hours(minutes: float) -> str:
    """Return minutes as ``7 h 05 min``."""
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02d} min" if whole >= 60 else f"{minutes:.1f} min"


def headline(statistics: SleepStatistics) -> list[Number]:
    """Return the five numbers that are read first."""
    return [
        Number("Total sleep time", hours(statistics.tst_min)),
        Number("Sleep efficiency", _efficiency(statistics)),
        Number("Sleep onset latency", _onset_latency(statistics)),
        Number("Wake after sleep onset", _minutes(statistics.waso_min)),
        Number("REM latency", _minutes(statistics.rem_latency_min)),
    ]


def all_numbers(counted: CountedSleep) -> list[Number]:
    """Return every number that is not a stage's own."""
    numbers = _numbers(counted.statistics)
    if not counts_a_part(counted):
        return numbers
    return [replace(number, whole=whole.value) for number, whole in zip(numbers, _numbers(counted.whole), strict=True)]


def counts_a_part(counted: CountedSleep) -> bool:
    """Return whether the statistics are those of a part of the scoring."""
    return counted.statistics != counted.whole


def _numbers(statistics: SleepStatistics) -> list[Number]:
    return [
        Number("Time in bed", hours(statistics.tib_min), "the time that is counted"),
        Number("Total sleep time", hours(statistics.tst_min), "N1 + N2 + N3 + R"),
        Number("Sleep period", hours(statistics.spt_min), "sleep onset to the end of the last sleep epoch"),
        Number("Sleep efficiency", _efficiency(statistics), "of time in bed"),
        Number("Sleep maintenance", _percent(statistics.sleep_maintenance_pct), "of the sleep period"),
        Number("Sleep onset latency", _onset_latency(statistics), "to the first epoch of any sleep"),
        Number("Wake after sleep onset", _minutes(statistics.waso_min), "until lights on"),
        Number("WASO in the sleep period", _minutes(statistics.waso_spt_min), "without the final awakening"),
        *_latencies(statistics),
        Number("Awakenings", str(statistics.awakenings), "within the sleep period"),
        Number("Stage shifts", str(statistics.stage_shifts), "within the sleep period"),
        Number("Unscored", _minutes(statistics.unscored_min), "in a gap, incomplete, or without usable EEG"),
    ]


def stage_rows(night: Hypnogram, statistics: SleepStatistics) -> list[StageRow]:
    """Return minutes and shares of the five stages, of the epochs that the statistics count."""
    minutes = (statistics.w_min, statistics.n1_min, statistics.n2_min, statistics.n3_min, statistics.r_min)
    percent: Sequence[float | None] = (None, statistics.n1_pct, statistics.n2_pct, statistics.n3_pct, statistics.r_pct)
    expected = [""] * len(STAGES)
    if night.probabilities is not None:
        middle = night.onsets_s + night.epoch_s / 2
        inside = night.scored & (middle > statistics.lights_off_s) & (middle < statistics.lights_on_s)
        probabilities = night.probabilities[inside].astype(float)
        expected = [f"{value:.1f}" for value in (probabilities.sum(axis=0) * night.epoch_s / 60).tolist()]
    return [
        StageRow(stage.label, f"{minutes[stage]:.1f}", "" if stage == 0 else _share(percent[stage]), expected[stage])
        for stage in STAGES
    ]


def _latencies(statistics: SleepStatistics) -> list[Number]:
    values = {"N1": statistics.n1_latency_min, "N2": statistics.n2_latency_min, "N3": statistics.n3_latency_min}
    values["REM"] = statistics.rem_latency_min
    return [Number(f"{name} latency", _minutes(value), "from sleep onset") for name, value in values.items()]


def _efficiency(statistics: SleepStatistics) -> str:
    return "not known" if statistics.sleep_efficiency_pct is None else _percent(statistics.sleep_efficiency_pct)


def _onset_latency(statistics: SleepStatistics) -> str:
    """Without sleep there is none; where there is sleep, it takes lights off to know it."""
    return "not known" if statistics.sol_min is None and statistics.tst_min else _minutes(statistics.sol_min)


def _minutes(value: float | None) -> str:
    return "none" if value is None else hours(value)


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f} %"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
