"""Strict reading: what a YAML or JSON file states becomes a dataclass, or is refused by the name of the setting.

pydantic checks; nothing is taken for something else but a whole number for a float and a list for a tuple. A dataclass
that is read says with ``__pydantic_config__ = {"extra": "forbid"}`` that keys which are no fields are refused, those of
the dataclasses in it too.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from eegvlm.errors import InputError

T = TypeVar("T")
Place = Sequence[str | int]

_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def read_strictly(kind: type[T], fields: Any, path: Path, what: str) -> T:
    """Return a dataclass of what a file states.

    Parameters
    ----------
    kind
        The dataclass; its fields may be dataclasses, tuples, mappings, literals and plain values.
    fields
        Mappings, lists and plain values, as YAML and JSON give them.
    path, what
        The file, and what it is called in messages: ``recipe``.

    Raises
    ------
    InputError
        If a key is unknown or missing, or a value is of another type. Where several are wrong, all are named.
    """
    from pydantic import ValidationError

    try:
        text = json.dumps(fields, default=str)
    except ValueError as error:  # an anchor of YAML may stand in what it names
        raise InputError(path, what, error, "write out what holds itself") from error
    try:
        # as JSON, for lists are tuples there, and a text is still no number
        return _adapter(kind).validate_json(text, strict=True)  # type: ignore[no-any-return, arg-type]
    except ValidationError as error:
        problems = error.errors(include_url=False)
        (setting, value, hint), *further = dict.fromkeys(_said(kind, fields, problem, what) for problem in problems)
        more = "".join(f"; and {at}: {content}; {remedy}" for at, content, remedy in further)
        raise InputError(path, setting, value, hint + more) from error


def in_words(kind: Any) -> str:
    """Say what may be given for a type: "a whole number", "one of add, concat", "a list in brackets, ..."."""
    kind = without_none(kind)
    if _is_union(kind):
        return " or ".join(dict.fromkeys(in_words(choice) for choice in get_args(kind)))
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) is tuple:
        entries = get_args(kind)
        count = "" if Ellipsis in entries else f" of {len(entries)}"
        return f"a list in brackets{count}, each of them {in_words(entries[0])}"
    return _WORDS.get(kind, "a mapping of settings, such as {key: value}")


def is_plain(kind: Any) -> bool:
    """Tell whether a type is a number, a text, a truth or one of a few words: nothing lies in it."""
    return kind in _WORDS or get_origin(kind) is Literal


def without_none(kind: Any) -> Any:
    """Return the type of an optional value; a union of several others as it is."""
    if not _is_union(kind):
        return kind
    others = [choice for choice in get_args(kind) if choice is not type(None)]
    return others[0] if len(others) == 1 else kind


def meant(name: str, kind: Any, holder: str) -> str:
    """Say which field of a dataclass a misspelt one may have been: "did you mean steps?", or which the holder has."""
    hints = get_type_hints(kind)
    alike = get_close_matches(name, hints, n=1)
    return f"did you mean {alike[0]}?" if alike else f"{holder} has {', '.join(hints)}"


@cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _said(kind: type, fields: Any, problem: Any, what: str) -> tuple[str, str, str]:
    """Return the setting, or what the whole is called, what is wrong with it, and what to do."""
    place = list(_stated(fields, problem["loc"]))
    name = ".".join(map(str, place))
    if problem["type"] == "unexpected_keyword_argument":
        holder = name.rpartition(".")[0] or what
        return holder, f"unknown key {place[-1]}", meant(str(place[-1]), _type_at(kind, place[:-1]), holder)
    value = fields
    for step in place:
        value = value[step]
    if problem["type"] in ("missing", "missing_argument") and isinstance(value, dict):
        return name or what, f"no {'.'.join(map(str, [*place, problem['loc'][-1]]))}", "add it"
    return name or what, "null" if value is None else str(value), f"give {in_words(_type_at(kind, place))}"


def _stated(fields: Any, place: Place) -> Iterator[str | int]:
    """Yield the steps to a setting, without those that pydantic adds for the choices of a union."""
    for step in place:
        inside = range(len(fields)) if isinstance(fields, list) else fields if isinstance(fields, dict) else ()
        if step in inside:
            yield step
            fields = fields[step]


def _type_at(kind: Any, place: Place) -> Any:
    """Return the type of the setting at a place; of an entry whose form was wrong already, that of the whole."""
    for step in place:
        kind = without_none(kind)
        if is_dataclass(kind) and step in get_type_hints(kind):
            kind = get_type_hints(kind)[step]
        elif get_origin(kind) is tuple:
            entries = get_args(kind)
            kind = entries[0] if Ellipsis in entries else entries[int(step)]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
    return without_none(kind)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)
