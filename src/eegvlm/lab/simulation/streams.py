"""Independent random streams by purpose, so that what one part draws never changes what another part draws."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of one purpose: a child of ``SeedSequence(seed)`` keyed by the purpose's name."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),)))
