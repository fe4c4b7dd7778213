"""The spectrum that every epoch of a night should have: draws from the fitted tables, then mixes per channel."""

from __future__ import annotations

import numpy as np

from eegvlm.lab.simulation.calibration import Z_GRID, spectral_table
from eegvlm.lab.simulation.derivations import Derivation
from eegvlm.lab.simulation.subject import Subject

_EYES_STATE_LASTS = 0.93  # chance that quiet wake stays quiet from one epoch to the next
_EYES_CLOSED_SLOW, _EYES_CLOSED_ALPHA = -0.9, 0.8  # log power, beside open eyes
_CALIBRATION_EYES_CLOSED = 0.4


def quiet_wake(rng: np.random.Generator, stages: np.ndarray, subject: Subject) -> np.ndarray:
    """Return bool (n_epochs,): wake with closed eyes, in runs of several minutes."""
    leave, enter = 1 - _EYES_STATE_LASTS, (1 - _EYES_STATE_LASTS) * subject.eyes_closed / (1 - subject.eyes_closed)
    state, states = rng.random() < subject.eyes_closed, np.zeros(len(stages), dtype=bool)
    for i, chance in enumerate(rng.random(len(stages))):
        state = chance > leave if state else chance < enter
        states[i] = state
    return np.asarray(states & (stages == 0))


def epoch_spectra(
    rng: np.random.Generator, stages: np.ndarray, closed: np.ndarray, subject: Subject
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the twelve log powers of every epoch.

    Parameters
    ----------
    rng
        Source of randomness.
    stages
        int (n_epochs,), 0 to 4.
    closed
        bool (n_epochs,), quiet wake with closed eyes.
    subject
        Whose night it is.

    Returns
    -------
    rows : numpy.ndarray
        float64 (n_epochs, 12): natural logarithms; six numbers of Fpz-Cz, then six of Pz-Oz (see :mod:`.bands`).
    within : numpy.ndarray
        float64 (n_epochs, 12): the part that varies inside a stage of this night.
    """
    table = spectral_table()
    n = len(stages)
    lasting_share, memory = table.persistence[stages, 0], table.persistence[stages, 1]
    steps, fresh = rng.standard_normal((n, 12)), rng.standard_normal((n, 12))
    lasting = np.empty((n, 12))
    lasting[0] = steps[0]
    for i in range(1, n):
        lasting[i] = memory[i] * lasting[i - 1] + np.sqrt(1 - memory[i] ** 2) * steps[i]
    mixed = np.sqrt(lasting_share)[:, None] * lasting + np.sqrt(1 - lasting_share)[:, None] * fresh
    within = np.empty((n, 12))
    for stage in np.unique(stages):
        in_stage = stages == stage
        score = mixed[in_stage] @ np.linalg.cholesky(table.correlation[stage] + 1e-6 * np.eye(12)).T
        within[in_stage] = np.stack(
            [np.interp(score[:, d], Z_GRID, table.quantiles[stage, :, d]) for d in range(12)], axis=1
        )
        hours = np.flatnonzero(in_stage) / 120
        within[in_stage] += (hours - hours.mean())[:, None] * table.hour_slope[stage]
    edge = np.flatnonzero(np.diff(stages))
    within[edge + 1] += table.after_stage[stages[edge + 1], stages[edge]]
    within[edge] += table.before_stage[stages[edge], stages[edge + 1]]

    rows = table.centre[stages] + within + np.array(subject.offsets) + np.array(subject.stage_offsets)[stages]
    state = np.where(closed, 1 - _CALIBRATION_EYES_CLOSED, -_CALIBRATION_EYES_CLOSED)[stages == 0, None]
    wake = np.flatnonzero(stages == 0)[:, None]
    rows[wake, [0, 1, 6, 7]] += _EYES_CLOSED_SLOW * state
    if subject.alpha_producer:
        rows[wake, [3, 9]] += _EYES_CLOSED_ALPHA * state
    else:
        rows[wake, [3, 9]] -= 0.5
    return rows, within


def channel_spectra(rows: np.ndarray, stages: np.ndarray, derivation: Derivation, subject: Subject) -> np.ndarray:
    """Mix the two calibrated spectra into the target of one channel.

    Returns
    -------
    numpy.ndarray
        float64 (n_epochs, 6): variance outside the bands in µV², then the five band means in µV²/Hz.
    """
    mix = np.full((len(stages), 6), derivation.fronts)
    mix[stages == 0, :3] = derivation.wake_fronts
    if 0 < derivation.fronts < 1:
        mix = np.clip(mix + subject.frontality, 0, 1)
    power = np.exp(mix * rows[:, :6] + (1 - mix) * rows[:, 6:])
    gain = derivation.gain * subject.gain * (subject.eog_brain if derivation.eog else 1.0)
    return np.asarray(power * np.exp(derivation.colour) * gain**2)
