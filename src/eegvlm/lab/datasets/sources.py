"""Where a night's samples and stages come from: what a data set must offer, and how files offer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from eegvlm.hypnogram import Hypnogram, HypnogramError, align, read_hypnogram
from eegvlm.hypnogram.align import Placed, place
from eegvlm.hypnogram.epoch_grid import EpochGrid
from eegvlm.hypnogram.error import SeveralScorersError, with_options_of
from eegvlm.signals import Recording, read_recording

Channels = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class RecordingClock:
    """When a recording starts (naive local time, None where unknown) and how long it lasts."""

    start: datetime | None
    duration_s: float


class SignalSource(Protocol):
    """A night's recording, not opened yet."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files; none where the night is computed."""

    def clock(self) -> RecordingClock:
        """Read start and length, which must cost no more than a header."""

    def open(self, channels: Channels | None) -> Recording:
        """Open the recording; ``channels`` as in :func:`eegvlm.signals.read_recording`."""


class Scoring(Protocol):
    """A night's stages by one scorer, not read yet."""

    @property
    def scorer(self) -> str:
        """Who scored, or by which rules, in the data set's own words."""

    @property
    def path(self) -> Path | None:
        """The file; None where the stages are computed."""

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Read the stages in their own epochs.

        Parameters
        ----------
        recording_s
            Length of the recording in seconds, where it is known: a file may need it to tell what its last stage or
            its numbers mean.
        """


@dataclass(frozen=True)
class RecordingFile:
    """A recording in one file."""

    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    def clock(self) -> RecordingClock:
        """Read start and length from the header."""
        from eegvlm.signals.edf import open_edf
        from eegvlm.signals.mne_source import is_mne_format

        if is_mne_format(self.path):
            recording = read_recording(self.path)
            return RecordingClock(recording.start, recording.duration_s)
        source = open_edf(self.path)
        return RecordingClock(source.start, float(source.duration_s))

    def open(self, channels: Channels | None) -> Recording:
        """Open the file."""
        return read_recording(self.path, channels)


@dataclass(frozen=True)
class ScoringFile:
    """A scoring in one file.

    Parameters
    ----------
    scorer, path
        Whose it is and where it lies.
    coding, epoch_s, stage_map, onset_unit
        As in :func:`eegvlm.hypnogram.read_hypnogram`, where the data set says what the file does not. The format is
        told by the content, which also tells a web page or a damaged file.
    scorer_in_file
        Whose stages are read of a file that holds those of several scorers.
    """

    scorer: str
    path: Path
    coding: str | None = None
    epoch_s: float | None = None
    stage_map: str | None = None
    onset_unit: str | None = None
    scorer_in_file: str | None = None

    def read(self, recording_s: float | None = None) -> Hypnogram:
        """Read the file; ``recording_s`` as in :meth:`Scoring.read`.

        Raises
        ------
        HypnogramError
            If it cannot be read; options are named as the commands that open data sets call them.
        """
        try:
            return read_hypnogram(
                self.path,
                coding=self.coding,
                epoch_s=self.epoch_s,
                onset_unit=self.onset_unit,
                scorer=self.scorer_in_file,
                stage_map=self.stage_map,
                recording_s=recording_s,
            )
        except HypnogramError as error:
            raise with_options_of(error, {"--in-epoch-length": "--epoch-length"}) from error

    def of_each_scorer(self) -> tuple[ScoringFile, ...]:
        """Return a scoring for each scorer whose stages the file holds, or this one where it holds those of one."""
        try:
            read_hypnogram(self.path, coding=self.coding, stage_map=self.stage_map)
        except SeveralScorersError as error:
            return tuple(replace(self, scorer=name, scorer_in_file=name) for name in error.scorers)
        except HypnogramError:
            pass  # what is wrong with it is said when it is read for its stages
        return (self,)


def placed_on(scoring: Scoring, hypnogram: Hypnogram, clock: RecordingClock) -> Placed:
    """Count a scoring's times from its recording's start; its parameters are those of :func:`laid_on`.

    Raises
    ------
    HypnogramError
        Where clock times without a date fit more than one day of the recording.
    """
    try:
        return place(hypnogram, duration_s=clock.duration_s, start=clock.start)
    except HypnogramError as error:
        raise HypnogramError(scoring.path or "scoring", error.field, error.value, error.hint) from error


def laid_on(scoring: Scoring, hypnogram: Hypnogram, clock: RecordingClock, grid: EpochGrid | None = None) -> Hypnogram:
    """Lay a scoring on the epochs of its recording.

    Parameters
    ----------
    scoring
        Where it comes from, for the error's sentence.
    hypnogram
        What was read from it.
    clock
        The recording's.
    grid
        The epochs; those of 30 s that start with the recording where None.

    Raises
    ------
    HypnogramError
        Where the two do not overlap in time.
    """
    try:
        return align(hypnogram, duration_s=clock.duration_s, start=clock.start, grid=grid)
    except HypnogramError as error:
        raise HypnogramError(scoring.path or "scoring", error.field, error.value, error.hint) from error
