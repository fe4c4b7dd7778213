"""The packaged model, and a night it can stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from eegvlm.lab.simulation import simulate_night
from eegvlm.model import checkpoint_path
from eegvlm.signals import Recording
from eegvlm.staging import Stager


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    return checkpoint_path("nano")


@pytest.fixture(scope="session")
def stager(checkpoint: Path) -> Stager:
    return Stager.from_pretrained(checkpoint, smooth="none", dtype="float32")


@pytest.fixture(scope="session")
def night() -> Recording:
    """Forty simulated minutes of several stages on one EEG and one EOG."""
    return simulate_night(hours=2 / 3, seed=5, channels=["EEG C4-M1", "EOG E1-M2"]).recording()
