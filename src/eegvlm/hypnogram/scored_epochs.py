"""The epochs of a scored night: their stages, where they lie in time, and what is known about each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from numbers import Integral
from typing import Any, NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

from eegvlm.core.runs import equal_runs
from eegvlm.errors import check_type
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.field_checks import checked_probabilities, checked_quality, checked_stages
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, MOST_S, SAME_S, grid, is_epoch_length
from eegvlm.hypnogram.stage import Stage
from eegvlm.hypnogram.timing import Timing, has_date
from eegvlm.signals.lights import Lights


class StageRun(NamedTuple):
    """A stretch of epochs of one stage: the stage, the index of its first epoch, the number of epochs."""

    stage: Stage
    first: int
    n_epochs: int


@dataclass(frozen=True, eq=False)
class ScoredEpochs:
    """The fields of a :class:`eegvlm.hypnogram.Hypnogram`, checked, and its behaviour as a sequence in time."""

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
        object.__setattr__(self, "stages", checked_stages(self.stages))
        if not is_epoch_length(self.epoch_s):
            raise HypnogramError("hypnogram", "epoch_s", self.epoch_s, EPOCH_LENGTH_HINT)
        if not abs(self.onset_s) <= MOST_S:
            raise HypnogramError("hypnogram", "onset_s", self.onset_s, "expected seconds, at most thirty years")
        object.__setattr__(self, "epoch_s", float(self.epoch_s))
        object.__setattr__(self, "onset_s", float(self.onset_s))
        if self.start is not None and self.start.tzinfo is not None:
            hint = "give a naive local time (without a time zone)"
            raise HypnogramError("hypnogram", "start", self.start, hint)
        if self.probabilities is not None:
            checked = checked_probabilities(self.probabilities, len(self.stages))
            object.__setattr__(self, "probabilities", checked)
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.quality is not None:
            object.__setattr__(self, "quality", checked_quality(self.quality, len(self.stages)))

    def __len__(self) -> int:
        return len(self.stages)

    @overload
    def __getitem__(self, epochs: int) -> Stage: ...
    @overload
    def __getitem__(self, epochs: slice) -> Self: ...
    def __getitem__(self, epochs: int | slice) -> Stage | Self:
        if not isinstance(epochs, slice):
            hint = "give the number of an epoch, from 0, or a slice; .stages takes any index of an array"
            check_type(epochs, Integral, "Hypnogram.__getitem__", "epochs", hint)
            return Stage(int(self.stages[epochs]))
        first, stop, step = epochs.indices(len(self))
        if step != 1 or first >= stop:
            value = f"{epochs.start}:{epochs.stop}" + ("" if epochs.step is None else f":{epochs.step}")
            hint = f"give consecutive epochs, at least one of {len(self)}; .stages takes any index of an array"
            raise HypnogramError("hypnogram", "slice", value, hint)
        return replace(
            self,
            stages=self.stages[first:stop],
            onset_s=self.onset_s + first * self.epoch_s,
            probabilities=None if self.probabilities is None else self.probabilities[first:stop],
            quality=None if self.quality is None else self.quality[first:stop],
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.stages, dtype=dtype, copy=copy) if copy else np.asarray(self.stages, dtype)

    def __iter__(self) -> Iterator[Stage]:
        return (Stage(int(stage)) for stage in self.stages)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScoredEpochs):
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

    def runs(self) -> list[StageRun]:
        """List the stretches of epochs of one stage, in order of time."""
        return [StageRun(self[first], first, stop - first) for first, stop in equal_runs(self.stages).tolist()]

    def with_notes(self, *notes: str) -> Self:
        """Return the same scoring with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def crop(self, start_s: float, stop_s: float) -> Self:
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
        return self[first:stop]
