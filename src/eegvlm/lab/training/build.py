"""The model that a recipe names, with its processor.

Three ways lead there: an EEG-VLM to go on from, a stock LLaVA with an enhancement built around it, or a preset with
random weights. A stock LLaVA keeps its tokenizer, which gets the stages' labels (:mod:`eegvlm.lab.training.labels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoTokenizer, PreTrainedConfig, set_seed
from transformers.image_processing_base import ImageProcessingMixin

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.training.general_base import build_general
from eegvlm.lab.training.labels import add_labels
from eegvlm.lab.training.model_recipe import ModelRecipe
from eegvlm.lab.training.objectives import OBJECTIVES
from eegvlm.lab.training.precision import frozen_dtype
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.tokenizer import IMAGE, train_tokenizer
from eegvlm.model import EegVlmConfig, EegVlmForConditionalGeneration, EegVlmProcessor, checkpoint_path, preset
from eegvlm.model.loading import UNREADABLE
from eegvlm.model.presets import BACKBONES, PRESETS

_PAPERS = {"alignment": "add", "backbone": "resnet-18"}


def build(recipe: Recipe) -> tuple[Any, Any]:
    """Return the recipe's model and its processor; :mod:`.general_base` has those of a base that is not a LLaVA.

    Raises
    ------
    InputError
        If there is no such base or preset, or what is to be built around it does not fit.
    """
    prompts = {"direct": recipe.model.prompt}
    if any("reasoned" in OBJECTIVES[phase.objective].settings for phase in recipe.phases):
        prompts["reasoned"] = recipe.model.reasoned_prompt
    set_seed(recipe.seed)
    if not recipe.model.base:
        _check_evidence(recipe.model)
        return _preset(recipe, prompts)
    fields = _config_of(recipe.model.base)
    _check_evidence(recipe.model, fields.get("model_type", ""))
    match fields.get("model_type"):
        case EegVlmConfig.model_type:
            with _weights_of(recipe.model.base):
                return _own(recipe, prompts)
        case "llava":
            with _weights_of(recipe.model.base):
                return _stock(recipe, fields, prompts)
        case _:
            return build_general(recipe)


def geometry(recipe: Recipe) -> Any:
    """Return the configuration of the recipe's model; no weights are read.

    A stock LLaVA-1.5 on the hub has the geometry of its preset, and is not asked for.

    Raises
    ------
    InputError
        If there is no such base or preset.
    """
    settings = recipe.model
    if not settings.base:
        _check_evidence(settings)
        if settings.preset not in PRESETS:
            raise InputError("recipe", "model.preset", settings.preset, f"there are {', '.join(PRESETS)}")
        surroundings = _surroundings(settings, preset(settings.preset))
        config = _configured(settings, {**PRESETS[settings.preset](), **surroundings})
        config.text_config.vocab_size = settings.vocab_size
        return config
    name = settings.base.rpartition("/")[2].removesuffix("-hf")
    if "/" in settings.base and name in PRESETS and not Path(settings.base).exists():  # nano alone is packaged
        _check_evidence(settings)
        return _configured(settings, {**PRESETS[name](), **_surroundings(settings, preset(name))})
    fields = _config_of(settings.base)
    _check_evidence(settings, fields.get("model_type", ""))
    match fields.get("model_type"):
        case EegVlmConfig.model_type:
            return EegVlmConfig.from_dict(fields)
        case "llava":
            return _configured(settings, {**fields, **_surroundings(settings, EegVlmConfig.from_dict(fields))})
        case _:
            return AutoConfig.for_model(**fields)


def layout_of(recipe: Recipe) -> ImageLayout:
    """Return how the recipe's model sees epochs: an EEG-VLM's own layout where it goes on from one.

    Raises
    ------
    InputError
        If there is no such base or layout.
    """
    base = recipe.model.base
    if base and _config_of(base).get("model_type") == EegVlmConfig.model_type:
        layout: ImageLayout = EegVlmProcessor.from_pretrained(checkpoint_path(base)).layout
        return layout
    return load_layout(recipe.model.layout)


def _check_evidence(settings: ModelRecipe, model_type: str = EegVlmConfig.model_type) -> None:
    """Refuse texts of what was measured for an EEG-VLM, or a LLaVA that one is built around, and tokens for others."""
    if model_type in (EegVlmConfig.model_type, "llava"):
        refused, hint = "text", "an EEG-VLM reads evidence by an encoder of its own: set it to tokens, or to none"
    else:
        refused, hint = "tokens", "a general-purpose base has no evidence encoder: set it to text, or to none"
    if settings.evidence == refused:
        raise InputError("recipe", "model.evidence", settings.evidence, hint)


def _config_of(base: str) -> dict[str, Any]:
    """Return what a base's ``config.json`` holds."""
    try:
        place: Any = checkpoint_path(base)
    except InputError:
        if base.count("/") != 1 or base.startswith((".", "/")):
            raise
        place = base  # a hub name
    try:
        fields, _ = PreTrainedConfig.get_config_dict(place)
    except (OSError, ValueError) as error:
        why = str(error).strip().partition("\n")[0].rstrip(".")
        hint = f"no checkpoint can be read there ({why}): download it, and name its folder by --set model.base=FOLDER"
        raise InputError("recipe", "model.base", base, hint) from error
    return dict(fields)


@contextmanager
def _weights_of(base: str) -> Iterator[None]:
    """Tell what cannot be read of a base as the recipe's."""
    try:
        yield
    except UNREADABLE as error:
        why = str(error).strip().partition("\n")[0].rstrip(".")
        raise InputError(
            "recipe", "model.base", base, f"it cannot be read ({why}): use a complete checkpoint"
        ) from error


def _own(recipe: Recipe, prompts: dict[str, str]) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Go on from an EEG-VLM, whose geometry, layout and tokenizer stay."""
    stated = [
        name
        for name in ("alignment", "enhancement", "enhancement_members")
        if getattr(recipe.model, name) != getattr(_UNSAID, name)
    ]
    if stated:
        hint = f"{recipe.model.base} is an EEG-VLM and keeps its geometry: leave this setting out"
        raise InputError("recipe", f"model.{stated[0]}", getattr(recipe.model, stated[0]), hint)
    folder = checkpoint_path(recipe.model.base)
    model = EegVlmForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    processor = EegVlmProcessor.from_pretrained(folder)
    processor.prompts = {**processor.prompts, **prompts}
    return model, processor


_UNSAID = ModelRecipe()


def _stock(
    recipe: Recipe, fields: dict[str, Any], prompts: dict[str, str]
) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Build enhancement, alignment and labels around a stock LLaVA."""
    base, settings = recipe.model.base, recipe.model
    plain = EegVlmConfig.from_dict(fields)
    config = _configured(settings, {**fields, **_surroundings(settings, plain)})
    model = EegVlmForConditionalGeneration.from_pretrained(base, config=config, dtype=frozen_dtype(recipe))
    if config.alignment != "none":
        model.model.enhancement.float()
    tokenizer = AutoTokenizer.from_pretrained(base)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    add_labels(tokenizer, model)
    processor = EegVlmProcessor.for_config(
        model.config,
        tokenizer,
        load_layout(settings.layout),
        prompts=prompts,
        image_token=tokenizer.convert_ids_to_tokens(config.image_token_index),
        **_normalisation(base),
    )
    return model, processor


def _preset(recipe: Recipe, prompts: dict[str, str]) -> tuple[EegVlmForConditionalGeneration, EegVlmProcessor]:
    """Make a preset's geometry with random weights and a tokenizer of its own."""
    settings = recipe.model
    if settings.preset not in PRESETS:
        raise InputError("recipe", "model.preset", settings.preset, f"there are {', '.join(PRESETS)}")
    layout = load_layout(settings.layout)
    tokenizer = train_tokenizer(vocab_size=settings.vocab_size, seed=recipe.seed)
    changes = _surroundings(settings, preset(settings.preset))
    changes["image_token_index"] = tokenizer.convert_tokens_to_ids(IMAGE)
    config = _configured(settings, {**PRESETS[settings.preset](), **changes})
    config.text_config.vocab_size = len(tokenizer)
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", getattr(tokenizer, f"{name}_token_id"))
    processor = EegVlmProcessor.for_config(
        config,
        tokenizer,
        layout,
        image_mean=[0.0] * layout.channels,
        image_std=[1.0] * layout.channels,
        prompts=prompts,
    )
    return EegVlmForConditionalGeneration(config), processor


def _surroundings(settings: ModelRecipe, config: EegVlmConfig) -> dict[str, Any]:
    """Return the fields that the recipe puts around a geometry; a preset's own stand where it says nothing."""
    without = config.enhancement_config is None
    alignment = settings.alignment or (_PAPERS["alignment"] if without else config.alignment)
    fields: dict[str, Any] = {"alignment": alignment, "context_epochs": settings.context_epochs}
    if alignment == "none":
        return {**fields, "enhancement_config": None}
    fields |= {name: getattr(settings, name) for name in ("classifier_weight", "night_epochs", "adaptation")}
    if settings.evidence != "none":
        fields |= {name: value for name, value in vars(settings).items() if name.startswith("evidence")}
        fields["picture_agreement"] = list(settings.picture_agreement)
    if settings.enhancement_members:
        fields["enhancement_members"] = settings.enhancement_members
    backbone = settings.enhancement.backbone or (_PAPERS["backbone"] if without else "")
    if not backbone:
        return fields
    if isinstance(backbone, str):
        if backbone not in BACKBONES:
            hint = f"name one of {', '.join(BACKBONES)}, or give an AutoBackbone's configuration"
            raise InputError("recipe", "model.enhancement.backbone", backbone, hint)
        backbone = BACKBONES[backbone]().to_dict()
    layers = config.vision_feature_layer
    return {
        **fields,
        "enhancement_config": backbone,
        "enhancement_size": settings.enhancement.size,
        "enhancement_grid": settings.enhancement.grid,
        "enhancement_channels": config.vision_config.hidden_size * (1 if isinstance(layers, int) else len(layers)),
    }


def _configured(settings: ModelRecipe, fields: dict[str, Any]) -> EegVlmConfig:
    """Return the configuration, its contradictions told as the recipe's."""
    try:
        return EegVlmConfig(**fields)
    except (ValueError, TypeError, StrictDataclassError) as error:
        why = error.__cause__ or error  # a class's own check comes wrapped
        raise InputError("recipe", "model", settings.base or settings.preset, f"{why}") from error


def _normalisation(base: str) -> dict[str, list[float]]:
    """Return the mean and spread of the tower's pixel values; CLIP's where the base does not say."""
    try:
        stated, _ = ImageProcessingMixin.get_image_processor_dict(base)
        return {name: list(stated[name]) for name in ("image_mean", "image_std")}
    except (OSError, KeyError):
        return {}
