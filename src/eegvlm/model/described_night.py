"""A night as a general-purpose model reads it: pictures, and in words what was measured on the signals they show."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import torch

from eegvlm.evidence import NOTHING_MEASURED, RecordingMedians, epoch_texts, measure_night
from eegvlm.model.night_inputs import EpochInputs, NightInputs, Rows, Signals


@dataclass(eq=False)
class DescribedNight(NightInputs):
    """Pictures with those of neighbours, and texts where the model reads them.

    The night is measured once, when this is made. Where ``measured`` is False, the texts say that nothing was.

    Attributes
    ----------
    texts
        What was measured in each epoch (:func:`eegvlm.evidence.epoch_texts`); None where the model reads none.
    """

    texts: list[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.processor.reads_evidence:
            return
        if not self.measured:
            self.texts = [NOTHING_MEASURED] * self.night.n_epochs
            return
        started = time.perf_counter()
        self.evidence = measure_night(self.night)
        self._medians = RecordingMedians.of(self.evidence)
        self.texts = epoch_texts(self.night, self.evidence, medians=self._medians)
        self.seconds["measure_s"] = self.seconds.get("measure_s", 0.0) + time.perf_counter() - started

    def rows(self, rows: Rows) -> EpochInputs:
        """See :meth:`.NightInputs.rows`."""
        return self._with_texts(super().rows(rows), rows)

    def redrawn(self, rows: Rows, pictures: torch.Tensor) -> EpochInputs:
        """See :meth:`.NightInputs.redrawn`; texts stay."""
        return self._with_texts(super().redrawn(rows, pictures), rows)

    def replaced(self, rows: Rows, signals: Signals) -> EpochInputs:
        """See :meth:`.NightInputs.replaced`; texts are of these signals, beside the medians of the night as it is."""
        inputs = super().replaced(rows, signals)
        if self.texts is None:
            return inputs
        texts = [NOTHING_MEASURED] * len(rows)
        if self.measured:
            for chosen, changed in self._changed(rows, signals):
                of_changed = epoch_texts(changed, measure_night(changed), medians=self._medians, rows=rows[chosen])
                for place, text in zip(chosen, of_changed, strict=True):
                    texts[place] = text
        return replace(inputs, texts=tuple(texts))

    def _with_texts(self, inputs: EpochInputs, rows: Rows) -> EpochInputs:
        return inputs if self.texts is None else replace(inputs, texts=tuple(self.texts[row] for row in rows))
