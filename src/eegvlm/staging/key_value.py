"""Keys and values of many epochs: what their prompts share, and rows that grow apart as each is written on.

A slot of the cache is a position in the text: row by row, position p lies in slot p. Rows of different lengths then
need no padding between their tokens, and one rule says what a token sees: the slots up to its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache

_GROWTH = 128


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
        return cls(tuple((one.keys[:, :, :length], one.values[:, :, :length]) for one in cache.layers))

    @classmethod
    def join(cls, parts: Sequence[Prefix]) -> Prefix:
        """Return the epochs of several batches as one."""
        if len(parts) == 1:
            return parts[0]
        layers = zip(*(part.layers for part in parts), strict=True)
        return cls(tuple(tuple(map(torch.cat, zip(*layer, strict=True))) for layer in layers))  # type: ignore[misc]

    def rows(self, rows: slice | torch.Tensor) -> Prefix:
        """Return some of the epochs, copied where others may then be forgotten: a batch can take half of a GPU."""
        every = torch.arange(len(self), device=self.layers[0][0].device)
        if torch.equal(every[rows], every):
            return self
        return Prefix(tuple((keys[rows].clone(), values[rows].clone()) for keys, values in self.layers))

    def __len__(self) -> int:
        return len(self.layers[0][0])

    @property
    def positions(self) -> int:
        """How many positions are held."""
        return self.layers[0][0].shape[2]


class RowCache(Cache):  # type: ignore[misc]
    """A cache whose rows are written at positions of their own.

    Before a forward pass :meth:`at` says where its tokens stand. Rows that wait are padded behind their last token:
    what padding writes there is overwritten before any token can see it.
    """

    def __init__(self, prefix: Prefix) -> None:
        super().__init__(layers=[])
        self._held = [list(layer) for layer in prefix.layers]
        self._room = self._filled = prefix.positions
        self._rows = torch.arange(len(prefix), device=prefix.layers[0][0].device)[:, None]
        self._positions = self._rows

    def at(self, positions: torch.Tensor, end: int) -> torch.Tensor:
        """Say where the next tokens stand, and return what they see.

        Parameters
        ----------
        positions
            Int (rows, tokens).
        end
            Beyond the last of them.

        Returns
        -------
        torch.Tensor
            Mask (rows, 1, tokens, slots), 0 where a token sees a slot and the smallest number where it does not.
        """
        self._filled, self._positions = max(self._filled, end), positions
        if self._filled > self._room:
            self._room = self._filled + _GROWTH
            for layer in self._held:
                for k, states in enumerate(layer):
                    grown = states.new_zeros((*states.shape[:2], self._room, states.shape[3]))
                    grown[:, :, : states.shape[2]] = states
                    layer[k] = grown
        states = self._held[0][0]
        hidden = torch.arange(self._filled, device=positions.device) > positions[:, None, :, None]
        return torch.zeros_like(hidden, dtype=states.dtype).masked_fill(hidden, torch.finfo(states.dtype).min)

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        self._held = [[states[rows] for states in layer] for layer in self._held]
        self._rows = torch.arange(len(rows), device=rows.device)[:, None]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write a layer's new keys and values, and return all of that layer."""
        held = self._held[layer_idx]
        for states, new in zip(held, (key_states, value_states), strict=True):
            states[self._rows, :, self._positions] = new.transpose(1, 2)
        return held[0][:, :, : self._filled], held[1][:, :, : self._filled]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return how many slots are in use."""
        return self._filled
