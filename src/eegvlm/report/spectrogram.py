"""Spectrogram of a night: Welch's periodogram in columns of time, drawn on a robust scale of decibels.

Windows of 4 s (Hann), one a second, each wholly inside its epoch; a column is the mean of the windows whose middle it
holds. Welch 1967, IEEE Trans. Audio Electroacoust. 15(2):70-73.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW_S = 4
HIGHEST_HZ = 30.0
_LOWEST_HZ = 0.5
_MOST_COLUMNS, _LEAST_COLUMNS = 1600, 500
_PERCENTILES = (2.0, 98.0)
# Eight of viridis' colours (public domain): equal steps look equal, also in grey and to the colour-blind.
_COLOURS = (
    *((68, 1, 84), (70, 50, 127), (54, 92, 141), (39, 127, 142)),
    *((31, 161, 135), (74, 194, 109), (159, 218, 58), (253, 231, 37)),
)
_LEVELS = 255  # level 255 itself is transparent: no signal


@dataclass(frozen=True)
class Spectrogram:
    """A spectrogram, ready for a page.

    Parameters
    ----------
    image
        PNG as base64, lowest frequency at the bottom, transparent where there is no signal.
    highest_hz
        Frequency at the upper border.
    low_db, high_db
        What the first and the last colour mean, dB of 1 uV²/Hz.
    """

    image: str
    highest_hz: float
    low_db: float
    high_db: float


def column_seconds(n_epochs: int) -> int:
    """Return how many seconds a column shows: as few as fit, so that a short recording keeps its detail."""
    for seconds in (1, 2, 5, 10, 15):
        if n_epochs * 30 / seconds <= _MOST_COLUMNS and (n_epochs * 30 / seconds >= _LEAST_COLUMNS or seconds == 1):
            return seconds
    return 30


def column_powers(epochs: NDArray[np.float32], rate: float, seconds: int) -> NDArray[np.float32]:
    """Return the power density of columns of time.

    Parameters
    ----------
    epochs
        (n, 30 * rate) microvolt; NaN where there is no signal.
    rate
        Samples per second.
    seconds
        Length of a column; divides 30.

    Returns
    -------
    numpy.ndarray
        float32 (n * 30 / seconds, frequencies) in uV²/Hz, one frequency every 0.25 Hz from 0.5 to 30 Hz.
    """
    size, hop = round(WINDOW_S * rate), round(rate)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    pieces = sliding_window_view(epochs, size, axis=1)[:, ::hop]
    spectra = np.abs(np.fft.rfft(pieces * window, axis=2)) ** 2
    density = spectra * (2 / (rate * float((window**2).sum())))
    chosen = density[:, :, round(_LOWEST_HZ * WINDOW_S) :][:, :, : _n_frequencies(rate)]
    middles = np.arange(chosen.shape[1]) + WINDOW_S / 2
    column = np.minimum((middles // seconds).astype(int), 30 // seconds - 1)
    # the first and the last two seconds of an epoch hold no window's middle: they show the nearest one
    nearest = [np.flatnonzero(column == c) for c in range(30 // seconds)]
    filled = [which if which.size else np.array([0 if c * seconds < 15 else len(column) - 1])
              for c, which in enumerate(nearest)]  # fmt: skip
    powers = np.stack([chosen[:, which].mean(axis=1) for which in filled], axis=1)
    return powers.reshape(-1, chosen.shape[2]).astype(np.float32)


def draw_spectrogram(powers: NDArray[np.float32], rate: float) -> Spectrogram | None:
    """Draw powers (columns, frequencies) as an image; None where there is no signal at all."""
    from PIL import Image

    complete = np.asarray(np.isfinite(powers).all(axis=1) & (powers > 0).all(axis=1), np.bool_)
    if not complete.any():
        return None
    decibels = 10 * np.log10(np.where(complete[:, None], powers, 1.0))
    low, high = (float(level) for level in np.percentile(decibels[complete], _PERCENTILES))
    scaled = np.clip((decibels - low) / max(high - low, 1e-6), 0, 1) * (_LEVELS - 1)
    levels = np.where(complete[:, None], np.rint(scaled), _LEVELS).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(levels.T[::-1]), mode=None)
    image.putpalette(_palette())
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True, transparency=_LEVELS)
    highest = _LOWEST_HZ + (powers.shape[1] - 1) / WINDOW_S
    return Spectrogram(base64.b64encode(stream.getvalue()).decode("ascii"), highest, low, high)


def scale_colours() -> list[tuple[float, str]]:
    """Return the colours of the scale: (percent, ``#rrggbb``)."""
    last = len(_COLOURS) - 1
    return [(100 * k / last, "#{:02x}{:02x}{:02x}".format(*colour)) for k, colour in enumerate(_COLOURS)]


def _n_frequencies(rate: float) -> int:
    return round((min(HIGHEST_HZ, rate / 2) - _LOWEST_HZ) * WINDOW_S) + 1


def _palette() -> list[int]:
    at = np.linspace(0, len(_COLOURS) - 1, _LEVELS)
    levels = np.stack([np.interp(at, np.arange(len(_COLOURS)), [c[k] for c in _COLOURS]) for k in range(3)], axis=1)
    return [*np.rint(levels).astype(int).ravel().tolist(), 0, 0, 0]
