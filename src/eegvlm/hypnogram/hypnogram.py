"""A scored night: one stage an epoch, where the epochs lie in time, and what is known about them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.resample import (
    MOST_S,
    RULE,
    SAME_S,
    count_epochs,
    fill_epochs,
    grid,
    is_epoch_length,
    mean_probabilities,
)
from eegvlm.hypnogram.stage import STAGES, Stage
from eegvlm.hypnogram.timing import Timing, has_date
from eegvlm.signals.lights import Lights

QUALITY_WORDS = ("good", "doubtful", "unusable", "")
_SUM_TOLERANCE = 1e-3  # five probabilities rounded to four decimals may be off by this much
_TEXT_OF = {Stage.W: "W", Stage.N1: "1", Stage.N2: "2", Stage.N3: "3", Stage.R: "R", Stage.UNSCORED: "?"}


class Run(NamedTuple):
    """A stretch of epochs of one stage: the stage, the index of its first epoch, the number of epochs."""

    stage: Stage
    first: int
    n_epochs: int


@dataclass(frozen=True, eq=False)
class Hypnogram:
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
    """

    stages: NDArray[np.int8]
    epoch_s: float = 30.0
    start: datetime | None = None
    onset_s: float = 0.0
    probabilities: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    lights: Lights | None = None
    quality: tuple[str, ...] | None = None
    timing: Timing = Timing.ONSET

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", _checked_stages(self.stages))
        if not is_epoch_length(self.epoch_s):
            raise HypnogramError("hypnogram", "epoch_s", self.epoch_s, "expected seconds, from 0.01 to 3600")
        if not abs(self.onset_s) <= MOST_S:
            raise HypnogramError("hypnogram", "onset_s", self.onset_s, "expected seconds, at most thirty years")
        object.__setattr__(self, "epoch_s", float(self.epoch_s))
        object.__setattr__(self, "onset_s", float(self.onset_s))
        if self.start is not None and self.start.tzinfo is not None:
            hint = "give a naive local time (without a time zone)"
            raise HypnogramError("hypnogram", "start", self.start, hint)
        if self.probabilities is not None:
            checked = _checked_probabilities(self.probabilities, len(self.stages))
            object.__setattr__(self, "probabilities", checked)
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.quality is not None:
            object.__setattr__(self, "quality", _checked_quality(self.quality, len(self.stages)))

    def __len__(self) -> int:
        return len(self.stages)

    def __getitem__(self, epoch: int) -> Stage:
        return Stage(int(self.stages[epoch]))

    def __iter__(self) -> Iterator[Stage]:
        return (Stage(int(stage)) for stage in self.stages)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hypnogram):
            return NotImplemented
        same_probabilities = (
            self.probabilities is other.probabilities
            if self.probabilities is None or other.probabilities is None
            else np.array_equal(self.probabilities, other.probabilities, equal_nan=True)
        )
        return (
            np.array_equal(self.stages, other.stages)
            and (self.epoch_s, self.start, self.onset_s) == (other.epoch_s, other.start, other.onset_s)
            and same_probabilities
            and (self.notes, self.lights, self.quality) == (other.notes, other.lights, other.quality)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        clock = ""
        if self.start is not None:
            begins = self.time_of(0)
            clock = f", from {begins.isoformat(' ', 'seconds') if has_date(self.start) else f'{begins:%H:%M:%S}'}"
        return f"{len(self)} epochs of {self.epoch_s:g} s ({self.duration_s / 3600:.2f} h{clock})"

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return len(self.stages)

    @property
    def duration_s(self) -> float:
        """Seconds from the start of the first epoch to the end of the last."""
        return len(self.stages) * self.epoch_s

    @property
    def end_s(self) -> float:
        """End of the last epoch, seconds after the recording's start."""
        return self.onset_s + self.duration_s

    @property
    def onsets_s(self) -> NDArray[np.float64]:
        """Start of each epoch, seconds after the recording's start: float, shape (n,)."""
        return grid(self.onset_s, self.epoch_s, len(self.stages))

    @property
    def labels(self) -> list[str]:
        """The label of each epoch: ``W``, ``N1``, ``N2``, ``N3``, ``R`` or ``?``."""
        return [stage.label for stage in self]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which epochs have a stage: bool, shape (n,)."""
        scored: NDArray[np.bool_] = self.stages != Stage.UNSCORED
        return scored

    @property
    def confidence(self) -> NDArray[np.float32] | None:
        """The probability of the stage of each epoch, NaN where unknown: float32, shape (n,); or None."""
        if self.probabilities is None:
            return None
        column = np.where(self.scored, self.stages, 0).astype(np.intp)
        confidence = self.probabilities[np.arange(len(self)), column]
        return np.where(self.scored, confidence, np.float32(np.nan))

    def time_of(self, epoch: int) -> datetime:
        """Clock time at which an epoch (counted from 0) starts.

        Raises
        ------
        HypnogramError
            If the recording's start is not known.
        """
        if self.start is None:
            raise HypnogramError("hypnogram", "start", None, "give the recording's start to ask for clock times")
        return self.start + timedelta(seconds=self.onset_s + epoch * self.epoch_s)

    def stage_at(self, time: float | datetime) -> Stage:
        """Return the stage at an instant; unscored before the first and after the last epoch.

        Parameters
        ----------
        time
            Seconds after the recording's start, or a naive clock time.
        """
        if isinstance(time, datetime):
            time = (time - self.time_of(0)).total_seconds() + self.onset_s
        epoch = math.floor((time - self.onset_s) / self.epoch_s + SAME_S / self.epoch_s)
        return self[epoch] if 0 <= epoch < len(self) else Stage.UNSCORED

    def runs(self) -> list[Run]:
        """List the stretches of epochs of one stage, in order of time."""
        firsts = np.flatnonzero(np.diff(self.stages, prepend=np.int8(100)))
        counts = np.diff(firsts, append=len(self))
        return [Run(self[int(first)], int(first), int(n)) for first, n in zip(firsts, counts, strict=True)]

    def with_notes(self, *notes: str) -> Hypnogram:
        """Return the same scoring with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def crop(self, start_s: float, stop_s: float) -> Hypnogram:
        """Keep the epochs that lie wholly between two times; time still counts from the recording's start.

        Parameters
        ----------
        start_s, stop_s
            Seconds after the recording's start.

        Raises
        ------
        HypnogramError
            If no whole epoch lies between them.
        """
        first = max(0, math.ceil((start_s - self.onset_s - SAME_S) / self.epoch_s))
        stop = min(len(self), math.floor((stop_s - self.onset_s + SAME_S) / self.epoch_s))
        if first >= stop:
            hint = f"no whole epoch lies there; the scoring runs from {self.onset_s:g} to {self.end_s:g} s"
            raise HypnogramError("hypnogram", "crop", f"{start_s:g} to {stop_s:g} s", hint)
        probabilities = None if self.probabilities is None else self.probabilities[first:stop]
        onset_s = self.onset_s + first * self.epoch_s
        quality = None if self.quality is None else self.quality[first:stop]
        return replace(
            self, stages=self.stages[first:stop], onset_s=onset_s, probabilities=probabilities, quality=quality
        )

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
        if not is_epoch_length(epoch_s):
            raise HypnogramError("hypnogram", "epoch length", epoch_s, "expected seconds, from 0.01 to 3600")
        onset_s = self.onset_s if onset_s is None else onset_s
        if n_epochs is None:
            n_epochs = count_epochs("hypnogram", self.end_s - onset_s, epoch_s)
        same_grid = abs(epoch_s - self.epoch_s) < SAME_S and abs(onset_s - self.onset_s) < SAME_S
        if same_grid and n_epochs == len(self):
            return self
        starts = self.onsets_s
        filled = fill_epochs(
            *(starts, starts + self.epoch_s, self.stages),
            onset_s=onset_s,
            epoch_s=epoch_s,
            n_epochs=n_epochs,
        )
        probabilities = None
        if self.probabilities is not None:
            probabilities = mean_probabilities(
                self.probabilities,
                old_onset_s=self.onset_s,
                old_epoch_s=self.epoch_s,
                edges_s=grid(onset_s, epoch_s, n_epochs + 1),
            )
        note = _resampling_note(self, epoch_s, onset_s, filled.n_mixed, filled.n_tied, n_epochs)
        return Hypnogram(
            filled.stages,
            epoch_s,
            self.start,
            onset_s,
            probabilities,
            (*self.notes, *([note] if note else [])),
            self.lights,
            timing=self.timing,
        )

    def as_text(self, *, per_line: int = 120) -> str:
        """Write the night as text, one character an epoch (``W 1 2 3 R ?``), each line headed by its time.

        Parameters
        ----------
        per_line
            Epochs a line; 120 epochs of 30 s are one hour.
        """
        characters = "".join(_TEXT_OF[stage] for stage in self)
        lines = []
        for first in range(0, len(self), per_line):
            seconds = round(self.onset_s + first * self.epoch_s)
            elapsed = f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600:02d}:{abs(seconds) % 3600 // 60:02d}"
            head = elapsed if self.start is None else self.time_of(first).strftime("%H:%M")
            lines.append(f"{head}  {characters[first : first + per_line]}")
        return "\n".join(lines)


def _resampling_note(
    old: Hypnogram, epoch_s: float, onset_s: float, n_mixed: int, n_tied: int, n_epochs: int
) -> str | None:
    """Say what resampling did; None where every old epoch fell on a new one."""
    moved = (onset_s - old.onset_s) / old.epoch_s
    if abs(epoch_s - old.epoch_s) < SAME_S and abs(moved - round(moved)) * old.epoch_s < SAME_S:
        return None
    ties = f", {n_tied} of them a tie" if n_tied else ""
    if abs(epoch_s - old.epoch_s) < SAME_S:
        what = f"laid on epochs that start {(onset_s - old.onset_s) % epoch_s:g} s after its own"
    else:
        what = f"resampled from epochs of {old.epoch_s:g} s to {epoch_s:g} s"
    return f"{what}: {RULE}; {n_mixed} of {n_epochs} epochs were mixed{ties}"


def _checked_stages(stages: NDArray[np.int8]) -> NDArray[np.int8]:
    values = np.asarray(stages)
    if values.ndim != 1 or values.size == 0:
        raise HypnogramError("hypnogram", "stages", f"shape {values.shape}", "give one stage an epoch, at least one")
    if not np.issubdtype(values.dtype, np.integer):
        raise HypnogramError("hypnogram", "stages", f"type {values.dtype}", "give integers, -1 to 4 (see Stage)")
    wrong = np.flatnonzero((values < Stage.UNSCORED) | (values > Stage.R))
    if wrong.size:
        where = f"{values[wrong[0]]} in epoch {wrong[0] + 1}"
        raise HypnogramError("hypnogram", "stages", where, "give integers, -1 to 4 (see Stage)")
    kept = values.astype(np.int8)
    kept.flags.writeable = False
    return kept


def _checked_quality(words: Iterable[str], n_epochs: int) -> tuple[str, ...]:
    quality = tuple(words)
    if len(quality) != n_epochs:
        raise HypnogramError(
            "hypnogram", "quality", f"{len(quality)} words", f"expected one for each of {n_epochs} epochs"
        )
    wrong = next((word for word in quality if word not in QUALITY_WORDS), None)
    if wrong is not None:
        raise HypnogramError("hypnogram", "quality", wrong, f"expected {', '.join(QUALITY_WORDS[:3])} or nothing")
    return quality


def _checked_probabilities(probabilities: NDArray[np.float32], n_epochs: int) -> NDArray[np.float32]:
    values = np.asarray(probabilities)
    if values.shape != (n_epochs, len(STAGES)) or not np.issubdtype(values.dtype, np.floating):
        hint = f"give floats of shape ({n_epochs}, {len(STAGES)}), columns W N1 N2 N3 R"
        raise HypnogramError("hypnogram", "probabilities", f"{values.dtype} {values.shape}", hint)
    kept = values.astype(np.float32)
    known = ~np.isnan(kept).all(axis=1)
    with np.errstate(invalid="ignore"):
        sound = (kept >= 0).all(axis=1) & (np.abs(kept.sum(axis=1, dtype=np.float64) - 1) <= _SUM_TOLERANCE)
    wrong = np.flatnonzero(known & ~sound)
    if wrong.size:
        row = " ".join(f"{value:g}" for value in kept[wrong[0]])
        hint = "the five of an epoch must be 0 or more and sum to 1 (all NaN where unknown)"
        raise HypnogramError("hypnogram", f"probabilities of epoch {wrong[0] + 1}", row, hint)
    kept.flags.writeable = False
    return kept
