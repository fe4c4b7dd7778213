"""YASA as a second reader: one EEG, and an EOG and a chin EMG where the recording has them.

Epochs without complete EEG are cut out before YASA reads the night and stay unscored; every answer is put back to the
epoch that it belongs to. YASA filters and averages across a cut as if the signal went on, and counts the time of night
without what was cut out; a note says so. Not covered: age and sex, EEG montages of several channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.hypnogram.yasa_staging import LEAST_MINUTES, LEAST_RATE, Modality, yasa_probabilities, yasa_version
from eegvlm.signals import EPOCH_S, Channel, Recording, RecordingError, Role

_RATE: Final = 100.0  # YASA's own, so that it does not resample again
_EEG: Final = (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)
_OTHERS: Final[dict[Modality, tuple[Role, ...]]] = {
    "eog": (Role.EOG_LEFT, Role.EOG_RIGHT),
    "emg": (Role.EMG_CHIN,),
}


@dataclass(frozen=True)
class YasaReader:
    """YASA's SleepStaging as a :class:`~eegvlm.staging.second_reader.SecondReader`.

    Parameters
    ----------
    version
        Of the installed YASA.

    Raises
    ------
    InputError
        If YASA is not installed.
    """

    version: str = field(default_factory=yasa_version, init=False)
    name: str = field(default="yasa", init=False)

    def stage(self, recording: Recording) -> Hypnogram:
        """Stage a recording.

        Parameters
        ----------
        recording
            With an EEG channel of more than 80 Hz, central if there is one, and 5 minutes of complete epochs.

        Returns
        -------
        Hypnogram
            With probabilities; its notes say which channels were read and what was cut out.

        Raises
        ------
        RecordingError
            If no EEG channel was found, or none can be used.
        InputError
            If the EEG is too slow or too short for YASA.
        """
        eeg = recording.pick(_EEG)
        if eeg is None:
            labels = ", ".join(channel.name for channel in recording.channels) or "none"
            hint = f"YASA needs one: name it with --channels eeg=LABEL; the channels are {labels}"
            raise RecordingError(recording.path, "EEG channel", "none recognised", hint)
        if eeg.rate <= LEAST_RATE:
            hint = f"YASA needs more than {LEAST_RATE:g} Hz; choose a faster EEG, or stage without this second reader"
            raise InputError(recording.path, f"rate of {eeg.name}", f"{eeg.rate:g} Hz", hint)
        epochs = recording.epochs(eeg, rate=_RATE)
        is_read = np.isfinite(epochs).all(axis=1) & recording.scorable
        minutes = is_read.sum() * EPOCH_S / 60
        if minutes < LEAST_MINUTES:
            hint = f"YASA needs {LEAST_MINUTES:g} minutes; stage without this second reader"
            raise InputError(recording.path, "complete EEG epochs", f"{minutes:g} minutes", hint)
        signals: dict[Modality, npt.NDArray[np.float32]] = {"eeg": epochs[is_read]}
        notes = [f"read {eeg.name} as EEG"]
        for modality, roles in _OTHERS.items():
            channel = recording.pick(roles)
            samples = None if channel is None else _complete(recording, channel, is_read)
            if channel is None or samples is None:
                notes.append(f"read no {modality.upper()}: {_why_not(channel)}")
            else:
                signals[modality] = samples
                notes.append(f"read {channel.name} as {modality.upper()}")
        probabilities = np.full((recording.n_epochs, 5), np.nan, np.float32)
        probabilities[is_read] = yasa_probabilities(signals, _RATE)
        notes += _cut_note(is_read)
        stages = most_probable(probabilities)
        return Hypnogram(stages, EPOCH_S, recording.start, probabilities=probabilities, notes=tuple(notes))


def _complete(recording: Recording, channel: Channel, is_read: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32] | None:
    """Return a channel's samples of the epochs that are read; None where it is too slow or has gaps of its own."""
    if channel.rate <= LEAST_RATE:
        return None
    samples = recording.epochs(channel, rate=_RATE)[is_read]
    return samples if np.isfinite(samples).all() else None


def _why_not(channel: Channel | None) -> str:
    if channel is None:
        return "the recording has none"
    if channel.rate <= LEAST_RATE:
        return f"{channel.name} has {channel.rate:g} Hz, YASA needs more than {LEAST_RATE:g}"
    return f"{channel.name} has gaps where the EEG has none"


def _cut_note(is_read: npt.NDArray[np.bool_]) -> list[str]:
    """Say what was cut out between epochs that were read; what lies before or after them moves none."""
    first, last = np.flatnonzero(is_read)[[0, -1]]
    n_cut = int((~is_read[first : last + 1]).sum())
    if not n_cut:
        return []
    epochs = f"{n_cut} epoch{'s' * (n_cut > 1)} without complete EEG"
    return [f"{epochs} were cut out: YASA read those before and after as neighbours"]
