"""Epochs on disk for training: one file a night, drawn only when a batch is made.

A night is kept at the layout's rate, filtered as the layout says, one row of int16 a panel: what the rasteriser
takes, at 1/16 µV, so that augmentation and drawing can differ from pass to pass.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

MICROVOLT = 1 / 16
_ABSENT = np.int16(-32768)


def write_night(
    file: Path,
    panels: Sequence[str],
    signals: dict[str, npt.NDArray[np.float32]],
    stages: npt.NDArray[np.int8],
) -> None:
    """Write one night: ``{panel: (epochs, samples) µV}``, panels without a channel left out, and its stages."""
    empty = np.full_like(next(iter(signals.values())), np.nan)
    rows = np.stack([signals.get(panel, empty) for panel in panels], axis=1) / MICROVOLT  # (epochs, panels, samples)
    absent = np.isnan(rows)
    stored = np.clip(np.rint(np.where(absent, 0, rows)), -32767, 32767).astype(np.int16)
    stored[absent] = _ABSENT
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file.with_suffix(".stages.npy"), stages)
    partial = file.with_suffix(".new.npy")
    np.save(partial, stored)
    os.replace(partial, file)  # noqa: PTH105 (atomic on every system)


class EpochStore:
    """The scored epochs of several nights.

    Parameters
    ----------
    files
        Nights that :func:`write_night` wrote.
    panels
        The panels, in the order in which they were written.
    """

    def __init__(self, files: Sequence[Path], panels: Sequence[str]) -> None:
        self.panels = list(panels)
        self._nights = [np.load(file, mmap_mode="r") for file in files]
        stages = [np.load(file.with_suffix(".stages.npy")) for file in files]
        where = [(night, epoch) for night, s in enumerate(stages) for epoch in np.flatnonzero(s >= 0)]
        self._where = np.array(where, dtype=np.int64).reshape(-1, 2)
        self.stages = np.concatenate([s[s >= 0] for s in stages]).astype(np.int64)

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, index: int) -> int:
        return index  # a batch is read at once, by :meth:`signals`

    def signals(self, indices: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float32]]:
        """Return ``{panel: (len(indices), samples) µV}``, NaN where a panel is absent."""
        rows = np.stack([self._nights[night][epoch] for night, epoch in self._where[indices]])
        values = rows.astype(np.float32) * np.float32(MICROVOLT)
        values[rows == _ABSENT] = np.nan
        return {panel: values[:, i] for i, panel in enumerate(self.panels)}
