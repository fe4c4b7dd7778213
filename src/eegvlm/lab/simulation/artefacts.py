"""What does not come from the brain: movement, muscle, drift, electrode pops and mains, channel by channel.

All channels share when the sleeper moves; how a lead answers is its own.
"""

from __future__ import annotations

import numpy as np

from eegvlm.lab.simulation.event_rates import Occurrences
from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.recorder import Recorder
from eegvlm.lab.simulation.streams import stream
from eegvlm.lab.simulation.truth import Shown
from eegvlm.lab.simulation.waveforms import spread

K = EventKind
_TAU = 2 * np.pi


def add_artefacts(
    night: np.ndarray,
    rate: float,
    label: str,
    seed: int,
    occurrences: dict[EventKind, Occurrences],
) -> list[Shown]:
    """Add movement, muscle, drift and pops to a night in place, and say what was added."""
    rows = [
        _moved(night, rate, occurrences[K.BODY_MOVEMENT], stream(seed, f"movement {label}")),
        _tensed(night, rate, occurrences[K.MUSCLE_ARTEFACT], stream(seed, f"muscle {label}")),
        _drifted(night, rate, occurrences[K.DRIFT], stream(seed, f"drift {label}")),
        _popped(night, rate, stream(seed, f"pops {label}")),
    ]
    return rows


def add_mains(night: np.ndarray, rate: float, label: str, seed: int, recorder: Recorder) -> list[Shown]:
    """Add mains hum in one span of the night, where the recorder lets it in and the rate can hold it."""
    if not recorder.mains_uv or recorder.mains_hz >= 0.5 * rate:
        return []
    length = max(1, int(recorder.mains_share * len(night)))
    start = int(stream(seed, "mains").uniform(0, 1) * (len(night) - length))
    rng = stream(seed, f"mains {label}")
    peak = recorder.mains_uv * np.sqrt(2) * rng.lognormal(0, 0.5)
    phase = (recorder.mains_hz / rate * np.arange(start, start + length)) % 1.0 + rng.uniform()
    night[start : start + length] += (peak * np.sin(_TAU * phase)).astype(np.float32)
    unit = np.ones(1)
    return [Shown(K.MAINS, start / rate * unit, length / rate * unit, 2 * peak * unit, recorder.mains_hz * unit)]


def _moved(night: np.ndarray, rate: float, events: Occurrences, rng: np.random.Generator) -> Shown:
    """Add the sway of a lead and the muscles of neck and scalp."""
    samples = spread(events.onset_s, events.duration_s, rate, len(night))
    n = len(events.onset_s)
    size = events.strength * rng.lognormal(0, 0.4, n) * np.where(rng.random(n) < 0.5, -1, 1)
    tempo, phase = rng.lognormal(0, 0.35, (5, n)), rng.uniform(size=(5, n))
    sway = sum(
        0.6 * base**-0.6 * np.sin(_TAU * (base * tempo[k][samples.event] * samples.t_s + phase[k][samples.event]))
        for k, base in enumerate((0.25, 0.55, 1.1, 2.0, 3.4))
    )
    # muscles tense in bursts of their own
    bursts = (
        0.25 + (0.5 + 0.5 * np.sin(_TAU * (0.6 * tempo[4][samples.event] * samples.t_s + phase[0][samples.event]))) ** 3
    )
    muscle = rng.lognormal(np.log(0.22), 0.7, n)[samples.event] * bursts * _tense(rng, len(samples.index))
    envelope = np.minimum(1, np.minimum(samples.t_s / 0.25, (1 - samples.u) / 0.25))
    values = (size[samples.event] * envelope * (0.5 * sway + muscle)).astype(np.float32)
    night[samples.index] += values
    return Shown(K.BODY_MOVEMENT, events.onset_s, events.duration_s, samples.peak_to_peak(values), np.full(n, np.nan))


def _tensed(night: np.ndarray, rate: float, events: Occurrences, rng: np.random.Generator) -> Shown:
    samples = spread(events.onset_s, events.duration_s, rate, len(night))
    n = len(events.onset_s)
    size = events.strength * rng.lognormal(-0.2, 0.5, n)
    envelope = np.minimum(1, np.minimum(samples.t_s / 0.1, (1 - samples.u) / 0.3))
    ripple = 0.75 + 0.25 * np.sin(_TAU * (1.3 * samples.t_s + events.shape[samples.event, 0]))
    values = (size[samples.event] * envelope * ripple * _tense(rng, len(samples.index))).astype(np.float32)
    night[samples.index] += values
    return Shown(K.MUSCLE_ARTEFACT, events.onset_s, events.duration_s, samples.peak_to_peak(values), np.full(n, np.nan))


def _drifted(night: np.ndarray, rate: float, events: Occurrences, rng: np.random.Generator) -> Shown:
    """Add sweat and breathing: a slow wave that all leads share, larger in some."""
    samples = spread(events.onset_s, events.duration_s, rate, len(night))
    n = len(events.onset_s)
    size = events.strength * rng.lognormal(-0.1, 0.4, n)
    phase = events.frequency_hz[samples.event] * samples.t_s
    wave = np.sin(_TAU * phase) + 0.4 * np.sin(_TAU * (0.43 * phase + events.shape[samples.event, 1]))
    envelope = np.minimum(1, np.minimum(samples.t_s, (1 - samples.u) * events.duration_s[samples.event]) / 4)
    values = (size[samples.event] * envelope * wave).astype(np.float32)
    night[samples.index] += values
    return Shown(K.DRIFT, events.onset_s, events.duration_s, samples.peak_to_peak(values), events.frequency_hz)


def _popped(night: np.ndarray, rate: float, rng: np.random.Generator) -> Shown:
    """Add steps that decay: a lead that loses its paste. Most leads of a night have few, one in six has many."""
    hours = len(night) / rate / 3600
    n = int(rng.poisson(hours * (6.0 if rng.random() < 0.17 else 0.5)))
    total = len(night) / rate
    duration = rng.uniform(0.25, 1.6, n)
    onset = np.sort(rng.uniform(0, max(total - 2, 0.1), n))
    keep = np.diff(onset, append=np.inf) > 2.0
    onset, duration = onset[keep], duration[keep]
    size = 150 * rng.lognormal(0, 0.5, n)[keep] * np.where(rng.random(n) < 0.5, -1, 1)[keep]
    samples = spread(onset, duration, rate, len(night))
    values = (size[samples.event] * np.exp(-4 * samples.u) * np.minimum(1, (1 - samples.u) / 0.2)).astype(np.float32)
    night[samples.index] += values
    return Shown(K.ELECTRODE_POP, onset, duration, samples.peak_to_peak(values), np.full(len(onset), np.nan))


def _tense(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return muscle-like noise of unit rms: white noise without its slow half."""
    white = rng.standard_normal(n + 1, dtype=np.float32)
    return np.asarray((white[1:] - 0.8 * white[:-1]) / np.float32(1.28))
