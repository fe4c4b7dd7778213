"""Griffe extension: Sphinx roles in docstrings (``:class:`.Stager```) become plain code on the reference pages."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):`(?P<short>[~.]?)(?P<name>[^`]+)`")


def without_roles(text: str) -> str:
    """Return a docstring whose roles are code spans; ``~`` keeps the last part of a name alone, as in Sphinx."""
    return _ROLE.sub(_code, text)


def _code(role: re.Match[str]) -> str:
    name = role["name"]
    return f"`{name.rpartition('.')[2] if role['short'] == '~' else name}`"


class SphinxRoles(griffe.Extension):
    """Rewrite every docstring once it is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = without_roles(obj.docstring.value)
