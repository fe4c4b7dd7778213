"""Random streams: numbers with a name, which give every stream the draws that it always had."""

from __future__ import annotations

import ast
import inspect
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest

import eegvlm
from eegvlm.core import random_streams

_SOURCE = Path(eegvlm.__file__).parent
_CLASSES = [
    member
    for _, member in inspect.getmembers(random_streams, inspect.isclass)
    if issubclass(member, IntEnum) and member is not IntEnum
]


def bare_numbers(source: str) -> list[int]:
    """Return the lines on which a key of ``default_rng`` holds a number without a name."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("default_rng")
        for key in call.args
        if isinstance(key, ast.List | ast.Tuple)
        and any(isinstance(part, ast.Constant) and isinstance(part.value, int) for part in key.elts)
    ]


def test_no_key_of_a_generator_holds_a_bare_number():
    files = {path: bare_numbers(path.read_text(encoding="utf-8")) for path in _SOURCE.rglob("*.py")}
    assert {path: lines for path, lines in files.items() if lines} == {}


def test_a_bare_number_is_noticed_wherever_it_stands_in_a_key():
    assert bare_numbers("rng = np.random.default_rng([seed, 16])\nother = default_rng([seed, 6, night])") == [1, 2]
    assert bare_numbers("rng = np.random.default_rng([seed, RunStream.ROWS])\nother = default_rng(0)") == []


@pytest.mark.parametrize("stream", [member for kind in _CLASSES for member in kind], ids=str)
def test_a_named_stream_draws_what_its_number_draws(stream):
    assert stream >= 1
    named, plain = (np.random.default_rng([5, number, 3]).integers(1 << 62, size=4) for number in (stream, int(stream)))
    assert named.tolist() == plain.tolist()


def test_numbers_are_those_that_runs_have_drawn_by():
    numbers = {kind.__name__: [member.value for member in kind] for kind in _CLASSES}
    assert numbers == {
        "BatchStream": [7, 10, 14],
        "GeneralBatchStream": [7, 16, 17, 18],
        "NightStream": [8, 12],
        "RunStream": [1, 2, 3, 5, 6, 8, 9, 10, 11, 15],
    }
