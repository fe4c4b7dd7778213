"""What a recipe says of the model: where its weights come from, and what is built around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class EnhancementRecipe:
    """The visual-enhancement network.

    Parameters
    ----------
    backbone
        A name of :data:`eegvlm.model.presets.BACKBONES` (``resnet-18``, ``convnext-base``), or the configuration of any
        ``AutoBackbone`` with its ``model_type``. ``""``: the preset's own, or ``resnet-18`` beside a stock LLaVA.
    size
        Side in pixels to which a picture is resized for it; as drawn where it is not given.
    grid
        Side of the grid of vectors that it gives.
    """

    backbone: str | dict[str, Any] = ""
    size: int | None = None
    grid: int = 1


@dataclass(frozen=True)
class ModelRecipe:
    """What is trained: an existing checkpoint, or a preset's geometry with random weights and a new tokenizer.

    Parameters
    ----------
    base
        An EEG-VLM (a packaged model's name or a folder), which keeps its geometry, layout and tokenizer, so that
        only the prompts below apply; or a stock LLaVA (a folder or a hub name), around which ``alignment``,
        ``enhancement``, ``context_epochs``, ``layout`` and the prompts are built; or any other image-text-to-text model
        (likewise), which is taken as it is with ``layout``, ``prompt``, ``stage_labels``, ``context_epochs`` and
        ``evidence``.
    preset, vocab_size
        Where no base is named: the geometry, and the size of the tokenizer that is trained. ``alignment``,
        ``enhancement`` and ``context_epochs`` replace the preset's where they are given.
    layout, prompt, reasoned_prompt
        How an epoch is drawn, and what is asked for a stage alone and for one with its reasons.
    alignment
        See :class:`~eegvlm.model.EegVlmConfig`. ``""``: the preset's, or ``add`` beside a stock LLaVA. With ``none``
        there is no enhancement, and phases that train it are left out.
    enhancement
        The network beside the tower.
    enhancement_members
        How many networks learn apart in it; see :class:`~eegvlm.model.EegVlmConfig`. 0: the preset's.
    context_epochs
        Neighbours on each side whose high-level vectors the language model reads; whose pictures, where the base is not
        a LLaVA.
    night_epochs
        Neighbours on each side in the windows from which the night encoder learns; see
        :class:`~eegvlm.model.EegVlmConfig`.
    adaptation
        Share of a recording's own batch statistics in the enhancement network; see :class:`~eegvlm.model.EegVlmConfig`.
    evidence, evidence_readers, evidence_hidden, evidence_sharpness, evidence_weight
        What was measured, beside the pictures: ``tokens`` of an EEG-VLM, see :class:`~eegvlm.model.EegVlmConfig`;
        ``text`` in the prompt of a base that is not a LLaVA, see :class:`~eegvlm.model.StagerSettings`.
    picture_agreement
        By which agreement with the evidence pictures count; see :class:`~eegvlm.model.EegVlmConfig`.
    classifier_weight
        Of the enhancement network's classifier beside the label tokens; see :class:`~eegvlm.model.EegVlmConfig`.
    stage_labels
        What a base that is not a LLaVA answers, in the order W, N1, N2, N3, R. An EEG-VLM has one token for each.
    """

    base: str = ""
    preset: str = "nano"
    layout: str = "nano"
    vocab_size: int = 1024
    prompt: str = "<image>Stage:"
    reasoned_prompt: str = "<image>Reasons:"
    alignment: Literal["", "add", "concat", "fused-only", "none"] = ""
    enhancement: EnhancementRecipe = field(default_factory=EnhancementRecipe)
    enhancement_members: int = 0
    context_epochs: int = 0
    night_epochs: int = 0
    adaptation: float = 0.0
    classifier_weight: float = 0.0
    evidence: Literal["none", "tokens", "text"] = "none"
    evidence_readers: int = 2
    evidence_hidden: int = 64
    evidence_sharpness: float = 1.0
    evidence_weight: float = 1.0
    picture_agreement: tuple[float, float] = (0.0, 0.0)
    stage_labels: tuple[str, ...] = ("W", "N1", "N2", "N3", "REM")
