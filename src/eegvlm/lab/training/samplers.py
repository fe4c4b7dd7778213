"""Which epochs a phase samples: by stage or uniformly, with or without a group of persons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

from eegvlm.core.random_streams import RunStream
from eegvlm.lab.training.recipe import DataRecipe, Mixture, Phase
from eegvlm.lab.training.store import TrainingStore

_LEAST_SHARE = 1e-3


def row_chances(store: TrainingStore, mixture: Mixture, stage_shares: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Return the probability (n,) with which each epoch is drawn.

    Sources share the draws by their weights, the stages of a source by ``stage_shares``.
    """
    weights = np.array(mixture.weights)
    cell = store.source * 5 + store.stages
    counts = np.bincount(cell, minlength=5 * len(weights)).reshape(-1, 5)
    shares = np.array(stage_shares) * (counts > 0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    chances = (weights[:, None] * shares / np.maximum(counts, 1)).reshape(-1)[cell]
    return np.asarray(chances / chances.sum())


def even_chances(store: TrainingStore, mixture: Mixture) -> npt.NDArray[np.float64]:
    """Return the probability (n,) with which each epoch is drawn where stages do not matter: all of a source alike."""
    weights = np.array(mixture.weights)
    counts = np.bincount(store.source, minlength=len(weights))
    chances = (weights / np.maximum(counts, 1))[store.source]
    return np.asarray(chances / chances.sum())


def chances_of(data: DataRecipe, store: TrainingStore, *, by_stage: bool) -> npt.NDArray[np.float64]:
    """Return the probability (n,) with which each epoch is drawn."""
    if not by_stage or data.sampling == "natural":
        return even_chances(store, data.train)
    return row_chances(store, data.train, data.stage_shares)


def learnt_shares(data: DataRecipe, store: TrainingStore) -> list[float]:
    """Return the shares of W, N1, N2, N3, R among what is learnt from epochs that are compared with all five.

    Where a teacher doubts a stage it is learnt less often than it is drawn, and a model says it less often.
    """
    natural = data.sampling == "natural"
    chances = chances_of(data, store, by_stage=True) * store.allowed.all(axis=1)
    if not chances.any():
        return list(data.stage_shares)
    learnt = chances @ store.targets / chances.sum()
    unseen = _LEAST_SHARE if natural else np.array(data.stage_shares)  # rare, or as was meant
    learnt = np.where(learnt < _LEAST_SHARE, unseen, learnt)
    return [float(share) for share in learnt / learnt.sum()]


class SeededSampler(Sampler[int]):
    """Rows drawn with replacement; the seed decides all of them, so that a resumed run draws the same."""

    def __init__(self, chances: npt.NDArray[np.float64], count: int, seed: int) -> None:
        self.chances, self.count, self.seed = chances, count, seed

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, RunStream.ROWS])
        edges = np.cumsum(self.chances)
        return iter(np.minimum(np.searchsorted(edges, rng.random(self.count)), len(edges) - 1).tolist())


def sampler_of(
    phase: Phase,
    data: DataRecipe,
    store: TrainingStore,
    seed: int,
    *,
    by_stage: bool = True,
    without: npt.NDArray[np.bool_] | None = None,
) -> SeededSampler:
    """Return the sampler of a whole phase.

    Parameters
    ----------
    phase, data, seed
        Of the recipe.
    store
        The epochs.
    by_stage
        Whether the recipe's stage shares count, if it has any.
    without
        bool (n,): epochs that are not drawn.
    """
    count = phase.optimiser_steps(data.epochs_a_pass or len(store)) * phase.batch_size
    chances = chances_of(data, store, by_stage=by_stage)
    if without is None:
        return SeededSampler(chances, count, seed)
    rows = np.flatnonzero(~without)
    return SeededSubsetSampler(rows, chances[rows], count, seed)


class SeededSubsetSampler(SeededSampler):
    """Samples from some rows alone.

    Parameters
    ----------
    rows
        (n,) rows that may be drawn.
    chances
        (n,) of each, up to a common factor.
    count, seed
        How many are drawn, and what decides them.
    """

    def __init__(self, rows: npt.NDArray[np.intp], chances: npt.NDArray[np.float64], count: int, seed: int) -> None:
        super().__init__(chances / chances.sum(), count, seed)
        self.rows = rows

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, RunStream.SUBSET_ROWS])
        return iter(rng.choice(self.rows, self.count, p=self.chances).tolist())
