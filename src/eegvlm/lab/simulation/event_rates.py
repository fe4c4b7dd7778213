"""When events happen: stages invite kinds of events, loosely, so that no single event gives a stage away.

An epoch of a stage with probability p holds a Poisson number of events; the table is data. Spindles also occur
in N3, slow waves in N2, alpha in N1 and R; onsets are jittered across epoch borders. The epoch's own spectrum bends the
rates (more delta, more slow waves), and waking up comes with arousals and movements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from eegvlm.lab.simulation.events import EventKind
from eegvlm.lab.simulation.streams import stream
from eegvlm.lab.simulation.subject import Subject

K = EventKind
_EPOCH_S = 30.0
_ONSET_JITTER_S = 2.5

DELTA, THETA, ALPHA, BETA, GAMMA = 1, 2, 3, 4, 5  # columns of the six calibrated numbers


@dataclass(frozen=True)
class EventRate:
    """How a kind of event occurs.

    Attributes
    ----------
    chance
        Probability that an epoch of W, N1, N2, N3, R holds any.
    rate
        Mean number in such an epoch.
    duration_s
        Median, spread (sd of the logarithm), least and largest.
    strength
        Median and spread of the peak: µV where the kind is largest, or multiples of the channel's rms in ``band``
        where ``relative``.
    band
        Column of the calibrated numbers that the event lives in.
    relative
        Whether the strength follows the channel's spectrum.
    bends
        How strongly the epoch's log power in ``band`` bends the rate.
    gap_s
        Least pause between two events of the kind.
    burst_s
        Events of an epoch gather around a moment with this spread; 0 for an even spread.
    """

    chance: tuple[float, float, float, float, float]
    rate: tuple[float, float, float, float, float]
    duration_s: tuple[float, float, float, float]
    strength: tuple[float, float]
    band: int
    relative: bool = False
    bends: float = 0.0
    gap_s: float = 0.2
    burst_s: float = 0.0


EVENT_RATES: Mapping[EventKind, EventRate] = {
    K.ALPHA_TRAIN: EventRate(
        (0.8, 0.50, 0.18, 0.12, 0.25), (5, 2.5, 1, 1, 1.5), (2.6, 0.7, 0.7, 14), (1.65, 0.25), ALPHA, True, 0.4
    ),
    K.BLINK: EventRate(
        (0.6, 0.04, 0, 0, 0.04), (3.5, 1, 1, 1, 1), (0.32, 0.2, 0.2, 0.5), (110, 0.5), DELTA, False, 0.6, 0.15, 6
    ),
    K.SLOW_EYE_MOVEMENT: EventRate(
        (0.25, 0.65, 0.08, 0.01, 0.2), (1.5, 2.5, 1, 1, 1.3), (3.2, 0.35, 1.5, 7), (85, 0.4), DELTA, False, 0, 0.3
    ),
    K.RAPID_EYE_MOVEMENT: EventRate(
        (0.8, 0.2, 0.05, 0.01, 0.7), (3, 1.2, 1, 1, 5), (0.9, 0.45, 0.35, 2.6), (75, 0.55), DELTA, False, 0.4, 0.03, 3
    ),
    K.THETA_BURST: EventRate(
        (0.25, 0.9, 0.4, 0.1, 0.6), (1, 4, 2, 1, 2), (1.1, 0.45, 0.5, 2.5), (1.75, 0.22), THETA, True, 0.3
    ),
    K.VERTEX_WAVE: EventRate(
        (0, 0.5, 0.3, 0.05, 0), (1, 1.8, 1, 1, 1), (0.2, 0.25, 0.12, 0.32), (45, 0.35), DELTA, False, 0
    ),
    K.SPINDLE: EventRate(
        (0.03, 0.08, 0.8, 0.65, 0.05), (1, 1, 3, 2.2, 1), (0.95, 0.32, 0.5, 2.2), (19, 0.36), ALPHA, False, 0.5, 0.3
    ),
    K.K_COMPLEX: EventRate(
        (0.02, 0.08, 0.7, 0.6, 0.03), (1, 1, 1.3, 1.2, 1), (1.05, 0.22, 0.6, 1.8), (62, 0.35), DELTA, False, 0.3, 0.8
    ),
    K.SLOW_WAVE: EventRate(
        (0.01, 0.03, 0.5, 0.9, 0.03), (1, 1, 2, 6.5, 1), (1.15, 0.3, 0.6, 2.2), (50, 0.35), DELTA, False, 0.6, 0.0, 7
    ),
    K.SAWTOOTH: EventRate((0, 0.03, 0, 0, 0.4), (1, 1, 1, 1, 1.8), (1.8, 0.4, 1, 4), (16, 0.3), THETA, False, 0),
    K.AROUSAL: EventRate(
        (0, 0.08, 0.08, 0.015, 0.07), (1, 1, 1, 1, 1), (4.5, 0.45, 3, 12), (2.1, 0.25), ALPHA, True, 0, 5
    ),
    K.BODY_MOVEMENT: EventRate(
        (0.15, 0.08, 0.03, 0.02, 0.03), (1.2, 1, 1, 1, 1), (2.5, 0.7, 0.6, 10), (90, 0.5), DELTA, False, 0, 2
    ),
    K.MUSCLE_ARTEFACT: EventRate(
        (0.2, 0.06, 0.02, 0.01, 0.03), (1.5, 1, 1, 1, 1), (1.6, 0.7, 0.4, 8), (22, 0.5), GAMMA, False, 0.5, 1
    ),
    K.DRIFT: EventRate(
        (0.02, 0.01, 0.008, 0.008, 0.008), (1, 1, 1, 1, 1), (45, 0.7, 12, 300), (45, 0.5), DELTA, False, 0, 10
    ),
}
"""How every kind occurs; electrode pops and mains belong to channels and the recorder, not to the sleeper."""


@dataclass(frozen=True)
class Occurrences:
    """Events of one kind in the sleeper, before any channel sees them.

    Attributes
    ----------
    kind
        The kind.
    onset_s, duration_s, frequency_hz
        float64 (n,); the frequency is NaN where it has no meaning.
    strength
        float64 (n,), signed; see :attr:`EventRate.strength`.
    shape
        float32 (n, 4), uniform on 0 to 1: what makes two waveforms of a kind differ.
    """

    kind: EventKind
    onset_s: np.ndarray
    duration_s: np.ndarray
    frequency_hz: np.ndarray
    strength: np.ndarray
    shape: np.ndarray

    @property
    def epoch(self) -> np.ndarray:
        """Epoch in which the middle of each event lies."""
        return np.asarray((self.onset_s + 0.5 * self.duration_s) // _EPOCH_S).astype(int)


def draw_occurrences(
    seed: int, stages: np.ndarray, closed: np.ndarray, within: np.ndarray, subject: Subject
) -> dict[EventKind, Occurrences]:
    """Draw every event of the sleeper; see :func:`.spectra.epoch_spectra` for ``closed`` and ``within``."""
    occurrences = {}
    for kind in EVENT_RATES:
        times = _onsets(stream(seed, f"onsets {kind}"), kind, stages, closed, within, subject)
        occurrences[kind] = _described(stream(seed, f"details {kind}"), kind, times, stages, subject)
    riding = _riding_spindles(stream(seed, "riding spindles"), occurrences[K.K_COMPLEX])
    return occurrences | {K.SPINDLE: _with_extra(seed, occurrences[K.SPINDLE], riding, stages, subject)}


def _onsets(
    rng: np.random.Generator,
    kind: EventKind,
    stages: np.ndarray,
    closed: np.ndarray,
    within: np.ndarray,
    subject: Subject,
) -> np.ndarray:
    habit = EVENT_RATES[kind]
    chance, rate = np.array(habit.chance)[stages], np.array(habit.rate)[stages]
    chance = chance * subject.event_rates.get(kind, 1.0)
    in_wake = _WAKE_STATE.get(kind)
    if in_wake:
        factor = np.where(closed, *in_wake(subject))
        chance, rate = np.where(stages == 0, chance * factor, chance), np.where(stages == 0, rate * factor, rate)
    if habit.bends:
        power = 0.5 * (within[:, habit.band] + within[:, 6 + habit.band])
        rate = rate * np.clip(np.exp(habit.bends * power), 0.4, 2.2)
    count = rng.poisson(np.clip(rate, 0.02, 12)) * (rng.random(len(stages)) < chance)
    epoch = np.repeat(np.arange(len(stages)), count)
    even = rng.uniform(0, _EPOCH_S, len(epoch))
    if habit.burst_s:
        centre = rng.uniform(0, _EPOCH_S, len(stages))[epoch] + rng.normal(0, habit.burst_s, len(epoch))
        even = np.where(rng.random(len(epoch)) < 0.7, centre, even)
    times = epoch * _EPOCH_S + even + rng.normal(0, _ONSET_JITTER_S, len(epoch))
    if kind in _AT_AWAKENING:
        waking = np.flatnonzero((np.diff(stages) < 0) & np.isin(stages[1:], (0, 1)))
        waking = waking[rng.random(len(waking)) < _AT_AWAKENING[kind]]
        times = np.concatenate([times, (waking + 1) * _EPOCH_S + rng.normal(-2.0, 2.0, len(waking))])
    return np.asarray(np.sort(times))


_AT_AWAKENING = {K.AROUSAL: 0.6, K.BODY_MOVEMENT: 0.4}

# factor with closed and with open eyes in wake
_WAKE_STATE: Mapping[EventKind, Callable[[Subject], tuple[float, float]]] = {
    K.ALPHA_TRAIN: lambda subject: (1.35, 0.65) if subject.alpha_producer else (0.25, 0.15),
    K.BLINK: lambda _: (0.35, 1.4),
    K.RAPID_EYE_MOVEMENT: lambda _: (0.85, 1.1),
    K.SLOW_EYE_MOVEMENT: lambda _: (1.8, 0.5),
}


def _described(
    rng: np.random.Generator, kind: EventKind, onset: np.ndarray, stages: np.ndarray, subject: Subject
) -> Occurrences:
    habit = EVENT_RATES[kind]
    n = len(onset)
    median, spread, least, largest = habit.duration_s
    duration = np.clip(median * rng.lognormal(0, spread, n), least, largest)
    stage = stages[np.clip((onset // _EPOCH_S).astype(int), 0, len(stages) - 1)]
    if kind is K.BODY_MOVEMENT:  # a long one would make it wake
        duration = np.where(stage == 0, duration, np.minimum(duration, 0.5 * duration + 1))
    keep = _apart(onset, duration, habit.gap_s) & (onset >= 0) & (onset + duration <= len(stages) * _EPOCH_S)
    strength = habit.strength[0] * rng.lognormal(0, habit.strength[1], n)
    strength *= subject.event_amplitudes.get(kind, 1.0)
    if not habit.relative and kind in _OF_THE_BRAIN:
        strength *= subject.amplitude
    if kind is K.RAPID_EYE_MOVEMENT:  # open eyes look further than dreaming ones
        strength *= np.where(stage == 0, 1.5, 1.0)
    sign = np.ones(n)
    if kind is K.K_COMPLEX:
        sign = np.where(rng.random(n) < subject.reversed_k_complexes, -1.0, 1.0)
    elif kind in (K.RAPID_EYE_MOVEMENT, K.SLOW_EYE_MOVEMENT, K.DRIFT):
        sign = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    frequency = _frequency(rng, kind, duration, stage, subject)
    shape = rng.random((n, 4), dtype=np.float32)
    return Occurrences(kind, onset[keep], duration[keep], frequency[keep], (strength * sign)[keep], shape[keep])


_OF_THE_BRAIN = (K.VERTEX_WAVE, K.SPINDLE, K.K_COMPLEX, K.SLOW_WAVE, K.SAWTOOTH)


def _frequency(
    rng: np.random.Generator, kind: EventKind, duration: np.ndarray, stage: np.ndarray, subject: Subject
) -> np.ndarray:
    n = len(duration)
    if kind is K.ALPHA_TRAIN:
        slower = np.array([0, 0.4, 0.4, 0.4, 1.0])[stage]
        return np.asarray(subject.alpha_hz + rng.normal(0, 0.25, n) - slower)
    if kind is K.SPINDLE:
        return np.clip(subject.spindle_hz + rng.normal(0, 0.5, n), 11.2, 15.8)
    if kind is K.THETA_BURST:
        return rng.uniform(4.2, 7.5, n)
    if kind is K.SAWTOOTH:
        return rng.uniform(2.2, 5.5, n)
    if kind is K.SLOW_EYE_MOVEMENT:
        return np.clip(rng.uniform(0.2, 0.6, n), 0.8 / duration, None)
    if kind is K.AROUSAL:
        return rng.uniform(8, 12, n)
    if kind is K.SLOW_WAVE:
        return 1.0 / duration
    if kind is K.DRIFT:
        return rng.uniform(0.08, 0.35, n)
    return np.full(n, np.nan)


def _apart(onset: np.ndarray, duration: np.ndarray, gap_s: float) -> np.ndarray:
    """Keep the first of any two events that overlap or follow too closely."""
    keep = np.zeros(len(onset), dtype=bool)
    free = -np.inf
    for i, (start, length) in enumerate(zip(onset.tolist(), duration.tolist(), strict=True)):
        if start >= free:
            keep[i] = True
            free = start + length + gap_s
    return keep


def _riding_spindles(rng: np.random.Generator, complexes: Occurrences) -> np.ndarray:
    """Return onsets of the spindles that ride on three in ten K-complexes."""
    chosen = rng.random(len(complexes.onset_s)) < 0.3
    return np.asarray(complexes.onset_s + rng.uniform(0.35, 0.7, len(chosen)) * complexes.duration_s)[chosen]


def _with_extra(
    seed: int, spindles: Occurrences, onsets: np.ndarray, stages: np.ndarray, subject: Subject
) -> Occurrences:
    extra = _described(stream(seed, "riding spindle details"), K.SPINDLE, np.sort(onsets), stages, subject)
    both = [
        np.concatenate([getattr(spindles, name), getattr(extra, name)])
        for name in ("onset_s", "duration_s", "frequency_hz", "strength", "shape")
    ]
    order = np.argsort(both[0], kind="stable")
    both = [values[order] for values in both]
    keep = _apart(both[0], both[1], EVENT_RATES[K.SPINDLE].gap_s)
    return Occurrences(K.SPINDLE, *(values[keep] for values in both))
