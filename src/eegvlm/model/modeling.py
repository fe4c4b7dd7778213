"""EEG-VLM: LLaVA with a visual-enhancement network beside the tower, in one forward pass.

Notable
-------
- Both levels are computed from the same picture tensor in the same call: a feature cannot meet another epoch.
- With ``alignment="none"`` every operation is LLaVA's own, to the last bit.
- A stock LLaVA checkpoint loads with every weight in place. A weight that is missing outside the enhancement
  raises, because transformers would initialise it at random and only warn.

Not covered here: pictures (:mod:`eegvlm.images`), prompts and placeholders (:mod:`eegvlm.model.processing`).
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    LlavaForConditionalGeneration,
    LlavaModel,
)
from transformers.conversion_mapping import (
    get_checkpoint_conversion_mapping,
    register_checkpoint_conversion_mapping,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eegvlm.errors import InputError
from eegvlm.model.alignment import align
from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.enhancement import EnhancementNetwork

_ENHANCEMENT = "model.enhancement."


class EegVlmModel(LlavaModel):
    """LLaVA's body with the enhancement network: tower, enhancement, shared projector, language model."""

    config: EegVlmConfig

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__(config)
        if config.alignment != "none":
            self.enhancement = EnhancementNetwork(config)
            self.post_init()

    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """Return what the language model reads of each picture.

        Parameters
        ----------
        pixel_values
            Normalised pictures, (batch, channels, height, width).
        **kwargs
            As LLaVA's.

        Returns
        -------
        BaseModelOutputWithPooling
            ``pooler_output`` holds, for each picture, (tokens, d); see ``EegVlmConfig.visual_blocks``.
        """
        kwargs["return_dict"] = True
        outputs = super().get_image_features(pixel_values, **kwargs)
        if self.config.alignment != "none":
            low = torch.stack(tuple(outputs.pooler_output))  # (batch, n_low, d), already projected
            high = self.multi_modal_projector(self.enhancement(pixel_values))  # (batch, g * g, d)
            outputs.pooler_output = list(align(low, high, self.config.alignment, self.config.tower_grid))
        return outputs


class EegVlmForConditionalGeneration(LlavaForConditionalGeneration):
    """EEG-VLM with its language-model head: pictures and a prompt in, words and label tokens out.

    Examples
    --------
    >>> model = EegVlmForConditionalGeneration.from_pretrained(folder)          # doctest: +SKIP
    >>> inputs = processor(pictures=pictures, text=processor.prompts["direct"])  # doctest: +SKIP
    >>> model.generate(**inputs, max_new_tokens=2)                               # doctest: +SKIP
    """

    config_class = EegVlmConfig
    config: EegVlmConfig

    def __init__(self, config: EegVlmConfig) -> None:
        super(LlavaForConditionalGeneration, self).__init__(config)  # LLaVA's own would build its body first
        self.model = EegVlmModel(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    @classmethod
    def from_pretrained(
        cls, path: str | PathLike[str], *args: Any, output_loading_info: bool = False, **kwargs: Any
    ) -> Any:
        """Load a checkpoint: EEG-VLM's own, or a stock LLaVA whose enhancement starts at random.

        Parameters
        ----------
        path
            Folder or hub name. Only safetensors are read.
        *args, output_loading_info, **kwargs
            As in transformers. To give a stock LLaVA an enhancement, pass ``enhancement_config``,
            ``alignment`` and their companions of :class:`EegVlmConfig`.

        Raises
        ------
        InputError
            If any weight is missing (outside the enhancement of a stock LLaVA), left over, or of another shape.
        """
        kwargs["use_safetensors"] = True
        own = cls._is_own(path, kwargs)
        model, info = super().from_pretrained(path, *args, output_loading_info=True, **kwargs)
        missing = [key for key in info["missing_keys"] if own or not key.startswith(_ENHANCEMENT)]
        for field, keys in (
            ("missing weights", missing),
            ("unexpected weights", info["unexpected_keys"]),
            ("weights of another shape", info["mismatched_keys"]),
        ):
            if keys:
                shown = ", ".join(sorted(map(str, keys))[:3])
                raise InputError(
                    path, field, f"{len(keys)} ({shown} ...)", "use a complete checkpoint of this geometry"
                )
        return (model, info) if output_loading_info else model

    @staticmethod
    def _is_own(path: str | PathLike[str], kwargs: dict[str, Any]) -> bool:
        """Say whether a checkpoint was written by this class, so that its enhancement must be in it."""
        known = {key: kwargs[key] for key in ("cache_dir", "revision", "token", "local_files_only") if key in kwargs}
        fields, _ = EegVlmConfig.get_config_dict(path, **known)
        return bool(fields.get("model_type") == EegVlmConfig.model_type and fields.get("alignment", "none") != "none")


AutoConfig.register(EegVlmConfig.model_type, EegVlmConfig)
AutoModelForImageTextToText.register(EegVlmConfig, EegVlmForConditionalGeneration)
# On disk the weights carry llava-hf's names, for our own checkpoints as for stock ones.
register_checkpoint_conversion_mapping(EegVlmConfig.model_type, get_checkpoint_conversion_mapping("llava"))
register_checkpoint_conversion_mapping("EegVlmModel", get_checkpoint_conversion_mapping("LlavaModel"))
