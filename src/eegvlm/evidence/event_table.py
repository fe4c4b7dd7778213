"""The events of one kind on one channel of a night, and how masks become events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.core.runs import true_runs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EventTable:
    """A table of events, one row each, in order of onset.

    Attributes
    ----------
    onset_s, duration_s
        float64 (n,): seconds from the start of epoch 0.
    amplitude_uv
        float64 (n,): peak to peak.
    frequency_hz
        float64 (n,): NaN where it has no meaning.
    """

    onset_s: Floats
    duration_s: Floats
    amplitude_uv: Floats
    frequency_hz: Floats

    def __len__(self) -> int:
        return len(self.onset_s)

    @property
    def end_s(self) -> Floats:
        """Ends in seconds from the start of epoch 0."""
        return self.onset_s + self.duration_s

    @classmethod
    def of(
        cls, onset_s: npt.ArrayLike, end_s: npt.ArrayLike, amplitude_uv: npt.ArrayLike, frequency_hz: npt.ArrayLike = ()
    ) -> EventTable:
        """Make events of onsets and ends; the frequency is NaN where none is given."""
        onset = np.asarray(onset_s, np.float64)
        duration = np.asarray(end_s, np.float64) - onset
        frequency = np.asarray(frequency_hz, np.float64)
        if not frequency.size:
            frequency = np.full(len(onset), np.nan)
        return cls(onset, duration, np.asarray(amplitude_uv, np.float64), frequency)

    def keep(self, mask: Bools) -> EventTable:
        """Return the rows where ``mask`` is true."""
        return EventTable(self.onset_s[mask], self.duration_s[mask], self.amplitude_uv[mask], self.frequency_hz[mask])

    def covered(self, rate: float, n_samples: int) -> Bools:
        """Return which samples at ``rate`` lie in any event: bool (n_samples,)."""
        steps = np.zeros(n_samples + 1, np.int32)
        np.add.at(steps, np.clip(np.rint(self.onset_s * rate).astype(int), 0, n_samples), 1)
        np.add.at(steps, np.clip(np.rint(self.end_s * rate).astype(int), 0, n_samples), -1)
        return np.asarray(np.cumsum(steps[:-1]) > 0)

    def clear_of(self, others: Sequence[EventTable]) -> EventTable:
        """Return the rows that touch none of the other tables' events."""
        mask = np.ones(len(self), np.bool_)
        for other in others:
            if len(other):
                order = np.argsort(other.onset_s)
                end = np.maximum.accumulate(other.end_s[order])
                # events that begin before this one ends: does the last of them to end reach into it?
                n_begun = np.searchsorted(other.onset_s[order], self.end_s)
                mask &= (n_begun == 0) | (end[np.maximum(n_begun - 1, 0)] <= self.onset_s)
        return self.keep(mask)

    def share(self, n_epochs: int, rate: float = 50.0) -> Floats:
        """Return which part of each 30-s epoch the events fill, overlaps counted once: (n_epochs,), 0 to 1."""
        per_epoch = round(30 * rate)
        covered = self.covered(rate, n_epochs * per_epoch).reshape(n_epochs, per_epoch)
        return np.asarray(covered.mean(axis=1, dtype=np.float64))


NO_EVENTS = EventTable.of((), (), ())


def runs(mask: Bools) -> tuple[Ints, Ints]:
    """Return where the stretches of true values start and stop (the stop is not part of them)."""
    starts, stops = true_runs(mask).T
    return starts, stops


def joined(starts: Ints, stops: Ints, gap: float) -> tuple[Ints, Ints]:
    """Join stretches whose pause is shorter than ``gap`` samples."""
    if not len(starts):
        return starts, stops
    apart = starts[1:] - stops[:-1] >= gap
    return starts[np.concatenate([[True], apart])], stops[np.concatenate([apart, [True]])]


def highest(values: npt.NDArray[np.float32], starts: Ints, stops: Ints) -> npt.NDArray[np.float32]:
    """Return the largest value in each stretch."""
    if not len(starts):
        return np.zeros(0, np.float32)
    edges = np.stack([starts, np.minimum(stops, len(values) - 1)], axis=1).ravel()
    return np.asarray(np.maximum.reduceat(values, edges)[::2])


def sums(values: npt.NDArray[np.float32], starts: Ints, stops: Ints) -> Floats:
    """Return the sum of the values in each stretch; a stretch that reaches beyond the values is cut off."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[np.minimum(stops, len(values))] - total[np.minimum(starts, len(values))])
