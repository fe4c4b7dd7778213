"""A store of signals some of whose calibrations are replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.signals import Problem
from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.source import Segment, Signal, Source

# What a header's unit brings up is answered by the calibration that replaces it.
_ANSWERED = ("unit-assumed", "not-a-voltage", "unit-calibration")


@dataclass(frozen=True)
class RescaledSource:
    """A store whose signals are multiplied.

    Parameters
    ----------
    inner
        The store as it is.
    factors
        By signal's number: what its samples are multiplied by to be microvolt.
    told
        What a reader must know about it, by signal's number.
    """

    inner: Source
    factors: Mapping[int, float]
    told: Mapping[int, Problem]

    @property
    def name(self) -> str:
        """File path."""
        return self.inner.name

    @property
    def start(self) -> datetime | None:
        """Naive local time of the first sample."""
        return self.inner.start

    @property
    def duration_s(self) -> Fraction:
        """From the first sample to the end, gaps included."""
        return self.inner.duration_s

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Stretches with signal."""
        return self.inner.segments

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found on opening, and the replaced calibrations."""
        return (*self.inner.problems, *self.told.values())

    @property
    def lights_markers(self) -> tuple[LightsMarker, ...]:
        """Annotations about lights off and on."""
        return self.inner.lights_markers

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All signals, with their replaced calibrations."""
        return tuple(
            _rescaled(signal, self.factors[index]) if index in self.factors else signal
            for index, signal in enumerate(self.inner.signals)
        )

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read stored samples of one signal: float32, microvolt."""
        samples = self.inner.read(index, start, stop)
        return samples * np.float32(self.factors.get(index, 1.0))


def _rescaled(signal: Signal, factor: float) -> Signal:
    return replace(
        signal,
        factor=(signal.factor or 1.0) * factor,
        limits=None if signal.limits is None else (signal.limits[0] * factor, signal.limits[1] * factor),
        step=signal.step * factor,
        faults=tuple(fault for fault in signal.faults if fault.code not in _ANSWERED),
    )
