"""A recipe: everything that decides what a training run produces, as data.

A recipe is a YAML file whose keys are the fields below. A key that is not one of them is refused, so that a
misspelt setting cannot be ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import dacite
import yaml

from eegvlm.errors import InputError
from eegvlm.simulation import Randomisation


@dataclass(frozen=True)
class ModelRecipe:
    """What is trained: a preset's geometry with a new tokenizer, drawn by a layout, asked by a prompt."""

    preset: str = "nano"
    layout: str = "nano"
    vocab_size: int = 1024
    prompt: str = "<image>Stage:"


@dataclass(frozen=True)
class SimulatedNights:
    """Simulated nights; night k has the seed ``first_seed + k`` and a subject of its own.

    Its EEG derivation is the one that ``eeg`` has at the place of its seed, in turn.
    """

    nights: int = 24
    hours: float = 8.0
    first_seed: int = 0
    eeg: tuple[str, ...] = ("EEG C4-M1", "EEG Fpz-Cz", "EEG C3-M2", "EEG F4-M1", "EEG Pz-Oz")


@dataclass(frozen=True)
class DataRecipe:
    """What is learnt from, and on which other subjects it is watched and calibrated."""

    train: SimulatedNights = field(default_factory=SimulatedNights)
    validation: SimulatedNights = field(default_factory=lambda: SimulatedNights(nights=3, first_seed=1_000_000))
    randomisation: Randomisation = field(default_factory=Randomisation)
    channel_drop: float = 0.3


@dataclass(frozen=True)
class Phase:
    """One phase of training.

    Parameters
    ----------
    name
        Also the name of its folder.
    objective
        ``classify``: the enhancement network alone, cross-entropy of its classifier. ``answer``: the whole
        model, cross-entropy of the label token and the end of the answer.
    trains
        Parts whose weights move: any of ``enhancement``, ``tower``, ``projector``, ``language``.
    """

    name: str
    objective: Literal["classify", "answer"]
    trains: tuple[Literal["enhancement", "tower", "projector", "language"], ...]
    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.05
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """A whole run: a model, its data, its phases in order."""

    name: str
    phases: tuple[Phase, ...]
    model: ModelRecipe = field(default_factory=ModelRecipe)
    data: DataRecipe = field(default_factory=DataRecipe)
    seed: int = 0
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    checkpoint_steps: int = 250


def read_recipe(path: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path
        A YAML file.
    changes
        ``a.b=value`` settings that replace the file's; the value is YAML.

    Raises
    ------
    InputError
        If the file is no YAML mapping, a key is unknown, or a value has the wrong type.
    """
    path = Path(path)
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, "recipe", error, "give a YAML file such as recipes/nano.yaml") from error
    if not isinstance(fields, dict):
        raise InputError(path, "recipe", type(fields).__name__, "a recipe is a mapping of settings")
    for change in changes:
        _change(path, fields, change)
    recipe = _build(fields, path)
    if len({phase.name for phase in recipe.phases}) < len(recipe.phases):
        raise InputError(path, "phases", [phase.name for phase in recipe.phases], "give every phase its own name")
    return recipe


def _change(path: Path, fields: dict[str, Any], change: str) -> None:
    """Apply one ``a.b=value`` in place; a list's entry is named by its number."""
    name, separator, text = change.partition("=")
    if not separator:
        raise InputError(path, "--set", change, "write it as key=value")
    *parents, last = name.split(".")
    place: Any = fields
    try:
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        place[int(last) if isinstance(place, list) else last] = yaml.safe_load(text)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(path, "--set", change, "no such setting in this recipe") from error


def _build(fields: dict[str, Any], path: Path) -> Recipe:
    """Return the recipe; unknown keys, missing keys and wrong types are refused by name."""
    config = dacite.Config(strict=True, cast=[tuple], type_hooks={float: _as_float})
    try:
        return dacite.from_dict(Recipe, fields, config)
    except dacite.UnexpectedDataError as error:
        raise InputError(
            path, "recipe", f"unknown key {', '.join(sorted(error.keys))}", "correct its spelling"
        ) from error
    except dacite.MissingValueError as error:
        raise InputError(path, "recipe", f"no {error.field_path}", "add it") from error
    except dacite.DaciteFieldError as error:
        raise InputError(path, str(error.field_path), error, "correct this setting") from error
    except ValueError as error:
        raise InputError(path, "recipe", error, "correct this setting") from error


def _as_float(value: Any) -> Any:
    """Take whole numbers where a float is meant; leave the rest for the type check to refuse."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
