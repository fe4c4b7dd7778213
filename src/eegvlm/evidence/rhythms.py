"""Rhythms: how an epoch's power is shared by the bands, which rhythm is dominant and for how much of the time.

Shares are of the power between 0.5 and 30 Hz (Welch's method). Which rhythm is *dominant* is asked of the spectrum
times frequency: against the 1/f slope of every EEG a rhythm is what rises above it. The same question is put to every
2-s window, so that "alpha for more than half of the epoch" can be answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from eegvlm.evidence.event_table import Floats
from eegvlm.scoring.limits import BANDS

BAND_NAMES = tuple(BANDS)
_WINDOW_S = 2
_AT_ONCE = 64


@dataclass(frozen=True)
class Rhythms:
    """Rhythms of every epoch of one channel; NaN where the epoch has no signal.

    Attributes
    ----------
    share
        float64 (n, 5): part of the power, by :data:`BANDS`; sums to 1.
    time
        float64 (n, 5): part of the epoch in which the band stands out most; sums to 1.
    dominant_hz
        float64 (n,): peak of the spectrum times frequency within the dominant band.
    dominant
        int64 (n,): the dominant band's place in :data:`BANDS`, -1 where there is no signal.
    rms_uv
        float64 (n, 5): amplitude of each band.
    peak_to_peak_uv
        float64 (n,): median over 1-s windows of the peak-to-peak amplitude.
    """

    share: Floats
    time: Floats
    dominant_hz: Floats
    dominant: npt.NDArray[np.int64]
    rms_uv: Floats
    peak_to_peak_uv: Floats


def measure_rhythms(epochs: npt.NDArray[np.float32], rate: float) -> Rhythms:
    """Measure epochs (n, 30 * rate) in µV."""
    n, per_epoch = epochs.shape
    window = round(_WINDOW_S * rate)
    hz = fft.rfftfreq(window, 1 / rate)
    taper = np.hanning(window + 1)[:-1].astype(np.float32)
    density = np.float32(2 / (rate * float(np.sum(taper**2))))
    inside = (hz >= 0.5) & (hz < min(30.0, rate / 2))
    used = hz[inside]
    member = np.stack([(used >= low) & (used < high) for low, high in BANDS.values()], axis=1)
    width = np.maximum(member.sum(axis=0), 1)
    spectrum = np.full((n, len(used)), np.nan)
    time = np.full((n, len(BANDS)), np.nan)
    present = np.asarray(np.isfinite(epochs).all(axis=1), np.bool_)
    hop = window // 2
    for first in range(0, n, _AT_ONCE):
        which = first + np.flatnonzero(present[first : first + _AT_ONCE])
        if not len(which):
            continue
        windows = np.lib.stride_tricks.sliding_window_view(epochs[which], window, axis=1)[:, ::hop]
        level = windows.mean(axis=2, keepdims=True)
        power = np.abs(fft.rfft((windows - level) * taper, axis=2)[:, :, inside]) ** 2 * density
        spectrum[which] = power.mean(axis=1)
        flat = (power * used.astype(np.float32)) @ (member / width).astype(np.float32)
        most = flat.argmax(axis=2)
        time[which] = (most[:, :, None] == np.arange(len(BANDS))).mean(axis=1)
    band_power = spectrum @ member * (hz[1] - hz[0])
    share = band_power / np.maximum(band_power.sum(axis=1, keepdims=True), 1e-12)
    dominant = np.where(present, np.argmax(np.nan_to_num(time), axis=1), -1)
    within = np.where(member.T[np.maximum(dominant, 0)], np.nan_to_num(spectrum) * used, -1.0)
    dominant_hz = np.where(present, used[within.argmax(axis=1)], np.nan)
    second = round(rate)
    cut = epochs[:, : 30 * second] if per_epoch >= 30 * second else epochs[:, : per_epoch // second * second]
    pieces = cut.reshape(n, -1, second)
    height = np.where(present, np.median(pieces.max(axis=2) - pieces.min(axis=2), axis=1), np.nan)
    return Rhythms(share, time, dominant_hz, dominant, np.sqrt(band_power), height.astype(np.float64))
