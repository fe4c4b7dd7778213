"""Configuration of EEG-VLM: LLaVA's, plus an enhancement backbone and how its features are aligned.

Notable: everything LLaVA knows (tower, projector, language model, image token) keeps LLaVA's names, so a
stock LLaVA ``config.json`` is a valid configuration with no enhancement (``alignment="none"``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, LlavaConfig, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import eegvlm.model.strip_configuration  # noqa: F401 (registers it with AutoConfig)
from eegvlm.evidence import entry_places

Alignment = Literal["add", "concat", "fused-only", "none"]
Evidence = Literal["none", "tokens"]


@strict
class EegVlmConfig(LlavaConfig):
    r"""Configuration of :class:`~eegvlm.model.EegVlmForConditionalGeneration`.

    Parameters
    ----------
    enhancement_config
        Configuration of any ``AutoBackbone`` (ResNet, ConvNeXt ...); its last ``out_features`` stage is used.
        ``None`` where ``alignment`` is ``"none"``.
    enhancement_channels
        Width of a high-level vector, to which the chosen stage is widened; it must equal the width of the tower's
        features, because both levels pass through one projector. The paper's is 1024.
    enhancement_members
        Networks that learn apart, each of which gives an equal part of a high-level vector. The paper's is 1.
    enhancement_grid
        Side g of the grid to which the stage is pooled: g x g high-level vectors a picture. The paper's is 1.
    enhancement_size
        Side in pixels to which the picture is resized for the backbone; ``None`` leaves it as drawn.
        The paper's is 224.
    alignment
        What the language model reads. ``"add"`` (the paper's): the plain tokens, then the plain tokens plus
        the repeated high-level token. ``"concat"``: the plain tokens, then the high-level tokens.
        ``"fused-only"``: the second half of ``"add"``. ``"none"``: plain LLaVA.
    context_epochs
        Neighbours k on each side whose high-level vectors the language model reads as one token each, before
        the picture's own tokens. Needs an enhancement with ``enhancement_grid`` 1.
    night_epochs
        Neighbours on each side in the windows from which the night encoder (:mod:`eegvlm.model.night`) learns; staging,
        it reads the whole recording. 0: there is none. Needs what ``context_epochs`` needs.
    night_readers
        Readers of the night that it averages, of each member of the enhancement.
    night_hidden, night_dropout
        Width of a reader's recurrent state in each direction, and its dropout in training.
    adaptation
        Share of a recording's own batch statistics in the enhancement network where vectors of its night are computed
        (:meth:`.enhancement.EnhancementNetwork.adapted`). 0: the network is the same for all. Needs ``context_epochs``
        or ``night_epochs``.
    evidence
        ``"tokens"``: what was measured in the epochs (:mod:`eegvlm.evidence.vector`) is read beside their pictures, by
        the evidence encoder (:mod:`eegvlm.model.evidence_encoder`); its vectors go to the night encoder, to the
        language model as a token, and its answer to the classifier. ``"none"``: pictures alone.
    evidence_entries
        Names of the entries, in the order in which the encoder learnt them; those of this version where empty.
    evidence_readers, evidence_hidden, evidence_dropout
        Readers that are pooled, the width of their recurrent state in each direction, their dropout in training.
    evidence_sharpness
        By what the pooled log probabilities of the readers are multiplied.
    evidence_weight
        Weight of the evidence encoder's log probabilities where a stage is read: in a logarithmic pool with the logits
        of those that have seen the picture, whose weight is 1, or less (``picture_agreement``). The night encoder and
        the language model read evidence in any case.
    picture_agreement
        Shares of a recording's epochs to which the enhancement network and the evidence encoder give the same stage: at
        the first, pictures count for nothing, from the second on in full, and in between in proportion. Equal: always
        in full.
    unfamiliar_widening
        Temperature by which the probabilities of a recording unlike those in training are widened, for each unit of its
        distance beyond the limit (:mod:`.familiarity`).
    classifier_weight
        Weight of the logits of the enhancement network's own classifier, which are added to those of the five label
        tokens where a stage is read. 0: the language model alone decides.
    stage_temperature
        Temperature of the softmax over the five label tokens, fitted on subjects not trained on.
    stage_prior
        Shares of W, N1, N2, N3, R among the epochs it learnt from: what its probabilities are measured against where
        they are evidence in posterior smoothing. ``None``: those of real nights.
    smoothing
        ``"posterior"`` or ``"none"``: which of both made the stages of subjects not trained on more likely, and so is
        what a night is staged with where nothing else is asked for.
    smoothing_strength, smoothed_temperature
        Weight of the model's evidence in posterior smoothing (:mod:`eegvlm.hypnogram.smoothing`), and the
        temperature of the probabilities that come out of it; fitted in the same way.
    training_record
        Who it was trained and validated on, as salted hashes (``eegvlm.lab.datasets.training_record``); ``None``
        where that is not known.
    **kwargs
        LLaVA's: ``vision_config``, ``text_config``, ``image_token_index``, ``vision_feature_layer`` ...

    References
    ----------
    EEG-VLM: arXiv:2511.19155, sections on visual enhancement and multi-level alignment.
    """

    model_type = "eeg_vlm"

    enhancement_config: dict[str, Any] | PreTrainedConfig | None = None
    enhancement_channels: int = 1024
    enhancement_members: int = 1
    enhancement_grid: int = 1
    enhancement_size: int | None = None
    alignment: Alignment = "none"
    context_epochs: int = 0
    night_epochs: int = 0
    night_readers: int = 1
    night_hidden: int = 64
    night_dropout: float = 0.3
    adaptation: float = 0.0
    classifier_weight: float = 0.0
    evidence: Evidence = "none"
    evidence_entries: list[str] | tuple[str, ...] = ()
    evidence_readers: int = 2
    evidence_hidden: int = 64
    evidence_dropout: float = 0.3
    evidence_sharpness: float = 1.0
    evidence_weight: float = 1.0
    picture_agreement: tuple[float, float] | list[float] = (0.0, 0.0)
    unfamiliar_widening: float = 1.0
    stage_temperature: float = 1.0
    stage_prior: list[float] | tuple[float, ...] | None = None
    smoothing: Literal["none", "posterior"] = "posterior"
    smoothing_strength: float = 0.7
    smoothed_temperature: float = 1.0
    training_record: dict[str, Any] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        """Build the backbone's configuration from its dictionary, then everything LLaVA builds."""
        if isinstance(self.enhancement_config, dict):
            fields = dict(self.enhancement_config)
            model_type = fields.pop("model_type", None)
            if model_type not in CONFIG_MAPPING:
                raise ValueError(f"enhancement_config: model_type {model_type!r} is not a known backbone")
            self.enhancement_config = CONFIG_MAPPING[model_type](**fields)
        self.name_evidence_entries()
        kwargs.pop("model_type", None)  # a stock LLaVA's configuration says "llava"; read here, it is ours
        super().__post_init__(**kwargs)

    def name_evidence_entries(self) -> None:
        """Name the entries of this version where none are; the model sees to it, too, where a field was set later.

        Raises
        ------
        ValueError
            If an entry is named that this version cannot measure.
        """
        if not self.reads_evidence:
            return
        measurable = entry_places()
        self.evidence_entries = list(self.evidence_entries) or list(measurable)
        if unknown := sorted(set(self.evidence_entries) - set(measurable)):
            raise ValueError(f"evidence_entries: {', '.join(unknown[:3])} cannot be measured by this version")

    def validate_alignment(self) -> None:
        """Refuse an alignment that lacks its enhancement, or widths that one projector cannot take.

        Raises
        ------
        ValueError
            Naming the field and what it has to be.
        """
        if self.enhancement_members < 1 or self.enhancement_channels % self.enhancement_members:
            raise ValueError(
                f"enhancement_members is {self.enhancement_members}: set it to a divisor of enhancement_channels, "
                f"{self.enhancement_channels}"
            )
        for field in ("context_epochs", "night_epochs"):
            if getattr(self, field) and (self.alignment == "none" or self.enhancement_grid != 1):
                raise ValueError(f"{field} needs an enhancement with enhancement_grid 1: one vector an epoch")
        if not 0 <= self.adaptation <= 1:
            raise ValueError(f"adaptation is {self.adaptation}, but a share: set it between 0 and 1")
        if self.adaptation and not self.reads_night:
            raise ValueError("adaptation needs context_epochs or night_epochs: vectors of a whole recording")
        if self.classifier_weight and self.alignment == "none":
            raise ValueError("classifier_weight needs an enhancement, whose classifier it weighs")
        if self.evidence == "tokens" and (self.alignment == "none" or self.enhancement_grid != 1):
            raise ValueError("evidence needs an enhancement with enhancement_grid 1: one vector an epoch beside it")
        for field, fits, hint in (
            ("evidence", self.evidence in ("none", "tokens"), "none or tokens"),
            ("evidence_readers", self.evidence_readers >= 1, "1 or more"),
            ("evidence_hidden", self.evidence_hidden >= 1, "1 or more"),
            ("evidence_dropout", 0 <= self.evidence_dropout < 1, "a share below 1"),
            ("evidence_sharpness", 0 < self.evidence_sharpness < float("inf"), "a number above 0"),
            ("evidence_weight", 0 <= self.evidence_weight < float("inf"), "0 or more"),
            ("picture_agreement", _are_shares(self.picture_agreement), "two shares, the lower one first"),
            ("unfamiliar_widening", 0 <= self.unfamiliar_widening < float("inf"), "0 or more"),
        ):
            if not fits:
                raise ValueError(f"{field} is {getattr(self, field)}: set it to {hint}")
        if self.alignment == "none":
            if self.enhancement_config is not None:
                raise ValueError("alignment 'none' reads no enhancement: set enhancement_config to None")
            return
        if self.enhancement_config is None:
            raise ValueError(f"alignment '{self.alignment}' needs an enhancement_config (any AutoBackbone's)")
        layers = self.vision_feature_layer
        width = self.vision_config.hidden_size * (1 if isinstance(layers, int) else len(layers))
        if self.enhancement_channels != width:
            raise ValueError(
                f"enhancement_channels is {self.enhancement_channels}, but the projector it shares with the "
                f"tower takes {width}: set enhancement_channels to {width}"
            )

    @property
    def member_channels(self) -> int:
        """Width of the part of a high-level vector that each member of the enhancement gives."""
        return self.enhancement_channels // self.enhancement_members

    @property
    def reads_evidence(self) -> bool:
        """Whether the model is given what was measured."""
        return self.evidence == "tokens"

    @property
    def evidence_columns(self) -> list[int]:
        """Places of the entries that the model knows, in its order, among those of this version."""
        return [entry_places()[name] for name in self.evidence_entries]

    @property
    def evidence_channels(self) -> int:
        """Width of what the evidence encoder makes of an epoch: hidden states, and five log probabilities; 0: none."""
        return self.evidence_readers * self.evidence_hidden + 5 if self.reads_evidence else 0

    @property
    def reads_night(self) -> bool:
        """Whether the model is given vectors of the night: of other epochs, or of what was measured."""
        return self.context_epochs > 0 or self.night_epochs > 0 or self.reads_evidence

    @property
    def tower_grid(self) -> tuple[int, int]:
        """Rows and columns of the tower's patches."""
        size, patch = self.vision_config.image_size, self.vision_config.patch_size
        height, width = (size, size) if isinstance(size, int) else size
        patch_height, patch_width = (patch, patch) if isinstance(patch, int) else patch
        return height // patch_height, width // patch_width

    @property
    def visual_blocks(self) -> list[int]:
        """Number of visual tokens in each block the language model reads, in order, newline between them."""
        rows, columns = self.tower_grid
        has_class_token = "clip" in self.vision_config.model_type and "siglip" not in self.vision_config.model_type
        low = rows * columns + (has_class_token and self.vision_feature_select_strategy == "full")
        blocks = {"add": [low, low], "concat": [low, self.enhancement_grid**2]}.get(self.alignment, [low])
        beside = 2 * self.context_epochs + self.reads_evidence
        return [beside, *blocks] if beside else blocks


def _are_shares(shares: Sequence[float]) -> bool:
    """Whether these are two shares, the first not above the second."""
    return len(shares) == 2 and 0 <= shares[0] <= shares[1] <= 1


AutoConfig.register(EegVlmConfig.model_type, EegVlmConfig, exist_ok=True)
