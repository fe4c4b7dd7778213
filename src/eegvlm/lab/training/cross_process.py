"""Losses and statistics that look across a batch, where its rows are computed by several processes.

In one process everything here is the identity. Gradients are averaged over processes, as DDP and FSDP do.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed, nn


def process_count() -> int:
    """Return how many processes compute one batch together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


class _Sum(torch.autograd.Function):
    """The sum over processes; each one's gradient is the sum of all, because each one's loss reads the sum."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        total = tensor.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def sum_of_all(tensor: torch.Tensor) -> torch.Tensor:
    """Return the sum of a tensor over processes; gradients flow back to all of them."""
    summed: torch.Tensor = tensor if process_count() == 1 else _Sum.apply(tensor)  # type: ignore[no-untyped-call]
    return summed


def all_rows(rows: torch.Tensor) -> torch.Tensor:
    """Return the rows of all processes, in rank order; gradients flow back to the process that computed a row.

    Parameters
    ----------
    rows
        (n, ...), this process's; of the same shape in every process.
    """
    if process_count() == 1:
        return rows
    blank = torch.zeros_like(rows)
    index = distributed.get_rank()
    return sum_of_all(torch.cat([rows if place == index else blank for place in range(process_count())]))


def share_of_items(count: torch.Tensor) -> torch.Tensor | float:
    """Return the weight of this process's mean that makes the mean over processes a mean over all items.

    Parameters
    ----------
    count
        Number of this process's items, a scalar tensor.
    """
    if process_count() == 1:
        return 1.0
    total = count.clone().float()
    distributed.all_reduce(total)
    return count * process_count() / total


def divided_like(value: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Return a tensor, divided among the processes as another one is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(place, DTensor):
        return value
    return distribute_tensor(value.to(place.device), place.device_mesh, place.placements)


class JointBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation by the statistics of the rows of all processes; ``nn.SyncBatchNorm`` knows no CPU."""

    num_batches_tracked: torch.Tensor
    running_mean: torch.Tensor
    running_var: torch.Tensor
    momentum: float

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalise (batch, channels, height, width)."""
        if not self.training:
            return super().forward(input)
        axes, shape = (0, 2, 3), (1, -1, 1, 1)
        count = input.numel() // input.shape[1] * process_count()
        x = input.float()
        mean = sum_of_all(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = sum_of_all(centred.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
            self.running_var.lerp_((variance * count / (count - 1)).to(self.running_var), self.momentum)
        scaled = centred * torch.rsqrt(variance + self.eps).view(shape)
        return (scaled * self.weight.view(shape) + self.bias.view(shape)).to(input.dtype)


def join_batch_norms(model: nn.Module) -> None:
    """Let every batch normalisation of a model, in place, see the rows of all processes."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = JointBatchNorm2d


def part_batch_norms(model: nn.Module) -> None:
    """Undo :func:`join_batch_norms`."""
    for module in model.modules():
        if isinstance(module, JointBatchNorm2d):
            module.__class__ = nn.BatchNorm2d  # type: ignore[assignment]
