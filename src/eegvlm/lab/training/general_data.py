"""Batches for a general-purpose base: its own processor's inputs, and the texts that answer them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.core.random_streams import GeneralBatchStream
from eegvlm.evidence import NOTHING_MEASURED
from eegvlm.images import corrected, load_layout
from eegvlm.lab.training.data import Augmentation, Signals
from eegvlm.lab.training.evidence_texts import NightTexts
from eegvlm.lab.training.label_texts import LabelTexts
from eegvlm.lab.training.reason_texts import ReasonTexts
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.store import TrainingStore
from eegvlm.lab.training.tokenizer import IMAGE
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.general_processing import for_model
from eegvlm.model.label_trie import label_log_probabilities


def general_processor(recipe: Recipe) -> GeneralProcessor:
    """Return the base's own processor, drawing and asking as the recipe says.

    Raises
    ------
    InputError
        If the base has none, or a package is missing that it is built on.
    """
    model = recipe.model
    settings = StagerSettings(
        load_layout(model.layout),
        prompt=model.prompt.replace(IMAGE, "").strip(),  # the model's own processor says where the pictures stand
        reasoned_prompt=model.reasoned_prompt.replace(IMAGE, "").strip() if _reasons(recipe) else "",
        stage_labels=model.stage_labels,
        context_epochs=model.context_epochs,
        evidence="text" if model.evidence == "text" else "none",
    )
    return GeneralProcessor.from_pretrained(model.base, settings)


def _reasons(recipe: Recipe) -> bool:
    return any(phase.objective == "reason" for phase in recipe.phases)


@dataclass(frozen=True)
class GeneralBatches:
    """Collator: rows of a store to the model's inputs.

    Parameters
    ----------
    store, processor
        Where epochs come from, and how they are drawn and asked about.
    augmentation
        ``None`` for validation. With neighbours, an epoch and they are seen through one recorder.
    soft_negatives
        See :class:`~eegvlm.lab.training.phase_recipe.Phase`.
    texts
        What was measured, where the model reads it. An epoch is then seen through the recorder of a version of its
        night, on which it was measured.
    unmeasured
        Share of the epochs whose text says that nothing was measured.
    reasons, reasoned
        The texts that are learnt, and the share of batches that ask for them. An epoch is then seen through the
        recorder of a version of its night, too, so that its text holds for it.
    """

    store: TrainingStore
    processor: GeneralProcessor
    augmentation: Augmentation | None = None
    soft_negatives: float = 1.0
    texts: NightTexts | None = None
    unmeasured: float = 0.0
    reasons: ReasonTexts | None = None
    reasoned: float = 0.5

    def __call__(self, indices: list[int]) -> dict[str, Any]:
        """Return ``stages``, ``source``, the answers, and under ``asked`` the model's inputs.

        In a batch that asks for reasons, these are the answers, under ``reasons``.
        """
        return self.part(indices, slice(None))

    def part(self, indices: list[int], part: slice) -> dict[str, Any]:
        """Return some rows of a batch, seen as in the whole: each of several processes computes its own."""
        rows = np.asarray(indices, dtype=np.int64)
        versions = self._versions(rows)
        pictures = self._pictures(rows, versions)[part]
        measured = self._measured(rows, versions)
        evidence = None if measured is None else measured[part]
        if self.reasons is not None and versions is not None and self._asks_for_reasons(rows):
            return {
                "stages": torch.from_numpy(self.store.stages[rows[part]]),
                "source": torch.from_numpy(self.store.source[rows[part]]),
                "reasons": self.reasons.of(self.store, rows[part], versions[part]),
                "asked": self.processor(pictures, evidence, reasoned=True),
            }
        allowed = self.store.allowed[rows]
        if self.augmentation is not None:
            # texts are compared or not, so by chance
            rng = np.random.default_rng([zlib.crc32(rows.tobytes()), GeneralBatchStream.COMPARED_LABELS])
            allowed = rng.random((len(rows), 5)) < self.store.weights(rows, self.soft_negatives)
        rows, allowed = rows[part], allowed[part]
        stages = self.store.stages[rows]
        texts = LabelTexts(self.processor.labels, self.processor.tokenizer.eos_token_id)
        return {
            "stages": torch.from_numpy(stages),
            "source": torch.from_numpy(self.store.source[rows]),
            "answer": texts.answers(stages),
            "refused": texts.refused(stages, allowed),
            "asked": self.processor(pictures, evidence),
        }

    def label_log_probabilities(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the log-probabilities of the five labels, (n, 5), of a batch that :meth:`__call__` gave."""
        prompt, labels = for_model(model, inputs["asked"]), self.processor.labels
        return label_log_probabilities(model, prompt, labels, padded=self.processor.reads_evidence)

    def _asks_for_reasons(self, rows: npt.NDArray[np.int64]) -> bool:
        return bool(
            np.random.default_rng([zlib.crc32(rows.tobytes()), GeneralBatchStream.REASONS]).random() < self.reasoned
        )

    def _versions(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
        """Return through which version of its night each row is seen, (n,); None where no text describes it."""
        texts = self.reasons if self.texts is None else self.texts
        if texts is None:
            return None
        rng = np.random.default_rng([zlib.crc32(rows.tobytes()), GeneralBatchStream.VERSIONS])
        return rng.integers(texts.versions, size=len(self.store.nights))[self.store.night[rows]]

    def _measured(self, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64] | None) -> list[str] | None:
        """Return what was measured in each row, in words."""
        if self.texts is None or versions is None:
            return None
        rng = np.random.default_rng([zlib.crc32(rows.tobytes()), GeneralBatchStream.UNMEASURED])
        left_out = rng.random(len(rows)) < self.unmeasured
        texts = self.texts.of(rows, versions)
        return [NOTHING_MEASURED if out else text for out, text in zip(left_out, texts, strict=True)]

    def _pictures(self, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64] | None) -> torch.Tensor:
        """Return uint8 pictures (n, pictures an epoch, channels, height, width)."""
        count = self.processor.pictures_an_epoch
        if count == 1:
            signals = self.store.signals(rows)
            if self.augmentation is not None and versions is not None:
                signals = self.augmentation.by_night(signals, self.processor, self.store.night[rows], versions)
            elif self.augmentation is not None:
                signals = self.augmentation.epochs(signals, self.processor, rows)
            signals = self.store.corrected(signals, rows, self.processor.layout)
        else:
            # without versions, every row has a recorder of its own
            draw = zlib.crc32(rows.tobytes())
            recorders = (
                [(int(row), draw) for row in rows]
                if versions is None
                else list(zip(self.store.night[rows].tolist(), versions.tolist(), strict=True))
            )
            around = [self._around(int(row), recorder) for row, recorder in zip(rows, recorders, strict=True)]
            signals = {panel: np.concatenate([window[panel] for window in around]) for panel in around[0]}
        pictures = self.processor.draw(signals)
        return pictures.reshape(len(rows), count, *pictures.shape[1:])

    def _around(self, row: int, recorder: tuple[int, int]) -> Signals:
        """Return an epoch between its neighbours, {panel: (pictures an epoch, samples) µV}; NaN beyond the night."""
        k = self.processor.settings.context_epochs
        night, position = int(self.store.night[row]), int(self.store.position[row])
        begin, end = max(0, position - k), min(self.store.length(night), position + k + 1)
        signals = self.store.whole_night(night, slice(begin, end))
        if self.augmentation is not None:
            signals = self.augmentation.night(signals, self.processor, *recorder)
        layout = self.processor.layout
        signals = corrected(layout, signals, self.store.corrections(night, layout))
        missing = ((begin - (position - k), position + k + 1 - end), (0, 0))
        return {panel: np.pad(values, missing, constant_values=np.nan) for panel, values in signals.items()}
