"""A store of simulated nights, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from eegvlm.images import ImageLayout, load_layout
from eegvlm.lab.datasets import Dataset, open_dataset
from eegvlm.lab.epochs import EpochStore, build_store


@pytest.fixture(scope="session")
def nano() -> ImageLayout:
    return load_layout("nano")


@pytest.fixture(scope="session")
def simulated() -> Dataset:
    return open_dataset("simulated", "nights=3,hours=0.7,seed=5")


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory, simulated: Dataset, nano: ImageLayout) -> Path:
    """Return a store of three nights of 84 epochs. Copy it before you damage it."""
    folder = tmp_path_factory.mktemp("epochs") / "store"
    build_store(simulated, nano, folder)
    return folder


@pytest.fixture
def store(store_folder: Path) -> EpochStore:
    return EpochStore(store_folder)
