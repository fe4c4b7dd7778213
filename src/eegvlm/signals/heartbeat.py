"""Takes the heart's leak out of a channel: the mean beat, locked to the R waves, is subtracted at each of them.

Average artefact subtraction, as for the pulse artefact of EEG in a scanner (Allen et al. 1998, NeuroImage 8:229-239;
ensemble averages of the ECG in EEG: Nakamura & Shibasaki 1987, Electroencephalogr. Clin. Neurophysiol. 66:89-92). EEG
keeps no time with the heart, and averages out; what is left of it after 301 beats is 6 % of its rms. Two things differ
from the usual recipe. Beats that are noisy count less in the mean, in inverse proportion to their variance: movement
and slow waves would spoil it. And what neighbouring beats leave in the window of a beat is taken out before the mean is
formed anew (backfitting), because the T wave of one meets the P wave of the next in a fast heart.

Where no ECG is recorded, beats are looked for in the channel itself with its own mean beat (matched filter).

Not covered: the pulse artefact of a scanner, whose shape changes from beat to beat; whether there is a leak at all
(:mod:`eegvlm.signals.quality_meter`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.signals.filters import band_taps, convolve
from eegvlm.signals.quality_transients import peak_times
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST_EPOCHS = 10
"""Epochs with a leak from which on a stretch is corrected: about 300 beats."""
_GAP = 10  # epochs between two with a leak that are taken to have it, too
_BEATS = 301  # that form a mean: 5 min
_ROUNDS = 3
_AT_ONCE = 64  # epochs
# From before the P wave to after the T wave; the first and last 50 ms fade in and out.
_BEFORE_S, _AFTER_S, _FADE_S = 0.3, 0.6, 0.05
_MARGIN_S = 0.19  # beyond both, where a shift by part of a sample would show the window's edges
_MATCH = 0.5  # of the mean beat, from which on a match is a beat
_REFRACTORY_S = 0.35
_CANDIDATE = 0.25  # of the mean beat
_LEAST_NOISE = 0.15  # standard deviation of matches where there is no beat
_SPREAD = 0.15  # of the logarithm of an interval over the pace
_CERTAIN = 1000.0  # gain of a beat that an ECG shows
_MISSED = 10.0  # cost of an interval in which a beat was missed


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
    """Return the epochs to correct, given those in which a leak was found.

    Parameters
    ----------
    leaky
        bool (n_epochs,).

    Returns
    -------
    bool (n_epochs,)
        Up to 10 epochs between two with a leak are taken to have it as well. A stretch counts where 10 of its epochs
        have a leak, and half of all: single epochs with regular spikes occur in any recording.
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
    """Subtract the heart from the epochs of a channel.

    Parameters
    ----------
    signals
        float32 (n_epochs, samples) microvolt; NaN where an epoch holds none.
    rate
        Samples per second, 64 or more.
    leaky
        bool (n_epochs,): in which epochs a leak was found.
    ecg_beats
        R waves of an ECG channel in seconds after the first epoch begins, (n,); empty where none is recorded.
    own_beats
        The same, found in the channel; they show the shape of a beat where the ECG shows none.
    low
        Lower edge in Hz of the band that the signals were filtered to.

    Returns
    -------
    tuple or None
        The signals with the heart taken out, and what was; epochs outside of :attr:`HeartLeak.epochs` keep their
        samples to the bit. None where nothing is to be done.
    """
    chosen = leak_stretches(leaky) & np.isfinite(signals).all(axis=1)
    covered = chosen & _holds(ecg_beats, len(leaky))
    by_ecg = 2 * covered.sum() >= chosen.sum()
    seeds = _within(ecg_beats if by_ecg else own_beats, chosen & leaky)
    if len(seeds) < LEAST_EPOCHS:
        return None
    window = _Window(rate, signals.shape)
    samples = np.where(np.isfinite(signals), signals, np.float32(0)).reshape(-1)
    shape = _zero_edged(_means(window.cut(samples, seeds), len(seeds)).mean(axis=0), rate)
    match = _match(samples.reshape(signals.shape), shape, window)
    known = _within(ecg_beats, covered) if by_ecg else np.zeros(0)
    beats = _beats(match, known, seeds, chosen & ~covered if by_ecg else chosen, rate)
    chosen = chosen & _matches(match, beats, len(chosen), rate)
    beats = _within(beats, chosen)
    if len(beats) < LEAST_EPOCHS:
        return None
    artefact, templates = _artefact(samples, beats, window, low)
    cleaned = signals.copy()
    cleaned[chosen] -= artefact.reshape(signals.shape)[chosen]
    height = float(np.median(np.abs(templates[:, window.near_peak]).max(axis=1)))
    return cleaned, HeartLeak(chosen, height, beats)


class _Window:
    """Cuts the surroundings of beats out of a signal, and puts them back, to a part of a sample."""

    def __init__(self, rate: float, shape: tuple[int, ...]) -> None:
        self.rate = rate
        self.n_samples = shape[0] * shape[1]
        self.before, self.after = round(_BEFORE_S * rate), round(_AFTER_S * rate)
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
    return ((sums[last] - sums[first]) / (total[last] - total[first])[:, None]).astype(np.float32)


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


def _match(epochs: Samples, shape: Samples, window: _Window) -> Samples:
    """Return how much of the mean beat each sample holds: float32 (samples,), 1 at a typical beat.

    A matched filter for the spectrum that the channel has around each epoch: slow waves count less than the quiet fast
    band in sleep, and fast muscle less in wake.
    """
    n_epochs, n_samples = epochs.shape
    size = 2 * len(shape)
    lead = size // 4
    whole = np.pad(shape, (lead, size - len(shape) - lead))
    filters = np.fft.rfft(whole) / _spectra(epochs, size)
    kernels = np.fft.irfft(filters, size, axis=1).astype(np.float32)
    kernels /= (kernels @ whole)[:, None]
    # a beat reaches into the epochs beside the one in which its R wave lies
    before = lead + window.before
    padded = np.pad(epochs.reshape(-1), (before, size - before))
    rows = np.lib.stride_tricks.sliding_window_view(padded, n_samples + size)[::n_samples]
    found = np.empty_like(epochs)
    for first in range(0, n_epochs, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        turned = np.fft.rfft(rows[some], axis=1) * np.fft.rfft(kernels[some], rows.shape[1], axis=1).conj()
        found[some] = np.fft.irfft(turned, rows.shape[1], axis=1)[:, :n_samples]
    return found.reshape(-1)


def _spectra(epochs: Samples, size: int) -> npt.NDArray[np.float64]:
    """Return the power spectrum around each epoch, its own and two on both sides: (n_epochs, size // 2 + 1)."""
    n_epochs, n_samples = epochs.shape
    taper = np.hanning(size).astype(np.float32)
    logs = np.zeros((n_epochs + 1, size // 2 + 1))
    known = np.append(0, np.cumsum(epochs.any(axis=1)))
    for first in range(0, n_epochs, _AT_ONCE):
        some = epochs[first : first + _AT_ONCE]
        pieces = some[:, : n_samples // size * size].reshape(len(some), -1, size)
        power = np.abs(np.fft.rfft(pieces * taper, axis=2)) ** 2
        logs[1 + first : 1 + first + len(some)] = np.where(
            some.any(axis=1)[:, None], np.log(power + 1e-3).mean(axis=1), 0
        )
    np.cumsum(logs, axis=0, out=logs)
    start = np.maximum(np.arange(n_epochs) - 2, 0)
    stop = np.minimum(np.arange(n_epochs) + 3, n_epochs)
    spectra = np.exp((logs[stop] - logs[start]) / np.maximum(known[stop] - known[start], 1)[:, None])
    return np.asarray(np.maximum(spectra, 1e-5 * spectra.max(axis=1, keepdims=True)))


def _beats(match: Samples, known: Times, seeds: Times, searched: Bools, rate: float) -> Times:
    """Find the beats: those that are known, and peaks of the match at the heart's pace where they are searched.

    Parameters
    ----------
    match
        As :func:`_match` returns it.
    known
        Beats in seconds that are certain, (n,).
    seeds
        Beats that tell the pace, in seconds, (n,).
    searched
        bool (n_epochs,): where peaks are beats; between known ones they are so only at the ends of epochs, where an
        ECG's R waves go unseen.
    """
    size = len(match) // len(searched)
    within = np.repeat(searched, size)
    edges = np.arange(len(searched) + 1) * size
    reach = round(0.1 * rate)
    within[(edges[:, None] + np.arange(-reach, reach)).clip(0, len(match) - 1)] = True
    top = match[1:-1]
    peaks = 1 + np.flatnonzero((top > _CANDIDATE) & (top >= match[:-2]) & (top > match[2:]) & within[1:-1])
    times = peak_times(match, peaks, rate)
    noise = np.median(np.abs(match.reshape(len(searched), size)), axis=1) / 0.67
    gains = (np.minimum(match[peaks], 1) - _MATCH) / np.maximum(noise[peaks // size], _LEAST_NOISE) ** 2
    everything = np.concatenate([known, times])
    order = np.argsort(everything)
    gains = np.concatenate([np.full(len(known), _CERTAIN), gains])[order]
    return most_likely_beats(everything[order], gains, _pace(seeds, everything[order]))


def _pace(seeds: Times, times: Times) -> Times:
    """Return the typical interval of beats around times, in seconds."""
    intervals = np.diff(seeds)
    plain = intervals < 2.0  # not across what lies between stretches
    if not plain.any():
        return np.ones_like(times)
    at, of_epoch = seeds[1:][plain] // EPOCH_S, intervals[plain]
    epochs, first = np.unique(at, return_index=True)
    typical = [np.median(some) for some in np.split(of_epoch, first[1:])]
    return np.interp(times, EPOCH_S * (epochs + 0.5), typical)


def most_likely_beats(times: Times, gains: Times, pace: Times) -> Times:
    """Choose among candidates the likeliest sequence of beats (Viterbi; the idea is Ellis's beat tracker's).

    Parameters
    ----------
    times
        Candidates in seconds, ascending, (n,).
    gains
        Logarithm of how much likelier each is a beat than not, by itself, (n,).
    pace
        Typical interval around each in seconds, (n,).

    Returns
    -------
    float64 (k,)
        The chosen times. The logarithm of an interval over the pace has a standard deviation of 0.15; longer ones cost
        no more than a beat that was missed.

    References
    ----------
    Ellis 2007, Beat tracking by dynamic programming. J. New Music Res. 36:51-60.
    """
    n = len(times)
    first = np.searchsorted(times, times - 2 * pace)
    last = np.searchsorted(times, times - _REFRACTORY_S)
    score, before = np.zeros(n), np.full(n, -1)
    best_so_far, place, done = 0.0, -1, 0
    for j in range(n):
        while done < first[j]:
            if score[done] > best_so_far:
                best_so_far, place = score[done], done
            done += 1
        reached, origin = max(0.0, best_so_far - _MISSED), place if best_so_far > _MISSED else -1
        for i in range(first[j], last[j]):
            ratio = math.log((times[j] - times[i]) / pace[j]) / _SPREAD
            cost = 0.5 * ratio * ratio
            total = score[i] - (min(cost, _MISSED) if ratio > 0 else cost)
            if total > reached:
                reached, origin = total, i
        score[j], before[j] = reached + gains[j], origin
    chosen = []
    at = int(score.argmax()) if n else -1
    while at >= 0:
        chosen.append(at)
        at = int(before[at])
    return times[chosen[::-1]]


def _matches(match: Samples, beats: Times, n_epochs: int, rate: float) -> Bools:
    """Say in which epochs beats hold the mean beat, in the mean: bool (n_epochs,)."""
    at = np.clip(np.round(beats * rate).astype(np.intp), 0, len(match) - 1)
    of_epoch = (beats // EPOCH_S).astype(np.intp).clip(0, n_epochs - 1)
    count = np.bincount(of_epoch, minlength=n_epochs)
    held = np.bincount(of_epoch, weights=match[at], minlength=n_epochs)
    return np.asarray((count > 0) & (held >= _MATCH * count))


def _holds(beats: Times, n_epochs: int) -> Bools:
    """Say in which epochs there are any beats: bool (n_epochs,)."""
    within = (beats // EPOCH_S).astype(np.intp)
    held = np.zeros(n_epochs, np.bool_)
    held[within[(within >= 0) & (within < n_epochs)]] = True
    return held


def _within(beats: Times, epochs: Bools) -> Times:
    within = (beats // EPOCH_S).astype(np.intp)
    inside = (within >= 0) & (within < len(epochs))
    return beats[inside][epochs[within[inside]]]
