"""What is done to the signals of a whole recording before they are drawn: its level, and what an artefact hides.

Derivations, skulls and recorders show the same sleep larger or smaller. Scorers meet this with the sensitivity of their
screen; a panel with a :class:`~eegvlm.images.Level` meets it with one factor for the whole recording. The level is the
median over epochs of the rms in a band that changes little from stage to stage (4 to 16 Hz for EEG: half a night, or
wake and N3 alone, have nearly the level of the whole), so that amplitude still tells the stages of a recording apart.
Amplitude is never fitted to the epoch.

Muscle or sweat that fills a band all night long hides what the band says of stages. Scorers turn on a filter; a panel
with a :class:`~eegvlm.images.Floor` does so where even the quietest epochs hold more than sleep does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from eegvlm.images.layout import Floor, ImageLayout, Level, Panel
from eegvlm.images.sampling import sampled_rows
from eegvlm.signals.filters import band_taps

_FEW = 4
_FURTHEST = 8.0
_AN_HOUR = 120  # epochs: in less, a tense waker is not told from an artefact
_QUIETEST = 10  # percent of the epochs
_FLAT = 0.01  # of what is asked for
_ROWS_AT_ONCE = 256

Band = tuple[float | None, float | None]


@dataclass(frozen=True)
class Correction:
    """What is done to the signal of a panel, the same for the whole recording.

    Attributes
    ----------
    gain
        What it is multiplied by.
    band
        (low, high) in Hz to which it is narrowed; None leaves a side as it is.
    """

    gain: float = 1.0
    band: Band = (None, None)

    @property
    def narrows(self) -> bool:
        """Whether the signal is narrowed."""
        return self.band != (None, None)

    @property
    def in_words(self) -> str:
        """The band: ``"below 18 Hz"``; nothing where it is whole."""
        low, high = self.band
        if low is None:
            return "" if high is None else f"below {high:g} Hz"
        return f"above {low:g} Hz" if high is None else f"between {low:g} and {high:g} Hz"


def signal_corrections(layout: ImageLayout, signals: Mapping[str, NDArray[np.float32]]) -> dict[str, Correction]:
    """Return what is done to the signal of each panel with a level or a floor.

    Parameters
    ----------
    layout
        Says which panels have them, and which.
    signals
        Panel name to (n_epochs, samples) microvolt of one recording, at the layout's rate. Epochs that are not
        complete, or flat, do not count. Panels may be missing.

    Returns
    -------
    dict
        By panel name. A gain is 1/8 to 8; a few epochs say little of a recording: in decibel it is weighted by
        n / (n + 4). A signal of less than an hour is not narrowed.
    """
    return {
        panel.name: _correction(panel, signals[panel.name], layout.rate)
        for panel in layout.panels
        if panel.corrects and panel.name in signals
    }


def panel_correction(panel: Panel, epochs: NDArray[np.float32], rate: float) -> Correction:
    """Return what is done to the signal of one panel, from epochs all over a recording.

    Parameters
    ----------
    panel
        With or without a level and floors.
    epochs
        float32 (n, samples) microvolt; epochs with NaN do not count.
    rate
        Samples per second.
    """
    if not panel.corrects:
        return Correction()
    rows = sampled_rows(np.asarray(np.isfinite(epochs).all(axis=1)))
    return _correction(panel, epochs[rows], rate) if len(rows) else Correction()


def corrected(
    layout: ImageLayout, signals: Mapping[str, NDArray[np.float32]], corrections: Mapping[str, Correction]
) -> dict[str, NDArray[np.float32]]:
    """Return signals as they are drawn.

    Parameters
    ----------
    layout
        Gives the rate.
    signals
        Panel name to (n_epochs, samples) microvolt.
    corrections
        By panel name; signals of a panel without one, or whose correction does nothing, are not copied.
    """
    plain = Correction()
    return {name: apply_correction(some, corrections.get(name, plain), layout.rate) for name, some in signals.items()}


def _correction(panel: Panel, epochs: NDArray[np.float32], rate: float) -> Correction:
    levels = [] if panel.level is None else [panel.level]
    bands = [level.band for level in levels] + [floor.band for floor in panel.floors]
    rms = _rms(epochs, rate, bands)
    gain = 1.0 if panel.level is None else _gain(panel.level, rms[:, 0])
    whole = gain * epochs.std(axis=1)
    beside = zip(panel.floors, gain * rms[:, len(levels) :].T, strict=True)
    kept = [floor.keep for floor, own in beside if _is_above(floor, own, whole)]
    low = max((low for low, _ in kept if low is not None), default=None)
    high = min((high for _, high in kept if high is not None), default=None)
    return Correction(gain, (low, high))


def _gain(level: Level, rms: NDArray[np.float64]) -> float:
    rms = rms[rms > level.microvolt * _FLAT]  # NaN compares as false
    if not len(rms):
        return 1.0
    weight = len(rms) / (len(rms) + _FEW)
    return float(np.clip((level.microvolt / np.median(rms)) ** weight, 1 / _FURTHEST, _FURTHEST))


def _is_above(floor: Floor, rms: NDArray[np.float64], whole: NDArray[np.float32]) -> bool:
    """Say whether the quietest epochs hold too much in a band; flat ones are told by the rms of all that they hold."""
    rms = rms[whole > floor.microvolt * _FLAT]
    return len(rms) >= _AN_HOUR and bool(np.percentile(rms, _QUIETEST) > floor.microvolt)


def apply_correction(epochs: NDArray[np.float32], correction: Correction, rate: float) -> NDArray[np.float32]:
    """Return (n, samples) microvolt as a channel is drawn; not copied where the correction does nothing."""
    if correction.narrows:
        starts = range(0, max(len(epochs), 1), _ROWS_AT_ONCE)
        epochs = np.concatenate([_filtered(epochs[i : i + _ROWS_AT_ONCE], correction.band, rate) for i in starts])
    return epochs if correction.gain == 1.0 else epochs * np.float32(correction.gain)


def _filtered(epochs: NDArray[np.float32], band: Band, rate: float) -> NDArray[np.float32]:
    """Return (n, samples) in a band. Each epoch goes on beyond its ends as its own mirror image."""
    taps = band_taps(*band, rate)
    half, samples = len(taps) // 2, epochs.shape[1]
    mirrored = np.pad(epochs, ((0, 0), (half, half)), mode="reflect")
    size = fft.next_fast_len(samples + 4 * half, real=True)
    spectrum = fft.rfft(mirrored, size, axis=1)
    filtered = fft.irfft(spectrum * fft.rfft(taps.astype(np.float32), size), size, axis=1)
    return np.ascontiguousarray(filtered[:, 2 * half : 2 * half + samples], np.float32)


def _rms(epochs: NDArray[np.float32], rate: float, bands: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return the rms of each epoch in each band, (n, bands), through a Hann window; NaN where a sample is missing."""
    starts = range(0, max(len(epochs), 1), _ROWS_AT_ONCE)
    return np.concatenate([_rms_at_once(epochs[i : i + _ROWS_AT_ONCE], rate, bands) for i in starts])


def _rms_at_once(epochs: NDArray[np.float32], rate: float, bands: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    samples = epochs.shape[1]
    window = np.hanning(samples + 1)[:-1].astype(np.float32)
    spectrum = fft.rfft(epochs * window, axis=1)
    rms = np.empty((len(epochs), len(bands)))
    for place, band in enumerate(bands):
        first, last = (round(edge * samples / rate) for edge in band)
        inside = spectrum[:, first : last + 1]
        power = (inside.real**2 + inside.imag**2).sum(axis=1, dtype=np.float64)
        rms[:, place] = np.sqrt(2 * power / (samples * np.square(window, dtype=np.float64).sum()))
    return rms
