"""A general-purpose vision-language model as a recipe's base: any image-text-to-text model and its own processor."""

from __future__ import annotations

from typing import Any

from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.model import GeneralProcessor, StagerSettings
from eegvlm.model.general import load_general_model
from eegvlm.training.moved import PARTS
from eegvlm.training.precision import frozen_dtype
from eegvlm.training.recipe import Recipe
from eegvlm.training.tokenizer import IMAGE


def build_general(recipe: Recipe) -> tuple[Any, GeneralProcessor]:
    """Return the recipe's base with what makes it a stager.

    Raises
    ------
    InputError
        If there is no such base, or the recipe asks for what such a model has not: another objective than ``answer``,
        softened targets, or a part that it lacks.
    """
    processor = general_processor(recipe)
    model = load_general_model(recipe.model.base, frozen_dtype(recipe))
    _check(recipe, model)
    return model, processor


def general_processor(recipe: Recipe) -> GeneralProcessor:
    """Return the base's own processor, drawing and asking as the recipe says.

    Raises
    ------
    InputError
        If the base has none, or a package is missing that it is built on.
    """
    said = recipe.model
    settings = StagerSettings(
        load_layout(said.layout),
        prompt=said.prompt.replace(IMAGE, "").strip(),  # the model's own processor says where the pictures stand
        stage_labels=said.stage_labels,
        context_epochs=said.context_epochs,
        evidence="text" if said.evidence == "text" else "none",
    )
    return GeneralProcessor.from_pretrained(said.base, settings)


def _check(recipe: Recipe, model: Any) -> None:
    if any(source.teacher != "none" for source in recipe.data.train.simulated):
        hint = "a general-purpose base learns each epoch's one label: set it to none"
        raise InputError("recipe", "data.train.simulated.teacher", "softened stages", hint)
    names = [name for name, _ in model.named_parameters()]
    for phase in recipe.phases:
        where = f"phase {phase.name}"
        if phase.objective != "answer":
            raise InputError(
                "recipe", where, phase.objective, "a general-purpose base learns by objective answer alone"
            )
        if phase.label_smoothing:
            hint = "labels are texts of several tokens, which are learnt as they are: set it to 0"
            raise InputError("recipe", where, f"label_smoothing {phase.label_smoothing}", hint)
        for part in phase.trains:
            if not any(name.startswith(PARTS[part]) for name in names):
                hint = f"a {type(model).__name__} has no part of this name that can be trained apart"
                raise InputError("recipe", where, f"trains {part}", hint)
