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


def headline(held: SleepStatistics) -> list[Number]:
    """Return the five numbers that are read first."""
    return [
        Number("Total sleep time", hours(held.tst_min)),
        Number("Sleep efficiency", _efficiency(held)),
        Number("Sleep onset latency", _onset_latency(held)),
        Number("Wake after sleep onset", _minutes(held.waso_min)),
        Number("REM latency", _minutes(held.rem_latency_min)),
    ]


def all_numbers(counted: CountedSleep) -> list[Number]:
    """Return every number that is not a stage's own."""
    numbers = _numbers(counted.statistics)
    if not counts_a_part(counted):
        return numbers
    return [replace(one, whole=whole.value) for one, whole in zip(numbers, _numbers(counted.whole), strict=True)]


def counts_a_part(counted: CountedSleep) -> bool:
    """Return whether the statistics are those of a part of the scoring."""
    return counted.statistics != counted.whole


def _numbers(held: SleepStatistics) -> list[Number]:
    return [
        Number("Time in bed", hours(held.tib_min), "the time that is counted"),
        Number("Total sleep time", hours(held.tst_min), "N1 + N2 + N3 + R"),
        Number("Sleep period", hours(held.spt_min), "sleep onset to the end of the last sleep epoch"),
        Number("Sleep efficiency", _efficiency(held), "of time in bed"),
        Number("Sleep maintenance", _percent(held.sleep_maintenance_pct), "of the sleep period"),
        Number("Sleep onset latency", _onset_latency(held), "to the first epoch of any sleep"),
        Number("Wake after sleep onset", _minutes(held.waso_min), "until lights on"),
        Number("WASO in the sleep period", _minutes(held.waso_spt_min), "without the final awakening"),
        *_latencies(held),
        Number("Awakenings", str(held.awakenings), "within the sleep period"),
        Number("Stage shifts", str(held.stage_shifts), "within the sleep period"),
        Number("Unscored", _minutes(held.unscored_min), "in a gap, incomplete, or without usable EEG"),
    ]


def stage_rows(night: Hypnogram, held: SleepStatistics) -> list[StageRow]:
    """Return minutes and shares of the five stages, of the epochs that the statistics count."""
    minutes = (held.w_min, held.n1_min, held.n2_min, held.n3_min, held.r_min)
    percent: Sequence[float | None] = (None, held.n1_pct, held.n2_pct, held.n3_pct, held.r_pct)
    expected = [""] * len(STAGES)
    if night.probabilities is not None:
        middle = night.onsets_s + night.epoch_s / 2
        inside = night.scored & (middle > held.lights_off_s) & (middle < held.lights_on_s)
        known = night.probabilities[inside].astype(float)
        expected = [f"{value:.1f}" for value in (known.sum(axis=0) * night.epoch_s / 60).tolist()]
    return [
        StageRow(stage.label, f"{minutes[stage]:.1f}", "" if stage == 0 else _share(percent[stage]), expected[stage])
        for stage in STAGES
    ]


def _latencies(held: SleepStatistics) -> list[Number]:
    values = {"N1": held.n1_latency_min, "N2": held.n2_latency_min, "N3": held.n3_latency_min}
    values["REM"] = held.rem_latency_min
    return [Number(f"{name} latency", _minutes(value), "from sleep onset") for name, value in values.items()]


def _efficiency(held: SleepStatistics) -> str:
    return "not known" if held.sleep_efficiency_pct is None else _percent(held.sleep_efficiency_pct)


def _onset_latency(held: SleepStatistics) -> str:
    """Without sleep there is none; where there is sleep, it takes lights off to know it."""
    return "not known" if held.sol_min is None and held.tst_min else _minutes(held.sol_min)


def _minutes(value: float | None) -> str:
    return "none" if value is None else hours(value)


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f} %"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
