"""A night's row in the summary: its columns, and how they follow from a staged night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from eegvlm.errors import InputError
from eegvlm.hypnogram import agreement
from eegvlm.hypnogram.period import sleep_periods
from eegvlm.hypnogram.statistics import SleepStatistics
from eegvlm.lab.cohort.night import CohortNight
from eegvlm.lab.datasets.sources import RecordingClock, laid_on

if TYPE_CHECKING:
    from eegvlm.staging import StagedNight

_STATISTICS = tuple(
    field.name for field in fields(SleepStatistics) if field.name not in ("lights_off_s", "lights_on_s", "notes")
)
_COUNTS = ("awakenings", "stage_shifts")
_PROVENANCE = ("software", "model", "weights_sha256", "layout", "smoothing", "device", "dtype")

COLUMNS: Mapping[str, type[str] | type[int] | type[float]] = {
    **dict.fromkeys(("night", "recording", "results", "start"), str),
    "hours": float,
    **dict.fromkeys(("epochs", "unscored_epochs"), int),
    **dict.fromkeys(("lights_off_s", "lights_on_s"), float),
    "counted": str,
    "sleep_periods": int,
    **dict.fromkeys(("main_period_start_s", "main_period_end_s"), float),
    **{name: int if name in _COUNTS else float for name in _STATISTICS},
    **dict.fromkeys(("channels", "missing_channels"), str),
    **dict.fromkeys(("eeg_doubtful_pct", "eeg_unusable_pct", "unfamiliarity", "expected_accuracy"), float),
    **dict.fromkeys(("scorer", "scoring_file"), str),
    "agreement_epochs": int,
    **dict.fromkeys(("agreement_accuracy", "agreement_macro_f1", "agreement_kappa"), float),
    **dict.fromkeys(("scoring_problem", "problems"), str),
    "seconds": float,
    **dict.fromkeys(_PROVENANCE, str),
}
"""Name of each column of ``summary.csv`` -> the type of its values; any may be empty."""


def row_of(night: CohortNight, staged: StagedNight, results: str, seconds: float) -> dict[str, Any]:
    """Return the row of a night that was staged.

    Parameters
    ----------
    night
        What was staged; a scoring beside it is read here and compared with.
    staged
        The result.
    results
        Its folder, relative to the output.
    seconds
        What reading, staging and writing took.

    Returns
    -------
    dict
        The columns that are known, in the order of :data:`COLUMNS`.
    """
    summary = staged.summary()
    counted, statistics = summary["counted"], summary["statistics"]
    period = counted["main_sleep_period"] or {}
    values: dict[str, Any] = {
        "night": night.name,
        "recording": night.recording,
        "results": results,
        "start": staged.recording.get("start"),
        "hours": round(staged.recording["duration_s"] / 3600, 4),
        **{name: summary[name] for name in ("epochs", "unscored_epochs")},
        **{name: counted[name] for name in ("lights_off_s", "lights_on_s")},
        "counted": counted["basis"],
        "sleep_periods": len(sleep_periods(staged.hypnogram)),
        "main_period_start_s": period.get("start_s"),
        "main_period_end_s": period.get("end_s"),
        **{name: statistics[name] for name in _STATISTICS},
        "channels": "; ".join(f"{panel}={channel}" for panel, channel in staged.panels.items() if channel),
        "missing_channels": "; ".join(panel for panel, channel in staged.panels.items() if not channel),
        **_eeg_quality(staged),
        "unfamiliarity": summary.get("unfamiliarity"),
        "expected_accuracy": _expected_accuracy(summary["review"]),
        **agreement_columns(night, staged),
        "problems": "; ".join(dict.fromkeys(problem["code"] for problem in summary["problems"])),
        "seconds": round(seconds, 3),
        **{name: summary.get(name) for name in _PROVENANCE},
    }
    return {name: values[name] for name in COLUMNS if values.get(name) is not None}


def agreement_columns(night: CohortNight, staged: StagedNight) -> dict[str, Any]:
    """Return the result's agreement with the scoring beside it; a scoring that cannot be used is reported."""
    if night.scoring_problem:
        return {"scoring_problem": night.scoring_problem}
    hypnogram = staged.hypnogram
    try:
        if night.source is not None:
            scoring = night.source.scoring()
            reference = night.source.hypnogram()
        elif night.scorings:
            scoring = night.scorings[0]
            duration_s = float(staged.recording["duration_s"])
            reference = laid_on(scoring, scoring.read(duration_s), RecordingClock(hypnogram.start, duration_s))
        else:
            return {}
        figures = agreement(reference, hypnogram, by="onset")
    except InputError as error:
        return {"scoring_problem": str(error)}
    return {
        "scorer": scoring.scorer,
        "scoring_file": None if scoring.path is None else PurePath(scoring.path).name,
        "agreement_epochs": figures.n_compared,
        "agreement_accuracy": round(figures.accuracy, 4),
        "agreement_macro_f1": round(figures.macro_f1, 4),
        "agreement_kappa": None if figures.kappa is None else round(figures.kappa, 4),
    }


def _eeg_quality(staged: StagedNight) -> dict[str, float]:
    """Return the share of epochs in which the preferred EEG channel is doubtful, and unusable."""
    channel = next((name for panel, name in staged.panels.items() if name and panel.startswith("eeg")), None)
    described = {} if staged.quality is None else staged.quality.to_dict()
    counts = described.get("channels", {}).get(channel)
    if counts is None or not described["n_epochs"]:
        return {}
    share = 100 / described["n_epochs"]
    return {f"eeg_{level}_pct": round(share * counts[f"{level}_epochs"], 2) for level in ("doubtful", "unusable")}


def _expected_accuracy(review: Mapping[str, Any]) -> float | None:
    """Return the expected accuracy of the night as it stands, where the probabilities promise one."""
    unreviewed: float | None = next((share["rest"] for share in review["shares"] if share["share"] == 0), None)
    return unreviewed
