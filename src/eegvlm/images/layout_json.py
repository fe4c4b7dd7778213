"""Layouts to JSON and back, strictly: every key is known, every value has the type it should have."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from eegvlm.images.layout import ArtefactLimit, GridLines, ImageLayout, LayoutError, Level, Panel
from eegvlm.signals import Role


class _RefusedError(Exception):
    """A field that cannot be used; the path is added where it is known."""

    def __init__(self, field: str, value: object, hint: str) -> None:
        super().__init__(field, value, hint)
        self.field, self.value, self.hint = field, value, hint


def load_layout(name_or_path: str | PathLike[str]) -> ImageLayout:
    """Load a layout.

    Parameters
    ----------
    name_or_path
        The name of a layout that ships with the package (:func:`layout_names`), or a JSON file.

    Returns
    -------
    ImageLayout

    Raises
    ------
    LayoutError
        If there is no such layout or its JSON cannot be used.
    """
    name = str(name_or_path)
    if name in layout_names():
        return _shipped(name)
    path = Path(name_or_path)
    if not path.is_file():
        hint = f"give a JSON file or one of {', '.join(layout_names())}"
        raise LayoutError(name, "layout", "not found", hint)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(name, "layout", error, "give a JSON file that can be read") from error
    return layout_from_json(text, name)


@cache
def layout_names() -> tuple[str, ...]:
    """Return the names of the layouts that ship with the package."""
    return tuple(sorted(f.name.removesuffix(".json") for f in _folder().iterdir() if f.name.endswith(".json")))


@cache
def _shipped(name: str) -> ImageLayout:
    return layout_from_json(_folder().joinpath(f"{name}.json").read_text(encoding="utf-8"), name)


def _folder() -> Any:
    return files("eegvlm.images").joinpath("layouts")


def layout_to_dict(layout: ImageLayout) -> dict[str, Any]:
    """Return a layout as a dictionary of JSON's types."""
    result: dict[str, Any] = json.loads(json.dumps(asdict(layout)))
    for panel, row in zip(layout.panels, result["panels"], strict=True):
        row["roles"] = [role.value for role in panel.roles]
    return result


def layout_to_json(layout: ImageLayout) -> str:
    """Return a layout as JSON text."""
    return json.dumps(layout_to_dict(layout), indent=2) + "\n"


def layout_from_json(text: str, path: str | PathLike[str]) -> ImageLayout:
    """Parse JSON text into a layout; see :meth:`ImageLayout.from_json`."""
    try:
        parsed = json.loads(text, object_pairs_hook=_once)
    except _RefusedError as error:
        raise LayoutError(path, error.field, error.value, error.hint) from None
    except ValueError as error:
        raise LayoutError(path, "layout", error, "give valid JSON") from error
    return layout_from_dict(parsed, path)


def layout_from_dict(value: Any, path: str | PathLike[str]) -> ImageLayout:
    """Build a layout from JSON's types; see :meth:`ImageLayout.from_dict`."""
    try:
        return ImageLayout(**_read(value, "", ImageLayout, _LAYOUT))
    except _RefusedError as error:
        raise LayoutError(path, error.field, error.value, error.hint) from None
    except LayoutError as error:
        raise LayoutError(path, error.field, error.value, error.hint) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            _refuse(key, "given twice", "give every key once")
    return dict(pairs)


def _refuse(field: str, value: object, hint: str) -> NoReturn:
    raise _RefusedError(field, value, hint)


_Reader = Callable[[Any, str], Any]


def _read(value: Any, at: str, kind: type, readers: dict[str, _Reader]) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(at or "layout", value, "an object with keys is needed here")
    prefix = f"{at}." if at else ""
    for key in value:
        if key not in readers:
            _refuse(f"{prefix}{key}", "unknown key", f"remove it; the keys are {', '.join(readers)}")
    for field in fields(kind):
        if field.name not in value and field.default is field.default_factory:
            _refuse(f"{prefix}{field.name}", "missing", "add the key")
    return {key: readers[key](value[key], f"{prefix}{key}") for key in value}


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        _refuse(at, value, "a string is needed here")
    return value


def _flag(value: Any, at: str) -> bool:
    if not isinstance(value, bool):
        _refuse(at, value, "use true or false")
    return value


def _whole(value: Any, at: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(at, value, "a whole number is needed here")
    return value


def _number(value: Any, at: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        _refuse(at, value, "a finite number is needed here")
    return float(value)


def _cutoff(value: Any, at: str) -> float | None:
    return None if value is None else _number(value, at)


def _band(value: Any, at: str) -> tuple[float | None, float | None]:
    pair = _list(_cutoff)(value, at)
    if len(pair) != 2:
        _refuse(at, value, "a pair of cut-offs is needed here, null for none")
    return pair[0], pair[1]


def _level(value: Any, at: str) -> Level | None:
    return None if value is None else Level(**_read(value, at, Level, _LEVEL))


def _floor(value: Any, at: str) -> ArtefactLimit:
    return ArtefactLimit(**_read(value, at, ArtefactLimit, _FLOOR))


def _measured_band(value: Any, at: str) -> tuple[float, float]:
    pair = _list(_number)(value, at)
    if len(pair) != 2:
        _refuse(at, value, "a pair of frequencies is needed here")
    return pair[0], pair[1]


def _role(value: Any, at: str) -> Role:
    if not isinstance(value, str) or value not in list(Role):
        _refuse(at, value, f"use one of {', '.join(Role)}")
    return Role(value)


def _list(reader: _Reader) -> _Reader:
    def read(value: Any, at: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            _refuse(at, value, "a list is needed here")
        return tuple(reader(item, f"{at}[{i}]") for i, item in enumerate(value))

    return read


_GRID: dict[str, _Reader] = {"every_s": _number, "colour": _list(_whole)}
_LEVEL: dict[str, _Reader] = {"band": _measured_band, "microvolt": _number}
_FLOOR: dict[str, _Reader] = {**_LEVEL, "keep": _band}
_PANEL: dict[str, _Reader] = {
    "name": _text,
    "roles": _list(_role),
    "rows": _whole,
    "top": _whole,
    "height": _whole,
    "microvolt_per_pixel": _number,
    "band": _band,
    "colour": _list(_whole),
    "negative_up": _flag,
    "level": _level,
    "floors": _list(_floor),
}
_LAYOUT: dict[str, _Reader] = {
    "name": _text,
    "width": _whole,
    "height": _whole,
    "channels": _whole,
    "rate": _number,
    "panels": _list(lambda value, at: Panel(**_read(value, at, Panel, _PANEL))),
    "background": _list(_whole),
    "line_width": _number,
    "grid": _list(lambda value, at: GridLines(**_read(value, at, GridLines, _GRID))),
}
