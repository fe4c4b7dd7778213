"""Signals of one length that a function reads from a file: what formats of single data sets need to be recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.signals import Problem
from eegvlm.signals.length import check_length
from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.source import Segment, Signal

ReadSamples = Callable[[int, int, int], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class SampledSource:
    """A store without gaps; see :class:`eegvlm.signals.source.Source`.

    Parameters
    ----------
    name
        File path.
    signals
        As they are stored.
    read_samples
        From a signal's number and its samples ``start`` to ``stop`` to float32 microvolt.
    start
        Naive local time of the first sample; None where unknown.
    problems
        What was found on opening.
    """

    name: str
    signals: tuple[Signal, ...]
    read_samples: ReadSamples
    start: datetime | None = None
    problems: tuple[Problem, ...] = ()
    lights_markers: tuple[LightsMarker, ...] = ()

    def __post_init__(self) -> None:
        check_length(self.name, self.duration_s, self.duration_s, "number of samples", f"{self.duration_s} s")

    @property
    def duration_s(self) -> Fraction:
        """To the end of the longest signal."""
        return max(signal.n_samples / signal.rate for signal in self.signals)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """One, from the start to the end."""
        return (Segment(Fraction(0), self.duration_s, Fraction(0)),)

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read samples ``start`` to ``stop`` of one signal: float32 microvolt."""
        return self.read_samples(index, start, stop)
