"""Finds the beats of a heart in a channel that should have none: where they are, and in which epochs there are any.

The mean beat is looked for with a matched filter. Its peaks are weighed against the noise of their epoch and against
the heart's pace, and the likeliest sequence of beats is chosen: a sharp wave between two beats is none, and a beat that
is hidden in a slow wave is one. Where an ECG shows beats, these are taken, and the matched filter only says whether the
channel holds them, too.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from eegvlm.signals.quality_transients import peak_times
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MATCH = 0.5  # of the mean beat, above which a beat is likelier than none
_CANDIDATE = 0.25  # of the mean beat
_LEAST_NOISE = 0.15  # standard deviation of matches where there is no beat
_REFRACTORY_S = 0.35
_SPREAD = 0.15  # standard deviation of the logarithm of an interval over the pace
_CERTAIN = 1000.0  # gain of a beat that an ECG shows
_MISSED = 10.0  # cost of an interval in which a beat was missed
# Logarithm of the odds that an epoch holds a heart, beyond those that noise reaches with beats that were looked for in
# it; the median of five in a row counts. Measured with irregular beats of 65 µV on 018 of UCDDB and two simulated
# nights: 5 % of epochs with a heart have less than 149 in the worst channel (330 in 1 % of 018), 99 % of those without
# one less than 170 in the worst channel (85 in all others).
_EVIDENCE = 150.0
_AT_ONCE = 64  # epochs


def beat_match(epochs: Samples, noise: Samples, shape: Samples, peak: int) -> Samples:
    """Return how much of the mean beat each sample holds.

    A matched filter for the spectrum that the channel has around each epoch: slow waves count less than the quiet fast
    band in sleep, and fast muscle less in wake.

    Parameters
    ----------
    epochs
        float32 (n_epochs, samples) microvolt; zeros where there is no signal.
    noise
        The same without the beats that are known already: where the heart is louder than the EEG, a filter for the
        spectrum of both would cancel the beat itself.
    shape
        The mean beat, float32 (k,) microvolt, k even, at the same rate.
    peak
        Its sample at which the R wave peaks.

    Returns
    -------
    float32 (n_epochs, samples)
        1 at a typical beat.
    """
    n_epochs, n_samples = epochs.shape
    size = 2 * len(shape)
    lead = size // 4
    whole = np.pad(shape, (lead, size - len(shape) - lead))
    filters = np.fft.rfft(whole) / _spectra(noise, size)
    kernels = np.fft.irfft(filters, size, axis=1).astype(np.float32)
    kernels /= (kernels @ whole)[:, None]
    # a beat reaches into the epochs beside the one in which its R wave lies
    before = lead + peak
    padded = np.pad(epochs.reshape(-1), (before, size - before))
    rows = np.lib.stride_tricks.sliding_window_view(padded, n_samples + size)[::n_samples]
    similarity = np.empty_like(epochs)
    for first in range(0, n_epochs, _AT_ONCE):
        block = slice(first, first + _AT_ONCE)
        turned = np.fft.rfft(rows[block], axis=1) * np.fft.rfft(kernels[block], rows.shape[1], axis=1).conj()
        similarity[block] = np.fft.irfft(turned, rows.shape[1], axis=1)[:, :n_samples]
    return similarity


def _spectra(epochs: Samples, size: int) -> npt.NDArray[np.float64]:
    """Return the power spectrum around each epoch, its own and two on both sides: (n_epochs, size // 2 + 1)."""
    n_epochs, n_samples = epochs.shape
    present = np.asarray(epochs.any(axis=1))
    taper = np.hanning(size).astype(np.float32)
    logs = np.zeros((n_epochs, size // 2 + 1))
    for row in np.flatnonzero(present):
        pieces = epochs[row, : n_samples // size * size].reshape(-1, size)
        # the mean of logarithms: a movement of a second does not hide the rest of the epoch
        logs[row] = np.log(np.abs(np.fft.rfft(pieces * taper, axis=1)) ** 2 + 1e-3).mean(axis=0)
    start, stop = np.maximum(np.arange(n_epochs) - 2, 0), np.minimum(np.arange(n_epochs) + 3, n_epochs)
    sums = np.concatenate([np.zeros((1, logs.shape[1])), np.cumsum(logs, axis=0)])
    count = np.concatenate([[0], np.cumsum(present)])
    spectra = np.exp((sums[stop] - sums[start]) / np.maximum(count[stop] - count[start], 1)[:, None])
    return np.asarray(np.maximum(spectra, 1e-5 * spectra.max(axis=1, keepdims=True)))


def find_beats(match: Samples, certain: Times, seeds: Times, searched: Bools, rate: float) -> Times:
    """Find the beats: those that are certain, and peaks of the match at the heart's pace in the epochs to search.

    Parameters
    ----------
    match
        As :func:`beat_match` returns it, (n_epochs, samples).
    certain
        Beats that are certain, in seconds, (n,).
    seeds
        Beats that tell the pace, in seconds, (n,).
    searched
        bool (n_epochs,): where peaks count as beats; elsewhere they do only at the ends of epochs, where an ECG's R
        waves go unseen.
    rate
        Samples per second.

    Returns
    -------
    float64 (n,)
        Seconds after the first epoch begins, ascending.
    """
    size = match.shape[1]
    noise = _noise(match)
    match = match.reshape(-1)
    within = np.repeat(searched, size)
    edges = np.arange(len(searched) + 1) * size
    reach = round(0.1 * rate)
    within[(edges[:, None] + np.arange(-reach, reach)).clip(0, len(match) - 1)] = True
    top = match[1:-1]
    peaks = 1 + np.flatnonzero((top > _CANDIDATE) & (top >= match[:-2]) & (top > match[2:]) & within[1:-1])
    times = peak_times(match, peaks, rate)
    gains = (np.minimum(match[peaks], 1) - _MATCH) / noise[peaks // size] ** 2
    everything = np.concatenate([certain, times])
    order = np.argsort(everything)
    gains = np.concatenate([np.full(len(certain), _CERTAIN), gains])[order]
    return most_likely_beats(everything[order], gains, _pace(seeds, everything[order]))


def epochs_with_beats(match: Samples, beats: Times, by_ecg: Bools, present: Bools, rate: float) -> Bools:
    """Say which epochs hold the heart.

    Parameters
    ----------
    match
        As :func:`beat_match` returns it, (n_epochs, samples).
    beats
        As :func:`find_beats` returns them, (n,).
    by_ecg
        bool (n_epochs,): where an ECG shows the beats. There half of the mean beat is enough, as their times do not
        rest on the channel; elsewhere noise has peaks at the heart's pace, too, and more is required.
    present
        bool (n_epochs,): epochs with signal.
    rate
        Samples per second.

    Returns
    -------
    bool (n_epochs,)
        By the median of five epochs in a row: a heart does not leak for a minute.
    """
    at = np.clip(np.round(beats * rate).astype(np.intp), 0, match.size - 1)
    of_epoch = at // match.shape[1]
    surplus = np.bincount(of_epoch, weights=match.reshape(-1)[at] - _MATCH, minlength=len(match))
    evidence = surplus / _noise(match) ** 2 - np.where(by_ecg, 0.0, _EVIDENCE)
    rows = np.flatnonzero(present)
    with_beats = np.zeros(len(match), np.bool_)
    if len(rows):
        padded = np.pad(evidence[rows], 2, mode="edge")
        with_beats[rows] = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1) > 0
    return with_beats


def _noise(match: Samples) -> Times:
    """Return the standard deviation of matches where there is no beat: (n_epochs,)."""
    spread = np.median(np.abs(match), axis=1).astype(np.float64) / 0.6745
    return np.asarray(np.maximum(spread, _LEAST_NOISE))


def _pace(seeds: Times, times: Times) -> Times:
    """Return the typical interval of beats around times, in seconds."""
    intervals = np.diff(seeds)
    plain = intervals < 2.0  # not across what lies between stretches
    if not plain.any():
        return np.ones_like(times)
    at, of_epoch = seeds[1:][plain] // EPOCH_S, intervals[plain]
    epochs, first = np.unique(at, return_index=True)
    typical = [np.median(intervals_of_epoch) for intervals_of_epoch in np.split(of_epoch, first[1:])]
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
    at = int(score.argmax()) if n and score.max() > 0 else -1
    while at >= 0:
        chosen.append(at)
        at = int(before[at])
    return times[chosen[::-1]]
