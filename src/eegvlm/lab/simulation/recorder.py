"""What the recorder does to every signal: filters, equalisation, calibration, polarity, noise, mains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

EQ_KNOTS_HZ = (0.5, 1.5, 4.0, 8.0, 13.0, 22.0, 40.0)
_BLOCK_S, _MARGIN_S = 1024, 16


@dataclass(frozen=True)
class Recorder:
    """A recorder's front end.

    Attributes
    ----------
    highpass_hz
        Corner of the first-order high-pass filter; 0 for none.
    lowpass_hz
        Corner of the fourth-order low-pass filter; None for none but the anti-aliasing one.
    eq_db
        Gain in dB at 0.5, 1.5, 4, 8, 13, 22 and 40 Hz, interpolated over log frequency: what electrodes, paste and
        an unknown montage do to a spectrum.
    gain
        Factor on everything (a calibration that is off).
    polarity
        1, or -1 where the inputs were swapped.
    noise_uv
        Rms of the white noise of the inputs.
    mains_hz, mains_uv
        Frequency, and rms where it gets in. Above the Nyquist frequency nothing is seen.
    mains_share
        Share of the night with mains.
    """

    highpass_hz: float = 0.05
    lowpass_hz: float | None = None
    eq_db: tuple[float, ...] = (0.0,) * len(EQ_KNOTS_HZ)
    gain: float = 1.0
    polarity: int = 1
    noise_uv: float = 0.3
    mains_hz: float = 50.0
    mains_uv: float = 0.0
    mains_share: float = 0.5

    def response(self, frequencies_hz: np.ndarray) -> np.ndarray:
        """Return the complex response at the given frequencies (gain, polarity, EQ and both filters)."""
        f = np.maximum(np.asarray(frequencies_hz, dtype=np.float64), 1e-6)
        eq = np.interp(np.log(f), np.log(EQ_KNOTS_HZ), self.eq_db)
        h = self.gain * self.polarity * 10 ** (eq / 20) + 0j
        if self.highpass_hz:
            h *= 1j * f / (1j * f + self.highpass_hz)
        if self.lowpass_hz:
            s = 1j * f / self.lowpass_hz
            h /= (s**2 + 0.7654 * s + 1) * (s**2 + 1.8478 * s + 1)
        return np.asarray(h)

    def apply(self, signal: np.ndarray, rate: float) -> np.ndarray:
        """Filter a night (float32, µV) block by block; the margins are longer than the filters' memory."""
        block, margin = round(_BLOCK_S * rate), round(_MARGIN_S * rate)
        size = int(fft.next_fast_len(min(len(signal), block) + 2 * margin, real=True))
        h = self.response(fft.rfftfreq(size, 1 / rate)).astype(np.complex64)
        out = np.empty_like(signal)
        for first in range(0, len(signal), block):
            start, stop = max(0, first - margin), min(len(signal), first + block)
            piece = signal[start : min(len(signal), stop + margin)]
            filtered = fft.irfft(fft.rfft(piece, size) * h, size)
            out[first:stop] = filtered[first - start : stop - start]
        return out
