"""Reading pictures with a general-purpose model: log-probabilities of the five label texts after its prompt."""

from __future__ import annotations

from typing import Any

import torch

from eegvlm.images import PreparedNight
from eegvlm.model import GeneralProcessor
from eegvlm.model.general import StagerSettings
from eegvlm.model.general_processing import for_model
from eegvlm.model.label_trie import label_log_probabilities
from eegvlm.model.night_inputs import EpochInputs, NightInputs
from eegvlm.staging.key_value import Prefix
from eegvlm.staging.reading import Logits, Reader


class GeneralReader(Reader):
    """A general-purpose model with its one question; it gives no reasons.

    Batches are read as they come: on a CPU in bfloat16 and on a GPU, an epoch's last digits depend on how many are read
    together.
    """

    def __init__(self, model: Any, processor: GeneralProcessor) -> None:
        self.model, self.processor = model, processor  # type: ignore[assignment]
        self._general = processor
        self.reasoned: list[int] = []
        self.shared, self.stage_ids = 0, []

    @property
    def calibration(self) -> StagerSettings:
        """The settings of the checkpoint."""
        return self._general.settings

    @property
    def provenance(self) -> dict[str, Any]:
        """The calibration, what is asked, and which kind of image processor resizes (the two differ a little)."""
        asked = {"prompt": self._general.question, "stage_labels": list(self.calibration.stage_labels)}
        return {**super().provenance, **asked, "image_processor": self._general.backend}

    def open(self, night: PreparedNight, batch_size: int, seconds: dict[str, float] | None = None) -> NightInputs:
        """Return what the model reads of a night: pictures with those of neighbours, and no high-level vectors."""
        spent = {"draw_s": 0.0, "model_s": 0.0} if seconds is None else seconds
        beside = self._general.settings.context_epochs
        return NightInputs(self.model, self.processor, night, batch_size, beside, seconds=spent)

    @torch.inference_mode()
    def read(self, inputs: EpochInputs) -> Logits:
        """Return the log-probabilities of the label texts among the five, before calibration: float32 (n, 5)."""
        given = for_model(self.model, self._general(inputs.pictures))
        found: Logits = label_log_probabilities(self.model, given, self._general.labels).cpu().numpy()
        return found

    def read_on(self, inputs: EpochInputs) -> tuple[Logits, Prefix]:
        """Refuse: it was not trained to give reasons (:meth:`.Stager.check_explain` says so first)."""
        raise NotImplementedError
