"""Reading pictures: label logits right after the direct prompt, and what the reasoned prompt can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import DynamicCache

from eegvlm.images import Correction
from eegvlm.model import EegVlmForConditionalGeneration, EegVlmProcessor
from eegvlm.signals import Recording
from eegvlm.staging.at_home import network_of
from eegvlm.staging.blocks import LookAround, Seen, VectorsOf
from eegvlm.staging.key_value import Prefix

_FEWEST_ROWS = 16

Logits = npt.NDArray[np.float32]


class Reader:
    """A model with its prompts.

    An epoch's result does not depend on the batch it was read in. On a CPU, bfloat16 kernels for a handful of rows
    round otherwise than those for many, so small batches are filled up with empty pictures.
    """

    def __init__(self, model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> None:
        self.model, self.processor = model, processor
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
    def provenance(self) -> dict[str, Any]:
        """What a night's record says of the model beside its files: the calibration."""
        given = self.calibration
        names = ("stage_temperature", "stage_prior", "smoothing_strength", "smoothed_temperature")
        return {"calibration": {name: getattr(given, name) for name in names}}

    @property
    def prefix_bytes(self) -> int:
        """Bytes of the keys and values of what the prompts of one epoch share."""
        config = self.model.config.text_config
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return int(2 * config.num_hidden_layers * heads * width * self.model.dtype.itemsize * self.shared)

    def look_around(self, batch_size: int) -> LookAround:
        """Return what the model reads of an epoch's neighbours."""
        config = self.model.config
        if not config.reads_night:
            return LookAround()
        return LookAround(config.context_epochs, batch_size, self.vectors_of, self.own if config.night_epochs else None)

    def vectors_of(self, recording: Recording, corrections: Mapping[str, Correction]) -> VectorsOf:
        """Return what turns uint8 pictures of a recording into high-level vectors.

        Returns
        -------
        Callable
            From (n, channels, height, width) to (n, enhancement_channels), float32 on the CPU.
        """
        network = network_of(self.model, self.processor, recording, corrections)

        @torch.inference_mode()
        def high_level(pictures: torch.Tensor) -> torch.Tensor:
            pixel_values = self.processor.normalise(_filled_up(pictures), self.model.dtype)
            vectors: torch.Tensor = network(pixel_values)[: len(pictures), 0].float().cpu()
            return vectors

        return high_level

    @torch.inference_mode()
    def own(self, night: torch.Tensor) -> torch.Tensor:
        """Return what the night encoder makes of a whole night's high-level vectors, (n_epochs, channels)."""
        moved: torch.Tensor = self.model.model.night(night[None].to(self.model.device))[0].cpu()
        return moved

    def read(self, seen: Seen) -> Logits:
        """Return label logits, before calibration: float32 (n, 5), in the order W, N1, N2, N3, R."""
        return self._forward(seen, None)

    def read_on(self, seen: Seen) -> tuple[Logits, Prefix]:
        """Return label logits as :meth:`read` does, and the start from which the reasoned prompt goes on."""
        cache = DynamicCache(config=self.model.config.text_config)
        logits = self._forward(seen, cache)
        return logits, Prefix.of(cache, self.shared).rows(slice(len(seen.pictures)))

    @torch.inference_mode()
    def _forward(self, seen: Seen, cache: Any) -> Logits:
        rows, pictures = len(seen.pictures), _filled_up(seen.pictures)
        pixel_values = self.processor.normalise(pictures, self.model.dtype)
        context, own = (None if one is None else _filled_up(one).to(self.model.device) for one in seen[1:])
        prompts = self._prompt.expand(len(pictures), -1)
        caching = {"past_key_values": cache, "use_cache": cache is not None}
        stages = self.model.read_stages(prompts, pixel_values, context, self._labels, own, **caching)
        logits: Logits = stages[:rows].cpu().numpy()
        return logits


def _filled_up(rows: torch.Tensor) -> torch.Tensor:
    """Add empty rows to a batch that is too small for the kernels that larger ones use."""
    short = _FEWEST_ROWS - len(rows)
    return rows if short <= 0 else torch.cat([rows, rows.new_zeros((short, *rows.shape[1:]))])
