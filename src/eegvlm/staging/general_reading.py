"""Reading pictures with a general-purpose model: log-probabilities of the five label texts after its prompt."""

from __future__ import annotations

from typing import Any

import torch

from eegvlm.images import PreparedNight
from eegvlm.images.raster import empty_picture
from eegvlm.model import GeneralProcessor
from eegvlm.model.described_night import DescribedNight
from eegvlm.model.general import StagerSettings
from eegvlm.model.general_processing import for_model
from eegvlm.model.label_trie import label_log_probabilities
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.staging.key_value import Prefix
from eegvlm.staging.reading import Inputs, Logits, Reader


class GeneralReader(Reader):
    """A general-purpose model with its one question; it gives no reasons.

    Batches are read as they come: on a CPU in bfloat16 and on a GPU, an epoch's last digits depend on how many are read
    together.
    """

    def __init__(self, model: Any, processor: GeneralProcessor, inputs: Inputs = "both") -> None:
        self.model, self.processor, self.inputs = model, processor, inputs  # type: ignore[assignment]
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
        read = {"evidence": self.calibration.evidence, "image_processor": self._general.backend}
        return {**super().provenance, **asked, **read}

    @property
    def reads_evidence(self) -> bool:
        """Whether its prompts state what was measured."""
        return self._general.reads_evidence

    def open(self, night: PreparedNight, batch_size: int, seconds: dict[str, float] | None = None) -> DescribedNight:
        """Return what the model reads of a night: pictures with those of neighbours, and texts of what was measured."""
        spent = {"draw_s": 0.0, "model_s": 0.0} if seconds is None else seconds
        beside = self._general.settings.context_epochs
        measured = self.inputs != "picture"
        return DescribedNight(self.model, self.processor, night, batch_size, beside, spent, measured)

    @property
    def pads(self) -> bool:
        """Whether prompts of a batch may differ in length."""
        return self.reads_evidence

    def asked(self, inputs: EpochInputs) -> dict[str, torch.Tensor]:
        """Return the model's own inputs; of the evidence alone, with empty pictures."""
        pictures = inputs.pictures
        if self.inputs == "evidence":
            pictures = torch.from_numpy(empty_picture(self._general.layout)).to(pictures).expand_as(pictures)
        return for_model(self.model, self._general(pictures, inputs.texts))

    @torch.inference_mode()
    def read(self, inputs: EpochInputs) -> Logits:
        """Return the log-probabilities of the label texts among the five, before calibration: float32 (n, 5)."""
        scores = label_log_probabilities(self.model, self.asked(inputs), self._general.labels, padded=self.pads)
        found: Logits = scores.cpu().numpy()
        return found

    def read_on(self, inputs: EpochInputs) -> tuple[Logits, Prefix]:
        """Refuse: it was not trained to give reasons (:meth:`.Stager.check_explain` says so first)."""
        raise NotImplementedError
