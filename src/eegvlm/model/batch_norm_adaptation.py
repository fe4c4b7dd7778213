"""The enhancement network for one recording: batch statistics in part from the recording itself."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import PreparedNight
from eegvlm.model.enhancement import ENOUGH_EPOCHS
from eegvlm.model.processing import EegVlmProcessor


class Network(Protocol):
    """An enhancement network, as it is or as training moved it."""

    def __call__(self, pixel_values: torch.Tensor, /) -> torch.Tensor:
        """Return high-level vectors (n, g * g, channels)."""

    def adapted(self, pixel_values: torch.Tensor, epochs: int, share: float) -> Self:
        """See :meth:`eegvlm.model.enhancement.EnhancementNetwork.adapted`."""


_Network = TypeVar("_Network", bound=Network)


@torch.inference_mode()
def adapted_network(
    network: _Network,
    processor: EegVlmProcessor,
    night: PreparedNight,
    share: float,
    *,
    within: slice = slice(None),
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> _Network:
    """Return a network that is partly at home in a recording.

    Parameters
    ----------
    network
        In evaluation mode, on the device.
    processor
        Normalises pictures.
    night
        Usable epochs from all over it give the statistics.
    share
        Of the recording's own statistics; 0 returns the network itself.
    within
        The part of the night that is taken for the whole recording.
    device, dtype
        Where pictures are drawn, and in which precision they are read.
    """
    if not share:
        return network
    part = np.zeros(night.n_epochs, np.bool_)
    part[within] = True
    usable = night.usable & part
    pictures = night.pictures(night.sampled(usable, ENOUGH_EPOCHS), device=device)
    return network.adapted(processor.normalise(pictures, dtype), int(usable.sum()), share)


@torch.inference_mode()
def night_vectors(
    network: Network,
    processor: EegVlmProcessor,
    night: PreparedNight,
    *,
    batch_size: int,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> tuple[torch.Tensor, npt.NDArray[np.int64]]:
    """Return the high-level vectors of a night, and which pictures they were computed from.

    Returns
    -------
    vectors
        float32 (n_epochs, channels) on the CPU; NaN where an epoch is not usable. With a grid of vectors an epoch,
        their mean.
    fingerprints
        int64 (n_epochs,), as :func:`fingerprints` gives them of each picture; 0 where an epoch is not usable.
    """
    rows = np.flatnonzero(night.usable)
    marks = np.zeros(night.n_epochs, np.int64)
    parts = []
    for begin in range(0, len(rows), batch_size):
        batch = rows[begin : begin + batch_size]
        pictures = night.pictures(batch, device=device)
        marks[batch] = fingerprints(pictures)
        pixel_values = processor.normalise(filled_up(pictures), dtype)
        parts.append(network(pixel_values)[: len(batch)].mean(dim=1).float().cpu())
    if not parts:
        vector = network(processor.normalise(filled_up(night.pictures(np.arange(1), device=device)), dtype))
        return torch.full((night.n_epochs, vector.shape[2]), torch.nan), marks
    row_vectors = torch.cat(parts)
    vectors = torch.full((night.n_epochs, row_vectors.shape[1]), torch.nan)
    vectors[torch.from_numpy(rows)] = row_vectors
    return vectors, marks


def fingerprints(pictures: torch.Tensor) -> npt.NDArray[np.int64]:
    """Return a number for each picture that hardly another one has: int64 (n,).

    Parameters
    ----------
    pictures
        uint8 (n, ...).
    """
    pixels = pictures.flatten(1).cpu()
    words = pixels[:, : pixels.shape[1] // 8 * 8].contiguous().view(torch.int64)
    weights = torch.arange(1, 2 * words.shape[1] + 1, 2, dtype=torch.int64)  # odd: no bit is lost
    sums: npt.NDArray[np.int64] = (words * weights).sum(dim=1).numpy()
    return sums


_FEWEST_ROWS = 16


def filled_up(rows: torch.Tensor) -> torch.Tensor:
    """Add empty rows to a batch that is too small for the kernels that larger ones use.

    On a CPU, bfloat16 kernels for a handful of rows round otherwise than those for many; an epoch's result must not
    depend on the batch it was read in.
    """
    short = _FEWEST_ROWS - len(rows)
    return rows if short <= 0 else torch.cat([rows, rows.new_zeros((short, *rows.shape[1:]))])
