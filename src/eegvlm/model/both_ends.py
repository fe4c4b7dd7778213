"""A night read by two GRUs, one from each end: all of it, or epochs that stand in the place of others."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

NightStates = tuple[torch.Tensor, torch.Tensor]
"""States of the two GRUs of a reader when they come to each epoch of a night: (epochs, hidden) each."""


def outputs(before: nn.GRU, after: nn.GRU, nights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what each GRU says of every epoch of nights (batch, epochs, hidden), in the nights' order."""
    from_start, _ = before(nights)
    from_end, _ = after(nights.flip(1))
    return from_start, from_end.flip(1)


def states_met(before: nn.GRU, after: nn.GRU, night: torch.Tensor) -> NightStates:
    """Return the states of both GRUs when they come to each epoch of one night (1, epochs, hidden)."""
    from_start, from_end = (
        functional.pad(gru(epochs)[0][0, :-1], (0, 0, 1, 0))
        for gru, epochs in ((before, night), (after, night.flip(1)))
    )
    return from_start, from_end.flip(0)


def outputs_in_place(
    before: nn.GRU, after: nn.GRU, states: NightStates, places: torch.Tensor, epochs: torch.Tensor
) -> list[torch.Tensor]:
    """Return what each GRU says of other epochs (n, 1, hidden) at their places (n,), coming there through the night."""
    return [
        gru(epochs, of_night[places][None].contiguous())[0]
        for gru, of_night in zip((before, after), states, strict=True)
    ]
