"""The bands in which spectra are calibrated, and what Welch's method would read in them.

The calibration data hold mean densities that ``scipy.signal.welch`` gives with 2.56-s Hann windows at 100 Hz. A
density known on a frequency grid is turned into those readings by one matrix product, window leakage included.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

BANDS_HZ = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 50.0),
}
"""Edges of the five bands; a band's value is the mean density (µV²/Hz) of the Welch bins inside."""

BAND_NAMES = ("slow", *BANDS_HZ)
"""The six numbers of an epoch: ``slow`` is the variance (µV²) outside the bands, nearly all below 0.5 Hz."""

BAND_WIDTHS_HZ = tuple(high - low for low, high in BANDS_HZ.values())

_WELCH_S = 2.56


@lru_cache(maxsize=8)
def welch_readings(n_frequencies: int, step_hz: float) -> np.ndarray:
    """Return the matrix (frequencies, 6) that turns a power spectrum into the six calibrated numbers.

    A row vector of one-sided powers per bin (µV²; they sum to the variance) times this matrix gives ``slow`` in
    µV² and the five band means in µV²/Hz. Bands above the last frequency read 0.

    Parameters
    ----------
    n_frequencies, step_hz
        The grid of the spectrum: 0, step, 2 step ...

    Returns
    -------
    numpy.ndarray
        float32, read-only.
    """
    frequencies_hz = np.arange(n_frequencies) * step_hz
    step = 1 / _WELCH_S
    columns = []
    for low, high in BANDS_HZ.values():
        bins = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
        bins = bins[bins <= frequencies_hz[-1]]
        offset = (frequencies_hz[:, None] - bins) * _WELCH_S
        # Hann window: power response normalised to unit area, so that a white density reads itself
        kernel = (np.sinc(offset) + 0.5 * np.sinc(offset - 1) + 0.5 * np.sinc(offset + 1)) ** 2 * _WELCH_S / 1.5
        columns.append(kernel.mean(1) if len(bins) else np.zeros(len(frequencies_hz)))
    bands = np.stack(columns, axis=1)
    slow = 1.0 - bands @ np.array(BAND_WIDTHS_HZ)
    matrix = np.concatenate([slow[:, None], bands], axis=1).astype(np.float32)
    matrix.flags.writeable = False
    return matrix
