"""Refit the tables behind the simulator: ``python -m eegvlm.lab.simulation.fit DATA [--out DIR]``.

``DATA`` holds the public material as it lies on a user's disk: ``sleep_edf/*-Hypnogram.edf`` (scorings),
``sleep_edf_band_powers/*.npz`` (band powers of the same nights) and ``ucddb/*_stage.txt`` (scorings of apnoea
patients). What is written are summary statistics only: medians, quantiles, covariances, transition tables;
no row of any person. Nights are cropped to 30 min around sleep, as the field does.

Patient 018 of the apnoea set is left out of everything, so that a night remains that nothing was fitted on.

Sources: Kemp et al. 2000, IEEE Trans. Biomed. Eng. 47(9):1185-1194 (Sleep-EDF); St. Vincent's University
Hospital / University College Dublin Sleep Apnea Database, doi:10.13026/C26C7D; Goldberger et al. 2000,
Circulation 101(23):e215-e220 (PhysioNet).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.core.files import write_text
from eegvlm.errors import InputError
from eegvlm.lab.simulation.bands import BAND_NAMES
from eegvlm.lab.simulation.calibration import CYCLE_EDGES_H, PERIOD_EDGES_H, Z_GRID
from eegvlm.lab.simulation.measured import CROP_EPOCHS, read_band_powers

_STAGES = 5
_FACTORS = 10
_HELD_OUT = ("ucddb018",)
_R_AND_K = {"W": 0, "1": 1, "2": 2, "3": 3, "4": 3, "R": 4}
_UCDDB = {0: 0, 1: 4, 2: 1, 3: 2, 4: 3, 5: 3}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the folder of public data and write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("tables"))
    options = parser.parse_args(arguments)
    _write(options.out / "spectra.json", fit_spectra(sorted((options.data / "sleep_edf_band_powers").glob("*.npz"))))
    _write(options.out / "healthy.json", fit_architecture(sleep_edf_stages(options.data / "sleep_edf")))
    _write(options.out / "apnoea.json", fit_architecture(ucddb_stages(options.data / "ucddb")))


def sleep_edf_stages(folder: Path) -> list[np.ndarray]:
    """Read the Sleep-EDF scorings as stage codes per 30-s epoch, cropped to 30 min around sleep."""
    import edfio

    nights = []
    for path in sorted(folder.glob("*-Hypnogram.edf")):
        pieces = [
            np.full(round(note.duration / 30), _R_AND_K.get(note.text.removeprefix("Sleep stage "), -1))
            for note in edfio.read_edf(path).annotations
            if note.duration
        ]
        nights.append(_cropped(_filled(np.concatenate(pieces))))
    return _required(nights, folder, "*-Hypnogram.edf")


def ucddb_stages(folder: Path) -> list[np.ndarray]:
    """Read the apnoea patients' scorings, without the held-out patient, cropped to 30 min around sleep."""
    nights = []
    for path in sorted(folder.glob("*_stage.txt")):
        if path.name.startswith(_HELD_OUT):
            continue
        codes = np.array([_UCDDB.get(int(line), -1) for line in path.read_text().split()])
        nights.append(_cropped(_filled(codes)))
    return _required(nights, folder, "*_stage.txt")


def fit_architecture(nights: Sequence[np.ndarray]) -> dict[str, Any]:
    """Fit a second-order semi-Markov model: what follows what, for how long, at which time of the night.

    The next stage depends on the bout's stage and the one before it, times a factor for the time since sleep
    onset and the time since the last REM episode (the ultradian cycle). Bout durations are kept as
    quantiles per stage and time of night.
    """
    pairs = np.zeros((_STAGES, _STAGES, _STAGES))
    timed = np.zeros((len(PERIOD_EDGES_H) + 1, len(CYCLE_EDGES_H) + 1, _STAGES, _STAGES))
    durations: dict[tuple[int, int], list[int]] = {}
    for stages in nights:
        onset = int(np.argmax(stages > 0))
        last_rem = onset
        starts = np.flatnonzero(np.diff(stages, prepend=-9))
        stops = np.append(starts[1:], len(stages))
        for i in range(1, len(starts) - 1):  # the first and the last bout are cut by the crop
            stage, before, after = (int(stages[starts[i + k]]) for k in (0, -1, 1))
            period = int(np.searchsorted(PERIOD_EDGES_H, (starts[i] - onset) / 120, side="right"))
            durations.setdefault((period, stage), []).append(int(stops[i] - starts[i]))
            if stage == 4:
                last_rem = stops[i]
            cycle = int(np.searchsorted(CYCLE_EDGES_H, (stops[i] - last_rem) / 120, side="right"))
            period = int(np.searchsorted(PERIOD_EDGES_H, (stops[i] - onset) / 120, side="right"))
            pairs[before, stage, after] += 1
            timed[period, cycle, stage, after] += 1
    plain = _shares(pairs.sum(0) + 0.05 * (1 - np.eye(_STAGES)))
    second = _shares(pairs + 4 * plain)
    factor = _shares(timed + 6 * plain) / np.where(plain > 0, plain, 1)
    share = np.linspace(0, 1, 41)
    quantiles = np.empty((len(PERIOD_EDGES_H) + 1, _STAGES, len(share)))
    for stage in range(_STAGES):
        everywhere = [d for (_, s), bouts in durations.items() if s == stage for d in bouts]
        for period in range(len(PERIOD_EDGES_H) + 1):
            bouts = durations.get((period, stage), [])
            quantiles[period, stage] = np.quantile(bouts if len(bouts) >= 25 else everywhere, share)
    sleep = np.concatenate([_sleep_period(stages) for stages in nights])
    return {
        "nights": len(nights),
        "stages": ["W", "N1", "N2", "N3", "R"],
        "next_stage": _rounded(second),
        "time_factor": _rounded(factor),
        "bout_quantiles_epochs": _rounded(quantiles, 2),
        "stage_share_of_sleep_period": _rounded(np.bincount(sleep, minlength=_STAGES) / len(sleep)),
        "mean_bout_epochs": _rounded(
            np.array([np.mean([d for (_, s), f in durations.items() if s == stage for d in f]) for stage in range(5)])
        ),
    }


def fit_spectra(paths: Sequence[Path]) -> dict[str, Any]:
    """Fit the distribution of log band powers of Fpz-Cz and Pz-Oz: by stage, subject, neighbours and time.

    The twelve dimensions are, for each derivation, the variance outside the bands (nearly all of it below
    0.5 Hz) and the mean density in delta, theta, alpha, beta, gamma; natural logarithms of µV² and µV²/Hz.
    """
    nights = [_night_rows(path) for path in _required(list(paths), Path("sleep_edf_band_powers"), "*.npz")]
    pooled = np.array([np.median(np.concatenate([x[y == s] for y, _, x in nights]), 0) for s in range(_STAGES)])
    level = np.full((len(nights), _STAGES, 12), np.nan)
    for n, (y, _, x) in enumerate(nights):
        for s in range(_STAGES):
            if np.sum(y == s) >= 15:
                level[n, s] = np.median(x[y == s], 0)
    # the pooled median weighs nights by how much of a stage they hold, and so blurs how stages of a night differ
    centre = np.nanmean(level, axis=0)
    level -= centre
    # one vector of 5 stages x 12 numbers a night, so that what stages share, and how they differ, stays together
    missing = np.isnan(level)
    level_or_mean = np.where(missing, np.nanmean(level, axis=1, keepdims=True), level).reshape(len(nights), -1)
    deviation = level_or_mean - level_or_mean.mean(0)
    _, spread, axes = np.linalg.svd(deviation / np.sqrt(len(nights) - 1), full_matrices=False)
    factors = spread[:_FACTORS, None] * axes[:_FACTORS]
    rest = np.sqrt(np.maximum(deviation.var(0, ddof=1) - (factors**2).sum(0), 0))
    fits = [_within_stage(nights, level + centre, s) for s in range(_STAGES)]
    return {
        "nights": len(nights),
        "dimensions": [f"{site} {band}" for site in ("Fpz-Cz", "Pz-Oz") for band in BAND_NAMES],
        "centre": _rounded(centre),
        "pooled_median": _rounded(pooled),
        "night_factors": _rounded(factors.reshape(_FACTORS, _STAGES, 12)),
        "night_rest": _rounded(rest.reshape(_STAGES, 12)),
        **{key: _rounded(np.stack([fit[key] for fit in fits])) for key in fits[0]},
    }


def _within_stage(nights: Sequence[Any], level: np.ndarray, stage: int) -> dict[str, np.ndarray]:
    """Fit what varies inside one stage of one night: time of night, neighbours, marginals, texture in time."""
    rows, design, runs = [], [], []
    for n, (y, index, x) in enumerate(nights):
        if np.isnan(level[n, stage, 0]):
            continue
        before = np.where(np.diff(index, prepend=-9) == 1, np.roll(y, 1), -1)
        after = np.where(np.diff(index, append=10**9) == 1, np.roll(y, -1), -1)
        in_stage = np.flatnonzero(y == stage)
        hours = (index - index[np.argmax(y > 0)]) / 120
        others = [k for k in range(_STAGES) if k != stage]
        columns = [np.ones(len(in_stage)), hours[in_stage] - hours[in_stage].mean()]
        columns += [before[in_stage] == k for k in others] + [after[in_stage] == k for k in others]
        rows.append(x[in_stage] - level[n, stage])
        design.append(np.stack(columns, 1).astype(float))
        runs.append(np.cumsum(np.diff(index[in_stage], prepend=-9) > 1) + 10**5 * n)
    X, A, run = np.concatenate(rows), np.concatenate(design), np.concatenate(runs)
    ridge = np.diag([0.0, 1.0] + [8.0] * 8)
    beta = np.linalg.solve(A.T @ A + ridge, A.T @ X)
    rest = X - A[:, 1:] @ beta[1:]
    shifts = np.zeros((2, _STAGES, 12))
    for side in range(2):
        shifts[side, [k for k in range(_STAGES) if k != stage]] = beta[2 + 4 * side : 6 + 4 * side]
    score = _normal_scores(rest)
    marginals = np.stack([np.interp(Z_GRID, np.sort(score[:, d]), np.sort(rest[:, d])) for d in range(12)], 1)
    lags = range(1, 9)
    acf = [np.mean(score[k:][same] * score[:-k][same]) for k in lags if (same := run[k:] == run[:-k]).any()]
    tail = np.clip(np.polyfit(list(lags)[: len(acf)], np.log(np.maximum(acf, 0.02)), 1), (-0.7, -3), (-0.02, -0.05))
    return {
        "hour_slope": beta[1],
        "after_stage": shifts[0],
        "before_stage": shifts[1],
        "quantiles": marginals,
        "correlation": np.corrcoef(score.T),
        "persistence": np.array([np.exp(tail[1]), np.exp(tail[0])]),
    }


def _night_rows(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return stages, epoch numbers and the twelve log powers of one night, cropped around sleep."""
    night = read_band_powers(path)
    return night.stages, night.epochs, night.rows


def _normal_scores(values: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    ranks = np.argsort(np.argsort(values, axis=0), axis=0)
    return np.asarray(ndtri((ranks + 0.5) / len(values)))


def _filled(stages: np.ndarray) -> np.ndarray:
    """Give unscored epochs and movement time the stage before them; drop an unscored head and tail."""
    scored = np.flatnonzero(stages >= 0)
    stages = stages[scored[0] : scored[-1] + 1]
    last = np.maximum.accumulate(np.where(stages >= 0, np.arange(len(stages)), 0))
    return np.asarray(stages[last])


def _cropped(stages: np.ndarray) -> np.ndarray:
    asleep = np.flatnonzero(stages > 0)
    return stages[max(0, asleep[0] - CROP_EPOCHS) : asleep[-1] + CROP_EPOCHS + 1]


def _sleep_period(stages: np.ndarray) -> np.ndarray:
    asleep = np.flatnonzero(stages > 0)
    return stages[asleep[0] : asleep[-1] + 1]


def _shares(counts: np.ndarray) -> np.ndarray:
    return np.asarray(counts / np.maximum(counts.sum(-1, keepdims=True), 1e-12))


def _required(files: list[Any], folder: Path, pattern: str) -> list[Any]:
    if not files:
        raise InputError(folder, "folder", "no file", f"it must hold {pattern}")
    return files


def _rounded(values: np.ndarray, digits: int = 4) -> Any:
    return np.round(np.asarray(values, dtype=float), digits).tolist()


def _write(path: Path, table: dict[str, Any]) -> None:
    write_text(path, json.dumps(table, separators=(",", ":")).replace('],"', '],\n"') + "\n")
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB from {table['nights']} nights")


if __name__ == "__main__":
    main()
