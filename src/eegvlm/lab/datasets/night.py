"""A night of a data set: one sleeper's recording and its scorings, read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.lab.datasets.cutting import OWN_EPOCHS, Cutting
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sources import Channels, RecordingClock, Scoring, SignalSource, laid_on, placed_on
from eegvlm.signals import EPOCH_S, ExtendedRecording, Problem, Recording


@dataclass(frozen=True)
class Night:
    """One recording with its scorings.

    Parameters
    ----------
    dataset
        Name of the data set.
    population
        Name under which a subject's number is unique; two data sets made from the same patients share it.
    subject
        The sleeper, as the data set numbers them.
    name
        The night; unique within the data set.
    signals
        Where the samples come from.
    scorings
        One a scorer, the default one first.
    epoch_s
        Length of the scoring's own epochs in seconds; None where only the file says it.
    wake_crop_min
        Minutes of wake that are kept before the first and after the last epoch of sleep; None keeps the whole
        night. The default scorer decides, whoever is asked for, so that recording and stages stay together.
    cutting
        Which epochs the night is cut into; the default scorer decides likewise.
    """

    dataset: str
    population: str
    subject: str
    name: str
    signals: SignalSource
    scorings: tuple[Scoring, ...]
    epoch_s: float | None = EPOCH_S
    wake_crop_min: float | None = None
    cutting: Cutting = OWN_EPOCHS

    @property
    def person(self) -> str:
        """The sleeper, unique across data sets: what a split must not tear apart."""
        return f"{self.population}:{self.subject}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The recording's files; none where the night is computed."""
        return self.signals.paths

    @property
    def scorers(self) -> tuple[str, ...]:
        """Names of the scorers, the default one first."""
        return tuple(scoring.scorer for scoring in self.scorings)

    def scoring(self, scorer: str | None = None) -> Scoring:
        """Return a scorer's scoring, the default one's where none is named.

        Raises
        ------
        DatasetError
            Where this scorer did not score this night.
        """
        for scoring in self.scorings:
            if scorer is None or scoring.scorer == scorer:
                return scoring
        raise DatasetError(self.name, "scorer", scorer, f"this night has {', '.join(self.scorers) or 'none'}")

    def recording(self, channels: Channels | None = None) -> Recording:
        """Open the recording, cut as :attr:`cutting` says and with the wake cropped where that was asked for.

        Parameters
        ----------
        channels
            As in :func:`eegvlm.signals.read_recording`.

        Returns
        -------
        Recording
            Its problems tell of a crop (``wake-cropped``) and of epochs that do not start with the recording
            (``scoring-grid``) or are extended (``epochs-extended``).

        Raises
        ------
        eegvlm.signals.RecordingError
            Where the recording cannot be used.
        eegvlm.hypnogram.HypnogramError
            Where the cut needs the scoring, and that cannot be read.
        """
        recording = self.signals.open(channels)
        if self.wake_crop_min is None and self.cutting.grid == "recording":
            return recording
        whole = self._whole(None, RecordingClock(recording.start, recording.duration_s))
        problems = []
        if whole.onset_s:
            message = f"epochs are the scorer's own, so the first {whole.onset_s:g} s belong to none"
            problems.append(Problem("scoring-grid", message))
        begin_s, end_s = whole.onset_s, recording.duration_s
        if self.wake_crop_min is not None:
            first, stop, message = self._crop(whole)
            problems.append(Problem("wake-cropped", message))
            begin_s += first * whole.epoch_s
            end_s = min(whole.onset_s + stop * whole.epoch_s, end_s)
        part = recording.crop(begin_s, end_s)
        if whole.epoch_s != EPOCH_S:
            part = ExtendedRecording.of(part, whole.epoch_s)
            message = f"epochs of {whole.epoch_s:g} s, each with {part.margin_s:g} s of signal added on both sides"
            problems.append(Problem("epochs-extended", message))
        montage = part.montage
        return replace(part, montage=replace(montage, problems=(*montage.problems, *problems)))

    def hypnogram(self, scorer: str | None = None) -> Hypnogram:
        """Read a scoring, one stage for each epoch of :meth:`recording`.

        Parameters
        ----------
        scorer
            One of :attr:`scorers`; the first where None.

        Returns
        -------
        Hypnogram
            Its notes say what was converted, left out and cropped, its ``timing`` what the alignment rests on.

        Raises
        ------
        DatasetError
            Where there is no such scorer.
        eegvlm.hypnogram.HypnogramError
            Where the scoring cannot be read or does not overlap its recording.
        """
        clock = self.signals.clock()
        whole = self._whole(scorer, clock)
        first, stop, note = 0, len(whole), None
        if self.wake_crop_min is not None:
            first, stop, note = self._crop(whole if self._is_default(scorer) else self._whole(None, clock))
        elif not whole.onset_s:
            return whole
        start = None if whole.start is None else whole.time_of(first)
        begin_s = whole.onset_s + first * whole.epoch_s
        part = whole.crop(begin_s, whole.onset_s + stop * whole.epoch_s)
        lights = part.lights and part.lights.shifted(-begin_s)
        part = replace(part, start=start, onset_s=0.0, lights=lights)
        return part if note is None else part.with_notes(note)

    def _is_default(self, scorer: str | None) -> bool:
        return scorer in (None, self.scorers[0])

    def _whole(self, scorer: str | None, clock: RecordingClock) -> Hypnogram:
        """Lay a scoring on the epochs that the default scorer decides, from the recording's start to its end."""
        scoring = self.scoring(scorer)
        hypnogram = scoring.read(clock.duration_s)
        if self.cutting.grid == "recording":
            return laid_on(scoring, hypnogram, clock)
        default = self.scorings[0]
        deciding = hypnogram if self._is_default(scorer) else default.read(clock.duration_s)
        placed = placed_on(default, deciding, clock).hypnogram
        return laid_on(scoring, hypnogram, clock, self.cutting.epochs(placed, clock.duration_s))

    def _crop(self, whole: Hypnogram) -> tuple[int, int, str]:
        """First epoch that is kept, first that is not, and a sentence about it."""
        first, stop = wake_window(whole, self.wake_crop_min or 0.0)
        crop = f"wake cropped to {self.wake_crop_min:g} min around sleep (scorer {self.scorers[0]})"
        return first, stop, f"{crop}: epochs {first + 1} to {stop} of {len(whole)} are kept"


def wake_window(hypnogram: Hypnogram, minutes: float) -> tuple[int, int]:
    """Find the epochs around sleep.

    Parameters
    ----------
    hypnogram
        In epochs of any length.
    minutes
        What is kept before the first and after the last epoch of N1, N2, N3 or R.

    Returns
    -------
    first, stop
        First epoch that is kept and first that is not; the whole night where no sleep is scored.
    """
    sleep = np.flatnonzero((hypnogram.stages != Stage.W) & hypnogram.scored)
    if not sleep.size:
        return 0, len(hypnogram)
    margin = round(minutes * 60 / hypnogram.epoch_s)
    return max(0, int(sleep[0]) - margin), min(len(hypnogram), int(sleep[-1]) + 1 + margin)
