"""Staged nights to report on: a simulated one, its probabilities blurred from the truth, and small ones of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import PROGRAM, Chromium
from report_nights import Reported, eeg_like, simulated


@pytest.fixture(scope="session")
def short_night() -> Reported:
    """Forty minutes with all channels, from a known clock time."""
    return simulated(hours=2 / 3, seed=4)


@pytest.fixture(scope="session")
def long_night() -> Reported:
    """Ten hours with all channels."""
    return simulated(hours=10, seed=5)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Headless Chromium; a test that asks for it is skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with Chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture
def eeg() -> np.ndarray:
    """Twenty minutes of noise with the slope of EEG, 100 Hz."""
    return eeg_like(100 * 30 * 40)


@pytest.fixture(scope="session")
def short_page(short_night: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The short night's page with evidence and rationales."""
    return short_night.write(tmp_path_factory.mktemp("short"), explained=True)
