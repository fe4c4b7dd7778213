"""The fitted tables behind the simulator, as they ship in ``tables/*.json``.

They are written by :mod:`eegvlm.lab.simulation.fit` from public recordings and hold summary statistics only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

Z_GRID = np.linspace(-3.0, 3.0, 25)
"""Normal scores at which marginal distributions are tabulated."""

PERIOD_EDGES_H = np.array([2.0, 4.5])
"""Hours since sleep onset that part the night into early, middle and late."""

CYCLE_EDGES_H = np.array([35 / 60, 70 / 60])
"""Hours since the last REM episode that part the ultradian cycle."""


@dataclass(frozen=True)
class SpectralTable:
    """How log band powers are distributed; dimension 12 is six numbers of Fpz-Cz, then six of Pz-Oz.

    Attributes
    ----------
    centre
        (5, 12) mean over nights of a night's median, by stage: the typical night.
    pooled_median
        (5, 12) median over all epochs of a stage, to compare with.
    night_factors, night_rest
        (10, 5, 12) directions in which nights of different persons differ, of unit weight in standard normal
        scores, and (5, 12) standard deviation of what they leave.
    hour_slope
        (5, 12) change per hour of the night.
    after_stage, before_stage
        (5, 5, 12) shift of a stage's first epoch after, and last epoch before, another stage.
    quantiles
        (5, 25, 12) marginal distribution inside a stage at :data:`Z_GRID`.
    correlation
        (5, 12, 12) of the normal scores inside a stage.
    persistence
        (5, 2) share of the scores' variance that lasts, and its correlation from epoch to epoch.
    """

    centre: np.ndarray
    pooled_median: np.ndarray
    night_factors: np.ndarray
    night_rest: np.ndarray
    hour_slope: np.ndarray
    after_stage: np.ndarray
    before_stage: np.ndarray
    quantiles: np.ndarray
    correlation: np.ndarray
    persistence: np.ndarray


@dataclass(frozen=True)
class ArchitectureTable:
    """Which stage follows which, for how long, when in the night.

    Attributes
    ----------
    next_stage
        (5 before, 5 now, 5 next) probabilities at the end of a bout.
    time_factor
        (3 periods, 3 cycle phases, 5 now, 5 next) by which they are multiplied.
    bout_quantiles_epochs
        (3 periods, 5 stages, 41) quantile function of bout durations.
    stage_share_of_sleep_period, mean_bout_epochs
        (5,) what the scorings hold, to compare with.
    """

    next_stage: np.ndarray
    time_factor: np.ndarray
    bout_quantiles_epochs: np.ndarray
    stage_share_of_sleep_period: np.ndarray
    mean_bout_epochs: np.ndarray


@cache
def spectral_table() -> SpectralTable:
    """Return the spectra of 20 nights of healthy sleepers (Sleep-EDF)."""
    table = _load("spectra")
    return SpectralTable(**{name: np.array(table[name]) for name in SpectralTable.__dataclass_fields__})


@cache
def architecture_table(name: str) -> ArchitectureTable:
    """Return the stage sequences of ``healthy`` sleepers (Sleep-EDF) or of ``apnoea`` patients (UCDDB)."""
    table = _load(name)
    return ArchitectureTable(**{key: np.array(table[key]) for key in ArchitectureTable.__dataclass_fields__})


def _load(name: str) -> dict[str, list[float]]:
    table: dict[str, list[float]] = json.loads(
        files("eegvlm.lab.simulation").joinpath(f"tables/{name}.json").read_text(encoding="utf-8")
    )
    return table
