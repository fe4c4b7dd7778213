"""The stage sequence of a night: a semi-Markov walk through fitted transitions and bout durations.

What follows a bout depends on the bout, the one before it, the time since sleep onset and the time since the
last REM episode (:class:`~eegvlm.lab.simulation.calibration.ArchitectureTable`). Age lengthens wake, shortens N3 and
makes N1 more likely, by about what meta-analysis of healthy adults reports (Ohayon et al. 2004, Sleep
27(7):1255-1273).
Not modelled: naps, shift work, parasomnias, stage-dependent effects of drugs.
"""

from __future__ import annotations

import numpy as np

from eegvlm.lab.simulation.calibration import CYCLE_EDGES_H, PERIOD_EDGES_H, architecture_table

_REFERENCE_AGE = 28.0  # of the healthy sleepers behind the table
_REM_SATIATION = 14.0


def simulate_stages(
    rng: np.random.Generator, n_epochs: int, *, architecture: str = "healthy", age: float = _REFERENCE_AGE
) -> np.ndarray:
    """Draw the stages of a night.

    Parameters
    ----------
    rng
        Source of randomness.
    n_epochs
        Number of 30-s epochs.
    architecture
        ``healthy`` (Sleep-EDF) or ``apnoea`` (UCDDB).
    age
        Years; moves N3, N1 and wake for ``healthy`` (the patients' table already holds middle age).

    Returns
    -------
    numpy.ndarray
        int8 (n_epochs,): 0 W, 1 N1, 2 N2, 3 N3, 4 R. The night opens and mostly closes with wake; a short one spends at
        most a tenth of itself on falling asleep.
    """
    table = architecture_table(architecture)
    years = age - _REFERENCE_AGE if architecture == "healthy" else 0.0
    stretch = np.exp(np.array([0.008, 0.004, 0.0, -0.010, -0.003]) * years)
    favour = np.exp(np.array([0.012, 0.004, 0.0, -0.008, 0.0]) * years)
    share = np.linspace(0, 1, table.bout_quantiles_epochs.shape[2])

    latency = float(np.clip(rng.lognormal(np.log(24.0), 0.8), 2, max(2.0, n_epochs / 10)))
    final_wake = min(float(rng.uniform(0, 40)), n_epochs / 12)
    stages = np.zeros(n_epochs, dtype=np.int8)
    position, onset = min(round(latency), n_epochs), round(latency)
    before, now, last_rem = 0, 1, onset
    while position < n_epochs - final_wake:
        period = int(np.searchsorted(PERIOD_EDGES_H, (position - onset) / 120, side="right"))
        length = float(np.interp(rng.random(), share, table.bout_quantiles_epochs[period, now]) * stretch[now])
        stop = min(n_epochs, position + max(1, round(length)))
        stages[position:stop] = now
        position = stop
        if now == 4:
            last_rem = position
        period = int(np.searchsorted(PERIOD_EDGES_H, (position - onset) / 120, side="right"))
        cycle = int(np.searchsorted(CYCLE_EDGES_H, (position - last_rem) / 120, side="right"))
        odds = table.next_stage[before, now] * table.time_factor[period, cycle, now] * favour
        # a walk has no memory of how much REM it had; sleepers do (their REM share varies half as much)
        excess = np.mean(stages[onset:position] == 4) - table.stage_share_of_sleep_period[4]
        odds[4] *= np.exp(-_REM_SATIATION * max(0.0, float(excess)))
        before, now = now, int(rng.choice(5, p=odds / odds.sum()))
    return stages


def bouts(stages: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the stage, first epoch and length in epochs of every bout."""
    starts = np.flatnonzero(np.diff(stages.astype(int), prepend=-9))
    return stages[starts], starts, np.diff(np.append(starts, len(stages)))
