"""One small run that nothing disturbs, for tests that disturb others."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_run import written_to

from eegvlm.lab.training import read_recipe, train


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory) -> Path:
    return written_to(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="session")
def undisturbed_run(small_recipe, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(read_recipe(small_recipe), out)
    return out
