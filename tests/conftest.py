"""What every test may use: the folder of real recordings, where it exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch is imported: waiting threads sleep, so that tests keep their speed on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# How long an example takes tells how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_DATA = Path(os.environ.get("EEGVLM_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _DATA.is_dir():
        return
    skip = pytest.mark.skip(reason="the real recordings are not at hand (set EEGVLM_DATA)")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real recordings; mark a test that asks for it ``real_data``."""
    return _DATA
