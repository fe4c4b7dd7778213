"""A row's filters over a page: the project's taps, applied by Fourier transforms of many blocks at a time.

:func:`eegvlm.signals.filters.convolve` does the same and is what staging runs on; it takes a transform of 16384 samples
or more per call, one block after the other. Here scipy transforms all blocks of a row together in single precision, and
a short page is one block of its own length. The two agree within rounding (1e-6 of the largest sample).
``scipy.signal.oaconvolve`` would do, but takes six times as long on a page of 300 s at 512 Hz (3.3 ms a row), and a
page of 40 rows is to be there within 100 ms.

Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., section 8.7 (overlap-save).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from eegvlm.review.problems import ReviewError
from eegvlm.signals.filters import band_taps, notch_taps

_BLOCK = 24576  # 3 x 2^13: blocks of one row stay in the second-level cache
_LEAST_TAPS_OF_BLOCK = 4  # a block is at least so many times as long as the filter, or most of it would be margin
_MOST_SPECTRA = 8

Samples = NDArray[np.float32]


class PageFilter:
    """The filters of a row at one sampling rate.

    Parameters
    ----------
    taps
        Symmetric, an odd number of them.
    """

    def __init__(self, taps: NDArray[np.float64]) -> None:
        self.taps = taps
        self._spectra: dict[int, NDArray[np.complex64]] = {}

    @property
    def margin(self) -> int:
        """Samples that it needs on either side."""
        return len(self.taps) // 2

    def apply(self, samples: Samples) -> Samples:
        """Filter float32 (n,), finite: float32 (n - 2 * margin,), those for which the whole filter lies within."""
        n_taps, n_out = len(self.taps), len(samples) - len(self.taps) + 1
        if n_taps == 1:
            return samples
        size = fft.next_fast_len(min(len(samples), max(_BLOCK, _LEAST_TAPS_OF_BLOCK * n_taps)), real=True)
        step = size - n_taps + 1
        n_blocks = -(-n_out // step)
        padded = np.zeros((n_blocks - 1) * step + size, np.float32)
        padded[: len(samples)] = samples
        blocks = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
        filtered = fft.irfft(fft.rfft(blocks, axis=1) * self._spectrum(size), size, axis=1, overwrite_x=True)
        return np.ascontiguousarray(filtered[:, n_taps - 1 :]).reshape(-1)[:n_out]

    def _spectrum(self, size: int) -> NDArray[np.complex64]:
        # Two threads may compute the same one; either is right.
        spectrum = self._spectra.get(size)
        if spectrum is None:
            spectrum = fft.rfft(self.taps, size).astype(np.complex64)
            if len(self._spectra) >= _MOST_SPECTRA:  # stretches between gaps have any length
                self._spectra = {}
            self._spectra[size] = spectrum
        return spectrum


@lru_cache(maxsize=64)
def page_filter(low: float | None, high: float | None, notch: float | None, rate: float, name: str) -> PageFilter:
    """Return a row's filters.

    Parameters
    ----------
    low, high, notch
        Edges of the band and the notch in Hz; None leaves it out.
    rate
        Sampling rate in Hz.
    name
        The row, for the error.

    Raises
    ------
    ReviewError
        If the rate cannot hold them.
    """
    try:
        taps = band_taps(low, None if high is not None and high >= rate / 2 else high, rate)
        return PageFilter(taps if notch is None else np.convolve(taps, notch_taps(notch, rate)))
    except ValueError as error:
        raise ReviewError(name, "filter", f"at {rate:g} Hz {error}", "choose another one for this row") from error
