"""A tone in a signal: one frequency that keeps its pace for a whole epoch, as no rhythm of a brain does.

Alpha and spindles wander by a hertz, so half a minute of them fills a band; a blower, a pump or mains that a recorder
has aliased stays within a tenth of a hertz. Told are tones where sleep is scored; those above are filtered out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.signals.quality_limits import TONE_HZ, TONE_SHARE, TONE_UV
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]

_AROUND_HZ = 1.5
_LINE_BINS = 2  # on both sides: the main lobe of the Hann window
# Windows of two seconds spread a tone over a hertz. Few other epochs concentrate that much, and need the long look.
_LEAST_SHARE, _LEAST_UV = 0.6, 0.8 * TONE_UV


def tone_uv(epochs: Samples, density: npt.NDArray[np.floating], hz: float) -> npt.NDArray[np.float32]:
    """Return the size of the purest tone of each epoch.

    Parameters
    ----------
    epochs
        Float32 (k, samples) in µV, without NaN.
    density
        Of these epochs, through short Hann windows: (k, bins), µV²/Hz.
    hz
        Width of its bins.

    Returns
    -------
    numpy.ndarray
        float32 (k,), µV rms; 0 where no tone is as large and as pure as :mod:`.quality_limits` says.
    """
    sizes = np.zeros(len(epochs), np.float32)
    frequencies = np.arange(density.shape[1], dtype=np.float64) * hz
    short = hz * density.astype(np.float64)
    share, power, _ = _purest(short, frequencies, 1 if hz > 0.3 else 2)
    chosen = np.flatnonzero((share > _LEAST_SHARE) & (power > _LEAST_UV**2))
    sizes[chosen] = purest_tones(epochs[chosen])[1]
    return sizes


def purest_tones(epochs: Samples) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return frequency and size of the purest tone of each epoch.

    Parameters
    ----------
    epochs
        float32 (k, samples) in µV, without NaN.

    Returns
    -------
    tuple
        Frequencies in Hz, to a hundredth, and sizes in µV rms, (k,) each; 0 where no tone is as large and as pure as
        :mod:`.quality_limits` says.
    """
    hz, sizes = np.zeros(len(epochs)), np.zeros(len(epochs), np.float32)
    window = np.hanning(epochs.shape[1] + 1)[:-1]
    frequencies = np.arange(epochs.shape[1] // 2 + 1) / EPOCH_S
    for k, samples in enumerate(epochs):
        epoch = samples.astype(np.float64)
        transform = np.fft.rfft((epoch - epoch.mean()) * window)
        of_bins = 2 * np.abs(transform) ** 2 / (len(epoch) * (window**2).sum())
        pure, of_tone, best = _purest(of_bins[None], frequencies, _LINE_BINS)
        if pure[0] >= TONE_SHARE and of_tone[0] >= TONE_UV**2:
            line = slice(int(best[0]) - _LINE_BINS, int(best[0]) + _LINE_BINS + 1)
            hz[k] = np.average(frequencies[line], weights=of_bins[line])
            sizes[k] = np.sqrt(of_tone[0])
    return hz, sizes


def _purest(
    power: npt.NDArray[np.float64], frequencies: npt.NDArray[np.float64], line: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return, of the line that is largest beside what surrounds it, its share of that, its power and bin: (k,) each."""
    around = round(_AROUND_HZ / frequencies[1])
    last = min(TONE_HZ[1], frequencies[-1] - _AROUND_HZ)
    bins = np.flatnonzero((frequencies >= TONE_HZ[0]) & (frequencies <= last))
    if not len(bins):
        return np.zeros(len(power)), np.zeros(len(power)), np.zeros(len(power), np.intp)
    total = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    of_line = total[:, bins + line + 1] - total[:, bins - line]
    surrounding = total[:, bins + around + 1] - total[:, bins - around]
    share = np.where(of_line >= _LEAST_UV**2, of_line / np.maximum(surrounding, 1e-12), 0)
    best = share.argmax(axis=1)
    rows = np.arange(len(power))
    return share[rows, best], of_line[rows, best], bins[best]
