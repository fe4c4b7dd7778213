"""Arrays in memory as a source of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.core.runs import true_runs
from eegvlm.signals.length import check_length
from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.source import Segment, Signal

_NAME = "<arrays>"
# A rate given as a float is read as the nearest fraction of this denominator: 199.9 is 1999/10.
_RATE_DENOMINATOR = 10_000


def exact_rate(rate: float) -> Fraction:
    """Read a sampling rate that was given as a float."""
    return Fraction(rate).limit_denominator(_RATE_DENOMINATOR)


def gapless_segments(present: npt.NDArray[np.bool_], rate: Fraction) -> tuple[Segment, ...]:
    """Turn a mask of samples into segments whose samples are stored at their places in time.

    Parameters
    ----------
    present
        Bool (n,): where there is signal.
    rate
        Samples per second.
    """
    return tuple(Segment(start / rate, stop / rate, start / rate) for start, stop in true_runs(present).tolist())


@dataclass(frozen=True)
class ArraySource:
    """Arrays in microvolt; see :class:`eegvlm.signals.source.Source`."""

    start: datetime | None
    duration_s: Fraction
    signals: tuple[Signal, ...]
    segments: tuple[Segment, ...]
    problems: tuple[Problem, ...]
    arrays: tuple[npt.NDArray[np.float32], ...] = field(repr=False)
    name: str = _NAME
    lights_markers: tuple[LightsMarker, ...] = ()

    @classmethod
    def of(cls, signals: Mapping[str, tuple[npt.ArrayLike, float]], start: datetime | None) -> ArraySource:
        """Check and take arrays: label -> (samples, rate)."""
        if not signals:
            raise RecordingError(_NAME, "signals", "none", "give at least one")
        described, arrays, problems = [], [], []
        for label, (samples, rate) in signals.items():
            try:
                array = np.asarray(samples, np.float32)
            except (TypeError, ValueError) as error:
                hint = "give numbers in microvolt"
                raise RecordingError(_NAME, f"samples of '{label}'", type(samples).__name__, hint) from error
            if array.ndim != 1 or array.size == 0:
                hint = "give one dimension of samples"
                raise RecordingError(_NAME, f"samples of '{label}'", f"shape {array.shape}", hint)
            if np.isinf(array).any():
                raise RecordingError(_NAME, f"samples of '{label}'", "infinite", "mark gaps by NaN")
            if not 0 < rate < 1e6 or not (exact := exact_rate(rate)):
                raise RecordingError(_NAME, f"rate of '{label}'", rate, "give samples per second")
            described.append(Signal(label, label, exact, "uV", 1.0, array.size))
            arrays.append(array)
            length = array.size / exact
            check_length(_NAME, length, length, f"rate of '{label}'", f"{array.size} samples at {rate:g} Hz")
        durations = [signal.n_samples / signal.rate for signal in described]
        for signal, duration in zip(described, durations, strict=True):
            if duration < max(durations):
                message = f"'{signal.label}' ends {float(max(durations) - duration):g} s before the longest signal"
                problems.append(Problem("short-signal", message, signal.label))
        if start is not None and start.tzinfo is not None:
            start = start.replace(tzinfo=None)
        segments = _segments(described, arrays, max(durations))
        return cls(start, max(durations), tuple(described), segments, tuple(problems), tuple(arrays))

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return a copy of samples ``start`` to ``stop`` of one signal."""
        return self.arrays[index][start:stop].copy()


def _segments(signals: list[Signal], arrays: list[npt.NDArray[np.float32]], duration: Fraction) -> tuple[Segment, ...]:
    """Find the stretches in which at least one signal is present; a gap is where all are NaN.

    Gaps are looked for on the grid of the fastest signal.
    """
    whole = (Segment(Fraction(0), duration, Fraction(0)),)
    for signal, array in zip(signals, arrays, strict=True):
        if array.size / signal.rate == duration and not np.isnan(array).any():
            return whole
    rate = max(signal.rate for signal in signals)
    n = round(duration * rate)
    present = np.zeros(n, np.bool_)
    for signal, array in zip(signals, arrays, strict=True):
        at = np.minimum((np.arange(n) * float(signal.rate / rate)).astype(int), array.size)
        present |= np.append(~np.isnan(array), False)[at]
    segments = gapless_segments(present, rate)
    return segments or whole
