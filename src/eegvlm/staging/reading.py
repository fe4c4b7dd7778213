"""Reading pictures: label logits right after the direct prompt, and what the reasoned prompt can go on from."""

from __future__ import annotations

from functools import cached_property
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache

from eegvlm.images import PreparedNight
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor
from eegvlm.model.batch_norm_adaptation import filled_up
from eegvlm.model.night_inputs import EpochInputs, NightInputs
from eegvlm.staging.decoding import Decoder
from eegvlm.staging.kv_cache import Prefix
from eegvlm.staging.model_inputs import INPUTS, Inputs, Logits
from eegvlm.staging.packed_decoder import check_layers
from eegvlm.staging.token_grammar import TokenizedWords

__all__ = ["INPUTS", "Inputs", "Logits", "Reader"]


class Reader:
    """A model with its prompts.

    An epoch's result does not depend on the batch it was read in. On a CPU, bfloat16 kernels for a handful of rows
    round otherwise than those for many, so small batches are filled up with empty pictures.
    """

    def __init__(
        self, model: EegVlmForConditionalGeneration, processor: EegVlmProcessor, inputs: Inputs = "both"
    ) -> None:
        self.model, self.processor, self.inputs = model, processor, inputs
        direct = processor.encode_prompt("direct")
        self.reasoned = processor.encode_prompt("reasoned") if processor.prompts.get("reasoned") else []
        together = zip(direct, self.reasoned[:-1], strict=False)
        self.shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], together))
        self.stage_ids = processor.stage_token_ids
        self._prompt = torch.tensor([direct], device=model.device)
        self._labels = torch.tensor(self.stage_ids, device=model.device)

    @property
    def calibration(self) -> Any:
        """Where ``stage_temperature``, ``stage_prior`` and the smoothing's two numbers stand."""
        return self.model.config

    @property
    def reads_evidence(self) -> bool:
        """Whether the model is given what was measured."""
        return bool(getattr(self.model.config, "reads_evidence", False))

    @property
    def provenance(self) -> dict[str, Any]:
        """What a night's record says of the model beside its files: the calibration."""
        calibration = self.calibration
        names = ("stage_temperature", "stage_prior", "smoothing_strength", "smoothed_temperature")
        return {"calibration": {name: getattr(calibration, name) for name in names}}

    @property
    def prefix_bytes(self) -> int:
        """Bytes of the keys and values of what the prompts of one epoch share."""
        return self.position_bytes * self.shared

    @property
    def position_bytes(self) -> int:
        """Bytes of the keys and values of one token."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return int(2 * config.num_hidden_layers * heads * width * self.model.dtype.itemsize)

    @cached_property
    def tokenized_words(self) -> TokenizedWords:
        """The model's tokens of words."""
        return TokenizedWords(self.processor.tokenizer, self.stage_ids)

    def check_can_write(self, name: str) -> None:
        """Refuse a model that cannot write texts after what it has read.

        Raises
        ------
        InputError
            Naming the checkpoint.
        """
        check_layers(self.model.model.language_model, name)

    def decoder(self) -> Decoder:
        """Return what writes reasons after what :meth:`read_on` gives."""
        return Decoder(self.model, self.reasoned, self.stage_ids)

    def open(self, night: PreparedNight, batch_size: int, seconds: dict[str, float] | None = None) -> NightInputs:
        """Return what the model reads of a night; its vectors are computed here."""
        times = {"draw_s": 0.0, "model_s": 0.0} if seconds is None else seconds
        measured = self.inputs != "picture"
        return NightInputs(self.model, self.processor, night, batch_size, seconds=times, measured=measured)

    def read(self, inputs: EpochInputs) -> Logits:
        """Return label logits, before calibration: float32 (n, 5), in the order W, N1, N2, N3, R.

        Of the evidence alone they are the evidence encoder's answer, and no picture is read.
        """
        alone = self._of_evidence_alone(inputs)
        return self._forward(inputs, None) if alone is None else alone

    def read_on(self, inputs: EpochInputs) -> tuple[Logits, Prefix]:
        """Return label logits as :meth:`read` does, and the start from which the reasoned prompt goes on."""
        cache = DynamicCache(config=self.model.config.text_config)
        logits, alone = self._forward(inputs, cache), self._of_evidence_alone(inputs)
        return logits if alone is None else alone, Prefix.of(cache, self.shared).rows(slice(len(inputs)))

    def _of_evidence_alone(self, inputs: EpochInputs) -> Logits | None:
        """Return the evidence encoder's answer; None where the pictures have a say."""
        measured = None if inputs.context is None else self.model.evidence_answer(inputs.context)
        if self.inputs != "evidence" or measured is None:
            return None
        alone: Logits = measured.nan_to_num().float().cpu().numpy()
        return alone

    @torch.inference_mode()
    def _forward(self, inputs: EpochInputs, cache: Any) -> Logits:
        pixel_values = self.processor.normalise(filled_up(inputs.pictures), self.model.dtype)
        context, own_vectors = (
            None if vectors is None else filled_up(vectors).to(self.model.device)
            for vectors in (inputs.context, inputs.own)
        )
        prompts = self._prompt.expand(len(pixel_values), -1)
        more = {"picture_weight": inputs.picture_weight, "past_key_values": cache, "use_cache": cache is not None}
        stages = self.model.read_stages(prompts, pixel_values, context, self._labels, own_vectors, **more)
        logits: Logits = stages[: len(inputs)].cpu().numpy()
        return logits
