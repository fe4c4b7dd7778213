"""The level of a recording: derivations, skulls and recorders show the same sleep larger or smaller.

Scorers meet this with the sensitivity of their screen; a panel with a :class:`~eegvlm.images.Level` meets it with one
factor for the whole recording. The level is the median over epochs of the rms in a band that changes little from stage
to stage (4 to 16 Hz for EEG: half a night, or wake and N3 alone, have nearly the level of the whole), so that amplitude
still tells the stages of a recording apart. Amplitude is never fitted to the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from eegvlm.images.channels import panel_signals
from eegvlm.images.layout import ImageLayout, Level
from eegvlm.signals import Recording

_FEW = 4
_FURTHEST = 8.0
STRETCH, _ENOUGH = 10, 240  # epochs
_ROWS_AT_ONCE = 256


def level_gains(layout: ImageLayout, signals: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """Return the factor by which the signal of each panel with a level is drawn larger.

    Parameters
    ----------
    layout
        Says which panels have a level, and which.
    signals
        Panel name to (n_epochs, samples) microvolt of one recording, at the layout's rate. Epochs that are not
        complete, or flat, do not count. Panels may be missing.

    Returns
    -------
    dict
        Panel name to a factor from 1/8 to 8. A few epochs say little of a recording: the factor, in decibel, is
        weighted by n / (n + 4).
    """
    return {
        panel.name: _gain(panel.level, signals[panel.name], layout.rate)
        for panel in layout.panels
        if panel.level is not None and panel.name in signals
    }


def recording_gains(layout: ImageLayout, recording: Recording) -> dict[str, float]:
    """Return :func:`level_gains` of a recording, from :func:`sampled_signals`."""
    stated = tuple(panel for panel in layout.panels if panel.level is not None)
    if not stated or not recording.scorable.any():
        return {}
    own = replace(layout, panels=stated)
    return level_gains(own, sampled_signals(own, recording))


def sampled_signals(layout: ImageLayout, recording: Recording) -> dict[str, NDArray[np.float32]]:
    """Return signals from all over a recording: of up to 240 epochs in 24 places spread over it evenly.

    Returns
    -------
    dict
        Panel name to (n, samples) microvolt at the layout's rate; all epochs have a signal.
    """
    scorable = recording.scorable
    usable = np.flatnonzero(scorable)
    places = [slice(0, recording.n_epochs)]
    if len(usable) > _ENOUGH:
        firsts = (int(usable[place.start]) for place in stretches(len(usable)))
        places = [slice(first, min(first + STRETCH, recording.n_epochs)) for first in firsts]
    parts = [panel_signals(layout, recording, place.start, place.stop - place.start) for place in places]
    held = np.concatenate([scorable[place] for place in places])
    return {name: np.concatenate([part[name] for part in parts])[held] for name in parts[0]}


def stretches(n: int) -> list[slice]:
    """Return which of n consecutive epochs to measure: all of up to 240, or 24 stretches of ten, spread evenly."""
    if n <= _ENOUGH:
        return [slice(0, n)]
    firsts = np.linspace(0, n - STRETCH, _ENOUGH // STRETCH).astype(int).tolist()
    return [slice(first, first + STRETCH) for first in firsts]


def levelled(signals: Mapping[str, NDArray[np.float32]], gains: Mapping[str, float]) -> dict[str, NDArray[np.float32]]:
    """Return signals times the gains of their panels; those without one are not copied."""
    return {
        name: values * np.float32(gains[name]) if gains.get(name, 1.0) != 1.0 else values
        for name, values in signals.items()
    }


def _gain(level: Level, epochs: NDArray[np.float32], rate: float) -> float:
    starts = range(0, max(len(epochs), 1), _ROWS_AT_ONCE)
    rms = np.concatenate([_band_rms(epochs[i : i + _ROWS_AT_ONCE], rate, level.band) for i in starts])
    rms = rms[rms > level.microvolt / 100]  # what is flat has no level; NaN compares as false
    if not len(rms):
        return 1.0
    weight = len(rms) / (len(rms) + _FEW)
    return float(np.clip((level.microvolt / np.median(rms)) ** weight, 1 / _FURTHEST, _FURTHEST))


def _band_rms(epochs: NDArray[np.float32], rate: float, band: tuple[float, float]) -> NDArray[np.float64]:
    """Return the rms in a band of each epoch, through a Hann window; NaN where a sample is missing."""
    samples = epochs.shape[1]
    window = np.hanning(samples + 1)[:-1].astype(np.float32)
    first, last = (round(edge * samples / rate) for edge in band)
    spectrum = fft.rfft(epochs * window, axis=1)[:, first : last + 1]
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1, dtype=np.float64)
    return np.asarray(np.sqrt(2 * power / (samples * np.square(window, dtype=np.float64).sum())))
