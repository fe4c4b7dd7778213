"""Windows of a night: the vectors around drawn epochs, with the targets of every epoch in them.

The night encoder learns from these. It answers all epochs of a window at once, so that a phase sees each night hundreds
of times in minutes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import BatchStream
from eegvlm.lab.training.night_vectors import NightVectors, cut, open_gaps
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import EegVlmProcessor


@dataclass(frozen=True)
class SequenceBatches:
    """Collator: rows of a store to windows of vectors.

    Parameters
    ----------
    vectors
        Of the store's nights.
    processor
        The model's.
    chances
        (n,): of each row, by which it counts, relative to the others of its source. ``None``: all count alike, whatever
        their source.
    context_drop, context_gaps
        See :class:`~eegvlm.lab.training.recipe.DataRecipe`.
    soft_negatives
        See :class:`~eegvlm.lab.training.phase_recipe.Phase`.
    own_channels, unmeasured
        Width of the high-level vectors, and the share of windows without what stands beside them, the evidence.
    """

    vectors: NightVectors
    processor: EegVlmProcessor
    chances: npt.NDArray[np.float64] | None = None
    context_drop: float = 0.0
    context_gaps: float = 0.0
    soft_negatives: float = 0.0
    own_channels: int = 0
    unmeasured: float = 0.0

    @property
    def store(self) -> TrainingStore:
        """Whose epochs."""
        return self.vectors.store

    def __call__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        """Return the model's inputs.

        Returns
        -------
        dict
            ``window`` (n, 2 * epochs + 1, channels), NaN where there is no vector; of every place in it ``targets`` and
            ``class_weights`` (n, 2 * epochs + 1, 5) and ``counts`` (n, 2 * epochs + 1), 0 where nothing is learnt;
            ``stages`` and ``source`` (n,) of the middle.
        """
        rows = np.asarray(indices, dtype=np.int64)
        rng = np.random.default_rng([zlib.crc32(rows.tobytes()), BatchStream.SEQUENCES])
        versions = rng.integers(self.vectors.versions, size=len(rows))
        window = self.vectors.around(rows, versions)
        cut(window, self.context_drop, rng)
        open_gaps(window, self.context_gaps, rng)
        if self.unmeasured:
            window[rng.random(len(rows)) < self.unmeasured, :, self.own_channels :] = np.nan
        around = self.store.around(rows, self.vectors.epochs)
        present = (around >= 0) & ~np.isnan(window[:, :, 0])
        at = np.where(present, around, rows[:, None])
        return {
            "window": torch.from_numpy(window),
            "targets": torch.from_numpy(self.store.targets[at]),
            "class_weights": torch.from_numpy(
                self.store.weights(at.ravel(), self.soft_negatives).reshape(*at.shape, 5)
            ),
            "counts": torch.from_numpy(np.where(present, self._counts[at], 0.0).astype(np.float32)),
            "stages": torch.from_numpy(self.store.stages[rows]),
            "source": torch.from_numpy(self.store.source[rows]),
        }

    @cached_property
    def _counts(self) -> npt.NDArray[np.float64]:
        """Return the weight of each row in a window.

        Windows are drawn from sources by their weights, but hold few scored epochs of a source whose nights are scored
        in part. Each of these counts for more, so that the windows of all sources weigh the same.
        """
        store, size = self.store, 2 * self.vectors.epochs + 1
        if self.chances is None:
            return np.ones(len(store))
        rows = np.bincount(store.source)
        chances = np.bincount(store.source, weights=self.chances) / rows
        learnt = np.bincount(store.source, weights=store.learnt_around(self.vectors.epochs)) / rows
        return size * self.chances / (chances * learnt)[store.source]
