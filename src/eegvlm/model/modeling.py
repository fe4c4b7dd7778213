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
    AutoModelForImageTextToText,
    LlavaForConditionalGeneration,
    LlavaModel,
)
from transformers import initialization as init
from transformers.conversion_mapping import (
    get_checkpoint_conversion_mapping,
    register_checkpoint_conversion_mapping,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eegvlm.errors import InputError
from eegvlm.model.alignment import align
from eegvlm.model.configuration import EegVlmConfig
from eegvlm.model.enhancement import EnhancementNetwork
from eegvlm.model.evidence_encoder import N_STAGES, EvidenceEncoder
from eegvlm.model.familiarity import Familiarity
from eegvlm.model.night import NightEncoder, NightReader
from eegvlm.model.progress_bars import without_progress_bar
from eegvlm.model.transformers_compat import read_so_far

_ADDED = (
    "model.enhancement.",
    "model.night.",
    "model.absent_neighbour",
    "model.evidence.",
    "model.evidence_projector.",
    "model.absent_evidence",
)


class EegVlmModel(LlavaModel):
    """LLaVA's body with the enhancement beside the tower, the night encoder after it, and one projector for both."""

    config: EegVlmConfig
    _keep_in_fp32_modules_strict = ["night", "evidence"]  # noqa: RUF012 (transformers' own declaration)

    def __init__(self, config: EegVlmConfig) -> None:
        super().__init__(config)
        if config.alignment != "none":
            self.enhancement = EnhancementNetwork(config)
        if config.context_epochs:
            self.absent_neighbour = nn.Parameter(torch.zeros(config.enhancement_channels))
        if config.night_epochs:
            self.night = NightEncoder(config)
        if config.reads_evidence:
            config.name_evidence_entries()
            self.evidence = EvidenceEncoder(config)
            self.evidence_projector = nn.Linear(config.evidence_channels, config.text_config.hidden_size)
            self.absent_evidence = nn.Parameter(torch.zeros(config.evidence_channels))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Initialise what transformers does not know, too; weights that were loaded stay."""
        super()._init_weights(module)
        if isinstance(module, NightReader):
            init.zeros_(module.scale)
        elif isinstance(module, nn.GRU):
            bound = module.hidden_size**-0.5  # torch's own
            for parameter in module.parameters():
                init.uniform_(parameter, -bound, bound)
        elif isinstance(module, EvidenceEncoder):
            init.zeros_(module.mean)
            init.ones_(module.scale)
        elif isinstance(module, Familiarity):
            init.zeros_(module.centre)
            init.ones_(module.spread)
            init.copy_(module.inverse, torch.eye(len(module.names)))
            init.zeros_(module.limit)
        elif module is self:
            for name in ("absent_neighbour", "absent_evidence"):
                if hasattr(self, name):
                    init.zeros_(getattr(self, name))

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        context: torch.Tensor | None = None,
        own: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the body as LLaVA does, with the neighbours' vectors among the visual tokens.

        Parameters
        ----------
        input_ids, pixel_values, inputs_embeds, **kwargs
            As LLaVA's.
        context, own
            See :meth:`get_image_features`.
        """
        if pixel_values is not None and (self.config.reads_night or context is not None or own is not None):
            inputs_embeds = self.get_input_embeddings()(input_ids)
            features = self.get_image_features(pixel_values, context=context, own=own).pooler_output
            features = torch.stack(tuple(features)).to(inputs_embeds)
            mask = self.get_placeholder_mask(input_ids, inputs_embeds, features)
            inputs_embeds = inputs_embeds.masked_scatter(mask, features)
            input_ids = pixel_values = None
        return super().forward(input_ids=input_ids, pixel_values=pixel_values, inputs_embeds=inputs_embeds, **kwargs)

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        context: torch.Tensor | None = None,
        own: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPooling:
        """Return what the language model reads of each picture.

        Parameters
        ----------
        pixel_values
            Normalised pictures, (batch, channels, height, width).
        context
            Vectors of the night around each epoch, (batch, 2 * k + 1, enhancement_channels + evidence_channels) with k
            of at least ``context_epochs``, in the order of time: high-level vectors, and what the evidence encoder made
            of each epoch. NaN where there is no neighbour, or no evidence. The middle one belongs to the epoch's own
            picture, so the enhancement network does not run again: that it does is the caller's to see to
            (:class:`eegvlm.model.night_inputs.EpochInputs` checks it). ``None``: there is nothing around.
        own
            (batch, g * g, enhancement_channels): what the night encoder makes of each epoch's vector in the whole
            night. ``None``: what :meth:`high_level` returns of ``context``, as if the night held no more.
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
            own = self.high_level(pixel_values, context) if own is None else own
            outputs.pooler_output = list(self.visual_tokens(low, own, context))
        return outputs

    def visual_tokens(self, low: torch.Tensor, own: torch.Tensor, context: torch.Tensor | None) -> torch.Tensor:
        """Return what the language model reads of each picture, (batch, tokens, d).

        Parameters
        ----------
        low
            Projected low-level tokens, (batch, n_low, d).
        own, context
            As for :meth:`get_image_features`.
        """
        high = self.multi_modal_projector(own.to(low))  # (batch, g * g, d)
        tokens = align(low, high, self.config.alignment, self.config.tower_grid)
        beside = []
        if self.config.context_epochs:
            beside.append(self._neighbours(context, tokens.shape[0]))
        if self.config.reads_evidence:
            beside.append(self._evidence_token(context, tokens.shape[0]))
        return torch.cat([*(token.to(tokens) for token in beside), tokens], dim=1)

    def high_level(self, pixel_values: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        """Return the high-level vectors of each picture, moved by the night encoder where there is one.

        Parameters
        ----------
        pixel_values, context
            As for :meth:`get_image_features`.

        Returns
        -------
        torch.Tensor
            (batch, g * g, enhancement_channels)
        """
        if context is None:
            night: torch.Tensor = self.enhancement(pixel_values)
            if not self.config.night_epochs:
                return night
            unmeasured = night.new_full((*night.shape[:2], self.config.evidence_channels), torch.nan)
            vectors_in_night: torch.Tensor = self.night(torch.cat([night, unmeasured], dim=2))
            return vectors_in_night
        middle = context.shape[1] // 2
        night = self.night(context) if self.config.night_epochs else context[..., : self.config.enhancement_channels]
        return night[:, middle : middle + 1]

    def _neighbours(self, context: torch.Tensor | None, batch: int) -> torch.Tensor:
        """Return projected neighbours (batch, 2 * context_epochs, d), absent ones replaced by a learned vector."""
        near = self.config.context_epochs
        absent = self.absent_neighbour.expand(batch, 2 * near, -1)
        if context is not None:
            around = context.shape[1] // 2
            context = context[..., : self.config.enhancement_channels]
            others = torch.cat([context[:, around - near : around], context[:, around + 1 : around + near + 1]], dim=1)
            absent = torch.where(others.isnan(), absent, others.nan_to_num().to(absent))
        projected: torch.Tensor = self.multi_modal_projector(absent)
        return projected

    def _evidence_token(self, context: torch.Tensor | None, batch: int) -> torch.Tensor:
        """Return what was measured in each epoch as a token, (batch, 1, d); a learned one where it is absent."""
        evidence = self.absent_evidence.expand(batch, 1, -1)
        if context is not None:
            middle = context.shape[1] // 2
            measured = context[:, middle : middle + 1, self.config.enhancement_channels :]
            evidence = torch.where(measured.isnan(), evidence, measured.nan_to_num().to(evidence))
        projected: torch.Tensor = self.evidence_projector(evidence)
        return projected


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

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        context: torch.Tensor | None = None,
        own: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model as LLaVA does, with two inputs more.

        Parameters
        ----------
        context, own
            High-level vectors of the night around each epoch, and of each; see :meth:`EegVlmModel.get_image_features`.
        input_ids, pixel_values, attention_mask, position_ids, past_key_values, inputs_embeds, labels, logits_to_keep
            As LLaVA's, like any other keyword.
        **kwargs
        """
        optional = {"context": context, "own": own, **read_so_far(LlavaForConditionalGeneration, past_key_values)}
        kwargs |= {name: value for name, value in optional.items() if value is not None}
        return super().forward(
            input_ids=input_ids,
            pixel_values=pixel_values,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            labels=labels,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )

    def read_stages(
        self,
        input_ids: torch.Tensor,
        pixel_values: torch.Tensor,
        context: torch.Tensor | None,
        label_ids: torch.Tensor | list[int],
        own: torch.Tensor | None = None,
        picture_weight: float = 1.0,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Run the model on prompts and return the logits of the stages, float32 (batch, 5), before calibration.

        Parameters
        ----------
        input_ids
            Prompts, at whose end the label is expected.
        pixel_values, context, own, **kwargs
            As for :meth:`forward`.
        label_ids
            The five label tokens, in the order W, N1, N2, N3, R.
        picture_weight
            See :meth:`stage_logits`.
        """
        if own is None and self.config.alignment != "none":
            own = self.model.high_level(pixel_values, context)
        outputs = self(
            input_ids=input_ids, pixel_values=pixel_values, context=context, own=own, logits_to_keep=1, **kwargs
        )
        measured = None if context is None else self.evidence_answer(context)
        return self.stage_logits(outputs.logits[:, -1, label_ids].float(), own, measured, picture_weight)

    def evidence_answer(self, context: torch.Tensor) -> torch.Tensor | None:
        """Return the evidence encoder's log probabilities (batch, 5) of epochs with their context; None without one."""
        return context[:, context.shape[1] // 2, -N_STAGES:] if self.config.reads_evidence else None

    def stage_logits(
        self,
        label_logits: torch.Tensor,
        own: torch.Tensor | None,
        measured: torch.Tensor | None = None,
        picture_weight: float = 1.0,
    ) -> torch.Tensor:
        """Return the logits of the stages: of label tokens, of the enhancement network's classifier, of the evidence.

        They err differently: one has seen the picture, one what a network made of it and of the night, one what was
        measured.

        Parameters
        ----------
        label_logits
            Of the five label tokens at the answer position, (batch, 5).
        own
            What :meth:`EegVlmModel.high_level` returned; it may be missing where ``classifier_weight`` is 0.
        measured
            The evidence encoder's log probabilities, (batch, 5), NaN where nothing was measured.
        picture_weight
            Weight of the two that have seen the picture in the logarithmic pool with the evidence, whose weight is
            ``evidence_weight``; both count as shares of their sum.
        """
        logits = label_logits
        if own is not None and self.config.classifier_weight:
            of_classifier: torch.Tensor = self.model.enhancement.stage_logits(own.mean(dim=1)).to(label_logits)
            logits = logits + self.config.classifier_weight * of_classifier
        if measured is not None:
            of_evidence = self.config.evidence_weight
            of_both = of_evidence / (picture_weight + of_evidence) if of_evidence else 0.0
            share = torch.where(measured.isnan(), 0.0, of_both).to(logits)
            logits = (1 - share) * logits + share * measured.to(logits).nan_to_num()
        return logits

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
        ours = cls._is_own(path, kwargs)
        with without_progress_bar():
            model, info = super().from_pretrained(path, *args, output_loading_info=True, **kwargs)
        missing = [key for key in info["missing_keys"] if ours or not key.startswith(_ADDED)]
        for field, keys in (
            ("missing weights", missing),
            ("unexpected weights", info["unexpected_keys"]),
            ("weights of another shape", info["mismatched_keys"]),
        ):
            if keys:
                first_keys = ", ".join(sorted(map(str, keys))[:3])
                raise InputError(
                    path, field, f"{len(keys)} ({first_keys} ...)", "use a complete checkpoint of this geometry"
                )
        return (model, info) if output_loading_info else model

    @staticmethod
    def _is_own(path: str | PathLike[str], kwargs: dict[str, Any]) -> bool:
        """Say whether a checkpoint was written by this class, so that its enhancement must be in it."""
        download_options = {
            key: kwargs[key] for key in ("cache_dir", "revision", "token", "local_files_only") if key in kwargs
        }
        fields, _ = EegVlmConfig.get_config_dict(path, **download_options)
        return bool(fields.get("model_type") == EegVlmConfig.model_type and fields.get("alignment", "none") != "none")


AutoModelForImageTextToText.register(EegVlmConfig, EegVlmForConditionalGeneration, exist_ok=True)
# On disk the weights carry llava-hf's names, for our own checkpoints as for stock ones.
register_checkpoint_conversion_mapping(EegVlmConfig.model_type, get_checkpoint_conversion_mapping("llava"))
register_checkpoint_conversion_mapping("EegVlmModel", get_checkpoint_conversion_mapping("LlavaModel"))
