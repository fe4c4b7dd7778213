"""Batches for a general-purpose base: its own processor's inputs, and the texts that answer them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import corrected
from eegvlm.model import GeneralProcessor
from eegvlm.model.general_processing import for_model
from eegvlm.model.label_trie import label_log_probabilities
from eegvlm.training.data import Augmentation, Signals
from eegvlm.training.label_texts import LabelTexts
from eegvlm.training.store import EpochStore


@dataclass(frozen=True)
class GeneralBatches:
    """Collator: rows of a store to the model's inputs.

    Parameters
    ----------
    store, processor
        Where epochs come from, and how they are drawn and asked about.
    augmentation
        ``None`` for validation. With neighbours, an epoch and they are seen through one recorder.
    others
        See :class:`~eegvlm.training.phase_recipe.Phase`.
    """

    store: EpochStore
    processor: GeneralProcessor
    augmentation: Augmentation | None = None
    others: float = 1.0

    def __call__(self, indices: list[int]) -> dict[str, Any]:
        """Return ``stages``, ``source``, the answers, and under ``asked`` the model's inputs."""
        return self.part(indices, slice(None))

    def part(self, indices: list[int], part: slice) -> dict[str, Any]:
        """Return some rows of a batch, seen as in the whole: each of several processes computes its own."""
        rows = np.asarray(indices, dtype=np.int64)
        pictures = self._pictures(rows)[part]
        allowed = self.store.allowed[rows]
        if self.augmentation is not None:
            rng = np.random.default_rng([zlib.crc32(rows.tobytes()), 7])  # texts are compared or not, so by chance
            allowed = rng.random((len(rows), 5)) < self.store.weights(rows, self.others)
        rows, allowed = rows[part], allowed[part]
        stages = self.store.stages[rows]
        texts = LabelTexts(self.processor.labels, self.processor.tokenizer.eos_token_id)
        return {
            "stages": torch.from_numpy(stages),
            "source": torch.from_numpy(self.store.source[rows]),
            "answer": texts.answers(stages),
            "refused": texts.refused(stages, allowed),
            "asked": self.processor(pictures),
        }

    def label_log_probabilities(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the log-probabilities of the five labels, (n, 5), of a batch that :meth:`__call__` gave."""
        return label_log_probabilities(model, for_model(model, inputs["asked"]), self.processor.labels)

    @property
    def _drawer(self) -> Any:
        """The processor as augmentation takes it: for its layout alone."""
        return self.processor

    def _pictures(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """Return uint8 pictures (n, pictures an epoch, channels, height, width)."""
        count = self.processor.pictures_an_epoch
        if count == 1:
            signals = self.store.signals(rows)
            if self.augmentation is not None:
                signals = self.augmentation.epochs(signals, self._drawer, rows)
            signals = self.store.corrected(signals, rows, self.processor.layout)
        else:
            around = [self._around(int(row), zlib.crc32(rows.tobytes())) for row in rows]
            signals = {panel: np.concatenate([one[panel] for one in around]) for panel in around[0]}
        drawn = self.processor.draw(signals)
        return drawn.reshape(len(rows), count, *drawn.shape[1:])

    def _around(self, row: int, draw: int) -> Signals:
        """Return an epoch between its neighbours, {panel: (pictures an epoch, samples) µV}; NaN beyond the night."""
        k = self.processor.settings.context_epochs
        night, position = int(self.store.night[row]), int(self.store.position[row])
        begin, end = max(0, position - k), min(self.store.length(night), position + k + 1)
        signals = self.store.whole_night(night, slice(begin, end))
        if self.augmentation is not None:
            signals = self.augmentation.night(signals, self._drawer, row, draw)
        layout = self.processor.layout
        signals = corrected(layout, signals, self.store.corrections(night, layout))
        missing = ((begin - (position - k), position + k + 1 - end), (0, 0))
        return {panel: np.pad(values, missing, constant_values=np.nan) for panel, values in signals.items()}
