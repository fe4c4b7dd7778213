"""Where a night lies outside of what the model was validated on: conditions, each with one sentence.

A condition that validation covered (docs/accuracy.md) is said and no more; where one holds that it did not cover, the
model's confidence says nothing of how many epochs are right, and no such figure is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.images import PreparedNight
from eegvlm.model.unfamiliar import Unfamiliar
from eegvlm.signals import EPOCH_S, Problem, Recording

LEAST_HOURS = 1.0
LEAST_DEEPER_SLEEP_MIN = 10.0
LEAST_RATE_HZ = 64.0
GAINS = (0.45, 2.2)
"""Factors to the layout's level. Real recordings at hand needed 0.54 to 1.26, simulated ones up to 1.6. Three times too
large, a night is staged worse and is no less sure of it."""
MOST_HOURS = 16.0
NARROWED_WIDENING = 2.0
"""Temperature of epochs in which an artefact fills a band of the EEG: there nothing that was measured counts, and the
picture alone is too sure. Measured on real recordings with muscle, sweat or a tone added: the temperature at which mean
confidence comes down to accuracy (``benchmarks/confidence.py narrowed``)."""


@dataclass(frozen=True)
class Limit:
    """A condition that holds of a night.

    Parameters
    ----------
    code
        Kebab-case name, as ``docs/troubleshooting.md`` lists them.
    message
        One sentence.
    validated
        Whether validation covered it.
    """

    code: str
    message: str
    validated: bool

    @property
    def problem(self) -> Problem:
        """The condition as a problem of the recording."""
        return Problem(self.code, self.message)


def limits_of(
    recording: Recording, night: PreparedNight, hypnogram: Hypnogram, unfamiliar: Unfamiliar | None = None
) -> tuple[Limit, ...]:
    """Return the conditions that hold of a staged night.

    Parameters
    ----------
    recording
        The recording.
    night
        As the model saw it.
    hypnogram
        As it was staged.
    unfamiliar
        How far the recording lies from those that the model learnt from; None where that is not known.
    """
    return (
        *_of_length(recording, hypnogram),
        *_of_channels(night),
        *_of_signals(night),
        *_of_familiarity(unfamiliar),
    )


def widening_of(night: PreparedNight, unfamiliar: Unfamiliar | None, slope: float) -> npt.NDArray[np.float64]:
    """Return the temperature by which the probabilities of each epoch are widened: float64 (n_epochs,), 1 or more.

    Parameters
    ----------
    night, unfamiliar
        As for :func:`limits_of`.
    slope
        The checkpoint's, of a recording unlike those in training; 0: it reads no evidence that could be hidden.
    """
    narrowed = np.zeros(night.n_epochs, np.bool_)
    for name in night.panels:
        if night.layout.panel(name).shows_eeg:
            narrowed |= night.narrowed(name)
    temperature = np.where(narrowed & (slope > 0), NARROWED_WIDENING, 1.0)
    return temperature if unfamiliar is None else np.maximum(temperature, unfamiliar.widening(slope))


def _of_familiarity(unfamiliar: Unfamiliar | None) -> Iterator[Limit]:
    if unfamiliar is not None and unfamiliar.is_unfamiliar:
        furthest = "; ".join(unfamiliar.furthest) or "no single measure of its EEG, but all of them together"
        uncertain = "its stages are less certain than usual, review more of this night"
        message = f"unlike any recorder in training: {furthest}; {uncertain}"
        yield Limit("unlike-training", message, validated=False)


def _of_length(recording: Recording, hypnogram: Hypnogram) -> Iterator[Limit]:
    hours = recording.duration_s / 3600
    stages = hypnogram.stages[hypnogram.stages >= 0]
    if hours < LEAST_HOURS:
        message = (
            f"the recording lasts {recording.duration_s / 60:.0f} min; stages of less than an hour lean on little of "
            "the night and are less certain than their probabilities say"
        )
        yield Limit("short-recording", message, validated=False)
    if len(stages) and hours < LEAST_HOURS and (stages == Stage.R).all():
        message = "every epoch of this short recording is called R; drowsiness with slow eye movements looks alike"
        yield Limit("rem-throughout", message, validated=False)
    deeper = np.isin(stages, (Stage.N2, Stage.N3)).sum() * EPOCH_S / 60
    if len(stages) and deeper < LEAST_DEEPER_SLEEP_MIN:
        message = (
            f"{deeper:.0f} min of N2 and N3 were found; without sleep around them, N1 and R are hard to tell from wake"
        )
        yield Limit("little-sleep", message, validated=False)
    if hours > MOST_HOURS:
        message = (
            f"the recording lasts {hours:.1f} h and holds a day's wake, activity and naps, on which the model was not "
            "validated"
        )
        yield Limit("day-in-recording", message, validated=False)


def _of_channels(night: PreparedNight) -> Iterator[Limit]:
    layout = night.layout
    modalities = {panel.roles[0].modality for panel in layout.panels}
    present = {layout.panel(name).roles[0].modality for name, places in night.shown.items() if (places >= 0).any()}
    if "eog" in modalities - present:
        yield Limit("no-eog", "no EOG was read: R and wake with open eyes are told by the EEG alone", validated=True)
    if "emg" in modalities - present:
        yield Limit("no-chin", "no chin EMG was read: R is told without its low tone", validated=True)
    for name, channels in night.panels.items():
        first = channels[0]
        if not layout.panel(name).shows_eeg or first.channel is None:
            continue
        if "stands in" in first.channel.note:
            note = first.channel.note
            message = f"{first.name} is read: {note}; the model learnt from frontal, central and occipital leads"
            yield Limit("stand-in-derivation", message, validated=first.role in layout.panel(name).roles[1:])
        if first.channel.rate < LEAST_RATE_HZ:
            rate = f"{first.channel.rate:g} Hz"
            message = f"{first.name} is sampled at {rate}; nothing was validated below {LEAST_RATE_HZ:g} Hz"
            yield Limit("low-rate", message, validated=False)


def _of_signals(night: PreparedNight) -> Iterator[Limit]:
    for name, channels in night.panels.items():
        first = channels[0]
        shows_eeg = night.layout.panel(name).shows_eeg
        if first.correction.narrows:
            message = (
                f"{first.name} is read {first.correction.in_words} only: the rest of its band holds more than sleep "
                "does, even in the quietest epochs there (muscle, sweat, a machine)"
            )
            # of a waking person whom muscle hides it makes a sleeper, so the EEG's is no condition that was validated
            if shows_eeg:
                message += "; wake may be called sleep, and sleep wake: check the stages against the signal"
            yield Limit("narrowed-band", message, validated=not shows_eeg)
        gain = first.correction.gain
        if shows_eeg and not GAINS[0] <= gain <= GAINS[1]:
            message = (
                f"{first.name} is drawn x{gain:.2f} to bring it to the usual level: its amplitude lies outside of what "
                "the model learnt from; check its unit and derivation"
            )
            yield Limit("unusual-level", message, validated=False)
