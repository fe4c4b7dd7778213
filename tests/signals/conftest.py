"""Files of every kind for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from edf_files import EdfFile, Lead, eeg_counts


@pytest.fixture
def lead() -> Callable[..., Lead]:
    """Return a maker of leads: ``lead("C4-M1", seconds=60, rate=100)``."""

    def make(
        label: str | bytes,
        *,
        seconds: float = 60,
        rate: float = 100,
        record_s: float = 1,
        seed: int = 0,
        **more: object,
    ) -> Lead:
        counts = more.pop("counts", None)
        if counts is None:
            counts = eeg_counts(seconds, rate, seed=seed)
        return Lead(label, counts, round(rate * record_s), **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def edf() -> type[EdfFile]:
    """Return the class that writes files: ``edf([lead("C4-M1")]).write(path)``."""
    return EdfFile
