"""A general-purpose vision-language model as a recipe's base: any image-text-to-text model and its own processor."""

from __future__ import annotations

from typing import Any

from eegvlm.errors import InputError
from eegvlm.lab.training.general_data import general_processor
from eegvlm.lab.training.objectives import GENERAL_OBJECTIVES
from eegvlm.lab.training.precision import frozen_dtype
from eegvlm.lab.training.recipe import Recipe
from eegvlm.lab.training.trainable_weights import PARTS
from eegvlm.model import GeneralProcessor
from eegvlm.model.general import load_general_model


def build_general(recipe: Recipe) -> tuple[Any, GeneralProcessor]:
    """Return the recipe's base with what makes it a stager.

    Raises
    ------
    InputError
        If there is no such base, or the recipe asks for what such a model has not: an objective that it lacks,
        softened targets, or a part that it lacks.
    """
    processor = general_processor(recipe)
    model = load_general_model(recipe.model.base, frozen_dtype(recipe))
    _check(recipe, model)
    return model, processor


def _check(recipe: Recipe, model: Any) -> None:
    if any(source.teacher != "none" for source in recipe.data.train.simulated):
        hint = "a general-purpose base learns each epoch's one label: set it to none"
        raise InputError("recipe", "data.train.simulated.teacher", "softened stages", hint)
    names = [name for name, _ in model.named_parameters()]
    for phase in recipe.phases:
        where = f"phase {phase.name}"
        if phase.objective not in GENERAL_OBJECTIVES:
            hint = f"a general-purpose base learns by objective {', '.join(GENERAL_OBJECTIVES)} alone"
            raise InputError("recipe", where, phase.objective, hint)
        if phase.label_smoothing:
            hint = "labels are texts of several tokens, which are learnt as they are: set it to 0"
            raise InputError("recipe", where, f"label_smoothing {phase.label_smoothing}", hint)
        for part in phase.trains:
            if not any(name.startswith(PARTS[part]) for name in names):
                hint = f"a {type(model).__name__} has no part of this name that can be trained apart"
                raise InputError("recipe", where, f"trains {part}", hint)
