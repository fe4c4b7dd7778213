"""Chin muscle and heart: the two channels that are not of the brain, and the heart's leak into the others."""

from __future__ import annotations

import numpy as np
from scipy import fft

from eegvlm.lab.simulation.background import EPOCH_S, FrameGrid, white_spectra
from eegvlm.lab.simulation.event_rates import Occurrences
from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.streams import stream
from eegvlm.lab.simulation.subject import Subject
from eegvlm.lab.simulation.waveforms import spread

K = EventKind
_BURSTS = {K.AROUSAL: 1.6, K.BODY_MOVEMENT: 6.0, K.MUSCLE_ARTEFACT: 3.0}
_BPM = np.array([1.0, 0.95, 0.9, 0.88, 0.97])

# P, Q, R, S, T: seconds from the R peak, width in s, height in µV
_ECG_WAVES = ((-0.17, 0.025, 110), (-0.028, 0.010, -110), (0, 0.011, 1100), (0.028, 0.011, -260), (0.26, 0.05, 270))
_ECG_SPAN_S = (-0.28, 0.48)


def chin_emg(
    seed: int,
    stages: np.ndarray,
    occurrences: dict[EventKind, Occurrences],
    subject: Subject,
    grid: FrameGrid,
    r_peaks_s: np.ndarray,
) -> np.ndarray:
    """Return the chin EMG, float32 µV: noise above 10 Hz under a tone that falls from W to R and bursts.

    The noise of electrodes and amplifier lies over it, and the heart, where the subject's leaks.
    """
    rng = stream(seed, "chin tone")
    n = grid.n_epochs
    wander = np.cumsum(rng.normal(0, 0.08, n))
    wander -= np.linspace(0, wander[-1], n)
    tone = subject.chin_uv * np.array(subject.chin_tone)[stages]
    tone = tone * np.exp(np.clip(wander, -0.8, 0.8) + rng.normal(0, 0.12, n))
    seconds = np.arange(n * EPOCH_S) + 0.5
    steps = np.interp(seconds, (np.arange(n) + 0.5) * EPOCH_S, np.log(tone))
    # tone changes with the stage within seconds, not over the half minute to the next epoch's middle
    steps = 0.3 * steps + 0.7 * np.log(tone)[(seconds // EPOCH_S).astype(int)]
    level = np.exp(steps + 0.12 * rng.standard_normal(len(seconds)))
    at = np.arange(n * grid.hop) / grid.rate
    envelope = np.interp(at, seconds, level).astype(np.float32)
    for kind, factor in _BURSTS.items():
        events = occurrences[kind]
        samples = spread(events.onset_s, events.duration_s, grid.rate, len(envelope))
        lift = subject.chin_uv * factor * rng.lognormal(-0.5, 0.5, len(events.onset_s))
        edge = np.minimum(1, np.minimum(samples.t_s / 0.2, (1 - samples.u) / 0.3))
        envelope[samples.index] += (lift[samples.event] * edge * 0.35).astype(np.float32)
    _twitch(envelope, rng, stages, subject, grid)
    f = grid.frequencies_hz
    response = f**2 / (f**2 + 12.0**2) / np.sqrt(1 + (f / 90) ** 2)
    response *= np.sqrt(0.5 / np.sum(response**2)) * grid.length
    noise = fft.irfft(white_spectra(stream(seed, "chin noise"), grid) * response.astype(np.float32), grid.length)
    signal = np.asarray(grid.join(noise) * envelope)
    if subject.chin_floor_uv:
        floor = stream(seed, "chin floor").standard_normal(len(signal), dtype=np.float32)
        signal += np.float32(subject.chin_floor_uv) * floor
    if subject.chin_ecg_uv:
        signal += electrocardiogram(r_peaks_s, len(signal), grid.rate, subject.chin_ecg_uv)
    return signal


def beats(seed: int, stages: np.ndarray, subject: Subject) -> np.ndarray:
    """Return the times of the R peaks in s: rate by stage, breathing arrhythmia, slow wandering."""
    rng = stream(seed, "heart")
    seconds = np.arange(len(stages) * EPOCH_S + 1)
    stage = np.append(np.repeat(stages, EPOCH_S), stages[-1])
    knots = np.arange(0, len(seconds) + 60, 20.0)
    slow = np.interp(seconds, knots, rng.normal(0, 0.04, len(knots)))
    breath = np.cumsum(0.25 + 0.03 * rng.standard_normal(len(seconds)))
    bpm = subject.heart_bpm * _BPM[stage] * np.exp(slow + 0.03 * np.sin(2 * np.pi * breath))
    phase = np.concatenate([[0], np.cumsum(bpm / 60)[:-1]])
    return np.asarray(np.interp(np.arange(0.5, phase[-1]), phase, seconds))


def electrocardiogram(r_peaks_s: np.ndarray, n_samples: int, rate: float, peak_uv: float = 1100.0) -> np.ndarray:
    """Return an ECG, float32 µV (n_samples,), with R waves of the given height at the given times."""
    fine = np.arange(_ECG_SPAN_S[0], _ECG_SPAN_S[1], 0.001)
    wave = sum(height * np.exp(-0.5 * ((fine - at) / width) ** 2) for at, width, height in _ECG_WAVES)
    wave = (np.asarray(wave) * peak_uv / 1100).astype(np.float32)
    inside = (r_peaks_s > -_ECG_SPAN_S[0]) & (r_peaks_s < n_samples / rate - _ECG_SPAN_S[1] - 0.01)
    onset = r_peaks_s[inside] + _ECG_SPAN_S[0]
    samples = spread(onset, np.full(len(onset), _ECG_SPAN_S[1] - _ECG_SPAN_S[0] - 0.001), rate, n_samples)
    values = wave[np.minimum((samples.t_s * 1000).astype(np.int64), len(wave) - 1)]
    # neighbouring beats may overlap by a tail, so samples are summed, not assigned
    return np.bincount(samples.index, weights=values, minlength=n_samples).astype(np.float32)


def _twitch(
    envelope: np.ndarray, rng: np.random.Generator, stages: np.ndarray, subject: Subject, grid: FrameGrid
) -> None:
    """Add the short bursts of phasic REM sleep in place."""
    rem = np.flatnonzero(stages == 4)
    if not len(rem):
        return
    epoch = np.repeat(rem, rng.poisson(0.6, len(rem)))
    onset = np.sort(epoch * EPOCH_S + rng.uniform(0, EPOCH_S - 0.5, len(epoch)))
    onset = onset[np.diff(onset, append=np.inf) > 0.4]
    samples = spread(onset, rng.uniform(0.1, 0.3, len(onset)), grid.rate, len(envelope))
    lift = subject.chin_uv * rng.lognormal(-0.7, 0.5, len(onset))
    envelope[samples.index] += (lift[samples.event] * np.sin(np.pi * samples.u)).astype(np.float32)
