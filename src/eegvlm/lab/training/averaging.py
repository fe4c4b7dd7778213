"""The mean of a network's weights over the last steps of a phase, in place of the last ones.

Late in training, weights wander around a wide minimum; their mean lies nearer to its middle, where less changes when
recordings come from elsewhere. The mean costs nothing when epochs are staged.

References
----------
Izmailov et al. 2018, Averaging weights leads to wider optima and better generalization, UAI. Cha et al. 2021, SWAD:
domain generalization by seeking flat minima, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim.swa_utils import AveragedModel, update_bn

from eegvlm.lab.training.tensor_files import write_tensors

_FILE = "average.safetensors"
STATISTICS_BATCHES = 40


class Averaging:
    """Takes the mean of a network's weights from a step on.

    Parameters
    ----------
    network
        It is trained elsewhere.
    after
        Steps that do not count.
    """

    def __init__(self, network: nn.Module, after: int) -> None:
        self.network, self.after = network, after
        self.mean = AveragedModel(network)

    def add(self, step: int) -> None:
        """Add the weights after a step, unless it is one of those that do not count."""
        if step > self.after:
            self.mean.update_parameters(self.network)

    def save(self, folder: Path) -> None:
        """Write the mean into a checkpoint."""
        write_tensors(folder / _FILE, self.mean.state_dict())

    def load(self, folder: Path) -> None:
        """Go on from a checkpoint's mean."""
        self.mean.load_state_dict(load_file(folder / _FILE))

    def put_in(self, pictures: Iterable[torch.Tensor]) -> None:
        """Give the network the mean, and batch statistics that fit it.

        Where patience ended training before any step counted, the network does not change.

        Parameters
        ----------
        pictures
            Batches on which the statistics are counted, where the network has any.
        """
        if not int(self.mean.n_averaged):
            return
        self.network.load_state_dict(self.mean.module.state_dict())
        update_bn(pictures, self.network)
