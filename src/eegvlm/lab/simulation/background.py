"""Background activity with a given spectrum in every epoch: shaped noise or shaped real EEG.

Frames of 32 s with a hop of 30 s overlap by 2 s in a power-complementary cross-fade. Each frame's spectrum is a
smooth curve in log-log coordinates whose six levels are solved for, so that Welch's method reads the target in
every band of that very frame. Four sub-bands then wax and wane by slow envelopes that all channels share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from eegvlm.lab.simulation.bands import welch_readings
from eegvlm.lab.simulation.streams import stream

EPOCH_S, OVERLAP_S = 30, 2

_KNOTS_HZ = np.array([0.22, 1.0, 5.6, 10.2, 19.0, 38.0])
_SMOOTHING = 0.22  # natural-log units of frequency
_SIGMA_WIDTH_HZ = 1.1
_ITERATIONS = 4
_FRAMES_AT_ONCE = 192

# sub-bands that wax and wane: edges between them, seconds between knots, and spread by stage (W N1 N2 N3 R)
_EDGES_HZ = (4.0, 7.7, 13.0)
_KNOT_S = (6.0, 4.0, 2.5, 2.0)
_SPREAD = np.array(
    [
        [0.25, 0.25, 0.38, 0.36, 0.25],
        [0.20, 0.25, 0.30, 0.25, 0.25],
        [0.38, 0.38, 0.36, 0.28, 0.36],
        [0.26, 0.20, 0.16, 0.14, 0.18],
    ]
)


@dataclass(frozen=True)
class FrameGrid:
    """The frames of a night at one rate; samples and seconds of everything that is cut into frames."""

    n_epochs: int
    rate: float

    @property
    def hop(self) -> int:
        """Samples of an epoch."""
        return round(EPOCH_S * self.rate)

    @property
    def overlap(self) -> int:
        """Samples of a cross-fade, an even number."""
        return 2 * round(OVERLAP_S * self.rate / 2)

    @property
    def length(self) -> int:
        """Samples of a frame."""
        return self.hop + self.overlap

    @property
    def frequencies_hz(self) -> np.ndarray:
        """Frequencies of a frame's spectrum."""
        return np.asarray(fft.rfftfreq(self.length, 1 / self.rate))

    def join(self, frames: np.ndarray) -> np.ndarray:
        """Cross-fade frames (n_epochs, length) into a night (n_epochs * hop,)."""
        ramp = np.sin(0.5 * np.pi * (np.arange(self.overlap) + 0.5) / self.overlap).astype(np.float32)
        frames[:, : self.overlap] *= ramp
        frames[:, self.hop :] *= ramp[::-1]
        frames[1:, : self.overlap] += frames[:-1, self.hop :]
        half = self.overlap // 2
        body = frames[:, : self.hop].reshape(-1)[half:]
        return np.concatenate([body, frames[-1, self.hop : self.hop + half]])


def white_spectra(rng: np.random.Generator, grid: FrameGrid) -> np.ndarray:
    """Return complex64 (n_epochs, frequencies) of unit white noise: every bin has mean squared modulus 1."""
    shape = (grid.n_epochs, 2 * (grid.length // 2 + 1))
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= np.float32(np.sqrt(0.5))
    return noise.view(np.complex64)


def envelopes(seed: int, stages: np.ndarray, grid: FrameGrid) -> np.ndarray:
    """Return float32 (4, n_epochs, length): how the four sub-bands wax and wane, mean square 1 in every frame."""
    total = grid.n_epochs * EPOCH_S + OVERLAP_S
    at = np.arange(grid.n_epochs * grid.hop + grid.overlap) / grid.rate
    out = np.empty((4, grid.n_epochs, grid.length), dtype=np.float32)
    for k, knot_s in enumerate(_KNOT_S):
        knots = np.arange(0, total + 2 * knot_s, knot_s)
        stage = stages[np.clip(((knots - OVERLAP_S / 2) // EPOCH_S).astype(int), 0, grid.n_epochs - 1)]
        knot_values = _SPREAD[k][stage] * stream(seed, f"envelope {k}").standard_normal(len(knots))
        wave = np.exp(np.interp(at, knots, knot_values).astype(np.float32))
        frames = np.lib.stride_tricks.sliding_window_view(wave, grid.length)[:: grid.hop]
        out[k] = frames / np.sqrt(np.mean(frames * frames, axis=1, keepdims=True))
    return out


def shaped_background(
    target: np.ndarray,
    white: np.ndarray,
    envelope: np.ndarray,
    grid: FrameGrid,
    *,
    sigma: np.ndarray | None = None,
    sigma_hz: float = 13.2,
) -> np.ndarray:
    """Give unit noise the target spectrum, frame by frame.

    Parameters
    ----------
    target
        (n_epochs, 6): variance outside the bands (µV²) and band means (µV²/Hz), all above 0.
    white
        complex64 (n_epochs, frequencies), mean squared modulus about 1; noise or whitened real EEG.
    envelope
        float32 (4, n_epochs, length) from :func:`envelopes`.
    grid
        The frames.
    sigma, sigma_hz
        (n_epochs,) height of a peak on the smooth spectrum, in natural-log units of power, and its place: spindles
        too small to be counted. The levels of the bands around it give way.

    Returns
    -------
    numpy.ndarray
        float32 (n_epochs * hop,) in µV.
    """
    f = grid.frequencies_hz
    basis = _level_basis(f)
    readings = welch_readings(len(f), float(f[1]))
    masks = _masks(f)
    peak = np.exp(-0.5 * ((f - sigma_hz) / _SIGMA_WIDTH_HZ) ** 2).astype(np.float32)
    height = np.zeros(grid.n_epochs, np.float32) if sigma is None else sigma.astype(np.float32)
    # of a one-sided spectrum with |white|^2 = 1, bin power is density x step
    step = np.float32(f[1])
    frames = np.empty((grid.n_epochs, grid.length), dtype=np.float32)
    for first in range(0, grid.n_epochs, _FRAMES_AT_ONCE):
        block = slice(first, first + _FRAMES_AT_ONCE)
        noise = white[block]
        power = (noise.real**2 + noise.imag**2) * step
        goal = np.log(np.maximum(target[block], 1e-6)).astype(np.float32)
        level = goal.copy()
        level[:, 0] -= np.float32(np.log(0.5))
        bump = height[block, None] * peak
        for _ in range(_ITERATIONS):
            read = (np.exp(level @ basis + bump) * power) @ readings
            usable = read > 1e-9
            level += np.clip(np.where(usable, goal - np.log(np.where(usable, read, 1)), 0), -3, 3)
        amplitude = np.exp(0.5 * (level @ basis + bump)) * np.float32(np.sqrt(0.5 * step) * grid.length)
        shaped = noise * amplitude
        shaped[:, 0] = 0
        wave = fft.irfft(shaped * masks[0], grid.length) * envelope[0, block]
        for k in range(1, 4):
            wave += fft.irfft(shaped * masks[k], grid.length) * envelope[k, block]
        frames[block] = wave
    return grid.join(frames)


def band_readings(night: np.ndarray, grid: FrameGrid) -> np.ndarray:
    """Return the six calibrated numbers (n_epochs, 6) of every epoch of a night."""
    epochs = night.reshape(grid.n_epochs, grid.hop)
    readings = welch_readings(grid.hop // 2 + 1, grid.rate / grid.hop)
    out = np.empty((grid.n_epochs, 6))
    for first in range(0, grid.n_epochs, _FRAMES_AT_ONCE):
        block = slice(first, first + _FRAMES_AT_ONCE)
        spectrum = fft.rfft(epochs[block])
        power = spectrum.real**2 + spectrum.imag**2
        power[:, 0] = 0
        out[block] = (power * np.float32(2 / grid.hop**2)) @ readings
    return np.maximum(out, 0)


def _level_basis(f: np.ndarray) -> np.ndarray:
    """Return float32 (6, frequencies): how much each level counts at each frequency; columns sum to 1."""
    x = np.log(np.maximum(f, f[1]))
    knots = np.log(_KNOTS_HZ)
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    basis = np.zeros((6, len(f)))
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        at = x + _SMOOTHING * node
        basis += weight * np.stack([np.interp(at, knots, row) for row in np.eye(6)])
    above = np.maximum(x - knots[-1], 0)
    slope = 0.6 / (knots[-1] - knots[-2])
    basis[-1] += slope * above
    basis[-2] -= slope * above
    return basis.astype(np.float32)


def _masks(f: np.ndarray) -> np.ndarray:
    """Return float32 (4, frequencies): smooth partition into the sub-bands that wax and wane."""
    x = np.log(np.maximum(f, 1e-3))
    rises = [np.clip(0.5 + (x - np.log(edge)) / 0.35, 0, 1) for edge in _EDGES_HZ]
    low = [np.ones(len(f)), *rises]
    high = [*rises, np.zeros(len(f))]
    return np.asarray(np.stack([a - b for a, b in zip(low, high, strict=True)]), dtype=np.float32)
