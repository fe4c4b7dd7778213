"""A night of a data set: one sleeper's recording and its scorings, read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eegvlm.datasets.problems import DatasetError
from eegvlm.datasets.sources import Channels, Scoring, SignalSource, laid_on
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.signals import EPOCH_S, Problem, Recording


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
    """

    dataset: str
    population: str
    subject: str
    name: str
    signals: SignalSource
    scorings: tuple[Scoring, ...]
    epoch_s: float | None = EPOCH_S
    wake_crop_min: float | None = None

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
        """Open the recording, with the wake cropped where that was asked for.

        Parameters
        ----------
        channels
            As in :func:`eegvlm.signals.read_recording`.

        Returns
        -------
        Recording
            Its problems tell of a crop (``wake-cropped``).

        Raises
        ------
        eegvlm.signals.RecordingError
            Where the recording cannot be used.
        """
        recording = self.signals.open(channels)
        if self.wake_crop_min is None:
            return recording
        first, stop, said = self._crop(self._whole(None))
        montage = recording.montage
        told = replace(recording, montage=replace(montage, problems=(*montage.problems, Problem("wake-cropped", said))))
        return told.crop(first * EPOCH_S, min(stop * EPOCH_S, recording.duration_s))

    def hypnogram(self, scorer: str | None = None) -> Hypnogram:
        """Read a scoring, one stage for each 30-s epoch of :meth:`recording`.

        Parameters
        ----------
        scorer
            One of :attr:`scorers`; the first where None.

        Returns
        -------
        Hypnogram
            Its notes say what was converted, left out and cropped.

        Raises
        ------
        DatasetError
            Where there is no such scorer.
        eegvlm.hypnogram.HypnogramError
            Where the scoring cannot be read or does not overlap its recording.
        """
        whole = self._whole(scorer)
        if self.wake_crop_min is None:
            return whole
        first, stop, said = self._crop(whole if scorer in (None, self.scorers[0]) else self._whole(None))
        start = None if whole.start is None else whole.time_of(first)
        kept = whole.crop(first * EPOCH_S, stop * EPOCH_S)
        return replace(kept, start=start, onset_s=0.0).with_notes(said)

    def _whole(self, scorer: str | None) -> Hypnogram:
        scoring = self.scoring(scorer)
        return laid_on(scoring, scoring.read(), self.signals.clock())

    def _crop(self, whole: Hypnogram) -> tuple[int, int, str]:
        """First epoch that is kept, first that is not, and a sentence about it."""
        first, stop = wake_window(whole, self.wake_crop_min or 0.0)
        said = f"wake cropped to {self.wake_crop_min:g} min around sleep (scorer {self.scorers[0]})"
        return first, stop, f"{said}: epochs {first + 1} to {stop} of {len(whole)} are kept"


def wake_window(hypnogram: Hypnogram, minutes: float) -> tuple[int, int]:
    """Find the epochs around sleep.

    Parameters
    ----------
    hypnogram
        In 30-s epochs.
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
    margin = round(minutes * 60 / EPOCH_S)
    return max(0, int(sleep[0]) - margin), min(len(hypnogram), int(sleep[-1]) + 1 + margin)
