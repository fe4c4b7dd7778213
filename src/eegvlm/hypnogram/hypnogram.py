"""A scored night, and what can be made of it: statistics, pictures, and the objects of other libraries.

Its fields and its behaviour as a sequence are in :mod:`.scored_epochs`; each method here calls the file that does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegvlm.errors import check_type
from eegvlm.hypnogram.scored_epochs import ScoredEpochs, StageRun
from eegvlm.signals.lights import Lights

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa
    from matplotlib.axes import Axes

    from eegvlm.hypnogram.agreement import Agreement
    from eegvlm.hypnogram.stage_map import StageMap
    from eegvlm.hypnogram.stage_transitions import StageTransitions
    from eegvlm.hypnogram.statistics import SleepStatistics


__all__ = ["Hypnogram", "StageRun"]


class Hypnogram(ScoredEpochs):
    """A scored night.

    Parameters
    ----------
    stages
        int8, shape (n,), n at least 1: values of :class:`Stage`, -1 for unscored. Any sequence of integers
        or stages is taken; the array that is kept cannot be written to.
    epoch_s
        Length of an epoch, seconds.
    start
        Clock time of the recording's start, naive local time; None where it is not known.
    onset_s
        Start of the first epoch, seconds after the recording's start; may be negative.
    probabilities
        float32, shape (n, 5), columns W, N1, N2, N3, R; each row sums to 1, or is NaN where none are known.
    notes
        What a person should know about this scoring: what was converted, ignored, aligned.
    lights
        When lights went off and on by the scoring's own markers, seconds after the recording's start; None where
        it has none.
    quality
        One word an epoch on the signal that it was scored from: ``good``, ``doubtful``, ``unusable``, or "" where
        nothing is known; None where nothing is known of any.
    timing
        What the place of its epochs in time rests on in the file that it was read from: ``CLOCK`` where only clock
        times say it, so that ``start`` is the first epoch's, ``NOTHING`` where it is one stage a line. Not compared
        by ``==``.

    Raises
    ------
    HypnogramError
        If one of these does not hold.

    Notes
    -----
    It is a sequence of :class:`Stage`: it has a length, is iterated over, and a slice of it is a hypnogram. As an array
    it is its :attr:`stages`, so that metrics take it as labels (``sklearn.metrics.cohen_kappa_score(expert, night)``).

    Examples
    --------
    >>> night = Hypnogram.from_strings(["W", "N1", "N2", "N2", "N3", "R"])
    >>> night[2:4].labels, night.statistics().tst_min
    (['N2', 'N2'], 2.5)
    """

    def __repr__(self) -> str:
        from eegvlm.hypnogram.notebook import summary_line

        return f"<Hypnogram: {summary_line(self)}>"

    def _repr_html_(self) -> str:
        from eegvlm.hypnogram.notebook import html_of

        return html_of(self)

    @classmethod
    def from_strings(
        cls,
        labels: Iterable[str | None],
        *,
        epoch_s: float = 30.0,
        start: datetime | None = None,
        onset_s: float = 0.0,
        probabilities: NDArray[np.floating[Any]] | None = None,
        stage_map: str | StageMap | None = None,
    ) -> Hypnogram:
        """Make a scored night of one label an epoch.

        Parameters
        ----------
        labels
            A list, array or Series: ``W``, ``N1``, ``N2``, ``N3``, ``R``, ``?``, or any spelling that files may have
            (``REM``, ``Wake``, ``Sleep stage 2``). A missing value is unscored.
        epoch_s, start, onset_s, probabilities
            As in :class:`Hypnogram`.
        stage_map
            What other names mean: ``"Light=N2,Deep=N3"``.

        Raises
        ------
        HypnogramError
            If a label is no stage; the sentence names the epoch.
        """
        from eegvlm.hypnogram.labels_and_codes import from_strings

        return from_strings(
            labels, epoch_s=epoch_s, start=start, onset_s=onset_s, probabilities=probabilities, stage_map=stage_map
        )

    @classmethod
    def from_codes(
        cls,
        codes: Iterable[int],
        *,
        coding: str,
        epoch_s: float | None = None,
        start: datetime | None = None,
        onset_s: float = 0.0,
        probabilities: NDArray[np.floating[Any]] | None = None,
    ) -> Hypnogram:
        """Make a scored night of one integer an epoch.

        Parameters
        ----------
        codes
            A list, array or Series of whole numbers.
        coding
            What they mean, which differs from source to source: ``"aasm"``, ``"yasa"``, ``"profusion"`` or another name
            in :data:`eegvlm.hypnogram.codings.CODINGS`.
        epoch_s
            Length of an epoch in seconds; the coding's (30, of DREAMS 5) where not given.
        start, onset_s, probabilities
            As in :class:`Hypnogram`.

        Raises
        ------
        HypnogramError
            If a code has no meaning in the coding; the sentence names the epoch.
        """
        from eegvlm.hypnogram.labels_and_codes import from_codes

        return from_codes(
            codes, coding=coding, epoch_s=epoch_s, start=start, onset_s=onset_s, probabilities=probabilities
        )

    @classmethod
    def from_dataframe(
        cls,
        table: pd.DataFrame,
        *,
        stage: str | None = None,
        coding: str | None = None,
        epoch_s: float | None = None,
        onset_unit: str | None = None,
        start: datetime | None = None,
        stage_map: str | StageMap | None = None,
    ) -> Hypnogram:
        """Read a pandas ``DataFrame`` of stages, by the rules by which tables in files are read.

        Parameters
        ----------
        table
            What :meth:`to_dataframe` returned, or any table with a column of stages and, where rows are not one epoch
            each, columns of times. An index of times counts as a column.
        stage
            The column of stages, where the names do not tell.
        start
            Clock time from which seconds count.
        coding, epoch_s, onset_unit, stage_map
            As in :func:`eegvlm.hypnogram.read_hypnogram`.

        Raises
        ------
        HypnogramError
            If a column that may say when rows are is not understood, or a stage is not known.
        """
        from eegvlm.hypnogram.dataframe import from_dataframe

        return from_dataframe(
            table,
            stage=stage,
            coding=coding,
            epoch_s=epoch_s,
            onset_unit=onset_unit,
            start=start,
            stage_map=stage_map,
        )

    @classmethod
    def from_annotations(
        cls, annotations: mne.Annotations, *, epoch_s: float | None = None, stage_map: str | StageMap | None = None
    ) -> Hypnogram:
        """Read the stages among ``mne.Annotations``, such as ``raw.annotations``.

        Parameters
        ----------
        annotations
            Stages as ``Sleep stage N2`` or in any spelling that files may have; others are left out and named in the
            notes. ``orig_time`` is read as local time.
        epoch_s
            Length of an epoch in seconds, where the annotations do not tell.
        stage_map
            What other names mean: ``"Light=N2,Deep=N3"``.

        Raises
        ------
        HypnogramError
            If no annotation is a stage, or stages overlap.
        """
        from eegvlm.hypnogram.annotations import from_annotations

        return from_annotations(annotations, epoch_s=epoch_s, stage_map=stage_map)

    @classmethod
    def from_yasa(cls, hypnogram: yasa.Hypnogram) -> Hypnogram:
        """Read a ``yasa.Hypnogram`` of five stages; artefacts (``ART``) are unscored.

        Raises
        ------
        HypnogramError
            If it is of fewer stages: light sleep is N1 and N2 together.
        """
        from eegvlm.hypnogram.yasa_object import from_yasa

        return from_yasa(hypnogram)

    def resample_to(
        self, epoch_s: float = 30.0, *, onset_s: float | None = None, n_epochs: int | None = None
    ) -> Hypnogram:
        """Return the scoring in epochs of another length or on another grid.

        Each new epoch takes the stage that fills most of it; time without a scoring counts as unscored; ties
        go to the stage that comes first. Probabilities are averaged over time. A scoring that already is on
        the grid is returned unchanged; otherwise a note says what was done and how many epochs were mixed.

        Parameters
        ----------
        epoch_s
            Length of the new epochs, seconds.
        onset_s
            Start of the first new epoch; that of the scoring if not given.
        n_epochs
            Number of new epochs; as many as it takes to reach the end of the scoring if not given.
        """
        from eegvlm.hypnogram.other_epochs import in_other_epochs

        return in_other_epochs(self, epoch_s, onset_s=onset_s, n_epochs=n_epochs)

    def as_text(self, *, per_line: int = 120) -> str:
        """Write the night as text, one character an epoch (``W 1 2 3 R ?``), each line headed by its time.

        Parameters
        ----------
        per_line
            Epochs a line; 120 epochs of 30 s are one hour.
        """
        from eegvlm.hypnogram.night_text import night_text

        return night_text(self, per_line=per_line)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row an epoch: ``onset_s``, ``duration_s``, ``stage``, and what else is known.

        That is ``time``, the probabilities ``p_W`` to ``p_R`` with ``confidence``, and ``quality``. The index counts
        epochs from 1, as scorers do.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        from eegvlm.hypnogram.dataframe import to_dataframe

        return to_dataframe(self)

    def to_annotations(self) -> mne.Annotations:
        """Return ``mne.Annotations``: ``Sleep stage N2`` for each epoch, its probabilities as extras, and the lights.

        Raises
        ------
        MissingExtraError
            If MNE is not installed.
        """
        from eegvlm.hypnogram.annotations import to_annotations

        return to_annotations(self)

    def to_yasa(self) -> yasa.Hypnogram:
        """Return a ``yasa.Hypnogram``, which YASA's statistics and plots take.

        It starts with the first epoch. YASA knows no epoch without probabilities: unscored ones get five equal ones.

        Raises
        ------
        MissingExtraError
            If YASA is not installed.
        """
        from eegvlm.hypnogram.yasa_object import to_yasa

        return to_yasa(self)

    def to_bids(self, path: str | PathLike[str]) -> None:
        """Write a BIDS events file, such as ``sub-01_task-sleep_events.tsv``, and its ``.json`` beside it.

        Raises
        ------
        InputError
            If a file cannot be written.
        """
        from eegvlm.hypnogram.files import write_hypnogram

        write_hypnogram(self, path, format="bids")

    def statistics(self, *, lights_off_s: float | None = None, lights_on_s: float | None = None) -> SleepStatistics:
        """Compute the sleep statistics of the AASM manual.

        Parameters
        ----------
        lights_off_s, lights_on_s
            Seconds after the recording's start; those of :attr:`lights` where neither is given. What is counted
            without either: :func:`eegvlm.hypnogram.count_sleep`.

        Raises
        ------
        HypnogramError
            If lights on does not follow lights off, or the scoring does not reach into the time between them.
        """
        from eegvlm.hypnogram.counted import count_sleep

        lights = None if lights_off_s is lights_on_s is None else Lights(lights_off_s, lights_on_s, "the caller")
        return count_sleep(self, lights).statistics

    def transitions(self) -> StageTransitions:
        """Count how often each stage follows each other one, from epoch to epoch."""
        from eegvlm.hypnogram.stage_transitions import stage_transitions

        return stage_transitions(self)

    def agreement(self, other: Hypnogram) -> Agreement:
        """Compare another scoring of the night with this one, the reference.

        The two are aligned by time: :func:`eegvlm.hypnogram.agreement`.

        Raises
        ------
        HypnogramError
            If the two do not overlap in time, or no epoch is scored in both.
        WrongTypeError
            If it is no hypnogram; the sentence says which call makes one.
        """
        from eegvlm.hypnogram.agreement import agreement

        hint = "give a Hypnogram: Hypnogram.from_strings(labels) makes one of labels, read_hypnogram one of a file"
        check_type(other, Hypnogram, "Hypnogram.agreement", "other", hint)
        return agreement(self, other)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the stages over time with matplotlib.

        Parameters
        ----------
        ax
            Where to draw; a new figure where not given.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        from eegvlm.hypnogram.plotting import plot_hypnogram

        return plot_hypnogram(self, ax)

    def plot_hypnodensity(self, ax: Axes | None = None) -> Axes:
        """Draw the probabilities of the stages over time with matplotlib, wake on top; unscored epochs stay empty.

        Parameters
        ----------
        ax
            Where to draw; a new figure where not given.

        Raises
        ------
        HypnogramError
            If the scoring has no probabilities.
        MissingExtraError
            If matplotlib is not installed.
        """
        from eegvlm.hypnogram.plotting import plot_hypnodensity

        return plot_hypnodensity(self, ax)
