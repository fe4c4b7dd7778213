"""Which settings a recipe has, told by its dataclasses, and how one is replaced by ``key=value``.

The checks come before the recipe is built, so that an error names the setting as the user wrote it.
"""

from __future__ import annotations

import types
from dataclasses import is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from eegvlm.errors import InputError

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


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


def check_lists(path: Path, kind: Any, value: Any, place: str = "") -> None:
    """Refuse what is no list where one is meant: a text would be taken for a list of its letters.

    Parameters
    ----------
    path
        The recipe's file, for messages.
    kind
        The type of the value.
    value
        What the file states: mappings, lists and plain values.
    place
        Where it stands, ``data.train.recorded``.

    Raises
    ------
    InputError
        Naming the setting.
    """
    kind = _without_none(kind)
    if is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        for key in value.keys() & hints.keys():
            if value[key] is None and type(None) in get_args(hints[key]):
                continue
            check_lists(path, hints[key], value[key], f"{place}.{key}" if place else key)
    elif get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(path, place, "null" if value is None else value, f"give {in_words(kind)}")
        of_entries = get_args(kind)[0]
        for number, entry in enumerate(value):
            if is_dataclass(of_entries) and not isinstance(entry, dict):
                raise InputError(path, f"{place}.{number}", entry, f"give {in_words(of_entries)}")
            check_lists(path, of_entries, entry, f"{place}.{number}")


def in_words(kind: Any) -> str:
    """Say what may be given for a type: "a whole number", "one of add, concat", "a list in brackets, ..."."""
    kind = _without_none(kind)
    if _is_union(kind):
        return " or ".join(dict.fromkeys(in_words(choice) for choice in get_args(kind)))
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) is tuple:
        entries = get_args(kind)
        count = "" if Ellipsis in entries else f" of {len(entries)}"
        return f"a list in brackets{count}, each of them {in_words(entries[0])}"
    return _WORDS.get(kind, "a mapping of settings, such as {key: value}")


def _check_exists(path: Path, recipe: type, parts: list[str], change: str) -> None:
    """Refuse a name that no recipe has, and say which there are."""
    kind: Any = recipe
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            if part not in hints:
                alike = get_close_matches(part, hints, n=1)
                meant = f"did you mean {alike[0]}?" if alike else f"{above or 'a recipe'} has {', '.join(hints)}"
                raise InputError(path, "setting", change, f"unknown key {part}: {meant}")
            kind = _without_none(hints[part])
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        elif kind in _WORDS or get_origin(kind) is Literal:
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


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _without_none(kind: Any) -> Any:
    """Return the type of an optional value; a union of several others as it is."""
    if not _is_union(kind):
        return kind
    others = [choice for choice in get_args(kind) if choice is not type(None)]
    return others[0] if len(others) == 1 else kind
