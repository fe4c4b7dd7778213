"""A night in blocks of drawn epochs: memory does not grow with its length, and an epoch comes with its neighbours."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import ImageLayout, levelled, panel_signals
from eegvlm.model import EegVlmProcessor, GeneralProcessor
from eegvlm.signals import Recording

_BLOCK = 256


@dataclass(frozen=True)
class LookAround:
    """The night context that a model reads.

    Parameters
    ----------
    epochs
        Neighbours on each side; 0 for a model without night context.
    channels
        Width of a high-level vector.
    batch_size
        Pictures whose vectors are computed at a time.
    vectors
        From uint8 pictures (n, channels, height, width) to float32 vectors (n, width).
    beside
        Neighbours on each side whose pictures are shown beside the epoch's own.
    """

    epochs: int
    channels: int
    batch_size: int
    vectors: Callable[[torch.Tensor], torch.Tensor]
    beside: int = 0


@dataclass(frozen=True)
class Block:
    """Consecutive epochs.

    Parameters
    ----------
    first
        Number of the first, from 0.
    pictures
        uint8 (n, channels, height, width).
    night
        Vectors of the whole night, as far as they are known, with ``around`` absent ones (NaN) at both ends.
    around
        Neighbours on each side.
    drawn, beside
        Pictures with so many neighbours' before the first and after the last.
    """

    first: int
    pictures: torch.Tensor
    night: torch.Tensor
    around: int
    drawn: torch.Tensor
    beside: int

    def batches(self, size: int) -> Iterator[slice]:
        """Yield the rows of each batch."""
        for begin in range(0, len(self.pictures), size):
            yield slice(begin, min(begin + size, len(self.pictures)))

    def picks(self, wanted: npt.NDArray[np.bool_], size: int) -> Iterator[torch.Tensor]:
        """Yield the rows of those epochs that are wanted, bool (n_epochs,), in batches."""
        rows = torch.from_numpy(wanted[self.first : self.first + len(self.pictures)]).nonzero()[:, 0]
        for begin in range(0, len(rows), size):
            yield rows[begin : begin + size]

    def seen(self, rows: slice) -> torch.Tensor:
        """Return what is shown of each row: its picture, or (n, 2 * beside + 1, channels, height, width)."""
        if not self.beside:
            return self.pictures[rows]
        return self.drawn.unfold(0, 2 * self.beside + 1, 1).movedim(-1, 1)[rows]

    def context(self, rows: slice | torch.Tensor) -> torch.Tensor | None:
        """Return the vectors around each row, (n, 2 * around + 1, width); None for a model without night context."""
        if not self.around:
            return None
        held = self.night[self.first : self.first + len(self.pictures) + 2 * self.around]
        return held.unfold(0, 2 * self.around + 1, 1).transpose(1, 2)[rows]


def night_blocks(
    recording: Recording,
    processor: EegVlmProcessor | GeneralProcessor,
    device: torch.device,
    look: LookAround,
    wanted: npt.NDArray[np.bool_],
    spent: dict[str, float],
    gains: Mapping[str, float],
    known: torch.Tensor | None = None,
) -> Iterator[Block]:
    """Yield the night's pictures, each block once the vectors around its last epoch are known.

    Parameters
    ----------
    recording, processor, device
        What is drawn, how and where.
    look
        Whether, and how, neighbours are read.
    wanted
        bool (n_epochs,). Blocks that hold none of these epochs are left out, unless their vectors are needed.
    spent
        Seconds by kind of work, added to in place.
    gains
        The recording's, by panel (:func:`~eegvlm.images.recording_gains`).
    known
        Vectors of the whole night (``Block.night`` of an earlier walk), so that none is computed again.
    """
    if not wanted.any():
        return
    around = look.epochs
    night = torch.full((recording.n_epochs + 2 * around, look.channels if around else 0), torch.nan)
    night = night if known is None else known
    waiting: deque[Block] = deque()
    for first in range(0, recording.n_epochs, _BLOCK):
        count = min(_BLOCK, recording.n_epochs - first)
        if (not around or known is not None) and not wanted[first : first + count].any():
            continue
        started = time.perf_counter()
        signals = levelled(_signals_beside(processor.layout, recording, first, count, look.beside), gains)
        read = time.perf_counter()
        pictures = processor.draw(signals, device=device)
        own = pictures[look.beside : look.beside + count]
        block = Block(first, own, night, around, pictures, look.beside)
        drawn = time.perf_counter()
        spent["read_s"] += read - started
        spent["draw_s"] += drawn - read
        if not around or known is not None:
            yield block
            continue
        silent = torch.from_numpy(~recording.scorable[first : first + count])
        for rows in block.batches(look.batch_size):
            vectors = look.vectors(block.pictures[rows]).masked_fill(silent[rows, None], torch.nan)
            night[first + around + rows.start : first + around + rows.stop] = vectors
        spent["model_s"] += time.perf_counter() - drawn
        waiting.append(block)
        while waiting and waiting[0].first + len(waiting[0].pictures) + around <= first + count:
            yield waiting.popleft()
    yield from waiting


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
