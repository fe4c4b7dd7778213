"""One EEG or EOG channel of a night: how a derivation sees the sleeper's background and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eegvlm.lab.simulation.artefacts import add_artefacts, add_mains
from eegvlm.lab.simulation.background import FrameGrid, band_readings, shaped_background, white_spectra
from eegvlm.lab.simulation.bands import BAND_WIDTHS_HZ
from eegvlm.lab.simulation.calibration import spectral_table
from eegvlm.lab.simulation.derivations import Derivation
from eegvlm.lab.simulation.emg_ecg import electrocardiogram
from eegvlm.lab.simulation.event_rates import EVENT_RATES, Occurrences
from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.spectra import channel_spectra
from eegvlm.lab.simulation.streams import stream
from eegvlm.lab.simulation.subject import Subject
from eegvlm.lab.simulation.truth import Shown
from eegvlm.lab.simulation.waveforms import SHARED_KINDS, Ragged, spread, waveform

K = EventKind
_EYES = (K.BLINK, K.SLOW_EYE_MOVEMENT, K.RAPID_EYE_MOVEMENT)
_EVENT_SHARE = 0.7  # of an epoch's power in a band that events may take
_EVENT_SHARE_AWAKE = 0.75
_CALM = np.array([6.0, 2.0, 2.5])  # of what wake's background may have beside REM sleep's
_LEAST_SHRINK = 0.45
_LEAST_BACKGROUND = 0.15
_SIGMA_PEAK = np.array([0.0, 0.2, 1.4, 1.0, 0.0])  # of the background, by stage, natural-log power
_CARRIER_SHARE = 0.9  # of a channel's amplitude that is the carrier; the rest is its own noise


@dataclass(frozen=True)
class Physiology:
    """What all channels of a night share.

    Attributes
    ----------
    seed, stages, rows, drawn, subject, grid
        The night: its seed, stages, target spectra (n, 12), events, sleeper and frames.
    sources
        Unit spectra of the frontal and the posterior background.
    carried
        Whether both sources are the same real EEG.
    envelope
        How the sub-bands wax and wane.
    r_peaks_s
        Times of the heart beats.
    waves
        From :func:`unit_waves`.
    """

    seed: int
    stages: np.ndarray
    rows: np.ndarray
    drawn: dict[EventKind, Occurrences]
    subject: Subject
    grid: FrameGrid
    sources: tuple[np.ndarray, np.ndarray]
    carried: bool
    envelope: np.ndarray
    r_peaks_s: np.ndarray
    waves: Mapping[EventKind, tuple[Ragged, np.ndarray]]


def unit_waves(
    occurrences: Mapping[EventKind, Occurrences], grid: FrameGrid
) -> dict[EventKind, tuple[Ragged, np.ndarray]]:
    """Return where every event lies and its unit waveform, for the kinds that all channels share."""
    waves = {}
    for kind in SHARED_KINDS:
        samples = spread(occurrences[kind].onset_s, occurrences[kind].duration_s, grid.rate, grid.n_epochs * grid.hop)
        waves[kind] = samples, waveform(occurrences[kind], samples)
    return waves


def channel_signal(derivation: Derivation, night: Physiology) -> tuple[np.ndarray, list[Shown]]:
    """Return one channel (float32, µV) and what it shows of each kind of event, as :class:`.truth.Shown`.

    Events are written first; where they alone would exceed 70 % of an epoch's power in their band they shrink (at
    most to 0.45); eye movements and alpha trains of wake also grow, because wake's slow and alpha power is
    theirs. The background takes what the events leave of the target, at least 15 %.
    """
    grid, label, subject = night.grid, derivation.label, night.subject
    target = channel_spectra(night.rows, night.stages, derivation, subject)
    n_samples = grid.n_epochs * grid.hop
    rms = np.sqrt(target[:, 1:] * np.array(BAND_WIDTHS_HZ))
    size = {kind: _size(night.drawn[kind], derivation, subject, rms) for kind in SHARED_KINDS}
    in_target = [kind for kind in SHARED_KINDS if not (derivation.eog and kind in _EYES)]
    written = _written(in_target, night.waves, size, n_samples)
    read = band_readings(written, grid)
    awake = night.stages == 0
    share = np.where(awake[:, None], _EVENT_SHARE_AWAKE, _EVENT_SHARE)
    fit = np.clip(np.sqrt(share * target / np.maximum(read, 1e-9)), _LEAST_SHRINK, None)
    for kind in in_target:
        events = night.drawn[kind]
        epoch = np.minimum(events.epoch, len(fit) - 1)
        factor = fit[epoch, _column(events)]
        most = np.where(awake[epoch], _swell_awake(kind, derivation), 1.0)
        size[kind] = size[kind] * np.minimum(factor, most)
    written = _written(in_target, night.waves, size, n_samples)
    left = np.maximum(target - band_readings(written, grid), _LEAST_BACKGROUND * target)
    # the calibrated nights hold artefacts too, but one that is over soon must not silence its whole epoch
    foreign = np.zeros(n_samples, dtype=np.float32)
    artefacts = add_artefacts(foreign, grid.rate, label, night.seed, night.drawn)
    left = np.maximum(left - band_readings(foreign, grid), 0.5 * left)
    left[awake] = _calm(left[awake], derivation, subject)
    sigma = _SIGMA_PEAK[night.stages] * (1 + 0.3 * np.log(subject.event_amplitudes.get(K.SPINDLE, 1.0)))
    signal = shaped_background(
        left, _white(derivation, night), night.envelope, grid, sigma=sigma, sigma_hz=subject.spindle_hz
    )
    signal += written
    signal += foreign
    signal += _written([kind for kind in SHARED_KINDS if kind not in in_target], night.waves, size, n_samples)

    truth: list[Shown] = []
    for kind in SHARED_KINDS:
        events, (samples, values) = night.drawn[kind], night.waves[kind]
        height = np.abs(size[kind]) * samples.peak_to_peak(values)
        truth.append(Shown(kind, events.onset_s, events.duration_s, height, events.frequency_hz))
    truth += artefacts
    if subject.ecg_leak_uv:
        rng = stream(night.seed, f"heart leak {label}")
        height = subject.ecg_leak_uv * rng.lognormal(-0.2, 0.4) * (1 if rng.random() < 0.8 else -1)
        signal += electrocardiogram(night.r_peaks_s, n_samples, grid.rate, height)
    recorder = subject.recorder
    truth += add_mains(signal, grid.rate, label, night.seed, recorder)
    signal = recorder.apply(signal, grid.rate)
    noise = stream(night.seed, f"inputs {label}").standard_normal(n_samples, dtype=np.float32)
    signal += np.float32(recorder.noise_uv) * noise
    return signal, [replace(row, peak_to_peak_uv=row.peak_to_peak_uv * recorder.gain) for row in truth]


def _calm(left: np.ndarray, derivation: Derivation, subject: Subject) -> np.ndarray:
    """Bend down what would be slow waves in the background of wake: there, large slow power is eyes and movement."""
    typical = (spectral_table().centre[4] + np.array(subject.offsets))[None]
    quiet = channel_spectra(typical, np.array([4]), derivation, subject)[:, :3] * _CALM
    slow = left[:, :3]
    slow = np.where(slow > quiet, quiet * (slow / quiet) ** 0.2, slow)
    return np.concatenate([slow, left[:, 3:]], axis=1)


def _size(events: Occurrences, derivation: Derivation, subject: Subject, rms: np.ndarray) -> np.ndarray:
    """Return the signed peak (n,) of each event in this derivation, µV."""
    habit = EVENT_RATES[events.kind]
    if events.kind in (K.SLOW_EYE_MOVEMENT, K.RAPID_EYE_MOVEMENT):
        # slow movements are horizontal; of the rapid ones a third have a vertical part
        tilt = np.pi * np.clip(events.shape[:, 3] - 0.65, 0, 1) * (events.kind is K.RAPID_EYE_MOVEMENT)
        sees = derivation.horizontal * np.cos(tilt) + derivation.vertical * np.sin(tilt)
        return np.asarray(events.strength * sees * subject.eye_size * (1.0 if derivation.eog else subject.eye_leak))
    size = events.strength * derivation.sees.get(events.kind, 1.0)
    if events.kind is K.BLINK:
        size = size * subject.eye_size * (1.0 if derivation.eog else subject.eye_leak)
    elif derivation.eog and not habit.relative:
        size = size * subject.eog_brain
    if habit.relative:
        size = size * 1.25 * rms[np.minimum(events.epoch, len(rms) - 1), habit.band - 1]
    return np.asarray(size)


def _swell_awake(kind: EventKind, derivation: Derivation) -> float:
    """Return how far a kind may grow in wake: what makes wake's power may fill it, less so far from the eyes."""
    if kind is K.ALPHA_TRAIN:
        return 1.25
    if kind in _EYES:
        sees = (derivation.sees[kind],) if kind is K.BLINK else (derivation.horizontal, derivation.vertical)
        return 1 + 8 * min(max(map(abs, sees)), 0.5)
    return 1.0


def _column(events: Occurrences) -> np.ndarray:
    """Return the calibrated band (n,) each event lives in."""
    if events.kind is K.SPINDLE:
        return np.where(events.frequency_hz < 13.0, 3, 4)
    return np.full(len(events.onset_s), EVENT_RATES[events.kind].band)


def _written(
    kinds: Sequence[EventKind],
    waves: Mapping[EventKind, tuple[Ragged, np.ndarray]],
    size: Mapping[EventKind, np.ndarray],
    n_samples: int,
) -> np.ndarray:
    out = np.zeros(n_samples, dtype=np.float32)
    for kind in kinds:
        samples, values = waves[kind]
        out[samples.index] += values * size[kind].astype(np.float32)[samples.event]
    return out


def _white(derivation: Derivation, night: Physiology) -> np.ndarray:
    noise = white_spectra(stream(night.seed, f"background {derivation.label}"), night.grid)
    if night.carried:
        share = _CARRIER_SHARE if not derivation.eog else 0.7
        return np.asarray(share * night.sources[0] + np.float32(np.sqrt(1 - share**2)) * noise)
    weights = np.array(derivation.sources) / np.linalg.norm(derivation.sources)
    parts = zip(weights.astype(np.float32), (*night.sources, noise), strict=True)
    return np.asarray(sum(weight * part for weight, part in parts))
