"""The visual-enhancement network: a picture to a few high-level vectors, and alone to a stage."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoBackbone

from eegvlm.hypnogram import Stage
from eegvlm.model.configuration import EegVlmConfig

N_STAGES = sum(stage >= 0 for stage in Stage)


class EnhancementNetwork(nn.Module):
    """Any ``AutoBackbone``, its chosen stage widened and pooled to a g x g grid of high-level vectors.

    The classifier on the pooled vectors is how the network learns before it meets the language model, and is
    the baseline that shows what the language model adds; the language model never reads it.

    References
    ----------
    EEG-VLM (arXiv:2511.19155), visual enhancement: a ResNet-18 or ConvNeXt stage classifier whose intermediate
    map is widened to the tower's 1024 channels and pooled to one vector an epoch.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.size = config.enhancement_size
        self.grid = config.enhancement_grid
        self.backbone = AutoBackbone.from_config(config.enhancement_config)
        self.widen = nn.Sequential(
            nn.Conv2d(self.backbone.channels[-1], config.enhancement_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(config.enhancement_channels),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(config.enhancement_channels, N_STAGES)

    def train(self, mode: bool = True) -> EnhancementNetwork:
        """Switch to training, unless the network is frozen: its batch statistics must then stay as they are."""
        return super().train(mode and any(parameter.requires_grad for parameter in self.parameters()))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return high-level vectors.

        Parameters
        ----------
        pixel_values
            Pictures, (batch, channels, height, width).

        Returns
        -------
        torch.Tensor
            (batch, g * g, enhancement_channels), the grid row by row.
        """
        if self.size is not None and pixel_values.shape[-2:] != (self.size, self.size):
            resized = functional.interpolate(  # which a CPU cannot do in bfloat16
                pixel_values.float(), size=(self.size, self.size), mode="bilinear", antialias=True
            )
            pixel_values = resized.to(pixel_values.dtype)
        pixel_values = pixel_values.contiguous(memory_format=torch.channels_last)
        feature_map = self.widen(self.backbone(pixel_values).feature_maps[-1])  # (batch, channels, h, w)
        if self.grid == 1:
            mean: torch.Tensor = feature_map.mean(dim=(2, 3))
            return mean.unsqueeze(1)
        pooled = functional.adaptive_avg_pool2d(feature_map, self.grid)  # (batch, channels, g, g)
        vectors: torch.Tensor = pooled.flatten(2).transpose(1, 2)
        return vectors

    def classify(self, high_level: torch.Tensor) -> torch.Tensor:
        """Return stage logits (batch, 5) of high-level vectors (batch, g * g, channels)."""
        logits: torch.Tensor = self.classifier(high_level.mean(dim=1))
        return logits
