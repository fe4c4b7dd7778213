"""Keys and values of many epochs: what their prompts share, and rows that grow apart as each is written on.

A slot of the cache is a position in the text: row by row, position p lies in slot p. Rows of different lengths then
need no padding between their tokens, and one rule says what a token sees: the slots up to its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

_GROWTH = 32  # positions


@dataclass(frozen=True)
class Prefix:
    """Keys and values of the positions that all prompts share, of a batch of epochs.

    Parameters
    ----------
    layers
        For each layer of the language model keys and values, (epochs, heads, positions, width).
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]

    @classmethod
    def of(cls, cache: Any, length: int) -> Prefix:
        """Take the first positions of a cache that a model filled; the rest of it may then be forgotten."""
        return cls(tuple((layer.keys[:, :, :length], layer.values[:, :, :length]) for layer in cache.layers))

    @classmethod
    def join(cls, parts: Sequence[Prefix]) -> Prefix:
        """Return the epochs of several batches as one."""
        if len(parts) == 1:
            return parts[0]
        layers = zip(*(part.layers for part in parts), strict=True)
        return cls(tuple(tuple(map(torch.cat, zip(*layer, strict=True))) for layer in layers))  # type: ignore[misc]

    def rows(self, rows: slice | npt.NDArray[np.intp]) -> Prefix:
        """Return some of the epochs, copied where others may then be forgotten: a batch can take half of a GPU."""
        every = np.arange(len(self))
        if np.array_equal(every[rows], every):
            return self
        places = torch.from_numpy(every[rows]).to(self.layers[0][0].device)
        return Prefix(tuple((keys[places], values[places]) for keys, values in self.layers))

    def __len__(self) -> int:
        return len(self.layers[0][0])

    @property
    def positions(self) -> int:
        """How many positions are held."""
        return self.layers[0][0].shape[2]


class RowCache:
    """Keys and values of rows that are written at positions of their own.

    Parameters
    ----------
    prefix
        What every row begins with.
    """

    def __init__(self, prefix: Prefix) -> None:
        self._held = [list(layer) for layer in prefix.layers]
        self._room = prefix.positions

    def reserve(self, end: int) -> None:
        """Make room for positions up to, not including, ``end``; what no token was written to stays 0."""
        if end <= self._room:
            return
        self._room = end + _GROWTH
        for layer in self._held:
            for k, states in enumerate(layer):
                grown = states.new_zeros((*states.shape[:2], self._room, states.shape[3]))
                grown[:, :, : states.shape[2]] = states
                layer[k] = grown

    def write(
        self, layer: int, rows: torch.Tensor, positions: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write a layer's keys and values of some tokens, and return all of that layer.

        Parameters
        ----------
        layer
            Number of the layer.
        rows, positions
            Int (tokens,): where each token stands, within what was reserved.
        keys, values
            (tokens, heads, width).

        Returns
        -------
        tuple of torch.Tensor
            Keys and values, (rows, heads, slots, width).
        """
        held_keys, held_values = self._held[layer]
        held_keys[rows, :, positions], held_values[rows, :, positions] = keys, values
        return held_keys, held_values

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        for layer in self._held:  # one after the other: all that was held is not there twice
            for k, states in enumerate(layer):
                layer[k] = states[rows]
