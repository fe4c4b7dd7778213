"""Multi-level alignment: how low-level and high-level tokens meet before the language model reads them."""

from __future__ import annotations

import torch
from torch.nn import functional

from eegvlm.model.configuration import Alignment


def spread(high: torch.Tensor, grid: tuple[int, int], n_low: int) -> torch.Tensor:
    """Repeat g x g high-level tokens over the tower's grid of patches.

    Parameters
    ----------
    high
        Projected high-level tokens, (batch, g * g, d).
    grid
        Rows and columns of the tower's patches.
    n_low
        Number of low-level tokens; one more than the patches where the class token is kept, which then
        receives the mean.

    Returns
    -------
    torch.Tensor
        (batch, n_low, d)
    """
    batch, n_high, width = high.shape
    if n_high == 1:
        return high.expand(batch, n_low, width)
    side = int(n_high**0.5)
    square = high.transpose(1, 2).reshape(batch, width, side, side)
    tokens = functional.interpolate(square, size=grid, mode="nearest").flatten(2).transpose(1, 2)
    if tokens.shape[1] < n_low:
        tokens = torch.cat([high.mean(dim=1, keepdim=True), tokens], dim=1)
    return tokens


def align(low: torch.Tensor, high: torch.Tensor, alignment: Alignment, grid: tuple[int, int]) -> torch.Tensor:
    """Join projected tokens of both levels.

    Parameters
    ----------
    low, high
        Tokens after the shared projector, (batch, n_low, d) and (batch, g * g, d).
    alignment
        See :class:`~eegvlm.model.EegVlmConfig`.
    grid
        Rows and columns of the tower's patches.

    Returns
    -------
    torch.Tensor
        (batch, sum of the configuration's ``visual_blocks``, d)

    References
    ----------
    EEG-VLM (arXiv:2511.19155), multi-level alignment: shared projector, repeat, add.
    """
    match alignment:
        case "add":
            return torch.cat([low, low + spread(high, grid, low.shape[1])], dim=1)
        case "fused-only":
            return low + spread(high, grid, low.shape[1])
        case "concat":
            return torch.cat([low, high], dim=1)
        case "none":
            return low
