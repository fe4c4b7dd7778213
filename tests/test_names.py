"""Names of the package: a class is defined once, and files and folders are not called by what says nothing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import eegvlm

_SOURCE = Path(eegvlm.__file__).parent
_VAGUE = {"utils", "helpers", "common", "misc", "tools", "base", "stuff", "manager", "handler"}


def classes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for path in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(path.relative_to(_SOURCE).as_posix())
    return found


def test_no_class_is_defined_twice():
    twice = {name: files for name, files in classes().items() if len(files) > 1}
    assert twice == {}


def test_no_file_is_called_by_what_says_nothing():
    assert [path for path in _SOURCE.rglob("*.py") if path.stem in _VAGUE] == []
