"""The shapes of events, written for all events of a kind at once.

Events of one kind never overlap, so a kind is one ragged, flat array: sample index, event number, value. A waveform
has a peak of about 1; negative is negative in microvolt (scorers see it pointing up).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from eegvlm.lab.simulation.event_rates import Occurrences
from eegvlm.lab.simulation.events import EventKind

K = EventKind
_TAU = np.float32(2 * np.pi)


@dataclass(frozen=True)
class Ragged:
    """Samples of many events, one after the other.

    Attributes
    ----------
    index
        int64 (m,): sample of the night.
    event
        int64 (m,): which event.
    first
        int64 (n,): where each event starts in the flat arrays.
    t_s, u
        float32 (m,): seconds since the event's onset, and that as a share of its duration.
    """

    index: np.ndarray
    event: np.ndarray
    first: np.ndarray
    t_s: np.ndarray
    u: np.ndarray

    def peak_to_peak(self, values: np.ndarray) -> np.ndarray:
        """Return (n,) largest minus smallest value of each event."""
        if not len(self.first):
            return np.zeros(0)
        high, low = np.maximum.reduceat(values, self.first), np.minimum.reduceat(values, self.first)
        return np.asarray(high - low, dtype=np.float64)


def spread(onset_s: np.ndarray, duration_s: np.ndarray, rate: float, n_samples: int) -> Ragged:
    """Lay events out on the night's samples. Every event must hold at least one sample."""
    start = np.ceil(onset_s * rate).astype(np.int64)
    stop = np.minimum(np.floor((onset_s + duration_s) * rate).astype(np.int64) + 1, n_samples)
    length = np.maximum(stop - start, 1)
    start = np.minimum(start, n_samples - length)
    first = np.cumsum(length) - length
    event = np.repeat(np.arange(len(onset_s)), length)
    index = np.arange(length.sum()) - (first - start)[event]
    t = (index / rate - onset_s[event]).astype(np.float32)
    u = np.clip(t / duration_s.astype(np.float32)[event], 0, 1)
    return Ragged(index, event, first, t, u)


def waveform(events: Occurrences, samples: Ragged) -> np.ndarray:
    """Return float32 (m,): the unit waveform of every event of a kind that has one shape in all channels."""
    draw = _SHAPES[events.kind]
    duration = events.duration_s.astype(np.float32)[samples.event]
    frequency = np.nan_to_num(events.frequency_hz).astype(np.float32)[samples.event]
    return np.asarray(
        draw(samples.t_s, samples.u, duration, frequency, events.shape[samples.event].T), dtype=np.float32
    )


def _bump(u: np.ndarray, centre: np.ndarray | float, left: np.ndarray | float, right: np.ndarray | float) -> np.ndarray:
    """Return a Gaussian bump of height 1 with different widths before and after its centre."""
    away = u - centre
    return np.asarray(np.exp(-((away / np.where(away < 0, left, right)) ** 2)))


def _hump(u: np.ndarray, power: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.maximum(np.sin(np.float32(np.pi) * u), 0) ** power)


def _rhythm(t: np.ndarray, f: np.ndarray, wander: np.ndarray, depth_hz: float) -> np.ndarray:
    """Return the phase (radians) of a rhythm whose frequency wanders by ``depth_hz`` to both sides."""
    slow = 0.5 + 0.6 * wander
    return np.asarray(_TAU * (f * t + wander) + depth_hz / slow * np.sin(_TAU * (slow * t + 3 * wander)))


def _alpha(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    waxing = 0.25 + 0.4 * s[0]
    envelope = (1 + waxing * np.sin(_TAU * ((0.45 + 0.8 * s[1]) * t + s[2]))) / (1 + waxing)
    return np.asarray(_hump(u, 0.6 + 0.6 * s[3]) * envelope * np.sin(_rhythm(t, f, s[2], 0.35)))


def _theta(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    phase = _rhythm(t, f, s[0], 0.3)
    return np.asarray(_hump(u, 0.8 + s[1]) * (np.sin(phase) + 0.25 * (s[2] - 0.3) * np.sin(2 * phase + 6 * s[3])))


def _spindle(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    # waxes and wanes about its middle (peak at 0.38 to 0.6 of its length) and slows by 0.4 Hz a second
    envelope = _hump(u ** (0.75 + 0.6 * s[0]), 1.0 + 0.8 * s[1])
    ripple = 1 + 0.25 * s[2] * np.sin(_TAU * ((1.5 + 1.5 * s[3]) * t + s[0]))
    return np.asarray(envelope * ripple / 1.15 * np.sin(_TAU * (f * t - 0.2 * (t * t - d * t) + s[3])))


def _k_complex(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    peak = 0.28 + 0.10 * s[0]
    negative = _bump(u, peak, 0.10 + 0.03 * s[1], 0.12 + 0.05 * s[2])
    positive = _bump(u, peak + 0.33, 0.15, 0.16 + 0.04 * s[0])
    onset = _bump(u, peak - 0.17, 0.06, 0.06)
    return np.asarray((-negative + (0.35 + 0.6 * s[3]) * positive + 0.15 * s[1] * onset) * _edges(u, 0.08))


def _slow_wave(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    peak = 0.24 + 0.12 * s[0]
    negative = _bump(u, peak, 0.15 + 0.04 * s[1], 0.15 + 0.06 * s[1])
    positive = _bump(u, peak + 0.40 + 0.06 * s[0], 0.19, 0.17)
    return np.asarray((-negative + (0.4 + 0.6 * s[2]) * positive) * _edges(u, 0.12))


def _vertex(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    sharp = _bump(u, 0.42, 0.17, 0.15 + 0.05 * s[0])
    return np.asarray(
        (-sharp + 0.35 * s[1] * _bump(u, 0.8, 0.14, 0.12) + 0.2 * s[2] * _bump(u, 0.1, 0.08, 0.1)) * _edges(u, 0.1)
    )


def _sawtooth(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    phase = _rhythm(t, f, s[0], 0.2)
    notched = np.sin(phase) - 0.42 * np.sin(2 * phase) + 0.16 * np.sin(3 * phase)
    return np.asarray(_hump(u, 0.5 + 0.5 * s[1]) * notched / 1.25)


def _blink(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    return np.asarray(_bump(u, 0.34 + 0.1 * s[0], 0.17, 0.22 + 0.06 * s[1]) * _edges(u, 0.12))


def _rapid_eye(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    flank = 0.03 + 0.07 * s[0]
    rise = 1 / (1 + np.exp(-np.clip(8 * (t / flank - 0.5), -30, 30)))
    fall = np.exp(-np.maximum(t - flank, 0) * (1.6 + 1.6 * s[1]) / d)
    # four in ten are followed by a saccade back
    back = (
        (s[2] < 0.4) * (0.7 + 0.5 * s[1]) / (1 + np.exp(-np.clip(8 * ((t - (0.35 + 0.3 * s[1]) * d) / flank), -30, 30)))
    )
    return np.asarray((rise - back) * fall * np.minimum(1, (1 - u) / 0.3))


def _slow_eye(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    return np.asarray(_hump(u, 0.8) * np.sin(_rhythm(t, f, s[0], 0.05)))


def _arousal(t: np.ndarray, u: np.ndarray, d: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    envelope = np.minimum(1, t / 0.4) * np.minimum(1, (1 - u) / 0.35)
    waxing = 0.7 + 0.3 * np.sin(_TAU * (0.7 * t + s[2]))
    fast = 0.30 * np.sin(_rhythm(t, 16.5 + 5 * s[1], s[0], 1.5)) + 0.22 * np.sin(_rhythm(t, 22 + 7 * s[2], s[3], 2.0))
    return np.asarray(envelope * (0.75 * waxing * np.sin(_rhythm(t, f, s[3], 0.5)) + fast))


def _edges(u: np.ndarray, share: float) -> np.ndarray:
    """Return a taper to 0 over ``share`` of each end."""
    ramp = np.minimum(1, np.minimum(u, 1 - u) / share)
    return np.asarray(ramp * ramp * (3 - 2 * ramp))


_Shape = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

_SHAPES: Mapping[EventKind, _Shape] = {
    K.ALPHA_TRAIN: _alpha,
    K.BLINK: _blink,
    K.SLOW_EYE_MOVEMENT: _slow_eye,
    K.RAPID_EYE_MOVEMENT: _rapid_eye,
    K.THETA_BURST: _theta,
    K.VERTEX_WAVE: _vertex,
    K.SPINDLE: _spindle,
    K.K_COMPLEX: _k_complex,
    K.SLOW_WAVE: _slow_wave,
    K.SAWTOOTH: _sawtooth,
    K.AROUSAL: _arousal,
}

SHARED_KINDS = tuple(_SHAPES)
"""Kinds whose waveform is the same in every channel but for its size and sign."""
