"""How a setting of a recipe is replaced by ``key=value``; the recipe's dataclasses say which there are."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from eegvlm.core.strict_reading import in_words, is_plain, meant, without_none
from eegvlm.errors import InputError


def replace_setting(path: Path, recipe: type, fields: dict[str, Any], change: str) -> None:
    """Apply one ``a.b=value`` in place.

    Parameters
    ----------
    path
        The recipe's file, for messages.
    recipe
        The dataclass of all settings.
    fields
        What the file states.
    change
        The value is YAML. An entry of a list is named by its number, from 0 on, or by its own ``name``.
        ``model=PRESET`` puts a preset with random weights in the place of the base.

    Raises
    ------
    InputError
        If it is not written so, there is no such setting, or the value is no YAML.
    """
    name, separator, text = change.partition("=")
    parts = name.strip().split(".")
    if not separator or not all(parts):
        raise InputError(path, "setting", change, "write it as key=value, such as seed=1 or phases.0.steps=100")
    _check_exists(path, recipe, parts, change)
    place, key = _place_of(path, fields, parts, change)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(path, "setting", change, "the value is no YAML: close its brackets, or quote it") from error
    if not text and isinstance(place, dict) and isinstance(place.get(key), str):
        value = ""  # YAML reads nothing as null
    if parts == ["model"] and isinstance(value, str):
        value = {**fields.get("model", {}), "base": "", "preset": value, "enhancement": {}}
    place[key] = value


def _check_exists(path: Path, recipe: type, parts: list[str], change: str) -> None:
    """Refuse a name that no recipe has, and say which there are."""
    kind: Any = recipe
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            if part not in hints:
                raise InputError(
                    path, "setting", change, f"unknown key {part}: {meant(part, kind, above or 'a recipe')}"
                )
            kind = without_none(hints[part])
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        elif is_plain(kind):
            raise InputError(path, "setting", change, f"{above} is {in_words(kind)}, and holds no {part}")
        else:
            return  # a mapping whose keys are the user's own


def _place_of(path: Path, fields: dict[str, Any], parts: list[str], change: str) -> tuple[Any, Any]:
    """Return the mapping or list in which a setting stands, and its key there."""
    place: Any = fields
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        if isinstance(place, list):
            key: Any = _entry(path, place, part, above, change)
        elif isinstance(place, dict) and not (part.isdigit() and part not in place):
            key = part
        else:
            hint = f"this recipe states no entries of {above}: give them as a whole, {above}=..."
            raise InputError(path, "setting", change, hint)
        if depth == len(parts) - 1:
            return place, key
        place = place[key] if isinstance(place, list) else place.setdefault(key, {})
    raise AssertionError("a name has parts")


def _entry(path: Path, entries: list[Any], part: str, above: str, change: str) -> int:
    """Return which entry of a list is meant."""
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if part.isdigit() and int(part) < len(entries):
        return int(part)
    if names.count(part) == 1:
        return names.index(part)
    named = ", ".join(str(name) for name in names if name is not None)
    choices = f"entries 0 to {len(entries) - 1}" if entries else "no entry"
    raise InputError(
        path, "setting", change, f"no such setting: {above} has {choices}{f', named {named}' if named else ''}"
    )
