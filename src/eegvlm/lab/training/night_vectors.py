"""The high-level vectors of every epoch of every night, computed once, and each epoch's neighbours among them.

The enhancement network is frozen by then; where it was cross-fitted, each night has a network of its own. A night has
several versions, each seen through a recorder of its own (:meth:`.data.Augmentation.night`), so that an epoch and its
neighbours always come from the same recorder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import NightStream, RunStream
from eegvlm.images import PreparedNight
from eegvlm.lab.training.night_files import night_files, version_names
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmProcessor, GeneralProcessor
from eegvlm.model.batch_norm_adaptation import Network, adapted_network, night_vectors
from eegvlm.model.night import NightEncoder

if TYPE_CHECKING:
    from eegvlm.lab.training.data import Augmentation

_BATCH = 240

PIECES = (1, 120)
"""Fewest and most epochs of the pieces in which half of the nights are read."""

_SHORTEST = 10

Signals = dict[str, npt.NDArray[np.float32]]


class NightVectors:
    """Vectors on disk, and the neighbours of any epoch.

    Parameters
    ----------
    store
        Whose epochs.
    files
        By night, one file a version: float16 (epochs, channels), NaN where there is no signal.
    epochs
        Neighbours on each side.
    states
        The night encoder's output for each epoch, in files by night and version. None: there is no night encoder.
    """

    def __init__(
        self, store: TrainingStore, files: list[list[Path]], epochs: int, states: list[list[Path]] | None = None
    ) -> None:
        self.store, self.files, self.epochs = store, files, epochs
        self.versions = len(files[0])
        self._vectors = [[np.load(file, mmap_mode="r") for file in versions] for versions in files]
        self._states = states and [[np.load(file, mmap_mode="r") for file in versions] for versions in states]

    def around(self, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return float32 (n, 2 * epochs + 1, channels): each epoch between its neighbours, NaN where there is none."""
        k = self.epochs
        offsets = np.arange(-k, k + 1)
        neighbours = np.full((len(rows), 2 * k + 1, self._vectors[0][0].shape[1]), np.nan, np.float32)
        for place, (row, version) in enumerate(zip(rows, versions, strict=True)):
            vectors = self._vectors[self.store.night[row]][version]
            at = self.store.position[row] + offsets
            inside = (at >= 0) & (at < len(vectors))
            neighbours[place, inside] = vectors[at[inside]]
        return neighbours

    @property
    def names(self) -> list[list[str]]:
        """Names of the files: what is computed from a night and version lies elsewhere under the same."""
        return [[file.name for file in versions] for versions in self.files]

    def states(self, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32] | None:
        """Return float32 (n, 1, channels): the night encoder's output for each epoch; None without a night encoder."""
        if self._states is None:
            return None
        places = zip(self.store.night[rows], versions, self.store.position[rows], strict=True)
        return np.stack([self._states[night][version][at][None] for night, version, at in places]).astype(np.float32)


def write_night_vectors(
    network_of: Callable[[int], Network],
    processor: EegVlmProcessor,
    store: TrainingStore,
    folder: Path,
    *,
    epochs: int,
    device: torch.device,
    augmentation: Augmentation | None = None,
    versions: int = 1,
    bfloat16: bool = False,
    adaptation: float = 0.0,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> NightVectors:
    """Compute the vectors of every night; those that a killed run had written are not computed again.

    Parameters
    ----------
    network_of
        From a night's place to its enhancement network, in evaluation mode, on the device.
    processor
        Draws the epochs.
    store
        The nights.
    folder
        One file a night and version; a folder belongs to one enhancement and one share of adaptation.
    epochs
        Neighbours on each side that are read.
    device
        The networks'.
    augmentation, versions
        How nights are seen; without augmentation there is one version.
    bfloat16
        Whether to compute in it.
    adaptation
        Share of a night's own statistics in its network (:meth:`Network.adapted`); a second version
        has those of a piece of it alone, of 10 epochs or more, for not every recording is a night.
    progress
        Wraps the list of nights.
    """

    def compute(night: int, version: int) -> npt.NDArray[np.float16]:
        prepared = seen_night(store, processor, augmentation, night, version)
        piece = _piece(prepared.n_epochs, night, version)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            network = adapted_network(
                network_of(night), processor, prepared, adaptation, within=slice(piece.start, piece.stop), device=device
            )
            vectors, _ = night_vectors(network, processor, prepared, batch_size=_BATCH, device=device)
        return vectors.numpy().astype(np.float16)

    names = version_names(store.nights, versions)
    return NightVectors(store, night_files(folder, names, compute, progress=progress), epochs)


@torch.inference_mode()
def with_night_states(
    nights: NightVectors, encoder: NightEncoder, folder: Path, seed: int | None = None
) -> NightVectors:
    """Run a night encoder over nights, as staging does, and write its output for every epoch.

    Parameters
    ----------
    nights
        The nights' vectors.
    encoder
        In evaluation mode.
    folder
        One file a night and version; a folder belongs to one encoder.
    seed
        Of the pieces of :data:`PIECES` epochs in which every second version is read, since not every recording is a
        whole night. None: all are read whole.
    """
    device = next(encoder.parameters()).device

    def compute(night: int, version: int) -> npt.NDArray[np.float16]:
        vectors = torch.from_numpy(np.load(nights.files[night][version]).astype(np.float32)).to(device)
        lengths = read_lengths(len(vectors), seed, night, version)
        states = torch.cat([encoder(part[None])[0] for part in torch.split(vectors, lengths)])
        return states.cpu().numpy().astype(np.float16)

    return NightVectors(nights.store, nights.files, nights.epochs, night_files(folder, nights.names, compute))


def read_lengths(epochs: int, seed: int | None, night: int, version: int) -> list[int]:
    """Return the lengths in which a version of a night is read: with a seed, every second version in pieces."""
    return pieces(epochs, seed, night) if seed is not None and version % 2 else [epochs]


def pieces(epochs: int, seed: int, night: int) -> list[int]:
    """Return lengths that add up to a night's."""
    rng = np.random.default_rng([seed, night, RunStream.NIGHT_PIECES])
    lengths: list[int] = []
    while (left := epochs - sum(lengths)) > 0:
        lengths.append(min(left, int(rng.integers(PIECES[0], PIECES[1] + 1))))
    return lengths


def seen_night(
    store: TrainingStore,
    processor: EegVlmProcessor | GeneralProcessor,
    augmentation: Augmentation | None,
    night: int,
    version: int,
) -> PreparedNight:
    """Return a version of a night, at the layout's level; without augmentation all versions are the same."""
    signals = store.whole_night(night, slice(None))
    corrections = store.corrections(night, processor.layout)
    if augmentation is not None:
        signals = augmentation.night(signals, processor, night, version)
    return PreparedNight.of_signals(processor.layout, signals, corrections)


def _piece(epochs: int, night: int, version: int) -> range:
    """Return the part of a night that gives the statistics: all of it, or in every second version as little as 10."""
    rng = np.random.default_rng([night, version, NightStream.STATISTICS])
    if version % 2 == 0 or epochs <= _SHORTEST:
        return range(epochs)
    length = round(_SHORTEST * (epochs / _SHORTEST) ** rng.random())
    first = int(rng.integers(epochs - length + 1))
    return range(first, first + length)


def cut(vectors: npt.NDArray[np.float32], chance: float, rng: np.random.Generator) -> None:
    """Blank, in place, the far context of some epochs on either side, as at a recording's end, and all of others.

    The model must also stage a single picture, or an excerpt, and learns that only if it meets them. The distance to
    an end is drawn log-uniformly: near ends are as frequent as far ones.
    """
    k = vectors.shape[1] // 2
    alone = rng.random(len(vectors)) < chance / 2
    vectors[alone, :k] = vectors[alone, k + 1 :] = np.nan
    for side in (0, 1):
        reach = np.where(rng.random(len(vectors)) < chance, (k + 1) ** rng.random(len(vectors)) - 1, k)
        distance = np.arange(k, 0, -1) if side == 0 else np.arange(1, k + 1)
        vectors[:, side * (k + 1) : side * (k + 1) + k][distance > reach[:, None]] = np.nan


def open_gaps(vectors: npt.NDArray[np.float32], chance: float, rng: np.random.Generator) -> None:
    """Blank, in place, stretches of some windows, as where minutes or hours of a recording are missing.

    Kept and blanked stretches alternate, each of exponential length; each window draws its own mean lengths, from 2 to
    100 epochs. The middle epoch is always kept.
    """
    size = vectors.shape[1]
    for place in np.flatnonzero(rng.random(len(vectors)) < chance):
        means = 2 * 50 ** rng.random(2)
        lengths = 1 + rng.exponential(means[np.arange(size) % 2])
        gone = np.searchsorted(np.cumsum(lengths), np.arange(size), "right") % 2 == rng.integers(2)
        gone[size // 2] = False
        vectors[place, gone] = np.nan
