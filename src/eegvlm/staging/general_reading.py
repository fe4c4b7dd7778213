"""Reading pictures with a general-purpose model: log-probabilities of the five label texts after its prompt."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import torch

from eegvlm.images import PreparedNight
from eegvlm.images.raster import empty_picture
from eegvlm.model import GeneralProcessor
from eegvlm.model.described_night import DescribedNight
from eegvlm.model.general import StagerSettings
from eegvlm.model.general_processing import for_model
from eegvlm.model.label_trie import label_log_probabilities
from eegvlm.model.night_inputs import EpochInputs
from eegvlm.staging.decoding import Decoder
from eegvlm.staging.prompt_cache import CachedDecoder, PromptCache, check_cache
from eegvlm.staging.reading import Inputs, Logits, Reader


class GeneralReader(Reader):
    """A general-purpose model with its questions: for the stage alone and, where it has learnt so, for its reasons.

    Batches are read as they come: on a CPU in bfloat16 and on a GPU, an epoch's last digits depend on how many are read
    together.
    """

    night_type: ClassVar[type[DescribedNight]] = DescribedNight

    def __init__(self, model: Any, processor: GeneralProcessor, inputs: Inputs = "both") -> None:
        self.model, self.processor, self.inputs = model, processor, inputs  # type: ignore[assignment]
        self._general = processor
        prompt = processor.prompts.get("reasoned", "")
        self.reasoned = processor.tokenizer.encode(prompt, add_special_tokens=False) if prompt else []
        self.stage_ids = []

    @property
    def calibration(self) -> StagerSettings:
        """The settings of the checkpoint."""
        return self._general.settings

    @property
    def provenance(self) -> dict[str, Any]:
        """The calibration, what is asked, and which kind of image processor resizes (the two differ a little)."""
        prompts = {"prompt": self._general.question, "stage_labels": list(self.calibration.stage_labels)}
        if self.reasoned:
            prompts["reasoned_prompt"] = self._general.prompts["reasoned"]
        read = {"evidence": self.calibration.evidence, "image_processor": self._general.backend}
        return {**super().provenance, **prompts, **read}

    @property
    def reads_evidence(self) -> bool:
        """Whether its prompts state what was measured."""
        return self._general.reads_evidence

    def open(self, night: PreparedNight, batch_size: int, seconds: dict[str, float] | None = None) -> DescribedNight:
        """Return what the model reads of a night: pictures with those of neighbours, and texts of what was measured."""
        times = {"draw_s": 0.0, "model_s": 0.0} if seconds is None else seconds
        beside = self._general.settings.context_epochs
        measured = self.inputs != "picture"
        return self.night_type(self.model, self.processor, night, batch_size, beside, times, measured)

    @property
    def pads(self) -> bool:
        """Whether prompts of a batch may differ in length."""
        return self.reads_evidence

    @cached_property
    def shared(self) -> int:  # type: ignore[override]
        """Tokens of an epoch's reasoned prompt, its pictures included; where texts are read, of one without."""
        layout = self._general.layout
        shape = (1, self._general.pictures_an_epoch, layout.channels, layout.height, layout.width)
        return int(self._general(torch.zeros(shape, dtype=torch.uint8), reasoned=True)["input_ids"].shape[1])

    @property
    def prefix_bytes(self) -> int:
        """See :attr:`.Reader.prefix_bytes`; 0 where no reasons are given."""
        return self.position_bytes * self.shared if self.reasoned else 0

    def check_can_write(self, name: str) -> None:
        """See :meth:`.Reader.check_can_write`."""
        check_cache(self.model, name)

    def decoder(self) -> Decoder:
        """See :meth:`.Reader.decoder`."""
        return CachedDecoder(self.model, self.tokenized_words)

    def asked(self, inputs: EpochInputs, *, reasoned: bool = False) -> dict[str, torch.Tensor]:
        """Return the model's own inputs; of the evidence alone, with empty pictures."""
        pictures = inputs.pictures
        if self.inputs == "evidence":
            pictures = torch.from_numpy(empty_picture(self._general.layout)).to(pictures).expand_as(pictures)
        return for_model(self.model, self._general(pictures, inputs.texts, reasoned=reasoned))

    @torch.inference_mode()
    def read(self, inputs: EpochInputs) -> Logits:
        """Return the log-probabilities of the label texts among the five, before calibration: float32 (n, 5)."""
        scores = label_log_probabilities(self.model, self.asked(inputs), self._general.labels, padded=self.pads)
        logits: Logits = scores.cpu().numpy()
        return logits

    @torch.inference_mode()
    def read_on(self, inputs: EpochInputs) -> tuple[Logits, PromptCache]:  # type: ignore[override]
        """Return what :meth:`read` does, and the reasoned prompts, which are read apart: no stage moves by reasons."""
        return self.read(inputs), PromptCache.read(self.model, self.asked(inputs, reasoned=True))
