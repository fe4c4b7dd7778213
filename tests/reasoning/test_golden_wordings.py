"""Every wording, beside what it was: the packaged model has learnt these texts, and people have read them.

A change that is meant is written by ``python tests/reasoning/golden_wordings.py`` and told in the commit.
"""

from __future__ import annotations

import json

import pytest
from golden_wordings import WORDINGS, wordings

EXPECTED = json.loads(WORDINGS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now() -> dict[str, object]:
    return json.loads(json.dumps(wordings()))


def test_the_golden_file_holds_every_part(now) -> None:
    assert list(now) == list(EXPECTED)


@pytest.mark.parametrize("part", EXPECTED)
def test_wordings_are_as_they_were(now, part: str) -> None:
    assert now[part] == EXPECTED[part]
