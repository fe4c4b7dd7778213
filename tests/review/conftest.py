"""Nights of half an hour, and a page on one of them; nothing is collected where the extra is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from browser_fixture import browser as browser
from browser_fixture import firefox as firefox
from edfio import Edf, EdfSignal, read_edf
from review_page import Served

_LACKING = [name for name in ("fastapi", "httpx", "uvicorn") if find_spec(name) is None]
collect_ignore_glob = ["test_*"] if _LACKING else []
if not _LACKING:
    from review_nights import Page, write_night


@pytest.fixture(autouse=True)
def printer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign without a browser, which takes seconds, unless a test is about printing (marked ``prints``)."""
    if not _LACKING and "prints" not in request.keywords:
        from eegvlm.review import printing

        monkeypatch.setattr(printing, "BROWSERS", ())


@pytest.fixture(scope="session")
def staged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour with its results; not to be changed."""
    return write_night(tmp_path_factory.mktemp("staged"))


@pytest.fixture
def cut_off(staged_once: Path, tmp_path: Path) -> Path:
    """A recording of 200 s, whose last epoch is incomplete."""
    signals = [
        EdfSignal(
            signal.data[: int(200 * signal.sampling_frequency)],
            signal.sampling_frequency,
            label=signal.label,
            physical_dimension=signal.physical_dimension,
            physical_range=signal.physical_range,
        )
        for signal in read_edf(staged_once.parent / f"{staged_once.name}.edf").signals
    ]
    Edf(signals).write(tmp_path / "short.edf")
    return tmp_path / "short.edf"


@pytest.fixture
def night(staged_once: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(staged_once.parent, tmp_path / "staged")
    return tmp_path / "staged" / staged_once.name


@pytest.fixture
def page(night: Path) -> Page:
    """A page on it, whose scoring has begun with the model's stages."""
    opened = Page.of([night])
    opened.begin()
    return opened


@pytest.fixture
def served(night: Path) -> Iterator[Served]:
    """A server on the night."""
    server = Served(night)
    yield server
    server.kill()
