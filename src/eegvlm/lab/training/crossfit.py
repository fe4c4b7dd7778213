"""Cross-fitting by person: high-level vectors come from a network that has never seen the person.

A network gives its own training pictures surer vectors than those of strangers. A language model that learnt from such
vectors would trust them too much on every new patient. So k networks are trained, each without one group of persons,
and serve just that group; the network that ships is trained on all, and serves the validation persons and patients.

Networks that were trained apart put the same picture at different places. Each network's vectors are therefore moved to
where the shipped one would have put them, by a linear map fitted on persons whom both have seen.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from eegvlm.core.random_streams import RunStream
from eegvlm.errors import InputError
from eegvlm.model.enhancement import EnhancementNetwork

_PENALTY = 1e-2
ROWS_PER_CHANNEL = 8


def folds_of(persons: Sequence[str], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the group (0 to ``folds - 1``) of each night; all nights of a person are in one.

    Parameters
    ----------
    persons
        The sleeper of each night.
    folds
        How many groups, alike in size to one person.
    seed
        Of the order in which persons are dealt out.

    Raises
    ------
    InputError
        If there are fewer persons than groups.
    """
    names = sorted(set(persons))
    if len(names) < folds:
        raise InputError("recipe", "folds", folds, f"there are {len(names)} persons to train on: give fewer folds")
    order = np.random.default_rng([seed, RunStream.CROSSFIT_GROUPS]).permutation(len(names))
    group = {names[place]: turn % folds for turn, place in enumerate(order)}
    return np.array([group[person] for person in persons], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Mapped:
    """A network whose vectors are moved to another's: ``vectors + (vectors - mean) @ turn + shift``."""

    network: EnhancementNetwork
    mean: torch.Tensor
    turn: torch.Tensor
    shift: torch.Tensor

    def __call__(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return vectors (batch, 1, channels)."""
        vectors = self.network(pixel_values).float()
        mean, turn, shift = (part.to(vectors.device) for part in (self.mean, self.turn, self.shift))
        with torch.autocast(vectors.device.type, enabled=False):
            mapped: torch.Tensor = vectors + (vectors - mean) @ turn + shift
        return mapped

    def adapted(self, pixel_values: torch.Tensor, epochs: int, share: float) -> Mapped:
        """See :meth:`~eegvlm.model.enhancement.EnhancementNetwork.adapted`; the move stays."""
        return replace(self, network=self.network.adapted(pixel_values, epochs, share))

    def digest(self) -> str:
        """Return a digest of the network and its map."""
        sha256 = hashlib.sha256(network_digest(self.network).encode())
        for part in (self.mean, self.turn, self.shift):
            sha256.update(part.numpy().tobytes())
        return sha256.hexdigest()


def network_digest(network: nn.Module) -> str:
    """Return the SHA-256 of a network's weights."""
    digest = hashlib.sha256()
    for name, weight in sorted(network.state_dict().items()):
        digest.update(name.encode() + weight.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def fit_map(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32], network: EnhancementNetwork) -> Mapped:
    """Fit the map from one network's vectors to another's.

    Parameters
    ----------
    source, target
        (n, channels) vectors of the same pictures.
    network
        That gives ``source``.

    Notes
    -----
    Ridge regression of the difference, so that the map is the identity where the data say nothing.
    """
    mean, goal = source.mean(axis=0, dtype=np.float64), target.mean(axis=0, dtype=np.float64)
    centred, rest = source - mean, (target - goal) - (source - mean)
    square = centred.T @ centred
    penalty = _PENALTY * np.trace(square) / len(square) + 1e-12
    turn = np.linalg.solve(square + penalty * np.eye(len(square)), centred.T @ rest)
    mean32, turn32, shift = (torch.from_numpy(part.astype(np.float32)) for part in (mean, turn, goal - mean))
    return Mapped(network, mean32, turn32, shift)


@dataclass(frozen=True, eq=False)
class CrossFit:
    """The networks of all groups, and whose turn it is.

    Parameters
    ----------
    networks
        One a group, fitted on the persons of the others, its vectors moved to the shipped network's.
    group
        (nights,) of the training nights.
    """

    networks: Sequence[Mapped]
    group: npt.NDArray[np.int64]

    def of(self, night: int) -> Mapped:
        """Return the network that has not seen the person of a night."""
        return self.networks[int(self.group[night])]

    def digest(self) -> str:
        """Return a digest of all networks and maps."""
        return hashlib.sha256("".join(network.digest() for network in self.networks).encode()).hexdigest()


def cross_fit(
    shipped: EnhancementNetwork,
    apart: Sequence[EnhancementNetwork],
    group: npt.NDArray[np.int64],
    night: npt.NDArray[np.int64],
    vectors: Callable[[EnhancementNetwork, npt.NDArray[np.intp]], npt.NDArray[np.float32]],
) -> CrossFit:
    """Return the networks, each with the map to the shipped one.

    Parameters
    ----------
    shipped, apart
        The network trained on all persons, and those without one group each.
    group
        (nights,) the group of each night.
    night
        (n,) the night of each epoch to learn.
    vectors
        From a network and epochs to their vectors (epochs, channels).
    """
    networks = []
    for left_out, network in enumerate(apart):
        learnt = np.flatnonzero(group[night] != left_out)
        few = learnt[:: max(1, len(learnt) // (ROWS_PER_CHANNEL * shipped.channels))]
        networks.append(fit_map(vectors(network, few), vectors(shipped, few), network))
    return CrossFit(networks, group)


def apart_from(network: EnhancementNetwork) -> EnhancementNetwork:
    """Return a copy that does not change while the network is trained on."""
    return copy.deepcopy(network).eval()
