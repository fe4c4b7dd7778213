"""The signals of a night under review: where its recording is now, and what was computed of it once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import RLock
from typing import Any

from eegvlm.hypnogram import Hypnogram
from eegvlm.review.locating import Channels, find_recording, recording_at
from eegvlm.review.measured import MeasuredDetails, spectrogram
from eegvlm.review.overview import Overview
from eegvlm.signals import Recording


class NightSignals:
    """The recording of a night, opened when it is first asked for.

    Parameters
    ----------
    described
        ``recording`` of ``staging.json``, or of a night that was not staged.
    folder, review_folder
        The night's folder, and that of its review.
    channels
        The user's choice, as in :func:`eegvlm.signals.read_recording`; None: as the night was staged.
    """

    def __init__(
        self, described: Mapping[str, Any], folder: Path, review_folder: Path, channels: Channels | None = None
    ) -> None:
        self._described = described
        self._folder, self._review_folder = folder, review_folder
        self._channels = channels
        self._lock = RLock()
        self._recording: Recording | None = None
        self._overview: Overview | None = None
        self._details: MeasuredDetails | None = None
        self._spectrograms: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def recording(self) -> Recording:
        """The recording.

        Raises
        ------
        NotFoundError
            If it was moved: :meth:`point_at` says where it is.
        """
        with self._lock:
            if self._recording is None:
                self._recording = find_recording(self._described, self._folder, self._review_folder, self._channels)
            return self._recording

    @property
    def overview(self) -> Overview:
        """The seconds of its rows, for long pages."""
        with self._lock:
            if self._overview is None:
                self._overview = Overview(self.recording)
            return self._overview

    def details(self, hypnogram: Hypnogram, layout: str) -> dict[str, Any]:
        """Return what was measured in each epoch; measuring begins on the first call, and takes some seconds.

        Parameters
        ----------
        hypnogram, layout
            The model's stages, and the layout in which it saw the night.

        Raises
        ------
        NotFoundError
            If the recording was moved.
        """
        with self._lock:
            if self._details is None:
                self._details = MeasuredDetails(self.recording, hypnogram, layout)
            return self._details.to_dict()

    def spectrogram(self, plus: str, minus: str) -> dict[str, Any]:
        """Return the spectrogram of a signal, or of one against another; computed once.

        Raises
        ------
        ReviewError
            If the file has no such signal.
        NotFoundError
            If the recording was moved.
        """
        recording = self.recording
        if (plus, minus) not in self._spectrograms:
            self._spectrograms[plus, minus] = spectrogram(recording, plus, minus)
        return self._spectrograms[plus, minus]

    def point_at(self, place: Path) -> None:
        """Take the recording from a place that the user names; refused where its samples are others."""
        recording = recording_at(place, self._described, self._review_folder, self._channels)
        with self._lock:
            self.close()
            self._recording = recording

    def close(self) -> None:
        """Stop what runs in the background."""
        with self._lock:
            if self._overview is not None:
                self._overview.close()
                self._overview = None
            if self._details is not None:
                self._details.close()
                self._details = None
