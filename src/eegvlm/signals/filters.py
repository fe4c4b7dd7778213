"""Linear-phase filters for sleep signals: a band filter and a polyphase resampler, in numpy alone.

Both are windowed-sinc designs (Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., sections 7.5
and 4.6), symmetric around their centre, so that nothing is delayed, and finite, so that a stretch of signal
with enough margin is filtered exactly as it is within the whole night. ``scipy.signal`` would do as well and
takes longer to import than a night to filter; the tests compare the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

# The resampler keeps 0.9 of the narrower Nyquist band and rejects what would alias by 80 dB.
_KEPT, _REJECTION_DB = 0.9, 80.0
_BAND_REJECTION_DB = 60.0
_NOTCH_HALF_HZ = 2.0
# Ratios of rates with a larger numerator are approximated; the error is below 1e-7 of a second per second,
# and does not add up because every anchor begins anew (see epochs.py).
_LARGEST_RATIO = 4096
_GROUP = 32
_FFT = 16384
# Multiplications in one product of matrices. OpenBLAS takes one thread for so few: sums then do not depend on the
# number of cores, and no second thread spins while it waits for the next product.
_PRODUCT = 1 << 18


def _kaiser_beta(rejection_db: float) -> float:
    return 0.1102 * (rejection_db - 8.7)


def _kaiser_half(rejection_db: float, width: float) -> int:
    """Half length in samples of a filter whose transition takes ``width`` of the sampling rate."""
    return math.ceil((rejection_db - 7.95) / (2.285 * 2 * math.pi * width) / 2)


def band_taps(low: float | None, high: float | None, rate: float) -> npt.NDArray[np.float64]:
    """Design a band filter.

    Parameters
    ----------
    low, high
        Frequencies in Hz at which the gain is one half (-6 dB); None leaves that side open. The lower
        transition reaches from ``low/3`` to ``5*low/3`` (at most 4 Hz wide), and a constant is removed
        entirely; the upper one is a quarter of ``high`` wide (at least 2 Hz).
    rate
        Sampling rate in Hz.

    Returns
    -------
    float64 array of odd length
        Symmetric taps; ``[1.0]`` where both sides are open.
    """
    nyquist = rate / 2
    if low is not None and not 0 < low < nyquist:
        raise ValueError(f"the lower band edge {low} Hz does not lie between 0 and {nyquist} Hz")
    if low is not None and high is not None and high <= low:
        raise ValueError(f"the band {low} to {high} Hz is empty")
    taps = np.ones(1)
    if high is not None and high < _KEPT * nyquist:
        taps = _low_pass(high, min(max(high / 4, 2.0), 2 * (nyquist - high)), rate)
    if low is not None:
        under = _low_pass(low, min(4 * low / 3, 4.0), rate)
        half = max(len(taps), len(under)) // 2
        taps = np.pad(taps, half - len(taps) // 2) - np.pad(under, half - len(under) // 2)
    return taps


def notch_taps(frequency: float, rate: float) -> npt.NDArray[np.float64]:
    """Design a filter that takes out the mains.

    Parameters
    ----------
    frequency
        Its middle in Hz; the gain is one half 2 Hz below and above, and one again 4 Hz away.
    rate
        Sampling rate in Hz.

    Returns
    -------
    float64 array of odd length
        Symmetric taps.

    Raises
    ------
    ValueError
        Where the rate does not hold 4 Hz above the frequency, or there is no room below it.
    """
    if not 2 * _NOTCH_HALF_HZ < frequency < rate / 2 - 2 * _NOTCH_HALF_HZ:
        raise ValueError(f"a notch at {frequency} Hz does not fit a rate of {rate} Hz")
    transition = 2 * _NOTCH_HALF_HZ
    above = _low_pass(frequency + _NOTCH_HALF_HZ, transition, rate)
    taps = _low_pass(frequency - _NOTCH_HALF_HZ, transition, rate) - above
    taps[len(taps) // 2] += 1
    return taps


def _low_pass(cutoff: float, transition: float, rate: float) -> npt.NDArray[np.float64]:
    half = _kaiser_half(_BAND_REJECTION_DB, transition / rate)
    n = np.arange(-half, half + 1)
    taps = np.sinc(2 * cutoff / rate * n) * np.kaiser(2 * half + 1, _kaiser_beta(_BAND_REJECTION_DB))
    return np.asarray(taps / taps.sum(), np.float64)


def convolve(samples: Samples, taps: npt.NDArray[np.float64]) -> Samples:
    """Filter by overlapping blocks of Fourier transforms.

    Parameters
    ----------
    samples
        Float32 (n,).
    taps
        Odd number of taps.

    Returns
    -------
    float32 (n - len(taps) + 1,)
        Only the samples for which the whole filter lies within the input.
    """
    n_taps, n_out = len(taps), len(samples) - len(taps) + 1
    if n_taps == 1:
        return samples if taps[0] == 1 else samples * np.float32(taps[0])
    size = max(_FFT, 1 << (4 * n_taps - 1).bit_length())
    step = size - n_taps + 1
    blocks = -(-n_out // step)
    padded = np.zeros((blocks - 1) * step + size, np.float32)
    padded[: len(samples)] = samples
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    spectrum = np.fft.rfft(taps, size).astype(np.complex64)
    filtered = np.fft.irfft(np.fft.rfft(rows, axis=1) * spectrum, size, axis=1)
    return np.ascontiguousarray(filtered[:, n_taps - 1 :]).reshape(-1)[:n_out].astype(np.float32, copy=False)


@dataclass(frozen=True)
class Resampler:
    """A polyphase resampler between two rates.

    Output ``m`` lies at input position ``m * down / up``.

    Parameters
    ----------
    up, down
        Ratio of the output to the input rate.
    exact
        Whether it is the very ratio, or an approximation.
    half
        Input samples needed on either side of an output.
    weights
        Per group of neighbouring outputs: first input (counted from ``half`` before the period), and weights
        (inputs, outputs).
    """

    up: int
    down: int
    exact: bool
    half: int
    weights: tuple[tuple[int, Samples], ...]

    @property
    def passes(self) -> bool:
        """Whether input and output rate are the same: samples pass untouched."""
        return self.up == self.down

    def resample(self, samples: Samples, start: int, position: Fraction, count: int) -> Samples:
        """Compute outputs.

        Parameters
        ----------
        samples
            Float32 input (n,), finite.
        start
            Number of the first input sample.
        position
            Input position of the first output wanted; rounded to a multiple of ``1/up``.
        count
            Number of outputs.

        Returns
        -------
        float32 (count,)

        Raises
        ------
        ValueError
            Where the input does not cover ``half`` samples on both sides of the outputs.
        """
        phases = round(position * self.up)
        last = (phases + (count - 1) * self.down) // self.up
        if phases // self.up - self.half < start or last + self.half >= start + len(samples):
            raise ValueError("the input does not reach far enough around the outputs")
        if self.passes:
            first = phases - start
            return samples[first : first + count]
        # All phases lie on one cycle of length up: enter it `skip` outputs after its beginning.
        skip = phases * pow(self.down, -1, self.up) % self.up if self.up > 1 else 0
        base = (phases - skip * self.down) // self.up
        return self._whole_periods(samples, base - start, skip + count)[skip:]

    def _whole_periods(self, samples: Samples, base: int, count: int) -> Samples:
        per_period = sum(weights.shape[1] for _, weights in self.weights)
        stride = per_period * self.down // self.up
        periods = -(-count // per_period)
        reach = (periods - 1) * stride + max(first + len(weights) for first, weights in self.weights)
        before = self.half - base
        padded = np.zeros(reach, np.float32)
        take = samples[max(0, -before) : reach - before]
        padded[max(0, before) : max(0, before) + len(take)] = take
        outputs = np.empty((periods, per_period), np.float32)
        column = 0
        for first, weights in self.weights:
            rows = np.lib.stride_tricks.as_strided(
                padded[first:], (periods, len(weights)), (stride * 4, 4), writeable=False
            )
            step = max(1, _PRODUCT // weights.size)
            columns = outputs[:, column : column + weights.shape[1]]
            for begin in range(0, periods, step):
                columns[begin : begin + step] = np.ascontiguousarray(rows[begin : begin + step]) @ weights
            column += weights.shape[1]
        return outputs.reshape(-1)[:count]


@lru_cache(maxsize=16)
def resampler(rate_in: Fraction, rate_out: Fraction) -> Resampler:
    """Design a resampler.

    Parameters
    ----------
    rate_in, rate_out
        Sampling rates in Hz.

    Returns
    -------
    Resampler
        Flat to 0.9 of the lower Nyquist frequency, -6 dB at 0.95 of it, 80 dB down from there on.
    """
    ratio = rate_in / rate_out
    # down/up with up at most _LARGEST_RATIO
    approximate = ratio.limit_denominator(_LARGEST_RATIO)
    if approximate == 0:
        raise ValueError(f"{float(rate_in):g} Hz cannot be resampled to {float(rate_out):g} Hz")
    up, down = approximate.denominator, approximate.numerator
    if up == down:
        return Resampler(1, 1, ratio == approximate, 0, ())
    nyquist = min(1.0, float(1 / ratio)) / 2
    half = _kaiser_half(_REJECTION_DB, (1 - _KEPT) * nyquist)
    cutoff = (1 + _KEPT) / 2 * nyquist
    period = up * max(1, round(_GROUP / up))
    weights = []
    for first in range(0, period, _GROUP):
        positions = np.arange(first, min(first + _GROUP, period)) * down / up
        base = math.floor(positions[0])
        inputs = np.arange(base - half, math.floor(positions[-1]) + half + 2)
        distance = inputs[:, None] - positions
        window = np.i0(_kaiser_beta(_REJECTION_DB) * np.sqrt(np.clip(1 - (distance / (half + 1)) ** 2, 0, None))) * (
            np.abs(distance) <= half + 1
        )
        kernel = np.sinc(2 * cutoff * distance) * window
        weights.append((base + 1, (kernel / kernel.sum(axis=0)).astype(np.float32)))
    return Resampler(up, down, ratio == approximate, half + 1, tuple(weights))
