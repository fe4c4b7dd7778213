"""Files of band features as a source of nights without a signal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = [f"{kind}_{band}" for kind in ("log", "rel") for band in ("delta", "theta", "alpha", "sigma", "beta")]


def spectral_arrays(epochs: tuple[int, ...] = (40, 30), seed: int = 0) -> dict[str, Any]:
    """Nights of so many epochs, the first two of one person; in N3 delta is high, in W alpha."""
    rng, n = np.random.default_rng(seed), sum(epochs)
    stage = rng.integers(-1, 5, n).astype(np.int8)
    features = rng.normal(-1, 0.3, (n, 3, 10)).astype(np.float32)
    features[stage == 3, :, 0] += 2
    features[stage == 0, :, 2] += 2
    return {
        "features": features,
        "stage": stage,
        "night": np.repeat(np.arange(len(epochs)), epochs).astype(np.int16),
        "night_name": np.array([f"{k // 2:02d}__{k % 2 + 1}" for k in range(len(epochs))]),
        "columns": np.array(COLUMNS),
    }


def write_spectral(folder: Path, **changes: Any) -> Path:
    """Write ``band_features.npz``; a change replaces an array, or takes it away where it is None."""
    held = {name: value for name, value in {**spectral_arrays(), **changes}.items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "band_features.npz", **held)
    return folder
