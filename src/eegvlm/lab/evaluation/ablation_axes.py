"""What an ablation varies: axes of settings, and the recipes that their combinations give.

An axis is a setting of the recipe with the values that it takes, or one of three that no recipe has: ``inputs`` (what a
model that reads evidence is given when it is judged), ``modalities`` (which kinds of signals it is drawn, in training
and after), and ``phases.NAME.enabled``. A phase is called by its name: ``phases.reason.steps``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path

import yaml

from eegvlm.errors import InputError
from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.training import Recipe, read_recipe
from eegvlm.lab.training.recipe import recipe_of
from eegvlm.signals import MODALITIES
from eegvlm.staging.reading import INPUTS, Inputs

_BRACKETS = {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}


@dataclass(frozen=True)
class Axis:
    """A setting and its values.

    Parameters
    ----------
    key
        ``model.alignment``, ``phases.reason.enabled``, ``inputs``, ``modalities``.
    values
        As written; those of a recipe's setting are YAML.
    """

    key: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Read ``KEY=a,b``; a comma within brackets parts nothing.

        Raises
        ------
        InputError
            If it is written otherwise, or a value is there twice.
        """
        key, separator, written = text.partition("=")
        values = tuple(_parted(written))
        if not separator or not key.strip() or not all(values):
            raise InputError("arguments", "--over", text, "write it as KEY=a,b, such as model.alignment=none,add")
        if len(set(values)) < len(values):
            raise InputError("arguments", "--over", text, "give each value once")
        return cls(key.strip(), values)


@dataclass(frozen=True)
class Variant:
    """One combination of values.

    Parameters
    ----------
    settings
        Key of each axis to its value.
    recipe
        What is trained.
    inputs
        What the model is given when it is judged.
    layout
        How epochs are drawn, where it differs from the recipe's by the modalities that are left in it.
    """

    settings: Mapping[str, str]
    recipe: Recipe
    inputs: Inputs = "both"
    layout: ImageLayout | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The settings on one line; "as the recipe" where none is varied."""
        return ", ".join(f"{key}={value}" for key, value in self.settings.items()) or "as the recipe"


def variants(
    path: Path, axes: Sequence[Axis], *, changes: Sequence[str] = (), modalities: Sequence[str] = ()
) -> tuple[Variant, ...]:
    """Return every combination of the axes' values, in their order, the last axis fastest.

    Parameters
    ----------
    path
        The recipe's file.
    axes
        None twice.
    changes
        Settings that all variants have, as :func:`~eegvlm.lab.training.read_recipe` takes them.
    modalities
        Kinds of signals that all of them are drawn; all where empty.

    Raises
    ------
    InputError
        If a setting or a value cannot be meant, for any of the combinations.
    """
    keys = [axis.key for axis in axes]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise InputError("arguments", "--over", twice[0], "give all its values in one --over")
    if modalities and "modalities" in keys:
        raise InputError("arguments", "--modalities", ",".join(modalities), "--over modalities says them already")
    return tuple(
        _variant(path, dict(zip(keys, values, strict=True)), changes, modalities)
        for values in product(*(axis.values for axis in axes))
    )


def _variant(path: Path, settings: Mapping[str, str], changes: Sequence[str], modalities: Sequence[str]) -> Variant:
    names = [phase.name for phase in read_recipe(path, changes).phases]
    inputs, drawn_modalities, disabled, settings_of_recipe = "both", tuple(modalities), set[str](), []
    for key, value in settings.items():
        if key == "inputs":
            inputs = value
        elif key == "modalities":
            drawn_modalities = tuple(value.split("+"))
        elif key.startswith("phases.") and key.endswith(".enabled"):
            if not _enabled(key, value):
                disabled.add(_phase(key, names))
        elif key.startswith("data.split"):
            hint = "all variants are tested on the same persons: give it with --set, or see --folds"
            raise InputError("arguments", "--over", key, hint)
        else:
            settings_of_recipe.append(f"{_numbered(key, names)}={value}")
    recipe = read_recipe(path, [*changes, *settings_of_recipe])
    if disabled:
        enabled = tuple(phase for phase in recipe.phases if phase.name not in disabled)
        recipe = recipe_of(asdict(replace(recipe, phases=enabled)), path)
    if not recipe.phases:
        raise InputError(path, "phases", "none enabled", "leave one of them enabled")
    if inputs not in INPUTS:
        raise InputError("arguments", "--over inputs", inputs, f"choose from {', '.join(INPUTS)}")
    if inputs != "both" and recipe.model.evidence == "none" and not recipe.model.base:
        raise InputError("arguments", "--over inputs", inputs, "the recipe's model reads pictures alone: leave it out")
    layout = None if not drawn_modalities else _layout_of(recipe, drawn_modalities)
    return Variant(settings, recipe, inputs, layout)


def _parted(text: str) -> Iterable[str]:
    depth, begin = 0, 0
    for place, sign in enumerate(text):
        depth += _BRACKETS.get(sign, 0)
        if sign == "," and depth == 0:
            yield text[begin:place].strip()
            begin = place + 1
    yield text[begin:].strip()


def _enabled(key: str, value: str) -> bool:
    enabled = yaml.safe_load(value)
    if not isinstance(enabled, bool):
        raise InputError("arguments", f"--over {key}", value, "choose from true, false")
    return enabled


def _phase(key: str, names: Sequence[str]) -> str:
    name = key.split(".")[1]
    if name not in names:
        raise InputError("arguments", "--over", key, f"the recipe's phases are {', '.join(names)}")
    return name


def _numbered(key: str, names: Sequence[str]) -> str:
    """Name a phase by its place in the recipe, as settings of lists are."""
    parts = key.split(".")
    if parts[0] == "phases" and len(parts) > 2 and not parts[1].isdigit():
        parts[1] = str(names.index(_phase(key, names)))
    return ".".join(parts)


def _layout_of(recipe: Recipe, modalities: Sequence[str]) -> ImageLayout:
    """Return the recipe's layout with the panels of some modalities alone; the place of others stays empty."""
    for name in modalities:
        if name not in MODALITIES:
            raise InputError("arguments", "modalities", name, f"choose from {', '.join(MODALITIES)}")
    layout = load_layout(recipe.model.layout)
    panels = tuple(panel for panel in layout.panels if any(role.modality in modalities for role in panel.roles))
    panel_modalities = {role.modality for panel in panels for role in panel.roles}
    if lacking := [name for name in modalities if name not in panel_modalities]:
        hint = f"layout {layout.name} draws {', '.join(dict.fromkeys(p.roles[0].modality for p in layout.panels))}"
        raise InputError("arguments", "modalities", ", ".join(lacking), hint)
    if "eeg" not in modalities:
        hint = "keep the EEG: epochs without it are not staged"
        raise InputError("arguments", "modalities", "+".join(modalities), hint)
    return replace(layout, name=f"{layout.name}-{'-'.join(modalities)}", panels=panels)
