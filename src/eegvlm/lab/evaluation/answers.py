"""One night's answers beside the expert's: what every figure is counted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.hypnogram.shift import Shift, better_shift
from eegvlm.signals import EPOCH_S

N_STAGES = len(STAGES)
MISSING = N_STAGES
"""Column of a confusion matrix that counts epochs without a valid answer."""

FEWEST_STAGES = 3
"""Labels with fewer stages than this do not make a five-stage kappa."""

_SUM_TOLERANCE = 1e-3

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NightAnswers:
    """The expert's stages of a night and the answers to be judged, epoch by epoch.

    Parameters
    ----------
    subject
        The sleeper; nights of one subject are never torn apart by resampling.
    night
        Name of the night, unique among those judged together.
    truth
        int8 (n,): the expert's :class:`~eegvlm.hypnogram.Stage`, -1 where the expert gave none. Epochs without
        an expert's stage are not judged.
    stages
        Integers (n,): the answers. Whatever is not 0 to 4 is no answer, and wrong where the expert gave a stage.
    probabilities
        float (n, 5), columns W, N1, N2, N3, R, or None where the answers have none. A row that is not five
        numbers from 0 that sum to 1 (to a thousandth) makes the epoch's answer invalid.
    has_signal
        bool (n,): epochs complete and free of gaps; None where it is not known.
    channels
        What was read, by panel or by whatever the reader calls it.
    seconds
        Time that the staging took.
    error
        Why the night could not be staged; None where it could.
    epoch_s
        Seconds from one epoch to the next.

    Raises
    ------
    InputError
        If the arrays do not fit together or the truth holds what is no stage.
    """

    subject: str
    night: str
    truth: npt.NDArray[np.int8]
    stages: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float32] | None = None
    has_signal: npt.NDArray[np.bool_] | None = None
    channels: Mapping[str, str | None] = field(default_factory=dict)
    seconds: float | None = None
    error: str | None = None
    epoch_s: float = EPOCH_S

    def __post_init__(self) -> None:
        truth = np.asarray(self.truth)
        if truth.ndim != 1 or not np.isin(truth, (*STAGES, Stage.UNSCORED)).all():
            self._refuse("truth", f"{truth.dtype} {truth.shape}", "give one integer from -1 to 4 an epoch")
        answered = np.asarray(self.stages)
        if answered.shape != truth.shape or answered.dtype.kind not in "iu":
            shape = f"{answered.dtype} {answered.shape}"
            self._refuse("stages", shape, f"give {truth.size} integers, one for each of the expert's epochs")
        object.__setattr__(self, "truth", truth.astype(np.int8))
        stages = np.where(np.isin(answered, STAGES), answered, Stage.UNSCORED)
        object.__setattr__(self, "stages", stages.astype(np.int8))
        if self.probabilities is not None:
            probabilities = np.asarray(self.probabilities, np.float32)
            if probabilities.shape != (truth.size, N_STAGES):
                self._refuse("probabilities", f"shape {probabilities.shape}", f"give ({truth.size}, {N_STAGES})")
            object.__setattr__(self, "probabilities", probabilities)
        if self.has_signal is not None and np.shape(self.has_signal) != truth.shape:
            self._refuse("has_signal", f"shape {np.shape(self.has_signal)}", f"give {truth.size} booleans")

    def _refuse(self, name: str, value: object, hint: str) -> None:
        raise InputError(f"answers of night {self.night}", name, value, hint)

    @classmethod
    def failed(
        cls, subject: str, night: str, truth: npt.NDArray[np.int8], error: str, *, with_probabilities: bool = True
    ) -> NightAnswers:
        """Make the answers of a night that could not be staged: none at all."""
        probabilities = np.full((len(truth), N_STAGES), np.nan, np.float32) if with_probabilities else None
        return cls(subject, night, truth, np.full(len(truth), Stage.UNSCORED), probabilities, error=error)

    @cached_property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Epochs to which the expert gave a stage, and which are therefore judged: bool (n,)."""
        scored: npt.NDArray[np.bool_] = self.truth != Stage.UNSCORED
        return scored

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Epochs with a valid answer: bool (n,)."""
        answered: npt.NDArray[np.bool_] = self.stages != Stage.UNSCORED
        if self.probabilities is None:
            return answered
        with np.errstate(invalid="ignore"):
            sums = self.probabilities.sum(axis=1, dtype=np.float64)
            valid = (self.probabilities >= 0).all(axis=1) & (np.abs(sums - 1) <= _SUM_TOLERANCE)
        both: npt.NDArray[np.bool_] = answered & valid
        return both

    @cached_property
    def shift(self) -> Shift | None:
        """A shift at which the answers would agree far better with the expert; None where there is none."""
        stages = np.where(self.answered, self.stages, Stage.UNSCORED).astype(np.int8)
        return better_shift(self.truth, stages, self.epoch_s)

    @cached_property
    def confusion(self) -> Counts:
        """int64 (5, 6): rows the expert's stages, columns the answers, the last one for missing answers."""
        answer = np.where(self.answered, self.stages, MISSING)[self.scored].astype(np.int64)
        pairs = self.truth[self.scored].astype(np.int64) * (N_STAGES + 1) + answer
        counts = np.bincount(pairs, minlength=N_STAGES * (N_STAGES + 1))
        return counts.reshape(N_STAGES, N_STAGES + 1).astype(np.int64)

    @property
    def n_scored(self) -> int:
        """Number of epochs that are judged."""
        return int(self.scored.sum())

    @property
    def n_missing(self) -> int:
        """Number of them without a valid answer."""
        return int((self.scored & ~self.answered).sum())

    @property
    def n_missing_without_signal(self) -> int:
        """Number of those that the recording holds no complete signal of."""
        if self.has_signal is None:
            return 0
        return int((self.scored & ~self.answered & ~self.has_signal).sum())

    @property
    def is_restricted(self) -> bool:
        """Whether the expert's labels hold too few stages for a five-stage kappa."""
        return stages_in(self.confusion).size < FEWEST_STAGES

    def to_dict(self) -> dict[str, object]:
        """Return counts under their names, ready for JSON; not the epochs themselves."""
        return {
            "subject": self.subject,
            "night": self.night,
            "epochs": self.n_scored,
            "unscored_by_expert": int((~self.scored).sum()),
            "missing": self.n_missing,
            "missing_without_signal": self.n_missing_without_signal,
            "channels": dict(self.channels),
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "error": self.error,
            "better_shift": None if self.shift is None else self.shift.to_dict(),
            "confusion": self.confusion.tolist(),
        }


def stages_in(confusion: Counts) -> npt.NDArray[np.intp]:
    """Return the stages that occur in the expert's labels of a confusion matrix (5, 6)."""
    return np.flatnonzero(confusion.sum(axis=1))
