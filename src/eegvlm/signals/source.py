"""Where samples come from: what a file, an array or an MNE object must offer to be a recording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.problems import Problem

EPOCH_S = 30.0


@dataclass(frozen=True)
class Signal:
    """One signal as it is stored.

    Parameters
    ----------
    label
        Unique label (a duplicate ends in ``#2``).
    raw_label
        The label in the file.
    rate
        Samples per second, exact.
    unit
        Unit as the file spells it.
    factor
        Microvolt per unit, or None where the signal is not a voltage; samples are then in the file's unit.
    n_samples
        Samples stored.
    limits
        Lowest and highest value that can be stored, in the unit of the samples; None where unknown.
    step
        Smallest difference that can be stored, same unit; 0 where unknown.
    faults
        Problems of the header that concern this signal; one of severity ``"error"`` bars it from a role.
    resting
        Values at which a signal lies that rests at its digital zero, or in the middle of its digital range. Both are
        near 0 where the calibration is that of an AC amplifier.
    """

    label: str
    raw_label: str
    rate: Fraction
    unit: str
    factor: float | None
    n_samples: int
    limits: tuple[float, float] | None = None
    step: float = 0.0
    faults: tuple[Problem, ...] = ()
    resting: tuple[float, ...] = ()

    @property
    def barred(self) -> Problem | None:
        """The first fault that makes this signal useless for any role."""
        return next((fault for fault in self.faults if fault.severity == "error"), None)


@dataclass(frozen=True)
class Segment:
    """A stretch without a gap.

    Parameters
    ----------
    start_s, stop_s
        Seconds after the recording's start.
    stored_s
        Seconds of stored signal before this segment.
    """

    start_s: Fraction
    stop_s: Fraction
    stored_s: Fraction


class Source(Protocol):
    """A store of signals on one clock."""

    @property
    def name(self) -> str:
        """File path, or what stands for one, for error messages."""

    @property
    def start(self) -> datetime | None:
        """Naive local time of the first sample."""

    @property
    def duration_s(self) -> Fraction:
        """From the first sample to the end, gaps included."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All signals, annotations excepted."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Stretches with signal, in order of time."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found wrong on opening."""

    @property
    def lights_markers(self) -> tuple[LightsMarker, ...]:
        """Annotations about lights off and on, in seconds after the first sample."""

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read stored samples ``start`` to ``stop`` of one signal: float32 (stop - start,), microvolt."""


def read_window(source: Source, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
    """Read samples by their place in time rather than in the store.

    Parameters
    ----------
    source
        The store.
    index
        Signal.
    start, stop
        Sample numbers counted from the recording's start; they may lie outside of it.

    Returns
    -------
    float32 array (stop - start,)
        Microvolt; NaN in gaps and outside of the recording. A segment that begins between two samples is
        moved to the nearer one (half a sample at most).
    """
    signal = source.signals[index]
    window = np.full(max(0, stop - start), np.nan, np.float32)
    for segment in source.segments:
        first = round(segment.start_s * signal.rate)
        stored = round(segment.stored_s * signal.rate)
        count = round((segment.stop_s - segment.start_s) * signal.rate)
        low, high = max(start, first), min(stop, first + count, first + signal.n_samples - stored)
        if low < high:
            shift = stored - first
            window[low - start : high - start] = source.read(index, low + shift, high + shift)
    return window
