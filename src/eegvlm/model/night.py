"""The night encoder: high-level vectors of the night around an epoch to a vector that knows of them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from eegvlm.model.configuration import EegVlmConfig


class NightEncoder(nn.Module):
    """A bidirectional GRU over a window of high-level vectors, added to each of them.

    What a stage is depends on what came before and after, over minutes. The encoder moves vectors within the space in
    which the enhancement network put them, so that its classifier, the projector and the alignment read them as before;
    with fresh weights it changes nothing. It computes in float32.

    References
    ----------
    Supratak et al. 2017, DeepSleepNet, IEEE TNSRE 25(11):1998-2008; Phan et al. 2019, SeqSleepNet, IEEE TNSRE
    27(3):400-410: an epoch network followed by a recurrent one. Bachlechner et al. 2021, ReZero is all you need, UAI:
    the scale that begins at 0.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.epochs, channels, hidden = config.night_epochs, config.enhancement_channels, config.night_hidden
        self.norm = nn.LayerNorm(channels)
        self.inward = nn.Linear(channels + 1, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(config.night_dropout)
        self.outward = nn.Linear(2 * hidden, channels)
        self.scale = nn.Parameter(torch.zeros(channels))

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        """Return vectors that know of their neighbours.

        Parameters
        ----------
        window
            High-level vectors of consecutive epochs, (batch, epochs, channels); NaN where there is none.

        Returns
        -------
        torch.Tensor
            float32 (batch, epochs, channels); where there was no vector, what the neighbours let expect.
        """
        absent = window.isnan().any(dim=2, keepdim=True)
        known = window.float().nan_to_num()
        shown = self.norm(known).masked_fill(absent, 0.0)
        states = self.drop(functional.gelu(self.inward(torch.cat([shown, absent.to(shown)], dim=2))))
        states, _ = self.gru(states)
        moved: torch.Tensor = known + self.scale * self.outward(self.drop(states))
        return moved

    def middle(self, window: torch.Tensor) -> torch.Tensor:
        """Return the vector of the middle epoch of each window: (batch, channels)."""
        middle: torch.Tensor = self(window)[:, window.shape[1] // 2]
        return middle
