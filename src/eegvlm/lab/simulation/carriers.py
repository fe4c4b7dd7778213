"""Real EEG as a carrier: its phases and texture under a simulated spectrum.

A stretch of real EEG is divided by its own smoothed spectrum, which leaves waveform, phase relations and bursts but
no colour; the simulator then gives it the colour of the epoch it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from eegvlm.errors import InputError
from eegvlm.lab.simulation.background import FrameGrid, white_spectra

_DEEP = np.array([0.10, 0.20, 0.75, 0.95, 0.30])  # chance that an epoch of W, N1, N2, N3, R rides on N3
_REVERSED = 0.2
_NOISE_ABOVE_HZ = 38.0
_JOIN_S = 0.5


@dataclass(frozen=True)
class Carriers:
    """Real epochs to build backgrounds from.

    Parameters
    ----------
    epochs
        float32 (m, samples) in µV: whole 30-s epochs, in the order of their recordings, without gaps.
    stages
        int (m,), 0 to 4. Epochs of N3 carry mostly deep sleep, all others mostly light sleep and wake.
    """

    epochs: np.ndarray
    stages: np.ndarray

    def __post_init__(self) -> None:
        if self.epochs.ndim != 2 or self.stages.shape != (len(self.epochs),) or len(self.epochs) < 2:
            raise InputError(
                "carriers", "epochs", self.epochs.shape, "give at least two epochs (m, samples) and m stages"
            )
        if not np.isfinite(self.epochs).all():
            raise InputError("carriers", "epochs", "NaN", "leave out epochs with gaps")

    def white_spectra(self, rng: np.random.Generator, stages: np.ndarray, grid: FrameGrid) -> np.ndarray:
        """Return complex64 (n_epochs, frequencies) like :func:`.background.white_spectra`, with real texture.

        Every frame joins the tail of one epoch to the head of the next of the same stage, at a random cut.
        """
        if self.epochs.shape[1] != grid.hop:
            raise InputError(
                "carriers", "epochs", f"{self.epochs.shape[1]} samples", f"resample them to {grid.hop} samples an epoch"
            )
        first, second = self._pairs(rng, stages)
        noise = white_spectra(rng, grid)
        cuts = rng.integers(int(0.2 * grid.length), int(0.8 * grid.length), grid.n_epochs)
        flips = rng.random(grid.n_epochs) < _REVERSED
        f = grid.frequencies_hz
        edges, back = _smoother(f)
        above = np.clip((f - _NOISE_ABOVE_HZ) / 4, 0, 1).astype(np.float32)
        for start in range(0, grid.n_epochs, 128):
            rows = range(start, min(start + 128, grid.n_epochs))
            frames = np.stack([self._joined(first[i], second[i], int(cuts[i]), grid) for i in rows])
            block = slice(start, start + 128)
            frames[flips[block]] = frames[flips[block], ::-1]
            line = np.linspace(0, 1, grid.length, dtype=np.float32)
            frames -= frames[:, :1] + (frames[:, -1:] - frames[:, :1]) * line
            spectrum = fft.rfft(frames)
            power = np.log(spectrum.real**2 + spectrum.imag**2 + 1e-6)
            pooled = np.log(np.add.reduceat(np.exp(power), edges, axis=1) / np.diff(np.append(edges, len(f))))
            spectrum *= np.exp(-0.5 * (pooled.astype(np.float32) @ back))
            noise[block] = spectrum * np.sqrt(1 - above) + noise[block] * np.sqrt(above)
        return noise

    def _pairs(self, rng: np.random.Generator, stages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        deep, light = np.flatnonzero(self.stages == 3), np.flatnonzero(self.stages != 3)
        deep, light = (deep if len(deep) else light), (light if len(light) else deep)
        want = rng.random(len(stages)) < _DEEP[stages]
        pick = rng.random(len(stages))
        first = np.where(want, deep[(pick * len(deep)).astype(int)], light[(pick * len(light)).astype(int)])
        following = np.minimum(first + 1, len(self.stages) - 1)
        second = np.where(self.stages[following] == self.stages[first], following, first)
        return first, second

    def _joined(self, first: int, second: int, cut: int, grid: FrameGrid) -> np.ndarray:
        blend = int(_JOIN_S * grid.rate)
        out = np.empty(grid.length, dtype=np.float32)
        out[:cut] = self.epochs[first, grid.hop - cut :]
        head = self.epochs[second, : grid.length - cut + blend]
        ramp = np.linspace(0, 1, blend, dtype=np.float32)
        out[cut - blend : cut] += ramp * (head[:blend] - out[cut - blend : cut])
        out[cut:] = head[blend:]
        return out


def _smoother(f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first bin of each log-spaced pool, and the matrix that interpolates pools back to bins."""
    edges = np.unique(np.searchsorted(f, np.geomspace(f[1], f[-1], 44)))
    edges[0] = 0
    centres = np.log(np.maximum(np.add.reduceat(f, edges) / np.diff(np.append(edges, len(f))), f[1]))
    x = np.log(np.maximum(f, f[1]))
    return edges, np.stack([np.interp(x, centres, row) for row in np.eye(len(edges))]).astype(np.float32)
