"""Takes the heart's leak out of a channel: the mean beat, locked to the R waves, is subtracted at each of them.

Average artefact subtraction, as for the pulse artefact of EEG in a scanner (Allen et al. 1998, NeuroImage 8:229-239;
ensemble averages of the ECG in EEG: Nakamura & Shibasaki 1987, Electroencephalogr. Clin. Neurophysiol. 66:89-92). EEG
keeps no time with the heart, and averages out; what is left of it after 301 beats is 6 % of its rms. Two things differ
from the usual recipe. Beats that are noisy count less in the mean, in inverse proportion to their variance: movement
and slow waves would spoil it. And what neighbouring beats leave in the window of a beat is taken out before the mean is
formed anew (backfitting), because the T wave of one meets the P wave of the next in a fast heart.

Where no ECG is recorded, beats are looked for in the channel itself (:mod:`eegvlm.signals.beat_tracking`).

Not covered: the pulse artefact of a scanner, whose shape changes from beat to beat; whether there is a leak at all
(:mod:`eegvlm.signals.quality_meter`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.signals.beat_tracking import beat_match, epochs_with_beats, find_beats
from eegvlm.signals.filters import band_taps, convolve
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST_EPOCHS = 10
"""Epochs with a leak, about 300 beats, from which on a mean beat is formed."""
_GAP = 10  # epochs without a leak that do not end a stretch
_BEATS = 301  # that form a mean: 5 min
_ROUNDS = 3
# From before the P wave to after the T wave; the first and last 50 ms fade in and out.
_BEFORE_S, _AFTER_S, _FADE_S = 0.3, 0.6, 0.05
# In a fast heart there is less between two beats, and the T wave comes sooner.
_BEFORE_SHARE, _AFTER_SHARE = 0.35, 0.65
_MARGIN_S = 0.19  # beyond both, where a shift by part of a sample would show the window's edges


@dataclass(frozen=True, eq=False)
class HeartLeak:
    """What was taken out of a channel.

    Parameters
    ----------
    epochs
        From which epochs: bool (n_epochs,).
    microvolt
        Typical height of the R wave in them, from 0.
    beats_s
        Beats that were subtracted, in seconds after the first epoch begins: float64 (n,).
    """

    epochs: Bools
    microvolt: float
    beats_s: Times


def leak_stretches(leaky: Bools) -> Bools:
    """Return stretches in which a leak is beyond doubt, given the epochs in which one was found.

    Parameters
    ----------
    leaky
        bool (n_epochs,).

    Returns
    -------
    bool (n_epochs,)
        Runs with at most 10 epochs between two that have a leak; of these, runs with a leak in 10 epochs, and in half
        of all: single epochs with regular spikes occur in any recording.
    """
    chosen = np.zeros_like(leaky)
    at = np.flatnonzero(leaky)
    for run in np.split(at, np.flatnonzero(np.diff(at) > _GAP + 1) + 1):
        if len(run) >= LEAST_EPOCHS and 2 * len(run) >= run[-1] + 1 - run[0]:
            chosen[run[0] : run[-1] + 1] = True
    return chosen


def without_heart(
    signals: Samples,
    rate: float,
    leaky: Bools,
    *,
    ecg_beats: Times,
    own_beats: Times,
    low: float | None = None,
) -> tuple[Samples, HeartLeak] | None:
    """Subtract the heart from the epochs of a channel that hold it.

    Parameters
    ----------
    signals
        float32 (n_epochs, samples) microvolt; NaN where an epoch holds none.
    rate
        Samples per second, 64 or more.
    leaky
        bool (n_epochs,): in which epochs a leak was found. Where there are enough in a row, their mean beat is looked
        for in all epochs.
    ecg_beats
        R waves of an ECG channel in seconds after the first epoch begins, (n,); empty where none is recorded.
    own_beats
        The same, found in the channel; they show the shape of a beat where no ECG does.
    low
        Lower edge in Hz of the band that the signals were filtered to.

    Returns
    -------
    tuple or None
        The signals with the heart taken out, and what was; epochs outside of :attr:`HeartLeak.epochs` keep their
        samples to the bit. None where nothing is to be done.
    """
    present = np.asarray(np.isfinite(signals).all(axis=1))
    certain = leak_stretches(leaky) & leaky & present
    by_ecg = bool(2 * (_holds(ecg_beats, len(leaky)) & certain).sum() >= certain.sum())
    seeds = _within(ecg_beats if by_ecg else own_beats, certain)
    if not len(seeds):
        return None
    epochs = np.where(present[:, None], signals, np.float32(0))
    window = _Window(rate, signals.shape, float(np.median(np.diff(seeds))))
    shape = _zero_edged(_means(window.cut(epochs.reshape(-1), seeds), len(seeds))[0], rate)
    seeded = window.put(np.broadcast_to(shape, (len(seeds), len(shape))), seeds)
    match = beat_match(epochs, epochs - seeded.reshape(epochs.shape), shape, window.before)
    with_ecg = present & _holds(ecg_beats if by_ecg else np.zeros(0), len(leaky))
    beats = find_beats(match, _within(ecg_beats, with_ecg), seeds, present & ~with_ecg, rate)
    chosen = epochs_with_beats(match, beats, with_ecg, present, rate)
    beats = _within(beats, chosen)
    if not len(beats):
        return None
    artefact, templates = _artefact(epochs.reshape(-1), beats, window, low)
    cleaned = signals.copy()
    cleaned[chosen] -= artefact.reshape(signals.shape)[chosen]
    height = float(np.median(np.abs(templates[:, window.near_peak]).max(axis=1)))
    return cleaned, HeartLeak(chosen, height, beats)


class _Window:
    """Cuts the surroundings of beats out of a signal, and puts them back, to a part of a sample."""

    def __init__(self, rate: float, shape: tuple[int, ...], pace_s: float) -> None:
        self.rate = rate
        self.n_samples = shape[0] * shape[1]
        self.before = round(rate * min(_BEFORE_S, _BEFORE_SHARE * pace_s))
        self.after = self.before + 2 * round(rate * (min(_AFTER_S, _AFTER_SHARE * pace_s) - self.before / rate) / 2)
        self.margin = round(_MARGIN_S * rate)
        size = self.before + self.after + 2 * self.margin
        ramp = np.sin(np.pi / 2 * (np.arange(self.margin) + 0.5) / self.margin) ** 2
        self._fade = np.concatenate([ramp, np.ones(self.before + self.after), ramp[::-1]]).astype(np.float32)
        self._cycles = np.fft.rfftfreq(size)
        self._offsets = np.arange(size) - self.before - self.margin
        self._beyond = size  # zeros that are put on both ends of a signal
        self.near_peak = slice(self.before - round(0.1 * rate), self.before + round(0.1 * rate) + 1)

    def cut(self, samples: Samples, beats: Times) -> Samples:
        """Return the signal around each beat: float32 (n, before + after)."""
        first, part = self._places(beats)
        padded = np.pad(samples, self._beyond)
        rows = padded[first[:, None] + self._offsets + self._beyond] * self._fade
        return self._shifted(rows, part)[:, self.margin : -self.margin]

    def put(self, templates: Samples, beats: Times) -> Samples:
        """Return the sum of templates at their beats: float32 (samples,)."""
        first, part = self._places(beats)
        rows = self._shifted(np.pad(templates, ((0, 0), (self.margin, self.margin))), -part)
        at = (first[:, None] + self._offsets + self._beyond).reshape(-1)
        total = np.bincount(at, weights=rows.reshape(-1), minlength=self.n_samples + 2 * self._beyond)
        return total[self._beyond : self._beyond + self.n_samples].astype(np.float32)

    def _places(self, beats: Times) -> tuple[npt.NDArray[np.intp], Times]:
        at = beats * self.rate
        first = np.floor(at).astype(np.intp)
        return first, at - first

    def _shifted(self, rows: Samples, part: Times) -> Samples:
        """Return rows as they are ``part`` of a sample later."""
        turned = np.fft.rfft(rows, axis=1) * np.exp(2j * np.pi * self._cycles * part[:, None])
        return np.fft.irfft(turned, rows.shape[1], axis=1).astype(np.float32)


def _artefact(samples: Samples, beats: Times, window: _Window, low: float | None) -> tuple[Samples, Samples]:
    """Return what the heart adds to the signal, (samples,), and the mean beat that holds at each beat."""
    templates = np.zeros((len(beats), window.before + window.after), np.float32)
    artefact = np.zeros_like(samples)
    for _ in range(_ROUNDS):
        around = window.cut(samples - artefact, beats) + templates
        templates = _zero_edged(_means(around, _BEATS), window.rate)
        artefact = _high_passed(window.put(templates, beats), low, window.rate)
    return artefact, templates


def _means(around: Samples, count: int) -> Samples:
    """Return the mean over the ``count`` beats that are nearest in order, by the inverse of their variance: (n, k)."""
    n = len(around)
    spread = around.var(axis=1)
    weights = 1 / np.maximum(spread, max(float(np.quantile(spread, 0.1)), 1e-6)).astype(np.float64)
    sums = np.zeros((n + 1, around.shape[1]))
    np.cumsum(around * weights[:, None], axis=0, out=sums[1:])
    total = np.concatenate([[0.0], np.cumsum(weights)])
    first = np.clip(np.arange(n) - count // 2, 0, max(0, n - count))
    last = np.minimum(first + count, n)
    return np.asarray((sums[last] - sums[first]) / (total[last] - total[first])[:, None], np.float32)


def _zero_edged(templates: Samples, rate: float) -> Samples:
    """Take off the line between both ends, and fade them: a template must not leave a step in the signal."""
    fade = round(_FADE_S * rate)
    size = templates.shape[-1]
    begin, end = templates[..., :fade].mean(axis=-1), templates[..., -fade:].mean(axis=-1)
    along = ((np.arange(size) - (fade - 1) / 2) / (size - fade)).astype(np.float32)
    level = templates - begin[..., None] - (end - begin)[..., None] * along
    ramp = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    level[..., :fade] *= ramp
    level[..., -fade:] *= ramp[::-1]
    return np.asarray(level, np.float32)


def _high_passed(artefact: Samples, low: float | None, rate: float) -> Samples:
    """Filter the artefact as the signal was, which holds no constant: the mean over beats has one."""
    if low is None:
        return artefact
    taps = band_taps(low, None, rate)
    return convolve(np.pad(artefact, len(taps) // 2), taps)


def _holds(beats: Times, n_epochs: int) -> Bools:
    """Say in which epochs there are any beats: bool (n_epochs,)."""
    within = (beats // EPOCH_S).astype(np.intp)
    with_beats = np.zeros(n_epochs, np.bool_)
    with_beats[within[(within >= 0) & (within < n_epochs)]] = True
    return with_beats


def _within(beats: Times, epochs: Bools) -> Times:
    within = (beats // EPOCH_S).astype(np.intp)
    inside = (within >= 0) & (within < len(epochs))
    return beats[inside][epochs[within[inside]]]
