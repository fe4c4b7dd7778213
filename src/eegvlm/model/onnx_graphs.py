"""The parts of EEG-VLM that are exported as graphs; what they compute is the model's own code.

Each is a module of tensors in, tensors out, in float32. How they follow each other in a night is what
:class:`eegvlm.model.night_inputs.NightInputs` does with the model itself.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from eegvlm.model.evidence_encoder import N_STAGES
from eegvlm.model.last_position import last_state
from eegvlm.model.modeling import EegVlmForConditionalGeneration
from eegvlm.model.night import NightEncoder
from eegvlm.model.night_inputs import AGREEMENT_PRIOR
from eegvlm.model.onnx_gru import with_one_operator
from eegvlm.model.processing import EegVlmProcessor


class _Pictures(nn.Module):
    """Normalises pictures as the processor does."""

    factor: torch.Tensor
    shift: torch.Tensor

    def __init__(self, processor: EegVlmProcessor) -> None:
        super().__init__()
        mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (processor.image_mean, processor.image_std))
        self.register_buffer("factor", 1 / (255 * std))
        self.register_buffer("shift", -mean / std)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        pixel_values: torch.Tensor = pictures.float() * self.factor + self.shift
        return pixel_values


class _SharedStatistics:
    """Means and variances of all batch normalisations of a network, one after the other."""

    def __init__(self) -> None:
        self.means: Any = None
        self.variances: Any = None
        self.found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}


class _GivenNorm(nn.Module):
    """Batch normalisation with statistics from outside, or with a batch's own, which it notes."""

    def __init__(self, norm: _BatchNorm, shared: _SharedStatistics, part: slice, *, measures: bool) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.shared, self.part, self.measures = shared, part, measures

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        if self.measures:
            values = hidden.transpose(0, 1).flatten(1)
            mean, variance = values.mean(dim=1), values.var(dim=1, unbiased=False)
            n = hidden[:, 0].numel()
            self.shared.found[self.part.start] = mean, variance * (n / (n - 1))  # running statistics are unbiased
        else:
            mean, variance = self.shared.means[self.part], self.shared.variances[self.part]
        return functional.batch_norm(hidden, mean, variance, self.weight, self.bias, False, 0.0, self.eps)


def _with_given_norms(network: nn.Module, shared: _SharedStatistics, *, measures: bool) -> nn.Module:
    """Return a copy of a network whose batch normalisations take statistics from outside, in order of the modules."""
    copied, first = copy.deepcopy(network), 0
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, _BatchNorm):
                part = slice(first, first + child.num_features)
                setattr(parent, name, _GivenNorm(child, shared, part, measures=measures))
                first = part.stop
    return copied


def learnt_statistics(network: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means and variances that a network learnt, float32 (channels of all batch normalisations,)."""
    norms = [child for parent in network.modules() for child in parent.children() if isinstance(child, _BatchNorm)]
    means, variances = [], []
    for norm in norms:
        if norm.running_mean is not None and norm.running_var is not None:
            means.append(norm.running_mean.float())
            variances.append(norm.running_var.float())
    return torch.cat(means), torch.cat(variances)


class StatisticsGraph(nn.Module):
    """Pictures (n, channels, height, width) and a share to the batch statistics of a recording.

    Of the share the recording's own, of the rest those that were learnt: mean and variance, (all channels,).
    """

    learnt_mean: torch.Tensor
    learnt_variance: torch.Tensor

    def __init__(self, model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> None:
        super().__init__()
        self.pixels, self.shared = _Pictures(processor), _SharedStatistics()
        self.network = _with_given_norms(model.model.enhancement, self.shared, measures=True)
        mean, variance = learnt_statistics(model.model.enhancement)
        self.register_buffer("learnt_mean", mean)
        self.register_buffer("learnt_variance", variance)

    def forward(self, pictures: torch.Tensor, own_share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return means and variances."""
        self.shared.found = {}
        self.network(self.pixels(pictures))
        means, variances = zip(*(self.shared.found[first] for first in sorted(self.shared.found)), strict=True)
        mean = self.learnt_mean + own_share * (torch.cat(means) - self.learnt_mean)
        variance = self.learnt_variance + own_share * (torch.cat(variances) - self.learnt_variance)
        return mean, variance


class VectorsGraph(nn.Module):
    """Pictures, and batch statistics, to high-level vectors (n, channels)."""

    def __init__(self, model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> None:
        super().__init__()
        self.pixels, self.shared = _Pictures(processor), _SharedStatistics()
        self.network: nn.Module = model.model.enhancement
        if model.config.adaptation:
            self.network = _with_given_norms(model.model.enhancement, self.shared, measures=False)

    def forward(
        self, pictures: torch.Tensor, means: torch.Tensor | None = None, variances: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the vectors."""
        self.shared.means, self.shared.variances = means, variances
        vectors: torch.Tensor = self.network(self.pixels(pictures)).mean(dim=1)
        return vectors


class NightGraph(nn.Module):
    """The vectors of a night (epochs, channels), and its evidence, to what knows of the night.

    Returns each vector as the night encoder moved it (epochs, channels), and where evidence is read what was made of
    it (epochs, evidence_channels) and the weight of what the pictures say (scalar).
    """

    def __init__(self, model: EegVlmForConditionalGeneration) -> None:
        super().__init__()
        body = model.model
        self.config = model.config
        self.enhancement = body.enhancement
        self.night: NightEncoder | None = with_one_operator(body.night) if model.config.night_epochs else None
        self.evidence: Any = with_one_operator(body.evidence) if model.config.reads_evidence else None

    def forward(self, vectors: torch.Tensor, entries: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        """Return what the class says."""
        if self.evidence is None or entries is None:
            return (vectors if self.night is None else self.night(vectors[None])[0],)
        beside = self.evidence(entries[None])[0]
        vectors_in_night = vectors if self.night is None else self.night(torch.cat([vectors, beside], dim=1)[None])[0]
        return vectors_in_night, beside, self._picture_weight(vectors, beside[:, -N_STAGES:])

    def _picture_weight(self, vectors: torch.Tensor, of_evidence: torch.Tensor) -> torch.Tensor:
        """Return :attr:`.NightInputs.picture_weight`."""
        nothing, full = self.config.picture_agreement
        if nothing >= full:
            return vectors.new_ones(())
        of_pictures = self.enhancement.stage_logits(vectors)
        both = ~(of_evidence.isnan().any(dim=1) | of_pictures.isnan().any(dim=1))
        agreed = both & (of_pictures.nan_to_num().argmax(dim=1) == of_evidence.nan_to_num().argmax(dim=1))
        share = (agreed.float().sum() + AGREEMENT_PRIOR * full) / (both.float().sum() + AGREEMENT_PRIOR)
        return ((share - nothing) / (full - nothing)).clamp(0.0, 1.0)


class AnswerGraph(nn.Module):
    """Pictures, and what is known of the night, to the logits of the stages (n, 5), before calibration.

    The direct prompt is part of it. Of the language model's last layer only the last position is computed.
    """

    prompt: torch.Tensor
    order: torch.Tensor
    labels: torch.Tensor

    def __init__(self, model: EegVlmForConditionalGeneration, processor: EegVlmProcessor) -> None:
        super().__init__()
        self.pixels, self.model = _Pictures(processor), model
        prompt = torch.tensor(processor.encode_prompt("direct"))
        holds = prompt == processor.image_token_id
        visual = holds.cumsum(0) - 1 + len(prompt)  # behind the prompt's own tokens
        self.register_buffer("prompt", torch.where(holds, 0, prompt))
        self.register_buffer("order", torch.where(holds, visual, torch.arange(len(prompt))))
        self.register_buffer("labels", torch.tensor(processor.stage_token_ids))

    def forward(
        self,
        pictures: torch.Tensor,
        context: torch.Tensor | None = None,
        own: torch.Tensor | None = None,
        picture_weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the logits."""
        pixel_values, body = self.pixels(pictures), self.model.model
        if own is None and self.model.config.alignment != "none":
            own = body.high_level(pixel_values, context)
        features = self._low_level(pixel_values)
        if own is not None and self.model.config.alignment != "none":
            features = body.visual_tokens(features, own, context)
        words = body.get_input_embeddings()(self.prompt)[None].expand(features.shape[0], -1, -1)
        embedded = torch.cat([words, features.to(words)], dim=1)[:, self.order]
        state = last_state(body.language_model, embedded)
        label_logits = functional.linear(state, self.model.lm_head.weight[self.labels])
        measured = None if context is None else self.model.evidence_answer(context)
        weight: Any = 1.0 if picture_weight is None else picture_weight
        return self.model.stage_logits(label_logits, own, measured, weight)

    def _low_level(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Return projected low-level tokens (n, n_low, d); LLaVA's own method returns a list, one entry a picture."""
        config = self.model.config
        states = self.model.model.vision_tower(pixel_values, output_hidden_states=True, return_dict=True).hidden_states
        layers = config.vision_feature_layer
        chosen = [states[layer] for layer in ([layers] if isinstance(layers, int) else layers)]
        first = 1 if config.vision_feature_select_strategy == "default" else 0  # the class token is not a patch
        tokens: torch.Tensor = self.model.model.multi_modal_projector(
            torch.cat([layer[:, first:] for layer in chosen], dim=-1)
        )
        return tokens
