"""What is done to the signals of a whole recording before they are drawn: its level, and what an artefact hides.

Derivations, skulls and recorders show the same sleep larger or smaller. Scorers meet this with the sensitivity of their
screen; a panel with a :class:`~eegvlm.images.Level` meets it with one factor for the whole recording. The level is the
median over epochs of the rms in a band that changes little from stage to stage (4 to 16 Hz for EEG: half a night, or
wake and N3 alone, have nearly the level of the whole), so that amplitude still tells the stages of a recording apart.
Amplitude is never fitted to the epoch.

Muscle or sweat that fills a band for hours hides what the band says of stages. Scorers turn on a filter; a panel with a
:class:`~eegvlm.images.ArtefactLimit` does so where even the quietest epochs hold more than sleep
does: of the whole recording, or of a stretch of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import median_filter

from eegvlm.core.runs import equal_runs
from eegvlm.images.layout import ArtefactLimit, ImageLayout, Level, Panel
from eegvlm.images.sampling import sampled_rows
from eegvlm.signals.filters import band_taps

_FEW = 4
_FURTHEST = 8.0
_AN_HOUR = 120  # epochs: in less, a tense waker is not told from an artefact
_LEAST_STRETCH, _LONGEST_BREAK = 180, 12  # epochs: of a part of the night that an artefact fills, and of quiet in it
_QUIETEST = 10  # percent of the epochs
_STANDS_OUT = 2.0  # times what the rest of the recording holds
_FLAT = 0.01  # of what is asked for
_ROWS_AT_ONCE = 256

Band = tuple[float | None, float | None]
_WHOLE: Band = (None, None)


@dataclass(frozen=True)
class NarrowedStretch:
    """Epochs first to stop, the latter not among them, and the band in Hz to which they are narrowed."""

    first: int
    stop: int
    band: Band


@dataclass(frozen=True)
class Correction:
    """What is done to the signal of a panel.

    Attributes
    ----------
    gain
        What it is multiplied by, the same for the whole recording.
    band
        (low, high) in Hz to which the whole recording is narrowed; None leaves a side as it is.
    stretches
        Parts of the recording that are narrowed further.
    """

    gain: float = 1.0
    band: Band = _WHOLE
    stretches: tuple[NarrowedStretch, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether the signal is narrowed anywhere."""
        return self.band != _WHOLE or bool(self.stretches)

    @property
    def in_words(self) -> str:
        """The bands: ``"below 18 Hz"``, ``"below 18 Hz in 3.5 h"``; nothing where the signal is whole."""
        whole = _band_in_words(self.band)
        parts = [
            f"{_band_in_words(part.band)} in {(part.stop - part.first) / _AN_HOUR:.3g} h (from epoch {part.first + 1})"
            for part in self.stretches
        ]
        return ", ".join(filter(None, (whole, *parts)))

    def narrowed(self, n_epochs: int) -> NDArray[np.bool_]:
        """Return which epochs of a recording of this length are narrowed, (n_epochs,)."""
        narrowed = np.full(n_epochs, self.band != _WHOLE)
        for stretch in self.stretches:
            narrowed[stretch.first : stretch.stop] = True
        return narrowed

    def of_rows(self, rows: NDArray[np.intp] | slice, n_epochs: int) -> Correction:
        """Return the correction of some of the epochs of a recording of this length, counted from 0 among these."""
        if not self.stretches:
            return self
        number_of = np.full(n_epochs, -1)  # of each epoch's stretch
        for number, stretch in enumerate(self.stretches):
            number_of[stretch.first : stretch.stop] = number
        stretches = [
            NarrowedStretch(first, stop, self.stretches[number].band)
            for first, stop, number in _runs(number_of[rows])
            if number >= 0
        ]
        return Correction(self.gain, self.band, tuple(stretches))


def _band_in_words(band: Band) -> str:
    low, high = band
    if low is None:
        return "" if high is None else f"below {high:g} Hz"
    return f"above {low:g} Hz" if high is None else f"between {low:g} and {high:g} Hz"


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return (first, stop, value) of each run of one value."""
    return [(first, stop, int(values[first])) for first, stop in equal_runs(values).tolist()]


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
        n / (n + 4). A signal of less than an hour is not narrowed, and none in stretches: epochs from all over a
        recording do not tell where one begins.
    """
    return {
        panel.name: _correction(panel, signals[panel.name], layout.rate)
        for panel in layout.panels
        if panel.corrects and panel.name in signals
    }


def panel_correction(panel: Panel, epochs: NDArray[np.float32], rate: float) -> Correction:
    """Return what is done to the signal of one panel, from epochs all over a recording.

    Where a good part of these hold too much in a band, though not nearly all, every epoch is looked at: a stretch of at
    least an hour and a half that an artefact fills, with breaks of six minutes at most, is narrowed.

    Parameters
    ----------
    panel
        With or without a level and floors.
    epochs
        float32 (n, samples) microvolt, one recording from its first epoch to its last; epochs with NaN do not count.
    rate
        Samples per second.
    """
    if not panel.corrects:
        return Correction()
    usable = np.asarray(np.isfinite(epochs).all(axis=1))
    rows = sampled_rows(usable)
    if not len(rows):
        return Correction()
    correction = _correction(panel, epochs[rows], rate)
    return replace(correction, stretches=_filled_stretches(panel, correction, epochs, rows, usable, rate))


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
    return {
        name: apply_correction(epochs, corrections.get(name, plain), layout.rate) for name, epochs in signals.items()
    }


def _correction(panel: Panel, epochs: NDArray[np.float32], rate: float) -> Correction:
    levels = [] if panel.level is None else [panel.level]
    bands = [level.band for level in levels] + [floor.band for floor in panel.floors]
    rms = _rms(epochs, rate, bands)
    gain = 1.0 if panel.level is None else _gain(panel.level, rms[:, 0])
    rms_of_floors = zip(panel.floors, gain * rms[:, len(levels) :].T, strict=True)
    whole = gain * epochs.std(axis=1)
    kept_bands = [floor.keep for floor, in_band in rms_of_floors if _is_above(floor, in_band, whole)]
    return Correction(gain, _narrowest(*kept_bands))


def _filled_stretches(
    panel: Panel,
    correction: Correction,
    epochs: NDArray[np.float32],
    rows: NDArray[np.intp],
    usable: NDArray[np.bool_],
    rate: float,
) -> tuple[NarrowedStretch, ...]:
    """Return the parts of a recording that an artefact fills, beyond those bands of which the whole is narrowed."""
    filled = np.zeros(len(epochs), np.int64)  # one bit a floor
    for number, floor in enumerate(panel.floors):
        if _narrowest(correction.band, floor.keep) == correction.band:
            continue
        sampled = correction.gain * _rms(epochs[rows], rate, [floor.band])[:, 0] > floor.microvolt
        if sampled.mean() * usable.sum() < _LEAST_STRETCH / 2:
            continue  # spares nearly all recordings the look at every epoch
        level = correction.gain * _rms(epochs, rate, [floor.band])[:, 0]
        for first, stop in _standing_out(level, usable, _long_stretches(level > floor.microvolt, usable)):
            filled[first:stop] |= 1 << number
    return tuple(
        NarrowedStretch(first, stop, _narrowest(correction.band, *_kept(panel, bits)))
        for first, stop, bits in _runs(filled)
        if bits
    )


def _standing_out(
    level: NDArray[np.float64], usable: NDArray[np.bool_], stretches: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the stretches in which a band holds far more than in the rest of the recording.

    Noise that is there all night long passes a floor in wake alone, where muscle adds to it: to narrow that part would
    set it apart from the rest by a filter.
    """
    rest = usable.copy()
    for first, stop in stretches:
        rest[first:stop] = False
    least = _STANDS_OUT * np.median(level[rest]) if rest.any() else 0.0
    return [(first, stop) for first, stop in stretches if np.median(level[first:stop][usable[first:stop]]) > least]


def _long_stretches(above: NDArray[np.bool_], usable: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, stop) of the stretches in which nearly all usable epochs hold too much."""
    epochs = np.flatnonzero(usable)
    mostly = median_filter(above[epochs].astype(np.int64), size=_LONGEST_BREAK + 1, mode="nearest")
    return [
        (int(epochs[first]), int(epochs[stop - 1]) + 1)
        for first, stop, loud in _runs(mostly)
        if loud and stop - first >= _LEAST_STRETCH and above[epochs[first:stop]].mean() >= 1 - _QUIETEST / 100
    ]


def _kept(panel: Panel, bits: int) -> list[Band]:
    return [floor.keep for number, floor in enumerate(panel.floors) if bits >> number & 1]


def _narrowest(*bands: Band) -> Band:
    """Return what lies in all of some bands."""
    low = max((low for low, _ in bands if low is not None), default=None)
    high = min((high for _, high in bands if high is not None), default=None)
    return low, high


def _gain(level: Level, rms: NDArray[np.float64]) -> float:
    rms = rms[rms > level.microvolt * _FLAT]  # NaN compares as false
    if not len(rms):
        return 1.0
    weight = len(rms) / (len(rms) + _FEW)
    return float(np.clip((level.microvolt / np.median(rms)) ** weight, 1 / _FURTHEST, _FURTHEST))


def _is_above(floor: ArtefactLimit, rms: NDArray[np.float64], whole: NDArray[np.float32]) -> bool:
    """Say whether the quietest epochs hold too much in a band; flat ones are told by the rms of all that they hold."""
    rms = rms[whole > floor.microvolt * _FLAT]
    return len(rms) >= _AN_HOUR and bool(np.percentile(rms, _QUIETEST) > floor.microvolt)


def apply_correction(epochs: NDArray[np.float32], correction: Correction, rate: float) -> NDArray[np.float32]:
    """Return (n, samples) microvolt as a channel is drawn; not copied where the correction does nothing.

    Stretches of the correction are counted in these epochs (:meth:`Correction.of_rows`).
    """
    if correction.stretches:
        epochs = epochs.copy()
        outside = np.full(len(epochs), True)
        for stretch in correction.stretches:
            rows = slice(stretch.first, stretch.stop)
            epochs[rows] = _filtered(epochs[rows], stretch.band, rate)
            outside[rows] = False
        epochs[outside] = _filtered(epochs[outside], correction.band, rate)
    else:
        epochs = _filtered(epochs, correction.band, rate)
    return epochs if correction.gain == 1.0 else epochs * np.float32(correction.gain)


def _filtered(epochs: NDArray[np.float32], band: Band, rate: float) -> NDArray[np.float32]:
    """Return (n, samples) in a band; not copied where that is the whole one."""
    if band == _WHOLE or not len(epochs):
        return epochs
    starts = range(0, len(epochs), _ROWS_AT_ONCE)
    return np.concatenate([_filtered_at_once(epochs[i : i + _ROWS_AT_ONCE], band, rate) for i in starts])


def _filtered_at_once(epochs: NDArray[np.float32], band: Band, rate: float) -> NDArray[np.float32]:
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
