"""Measured spectra: the stages and band powers of a real night, for a simulated one to follow.

Nothing but powers and stages is taken: the waveforms, the events and the recorder are the simulator's. So a night keeps
how real spectra overlap between stages and how they change from epoch to epoch.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eegvlm.errors import InputError
from eegvlm.lab.simulation.bands import BAND_WIDTHS_HZ
from eegvlm.lab.simulation.subject import Subject

CROP_EPOCHS = 60  # of wake that are kept on either side of sleep


@dataclass(frozen=True)
class MeasuredSpectra:
    """What a simulated night follows.

    Attributes
    ----------
    stages
        int8 (n,), 0 to 4.
    epochs
        int (n,): number of each epoch in its recording; gaps are closed by the simulation.
    rows
        float64 (n, 12): natural logarithms; the six numbers of Fpz-Cz, then of Pz-Oz (see :mod:`.bands`).
    """

    stages: np.ndarray
    epochs: np.ndarray
    rows: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.stages)
        if not n or self.rows.shape != (n, 12) or self.epochs.shape != (n,) or not np.isfinite(self.rows).all():
            raise InputError(
                "measured spectra", "rows", self.rows.shape, "give finite rows (n, 12) and as many stages and epochs"
            )

    def closed_eyes(self, subject: Subject) -> np.ndarray:
        """Return bool (n,): wake with much posterior alpha, as often as the subject shuts the eyes."""
        awake = self.stages == 0
        if not awake.any():
            return np.zeros(len(awake), dtype=bool)
        excess = self.rows[:, 9] - self.rows[:, 7]
        return np.asarray(awake & (excess > np.quantile(excess[awake], 1 - subject.eyes_closed)))

    def seen_in(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """Return rows as this subject would show them, and what varies inside a stage; both (n, 12)."""
        within = self.rows.copy()
        for stage in np.unique(self.stages):
            within[self.stages == stage] -= np.median(self.rows[self.stages == stage], axis=0)
        rows = self.rows + np.array(subject.offsets) + np.array(subject.stage_offsets)[self.stages]
        return rows, within


def read_band_powers(path: Path) -> MeasuredSpectra:
    """Read one night of band powers, cropped to half an hour around sleep.

    Parameters
    ----------
    path
        An npz file with ``bp`` (n, 2, 5) in µV²/Hz (Fpz-Cz, Pz-Oz; delta, theta, alpha, beta, gamma as in
        :mod:`.bands`), ``var`` (n, 2) in µV², ``y`` (n,) stages 0 to 4 and ``idx`` (n,) epoch numbers.

    Raises
    ------
    InputError
        If the file is not of this kind or holds no sleep.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            stages, epochs = archive["y"].astype(np.int8), archive["idx"].astype(np.int64)
            powers, variance = archive["bp"].astype(float), archive["var"].astype(float)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(path, "band powers", error, "give an npz file with bp, var, y and idx") from error
    if not (stages > 0).any():
        raise InputError(path, "y", "no sleep", "leave this night out")
    asleep = epochs[stages > 0]
    keep = (epochs >= asleep[0] - CROP_EPOCHS) & (epochs <= asleep[-1] + CROP_EPOCHS)
    slow = np.maximum(variance - powers @ np.array(BAND_WIDTHS_HZ), 0.02 * variance)
    rows = np.log(np.concatenate([slow[..., None], powers], axis=2)).reshape(len(stages), 12)
    return MeasuredSpectra(stages[keep], epochs[keep], rows[keep])
