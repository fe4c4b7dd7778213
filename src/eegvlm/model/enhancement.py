"""The visual-enhancement network: a picture to a few high-level vectors, and alone to a stage.

It may have several members, which learn apart: each gives its part of a vector, and their stage logits are averaged.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from transformers import AutoBackbone

from eegvlm.hypnogram import Stage
from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.strip_backbone import StripBackbone

FEW_EPOCHS = 60
"""Shrinkage constant: a recording of this many epochs gets half the weight of an infinite one."""

ENOUGH_EPOCHS = 120
"""Batch statistics come from this many epochs at most: nights are staged alike by 60, 120 and 240."""

N_STAGES = sum(stage >= 0 for stage in Stage)


class EnhancementMember(nn.Module):
    """Any ``AutoBackbone``, its chosen stage widened and pooled to a g x g grid of vectors, and a stage classifier."""

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.size = config.enhancement_size
        self.grid = config.enhancement_grid
        self.backbone = AutoBackbone.from_config(config.enhancement_config)
        self.widen = nn.Sequential(
            nn.Conv2d(self.backbone.channels[-1], config.member_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(config.member_channels),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(config.member_channels, N_STAGES)

    def train(self, mode: bool = True) -> EnhancementMember:
        """Switch to training, unless the member is frozen: its batch statistics must then stay as they are."""
        return super().train(mode and any(parameter.requires_grad for parameter in self.parameters()))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return vectors (batch, g * g, member_channels) of pictures, as :meth:`EnhancementNetwork.forward` does."""
        feature_map = self.feature_map(pixel_values)
        if self.grid == 1:
            mean: torch.Tensor = feature_map.mean(dim=(2, 3))
            return mean.unsqueeze(1)
        pooled = functional.adaptive_avg_pool2d(feature_map, self.grid)  # (batch, channels, g, g)
        vectors: torch.Tensor = pooled.flatten(2).transpose(1, 2)
        return vectors

    def feature_map(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return the widened feature map of pictures, (batch, member_channels, h, w)."""
        if self.size is not None and pixel_values.shape[-2:] != (self.size, self.size):
            resized = functional.interpolate(  # which a CPU cannot do in bfloat16
                pixel_values.float(), size=(self.size, self.size), mode="bilinear", antialias=True
            )
            pixel_values = resized.to(pixel_values.dtype)
        pixel_values = pixel_values.contiguous(memory_format=torch.channels_last)
        widened: torch.Tensor = self.widen(self.backbone(pixel_values).feature_maps[-1])
        return widened

    def classify(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return stage logits (..., 5) of vectors (..., member_channels)."""
        logits: torch.Tensor = self.classifier(vectors.to(self.classifier.weight))
        return logits


class EnhancementNetwork(nn.Module):
    """Its members' vectors side by side, and the mean of their classifiers' logits.

    The classifiers are how the network learns before it meets the language model, and are the baseline that shows what
    the language model adds; the language model never reads them. Members that learnt apart err differently, most of all
    on recordings unlike those they learnt from, so several are better, and surer of the right things, than one.

    References
    ----------
    EEG-VLM (arXiv:2511.19155), visual enhancement: a ResNet-18 or ConvNeXt stage classifier whose intermediate
    map is widened to the tower's 1024 channels and pooled to one vector an epoch; one member. Lakshminarayanan et al.
    2017, Simple and scalable predictive uncertainty estimation using deep ensembles, NeurIPS: several.
    """

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__()
        self.channels = config.enhancement_channels
        self.members = nn.ModuleList(EnhancementMember(config) for _ in range(config.enhancement_members))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return high-level vectors.

        Parameters
        ----------
        pixel_values
            Pictures, (batch, channels, height, width).

        Returns
        -------
        torch.Tensor
            (batch, g * g, enhancement_channels), the grid row by row, of each the members' parts in their order.
        """
        return torch.cat([member(pixel_values) for member in self.members], dim=2)

    @property
    def separate_rows(self) -> int:
        """How many rows of a picture are read each by itself, a vector being their mean; 1: the picture is one."""
        backbones = [member.backbone for member in self.chosen(0) if member.grid == 1 and member.size is None]
        if len(backbones) < len(self.members) or not all(isinstance(backbone, StripBackbone) for backbone in backbones):
            return 1
        return int(backbones[0].row_offset.shape[1])

    def row_means(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return the mean over time of each row of pictures, float32 (batch, separate_rows, enhancement_channels)."""
        maps = torch.cat([member.feature_map(pixel_values) for member in self.chosen(0)], dim=1)
        return maps.float().mean(dim=3).transpose(1, 2)

    @torch.no_grad()
    def adapted(self, pixel_values: torch.Tensor, epochs: int, share: float) -> EnhancementNetwork:
        """Return a copy whose batch statistics are in part those of one recording.

        A recorder, a derivation and a skull colour all that is recorded alike, and batch normalisation takes off what
        is alike where its means and variances are the recording's own. But these also hold which stages the recording
        has: wake alone would be made to look like a night. So the learnt statistics are mixed with the recording's, of
        which a short one has fewer.

        Parameters
        ----------
        pixel_values
            Pictures of epochs from all over the recording, (n, channels, height, width); of more than 120, as many
            as that at most are read, spread evenly.
        epochs
            How many epochs with signal the recording has.
        share
            Of the recording's statistics, if it had no end: it is multiplied by epochs / (epochs + FEW_EPOCHS).

        Returns
        -------
        EnhancementNetwork
            In evaluation mode. Without pictures, or without batch statistics, it is like the network.

        References
        ----------
        Li et al. 2016, Revisiting batch normalization for practical domain adaptation, arXiv:1603.04779. Schneider et
        al. 2020, Improving robustness against common corruptions by covariate shift adaptation, NeurIPS: the mixture.
        """
        network = copy.deepcopy(self).eval()
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        if not len(pixel_values) or not norms:
            return network
        learnt = [{name: statistics.clone() for name, statistics in norm.named_buffers()} for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = 1.0  # as of this batch alone
            norm.train()
        network(pixel_values[:: -(-len(pixel_values) // ENOUGH_EPOCHS)])
        learnt_share = 1 - share * epochs / (epochs + FEW_EPOCHS)
        for norm, before in zip(norms, learnt, strict=True):
            norm.eval()
            for name, statistics in norm.named_buffers():
                if statistics.is_floating_point():
                    statistics.lerp_(before[name], learnt_share)
        return network

    def chosen(self, member: int) -> list[EnhancementMember]:
        """Return a member, counted from 1, or, with 0, all of them."""
        members = cast("list[EnhancementMember]", list(self.members))
        return [members[member - 1]] if member else members

    def by_member(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return each member's stage logits, (members, ..., 5), of vectors (..., enhancement_channels)."""
        parts = vectors.chunk(len(self.members), dim=-1)
        return torch.stack([member.classify(part) for member, part in zip(self.chosen(0), parts, strict=True)])

    def stage_logits(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the mean of the members' stage logits, (..., 5), of vectors (..., enhancement_channels)."""
        return self.by_member(vectors).mean(dim=0)
