"""Staged nights to report on: a simulated one, its probabilities blurred from the truth, and small ones of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser_fixture import browser as browser
from browser_fixture import firefox as firefox
from report_nights import Reported, eeg_like, simulated


@pytest.fixture(scope="session")
def short_night() -> Reported:
    """Forty minutes with all channels, from a known clock time."""
    return simulated(hours=2 / 3, seed=4)


@pytest.fixture(scope="session")
def long_night() -> Reported:
    """Ten hours with all channels."""
    return simulated(hours=10, seed=5)


@pytest.fixture
def eeg() -> np.ndarray:
    """Twenty minutes of noise with the slope of EEG, 100 Hz."""
    return eeg_like(100 * 30 * 40)


@pytest.fixture(scope="session")
def short_page(short_night: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The short night's page with evidence and rationales."""
    return short_night.write(tmp_path_factory.mktemp("short"), explained=True)
