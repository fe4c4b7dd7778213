"""Answers and nights with known figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import lfilter

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.evaluation import NightAnswers
from eegvlm.signals import Recording

W, N1, N2, N3, R = range(5)


def answers(truth, stages, probabilities=None, *, subject="s1", night=None, **more) -> NightAnswers:
    truth, stages = np.asarray(truth, np.int8), np.asarray(stages, np.int64)
    return NightAnswers(subject, night or f"{subject} night", truth, stages, probabilities, **more)


def sure(stages, confidence=1.0) -> np.ndarray:
    """Probabilities that give each epoch's stage the confidence and share the rest."""
    stages = np.asarray(stages)
    rows = np.repeat(((1 - np.broadcast_to(confidence, stages.shape)) / 4)[:, None], 5, axis=1)
    rows[np.arange(len(stages)), stages] = confidence
    return rows.astype(np.float32)


def random_night(rng: np.random.Generator, *, subject: str, skill: float = 0.7, n: int = 200) -> NightAnswers:
    truth = rng.integers(0, 5, n)
    stages = np.where(rng.random(n) < skill, truth, rng.integers(0, 5, n))
    missing = rng.random(n) < 0.05
    probabilities = sure(stages, rng.uniform(0.25, 1.0, n))
    probabilities[missing] = np.nan
    return answers(truth, np.where(missing, -1, stages), probabilities, subject=subject)


def calibrated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and a truth drawn from them."""
    probabilities = rng.dirichlet(np.full(5, 0.4), n)
    truth = (probabilities.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    return probabilities.astype(np.float32), np.minimum(truth, 4)


@dataclass
class FakeNight:
    """A night as the data sets give it: one EEG channel whose loudness tells the stage."""

    person: str
    name: str
    stages: np.ndarray
    rate: float = 64.0
    broken: str = ""
    unread: str = ""
    opened_with: list = field(default_factory=list)

    def recording(self, channels=None) -> Recording:
        self.opened_with.append(channels)
        if self.broken:
            raise InputError(self.name, "signal", self.broken, "copy it again")
        return loudness_recording(self.stages, self.rate, channels=channels)

    def hypnogram(self) -> Hypnogram:
        if self.unread:
            raise InputError(self.name, "scoring", self.unread, "export it again")
        return Hypnogram(np.asarray(self.stages, np.int8))


def loudness_recording(stages, rate=64.0, *, labels=("EEG C4-M1",), channels=None, seed=0) -> Recording:
    """Noise with the slope of EEG: 5 µV in W, 10 in N1, 20 in N2, 40 in N3, 80 in R; unscored is as loud as W."""
    rng = np.random.default_rng(seed)
    loudness = 5.0 * 2.0 ** np.maximum(np.asarray(stages), 0)
    signals = {}
    for label in labels:
        noise = lfilter([1.0], [1.0, -0.93], rng.standard_normal((len(loudness), round(30 * rate))), axis=1)
        noise /= noise.std(axis=1, keepdims=True)
        signals[label] = ((noise * loudness[:, None]).astype(np.float32).ravel(), rate)
    return Recording.from_arrays(signals, channels=channels)


def by_loudness(recording: Recording) -> Hypnogram:
    """A system that reads the stage from the loudness of the first channel."""
    return _by_loudness(recording, recording.channels[0])


def _by_loudness(recording, channel) -> Hypnogram:
    epochs = recording.epochs(channel, rate=channel.rate)
    deviation = epochs.std(axis=1)
    known = ~np.isnan(deviation)
    stages = np.clip(np.round(np.log2(np.where(known, deviation, 5.0) / 5.0)), 0, 4).astype(np.int8)
    probabilities = np.where(known[:, None], sure(stages, 0.9), np.nan).astype(np.float32)
    return Hypnogram(np.where(known, stages, -1).astype(np.int8), probabilities=probabilities)


def always(stage: int) -> Callable[[Recording], Hypnogram]:
    return lambda recording: Hypnogram(np.full(recording.n_epochs, stage, np.int8))


def staircase(n: int, seed: int = 0) -> np.ndarray:
    """n epochs of all five stages in runs."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.permutation(np.tile(np.arange(5), n // 20 + 1)), 4)[:n].astype(np.int8)
