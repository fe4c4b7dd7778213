"""Three scored simulated nights of three persons, and their store."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("faiss", reason="the index extra is not installed")

from eegvlm.lab.datasets import Dataset, open_dataset
from eegvlm.retrieval import Encoder, EpochIndex, build_index

sys.path.append(str(Path(__file__).parents[1] / "general"))


@pytest.fixture(scope="session")
def scored() -> Dataset:
    return open_dataset("simulated", "nights=3,hours=0.5,seed=11")


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder.load("nano")


@pytest.fixture(scope="session")
def index(scored: Dataset, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> EpochIndex:
    return build_index(scored.nights, tmp_path_factory.mktemp("index") / "store", encoder=encoder)[0]
