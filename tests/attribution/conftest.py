"""Nights that models look at."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording
from eegvlm.staging import Stager

# Models and tiny bases that other rooms' tests make.
sys.path += [str(Path(__file__).parents[1] / room) for room in ("staging", "general")]


@pytest.fixture(scope="session")
def stager() -> Stager:
    return Stager.from_pretrained("nano", smooth="none", dtype="float32")


@pytest.fixture(scope="session")
def night() -> Recording:
    """Twenty simulated minutes, all channels but the right EOG."""
    labels = ["EEG C4-M1", "EOG E1-M2", "EMG chin"]
    return simulate_night(hours=1 / 3, seed=5, channels=labels).recording()
