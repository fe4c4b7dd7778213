"""Names of the package: a class is defined once, and files and folders are not called by what says nothing."""

from __future__ import annotations

import ast
import importlib.util
from collections import defaultdict
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import eegvlm

_SOURCE = Path(eegvlm.__file__).parent
_FIGURES = Path(__file__).parents[1] / "benchmarks" / "code_figures.py"
# rooms without local names such as `found` or `one` that are read more than three lines after they are bound
_CLEAR_ROOMS = (
    *("attribution", "cli", "core", "evidence", "hypnogram", "images", "model", "questions", "reasoning", "retrieval"),
    *("report", "review", "scoring", "signals", "staging"),
    *("lab/cohort", "lab/datasets", "lab/epochs", "lab/evaluation", "lab/simulation", "lab/training"),
)
# the epochs' own high-level vectors: an argument of the model by name, and an input of its graphs
_OF_THE_INTERFACE = {"model": {"own"}}
_VAGUE = {"utils", "helpers", "common", "misc", "tools", "base", "stuff", "manager", "handler"}


def classes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for path in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(path.relative_to(_SOURCE).as_posix())
    return found


@cache
def code_figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("code_figures", _FIGURES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def vague_locals(source: str) -> list[str]:
    figures = code_figures()
    return [
        f"{function.name}: {name}"
        for function in figures.functions(ast.parse(source))
        for name, reach in figures.local_names(function)
        if name in figures.VAGUE and reach > figures.REACH
    ]


def test_no_class_is_defined_twice():
    twice = {name: files for name, files in classes().items() if len(files) > 1}
    assert twice == {}


def test_no_file_is_called_by_what_says_nothing():
    assert [path for path in _SOURCE.rglob("*.py") if path.stem in _VAGUE] == []


@pytest.mark.parametrize("room", _CLEAR_ROOMS)
def test_local_names_with_a_long_reach_say_what_they_hold(room):
    files = sorted((_SOURCE / room).rglob("*.py"))
    assert files
    allowed = _OF_THE_INTERFACE.get(room, set())
    vague = {
        (path.relative_to(_SOURCE).as_posix(), name)
        for path in files
        for name in vague_locals(path.read_text(encoding="utf-8"))
        if name.split(": ")[1] not in allowed
    }
    assert vague == set()


def test_a_vague_name_is_noticed_where_its_reach_exceeds_three_lines():
    near = "def peaks(epoch):\n    found = epoch.max()\n    return found\n"
    assert vague_locals(near) == []
    assert vague_locals(near.replace("    return", "\n\n\n    return")) == ["peaks: found"]
