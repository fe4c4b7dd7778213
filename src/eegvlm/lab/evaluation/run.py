"""Stage nights that an expert scored, and judge the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.lab.evaluation.answers import NightAnswers
from eegvlm.lab.evaluation.evaluation import Evaluation, judge
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.signals import Recording

Channels = Mapping[str, str | Sequence[str]]
Progress = Callable[[int, int, str], None]


class JudgedNight(Protocol):
    """A recording with an expert's stages, as :class:`eegvlm.lab.datasets.Night` is one."""

    @property
    def person(self) -> str:
        """The sleeper, unique among all that are judged together."""

    @property
    def name(self) -> str:
        """The night; unique."""

    def recording(self, channels: Channels | None = None) -> Recording:
        """Open the recording."""

    def hypnogram(self) -> Hypnogram:
        """Read the expert's stages, one for each epoch of the recording."""


@dataclass(frozen=True)
class JudgedReading:
    """What a system says of a recording.

    Attributes
    ----------
    hypnogram
        One stage for each epoch of the recording; probabilities where the system has them.
    channels
        What it read, by panel or by whatever the system calls it.
    """

    hypnogram: Hypnogram
    channels: Mapping[str, str | None] = field(default_factory=dict)


StageNight = Callable[[Recording], Hypnogram | JudgedReading]
"""A system: a recording in, a stage an epoch out."""


def evaluate(
    stage_night: StageNight,
    nights: Iterable[JudgedNight],
    *,
    channels: Channels | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> Evaluation:
    """Stage every night and judge the answers against the expert.

    A night that cannot be opened or staged is no gap in the figures: its epochs count as missing answers, and the
    reason is in ``errors``. So does an epoch that the expert scored and the system left unscored.

    Parameters
    ----------
    stage_night
        The system.
    nights
        At least one.
    channels
        As in :func:`eegvlm.signals.read_recording`.
    about
        What is judged on what, for the record.
    progress
        Called with (nights done, nights in all, name of the night) before each night and once at the end.
    bootstrap
        How intervals over subjects are drawn.

    Raises
    ------
    InputError
        If there is no night, no scoring could be read, or not a single night could be staged.
    """
    answers, errors = answer_nights(stage_night, nights, channels=channels, progress=progress)
    return judge(answers, about=about, errors=errors, bootstrap=bootstrap)


def answer_nights(
    stage_night: StageNight,
    nights: Iterable[JudgedNight],
    *,
    channels: Channels | None = None,
    progress: Progress | None = None,
) -> tuple[list[NightAnswers], dict[str, str]]:
    """Stage every night; return the answers and, by night, the reasons of those that failed (see :func:`evaluate`)."""
    nights = list(nights)
    answers: list[NightAnswers] = []
    errors: dict[str, str] = {}
    first: InputError | None = None
    for done, night in enumerate(nights):
        if progress is not None:
            progress(done, len(nights), night.name)
        try:
            truth = night.hypnogram()
        except InputError as error:
            errors[night.name] = f"no scoring, so nothing is judged: {reason(error)}"
            first = first or error
            continue
        try:
            answers.append(answer_night(stage_night, night, truth, channels))
        except InputError as error:
            errors[night.name] = reason(error)
            first = first or error
            answers.append(NightAnswers.failed(night.person, night.name, truth.stages, reason(error)))
    if progress is not None:
        progress(len(nights), len(nights), "")
    if first is not None and all(answer.error is not None for answer in answers):
        raise first
    return _alike(answers), errors


def answer_night(
    stage_night: StageNight, night: JudgedNight, truth: Hypnogram, channels: Channels | None = None
) -> NightAnswers:
    """Open and stage one night.

    Raises
    ------
    InputError
        If it cannot be opened or staged, or the answers are not one an epoch.
    """
    recording = night.recording(channels)
    started = time.perf_counter()
    reading = as_reading(stage_night(recording))
    seconds = time.perf_counter() - started
    check_length(recording, reading.hypnogram, truth)
    scorable = recording.scorable
    return NightAnswers(
        night.person,
        night.name,
        truth.stages,
        reading.hypnogram.stages,
        reading.hypnogram.probabilities,
        scorable if len(scorable) == len(truth) else None,
        reading.channels,
        seconds,
        epoch_s=truth.epoch_s,
    )


def check_length(recording: Recording, answer: Hypnogram, truth: Hypnogram) -> None:
    """Refuse answers that are not one for each of the expert's epochs.

    Raises
    ------
    InputError
        Naming both numbers.
    """
    if len(answer) != len(truth):
        hint = f"the expert's scoring has {len(truth)}; lay both on the epochs of the recording"
        raise InputError(recording.path, "epochs in the answer", len(answer), hint)


def as_reading(answer: Hypnogram | JudgedReading) -> JudgedReading:
    """Return what a system said, with or without its channels, as a :class:`JudgedReading`."""
    return JudgedReading(answer) if isinstance(answer, Hypnogram) else answer


def reason(error: InputError) -> str:
    """Return an error's sentence for the record: the file without its folders."""
    return str(InputError(Path(error.path).name, error.field, error.value, error.hint))


def _alike(answers: list[NightAnswers]) -> list[NightAnswers]:
    """Take the (empty) probabilities from failed nights where the system gives none."""
    if any(answer.probabilities is not None for answer in answers if answer.error is None):
        return answers
    bare = [answer.error is not None for answer in answers]
    return [
        NightAnswers.failed(answer.subject, answer.night, answer.truth, answer.error or "", with_probabilities=False)
        if failed
        else answer
        for answer, failed in zip(answers, bare, strict=True)
    ]


def channels_read(nights: Sequence[NightAnswers]) -> dict[str, dict[str, int]]:
    """Count which channel was read in how many nights, by panel; ``none`` where there was no channel."""
    counts: dict[str, dict[str, int]] = {}
    for night in nights:
        for panel, channel in night.channels.items():
            of_panel = counts.setdefault(panel, {})
            of_panel[channel or "none"] = of_panel.get(channel or "none", 0) + 1
    return counts


def median_seconds(nights: Sequence[NightAnswers]) -> float | None:
    """Return the median time that staging a night took; None if no night states one."""
    seconds = [night.seconds for night in nights if night.seconds is not None]
    return float(np.median(seconds)) if seconds else None
