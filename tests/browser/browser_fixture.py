"""The browsers of a session's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import PROGRAM, Chromium
from firefox import WHY_NOT, Firefox


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Headless Chromium; a test that asks for it is skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with Chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Headless Firefox; a test that asks for it is skipped where there is none."""
    if WHY_NOT:
        pytest.skip(WHY_NOT)
    with Firefox(tmp_path_factory.mktemp("firefox")) as started:
        yield started
