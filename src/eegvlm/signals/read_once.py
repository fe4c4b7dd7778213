"""A source that several channels walk through together, and that is read from its file once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.problems import Problem
from eegvlm.signals.source import Segment, Signal, Source

Samples = npt.NDArray[np.float32]


@dataclass
class ReadOnce:
    """A source that keeps the last stretch that was read of each signal.

    Channels that are read block by block, in the order of time, share it: a mastoid lead of three derivations is read
    once, and so are the margins that filters need on both sides of a block. It holds the last stretch that was asked
    for, and as much before it.

    Parameters
    ----------
    source
        Where the samples come from.
    """

    source: Source
    _held: dict[int, tuple[int, Samples]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """See :class:`.source.Source`."""
        return self.source.name

    @property
    def start(self) -> datetime | None:
        """See :class:`.source.Source`."""
        return self.source.start

    @property
    def duration_s(self) -> Fraction:
        """See :class:`.source.Source`."""
        return self.source.duration_s

    @property
    def signals(self) -> tuple[Signal, ...]:
        """See :class:`.source.Source`."""
        return self.source.signals

    @property
    def segments(self) -> tuple[Segment, ...]:
        """See :class:`.source.Source`."""
        return self.source.segments

    @property
    def problems(self) -> tuple[Problem, ...]:
        """See :class:`.source.Source`."""
        return self.source.problems

    @property
    def lights_markers(self) -> tuple[LightsMarker, ...]:
        """See :class:`.source.Source`."""
        return self.source.lights_markers

    def read(self, index: int, start: int, stop: int) -> Samples:
        """Read stored samples ``start`` to ``stop`` of one signal: float32 (stop - start,), microvolt."""
        first, samples = self._held.get(index, (0, np.empty(0, np.float32)))
        end = first + len(samples)
        if not first <= start <= end:
            first, samples, end = start, samples[:0], start
        if stop > end:
            # the margin of another channel may reach further back than this request
            new_first = max(first, 2 * start - stop)
            samples = np.concatenate([samples[new_first - first :], self.source.read(index, end, stop)])
            first = new_first
        self._held[index] = (first, samples)
        return samples[start - first : stop - first].copy()
