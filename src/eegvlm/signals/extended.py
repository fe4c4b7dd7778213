"""A recording scored in epochs shorter than 30 s, each of which is read with signal added on both sides.

Epochs of 20 s become windows of 30 s with 5 s before and after, as published work does with the 20-s part of MASS (Phan
et al. 2019, IEEE Trans. Neural Syst. Rehabil. Eng. 27:400-410). Neighbouring windows overlap. They are read as three
recordings cut 20 s apart, of which every second epoch is taken, so that filters see the signal as it goes on.
Not covered: samples in a row (:meth:`.Recording.samples` gives the signal without windows).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

from eegvlm.signals.channel import Channel
from eegvlm.signals.recording import Recording
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]

_WINDOW = Fraction(EPOCH_S)


@dataclass(frozen=True)
class ExtendedRecording(Recording):
    """A recording whose epochs are shorter than the windows of 30 s that are read for them.

    Parameters
    ----------
    step_s
        Seconds from one epoch to the next: two thirds of a window.
    """

    step_s: Fraction = Fraction(20)

    @classmethod
    def of(cls, recording: Recording, epoch_s: float) -> Self:
        """Read a recording in epochs of 20 s from its start on.

        Raises
        ------
        ValueError
            Where epochs are not two thirds of a window.
        """
        step = Fraction(epoch_s)
        if 3 * step != 2 * _WINDOW:
            raise ValueError(f"epochs of {epoch_s} s cannot be extended to {EPOCH_S:g} s")
        whole = {field.name: getattr(recording, field.name) for field in fields(Recording)}
        return cls(**whole, step_s=step)

    @property
    def margin_s(self) -> float:
        """Seconds of signal that are added on either side of an epoch."""
        return float(_WINDOW - self.step_s) / 2

    @property
    def n_epochs(self) -> int:
        """Number of epochs, an incomplete last one included."""
        return math.ceil(self.length_s / self.step_s)

    @property
    def onsets_s(self) -> npt.NDArray[np.float64]:
        """Start of each epoch, without what is added, in seconds after the source's first sample."""
        return float(self.origin_s) + float(self.step_s) * np.arange(self.n_epochs, dtype=np.float64)

    @property
    def partial_last_s(self) -> float:
        """Length of an incomplete last epoch in seconds; 0.0 where the last one is complete."""
        return float(self.length_s % self.step_s)

    @property
    def scorable(self) -> npt.NDArray[np.bool_]:
        """Which windows are complete and free of gaps: bool (n_epochs,)."""
        scorable = np.zeros(self.n_epochs, np.bool_)
        for third in range(min(3, self.n_epochs)):
            windows = scorable[third::3]
            windows[:] = self._contiguous(third).scorable[::2][: len(windows)]
        return scorable

    def epochs(
        self,
        channel: Channel,
        *,
        rate: float,
        band: tuple[float | None, float | None] = (None, None),
        first: int = 0,
        count: int | None = None,
    ) -> Samples:
        """Read windows, band-filtered and resampled; parameters and result as of :meth:`.Recording.epochs`."""
        result = np.empty((self._count(first, count), round(EPOCH_S * rate)), np.float32)

        def read(recording: Recording, at: int, n: int) -> Samples:
            return recording.epochs(channel, rate=rate, band=band, first=at, count=n)

        self._fill(result, first, read)
        return result

    def raw_epochs(self, channel: Channel, first: int = 0, count: int | None = None) -> Samples:
        """Read windows at the channel's own rate, unfiltered; parameters and result as of :meth:`.Recording.epochs`."""
        count = self.n_epochs - first if count is None else count
        result = np.empty((count, math.floor(_WINDOW * channel.exact_rate)), np.float32)
        self._fill(result, first, lambda recording, at, n: recording.raw_epochs(channel, at, n))
        return result

    def _fill(self, result: Samples, first: int, read: Callable[[Recording, int, int], Samples]) -> None:
        """Fill in the windows from ``first`` on, each third of them from a recording of its own."""
        for third in range(3):
            rows = range((third - first) % 3, len(result), 3)
            if rows:
                at = 2 * ((first + rows[0]) // 3)
                result[rows.start :: 3] = read(self._contiguous(third), at, 2 * len(rows) - 1)[::2]

    def _contiguous(self, third: int) -> Recording:
        """Return the recording whose epochs 0, 2, 4 ... are the windows ``third``, ``third + 3`` ... of this one."""
        origin = self.origin_s + third * self.step_s - (_WINDOW - self.step_s) / 2
        return Recording(self.source, self.montage, origin, self.source.duration_s - origin)
