"""A scorer's file as a second reader: laid on the recording by its times, and shown beside our own stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from eegvlm.hypnogram import Hypnogram, HypnogramError, align, read_hypnogram
from eegvlm.signals import Recording

_DIGITS = 12


@dataclass(frozen=True)
class ScoringReader:
    """A scoring in a file as a :class:`~eegvlm.staging.second_reader.SecondReader`.

    Parameters
    ----------
    path
        The file, in any format that :func:`eegvlm.hypnogram.read_hypnogram` recognises without being told.
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    @property
    def version(self) -> str:
        """The first digits of the file's SHA-256.

        Raises
        ------
        HypnogramError
            If the file cannot be read.
        """
        try:
            return f"sha256 {sha256(self.path.read_bytes()).hexdigest()[:_DIGITS]}"
        except OSError as error:
            raise HypnogramError(self.path, "file", error.strerror or error, "check the path") from error

    def stage(self, recording: Recording) -> Hypnogram:
        """Lay the scoring on the recording's epochs.

        Returns
        -------
        Hypnogram
            Its first note says what the place on the recording rests on.

        Raises
        ------
        HypnogramError
            If the file cannot be read as a scoring, or does not overlap the recording in time.
        """
        try:
            scoring = read_hypnogram(self.path, recording_s=recording.duration_s)
        except HypnogramError as error:
            hint = error.hint + (" of eegvlm convert, and give what it writes" if "--" in error.hint else "")
            raise HypnogramError(error.path, error.field, error.value, hint) from error
        try:
            aligned = align(scoring, duration_s=recording.duration_s, start=recording.start)
        except HypnogramError as error:
            raise HypnogramError(self.path, error.field, error.value, error.hint) from error
        notes = (f"laid on the recording by {aligned.timing.in_words}", *aligned.notes)
        return replace(aligned, start=recording.start, notes=notes)
