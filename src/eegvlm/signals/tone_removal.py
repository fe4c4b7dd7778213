"""Takes a machine's tone out of a channel: a sine of its frequency is fitted to every four seconds and subtracted.

The usual way for line noise (Mitra & Bokil 2007, Observed Brain Dynamics, ch. 7; CleanLine), here at the frequency that
each epoch shows, for a blower or aliased mains may wander by a tenth of a hertz. What is lost of the EEG is what lies
within a quarter of a hertz of the tone.

Not covered: tones of single epochs, which stay as they are; harmonics, unless they are tones themselves; whether a tone
is there at all (:mod:`eegvlm.signals.quality_tones`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.core.runs import true_runs
from eegvlm.signals.heartbeat import LEAST_EPOCHS, leak_stretches
from eegvlm.signals.quality_tones import purest_tones

Samples = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_SAME_HZ = 0.25
_TONES = 3  # at most, of one channel
_FIT_S = 4.0
_AT_ONCE = 256  # windows, whose sines are complex numbers


@dataclass(frozen=True, eq=False)
class RemovedTone:
    """What was taken out of a channel.

    Parameters
    ----------
    epochs
        From which epochs: bool (n_epochs,).
    hz
        Median frequency of each tone, in the order in which they were found.
    microvolt
        Median over these epochs of the rms of all tones together.
    """

    epochs: Bools
    hz: tuple[float, ...]
    microvolt: float


def without_tones(signals: Samples, rate: float, tonal: Bools) -> tuple[Samples, RemovedTone] | None:
    """Subtract the tones of a channel.

    Parameters
    ----------
    signals
        float32 (n_epochs, samples) microvolt; NaN where an epoch holds none.
    rate
        Samples per second.
    tonal
        bool (n_epochs,): in which epochs a tone was told.

    Returns
    -------
    tuple or None
        The signals without tones, and what was taken out; epochs outside of :attr:`RemovedTone.epochs` keep their
        samples to the bit. None where nothing is to be done.
    """
    present = np.isfinite(signals).all(axis=1)
    tonal = tonal & present
    if tonal.sum() < LEAST_EPOCHS:
        return None
    cleaned, removed = signals.copy(), np.zeros(len(signals), np.bool_)
    frequencies: list[float] = []
    for _ in range(_TONES):
        tone_hz = np.zeros(len(signals))
        tone_hz[tonal] = purest_tones(cleaned[tonal])[0]
        middle = float(np.median(tone_hz[tone_hz > 0])) if (tone_hz > 0).any() else 0.0
        holds_tone = (tone_hz > 0) & (np.abs(tone_hz - middle) < _SAME_HZ)
        chosen = np.zeros_like(present)
        # an epoch that is missing ends no stretch, nor does one in which another tone is purer
        chosen[present] = _stretches(holds_tone[present], (tone_hz > 0)[present])
        if not chosen.any():
            break
        hz = np.interp(np.arange(len(signals)), np.flatnonzero(holds_tone), tone_hz[holds_tone])
        for first, stop in true_runs(chosen):
            rows = slice(first, stop)
            cleaned[rows] -= _fitted(cleaned[rows], hz[rows], rate)
        removed |= chosen
        frequencies.append(middle)
    if not frequencies:
        return None
    size = np.sqrt(np.mean(np.square(signals[removed] - cleaned[removed], dtype=np.float64), axis=1))
    return cleaned, RemovedTone(removed, tuple(frequencies), float(np.median(size)))


def _stretches(holds_tone: Bools, any_tone: Bools) -> Bools:
    """Return stretches in which a tone is beyond doubt, with the epochs at their ends that hold any."""
    chosen = leak_stretches(holds_tone)
    for first, stop in true_runs(chosen | any_tone):
        chosen[first:stop] = chosen[first:stop].any()
    return chosen


def _fitted(epochs: Samples, hz: npt.NDArray[np.float64], rate: float) -> Samples:
    """Return the sines that fit windows of four seconds best, which overlap by half: (n_epochs, samples)."""
    length = 2 * round(_FIT_S * rate / 2)
    hop = length // 2
    total = epochs.size
    count = -(-total // hop) + 1
    padded, weight = np.zeros((count + 1) * hop), np.zeros((count + 1) * hop)
    padded[hop : hop + total], weight[hop : hop + total] = epochs.reshape(-1), 1.0
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    present = np.lib.stride_tricks.sliding_window_view(weight, length)[::hop]
    middles = np.clip(np.arange(count) * hop, 0, total - 1) // epochs.shape[1]
    at, taper = np.arange(length) / rate, np.hanning(length + 1)[:-1]
    summed = np.zeros_like(padded)
    for first in range(0, count, _AT_ONCE):
        block = slice(first, first + _AT_ONCE)
        weights = present[block] * taper
        turns = np.exp(2j * np.pi * hz[middles[block]][:, None] * at)
        amplitude = 2 * (windows[block] * weights * turns.conj()).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        for place, sine in enumerate((amplitude[:, None] * turns).real * taper, start=first):
            summed[place * hop : place * hop + length] += sine
    return summed[hop : hop + total].reshape(epochs.shape).astype(np.float32)
