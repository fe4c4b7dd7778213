"""What a channel is for: the role it plays in scoring sleep."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The part a channel plays in scoring, after the AASM manual's recommended derivations.

    The values (``"eeg_central"``, ...) are what ``--channels`` and JSON output use.
    """

    EEG_FRONTAL = "eeg_frontal"
    EEG_CENTRAL = "eeg_central"
    EEG_OCCIPITAL = "eeg_occipital"
    EOG_LEFT = "eog_left"
    EOG_RIGHT = "eog_right"
    EMG_CHIN = "emg_chin"
    ECG = "ecg"
    OTHER = "other"

    @property
    def modality(self) -> str:
        """Kind of signal: ``"eeg"``, ``"eog"``, ``"emg"``, ``"ecg"`` or ``"other"``."""
        return self.value.partition("_")[0]

    @property
    def place(self) -> str:
        """The part after the modality, for sentences: ``"frontal"``, ``"left"``; ``"ECG"`` for ECG."""
        return self.value.partition("_")[2] or self.value.upper()


MODALITIES = tuple(dict.fromkeys(role.modality for role in Role if role is not Role.OTHER))
"""Kinds of signal that scoring uses, in the order of the roles: EEG, EOG, EMG, ECG."""

EEG_ROLES = (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)
