"""A night in blocks of drawn epochs: memory hardly grows with its length, and an epoch comes with its night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import Correction, ImageLayout, corrected, panel_signals
from eegvlm.model import EegVlmProcessor, GeneralProcessor
from eegvlm.model.night import windows
from eegvlm.signals import Recording

_BLOCK = 256

KEPT_BYTES = 128 << 20
"""Room for pictures that wait until the vectors of the whole night are known (nano: 16 hours of epochs)."""


VectorsOf = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class LookAround:
    """What a model reads of the night around an epoch.

    Parameters
    ----------
    epochs
        Neighbours on each side whose high-level vectors it is given; 0: none.
    batch_size
        Pictures whose vectors are computed at a time.
    vectors
        From a recording and its corrections to what turns uint8 pictures of it (n, channels, height, width) into
        float32 vectors (n, width). None: it reads no vectors.
    own
        From the vectors of a whole night (n_epochs, width), NaN where there is none, to what the model is given of
        each epoch itself, (n_epochs, width). None: it computes that from the picture.
    beside
        Neighbours on each side whose pictures are shown beside the epoch's own.
    """

    epochs: int = 0
    batch_size: int = 1
    vectors: Callable[[Recording, Mapping[str, Correction]], VectorsOf] | None = None
    own: Callable[[torch.Tensor], torch.Tensor] | None = None
    beside: int = 0


@dataclass(frozen=True)
class Surroundings:
    """The vectors of a whole night, so that they are computed once.

    Parameters
    ----------
    vectors
        (n_epochs, width), NaN where there is none.
    own
        See :class:`LookAround`.
    """

    vectors: torch.Tensor
    own: torch.Tensor | None


@dataclass(frozen=True)
class Block:
    """Consecutive epochs.

    Parameters
    ----------
    first
        Number of the first, from 0.
    pictures
        uint8 (n, channels, height, width); among them those of ``look.beside`` neighbours at either end.
    look
        What is read of the night.
    night
        Its vectors, where they are read.
    """

    first: int
    pictures: torch.Tensor
    look: LookAround
    night: Surroundings | None

    def __len__(self) -> int:
        return len(self.pictures) - 2 * self.look.beside

    def batches(self, size: int) -> Iterator[slice]:
        """Yield the rows of each batch."""
        for begin in range(0, len(self), size):
            yield slice(begin, min(begin + size, len(self)))

    def picks(self, wanted: npt.NDArray[np.bool_], size: int) -> Iterator[torch.Tensor]:
        """Yield the rows of those epochs that are wanted, bool (n_epochs,), in batches."""
        rows = torch.from_numpy(wanted[self.first : self.first + len(self)]).nonzero()[:, 0]
        for begin in range(0, len(rows), size):
            yield rows[begin : begin + size]

    def seen(self, rows: slice | torch.Tensor) -> Seen:
        """Return what the model is given of some rows."""
        pictures, beside = self.pictures, self.look.beside
        if beside:
            pictures = pictures.unfold(0, 2 * beside + 1, 1).movedim(-1, 1)
        if self.night is None:
            return Seen(pictures[rows])
        here, around = slice(self.first, self.first + len(self)), self.look.epochs
        context = windows(self.night.vectors, around)[here][rows] if around else None
        own = None if self.night.own is None else self.night.own[here][rows, None]
        return Seen(pictures[rows], context, own)


class Seen(NamedTuple):
    """What a model is given of some epochs.

    Attributes
    ----------
    pictures
        uint8 (n, channels, height, width), or with their neighbours' (n, 2 * beside + 1, channels, height, width).
    context, own
        See :meth:`~eegvlm.model.EegVlmForConditionalGeneration.forward`.
    """

    pictures: torch.Tensor
    context: torch.Tensor | None = None
    own: torch.Tensor | None = None


class NightBlocks:
    """A night's pictures in blocks.

    Where vectors of the night are read, all blocks are drawn for these first. Pictures are kept until they are read, so
    far as :data:`KEPT_BYTES` allows; the rest of a long night is drawn a second time.

    Parameters
    ----------
    recording, processor, device
        What is drawn, how and where.
    look
        What is read of the night.
    spent
        Seconds by kind of work, added to in place.
    corrections
        The recording's, by panel (:func:`~eegvlm.images.recording_corrections`).
    """

    def __init__(
        self,
        recording: Recording,
        processor: EegVlmProcessor | GeneralProcessor,
        device: torch.device,
        look: LookAround,
        spent: dict[str, float],
        corrections: Mapping[str, Correction],
    ) -> None:
        self._recording, self._processor, self._device = recording, processor, device
        self._look, self._spent, self._corrections = look, spent, corrections
        self._kept: dict[int, torch.Tensor] = {}
        self._night: Surroundings | None = None

    def of(self, wanted: npt.NDArray[np.bool_]) -> Iterator[Block]:
        """Yield the blocks that hold any of the wanted epochs, bool (n_epochs,)."""
        if self._look.vectors is not None and self._night is None and wanted.any():
            started = time.perf_counter()
            vectors_of = self._look.vectors(self._recording, self._corrections)
            self._spent["model_s"] += time.perf_counter() - started
            self._night = self._surroundings(vectors_of, wanted)
        for first in self._firsts():
            if wanted[first : first + _BLOCK].any():
                pictures = self._kept.pop(first, None)
                yield Block(first, self._drawn(first) if pictures is None else pictures, self._look, self._night)

    def _firsts(self) -> range:
        return range(0, self._recording.n_epochs, _BLOCK)

    def _surroundings(self, vectors_of: VectorsOf, wanted: npt.NDArray[np.bool_]) -> Surroundings:
        """Compute the vectors of the whole night."""
        parts, left = [], KEPT_BYTES
        for first in self._firsts():
            block = Block(first, self._drawn(first), self._look, None)
            started = time.perf_counter()
            parts += [vectors_of(block.pictures[rows]) for rows in block.batches(self._look.batch_size)]
            self._spent["model_s"] += time.perf_counter() - started
            left -= block.pictures.nbytes
            if left >= 0 and wanted[first : first + _BLOCK].any():
                self._kept[first] = block.pictures
        vectors = torch.cat(parts)
        vectors[torch.from_numpy(~self._recording.scorable)] = torch.nan
        started = time.perf_counter()
        own = None if self._look.own is None else self._look.own(vectors)
        self._spent["model_s"] += time.perf_counter() - started
        return Surroundings(vectors, own)

    def _drawn(self, first: int) -> torch.Tensor:
        """Return the pictures of a block."""
        count, started = min(_BLOCK, self._recording.n_epochs - first), time.perf_counter()
        signals = _signals_beside(self._processor.layout, self._recording, first, count, self._look.beside)
        read = time.perf_counter()
        pictures = self._processor.draw(
            corrected(self._processor.layout, signals, self._corrections), device=self._device
        )
        self._spent["read_s"] += read - started
        self._spent["draw_s"] += time.perf_counter() - read
        return pictures


def _signals_beside(
    layout: ImageLayout, recording: Recording, first: int, count: int, beside: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the signals of consecutive epochs and of so many on both sides; NaN before the night and after it."""
    begin, end = max(0, first - beside), min(recording.n_epochs, first + count + beside)
    signals = panel_signals(layout, recording, begin, end - begin)
    missing = (begin - (first - beside), first + count + beside - end)
    if not any(missing):
        return signals
    return {name: np.pad(values, (missing, (0, 0)), constant_values=np.nan) for name, values in signals.items()}
