"""Texts of what was measured in training nights: each night through its recorders, written once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eegvlm.evidence import epoch_texts, measure_night
from eegvlm.lab.training.night_files import night_files, version_names
from eegvlm.lab.training.night_vectors import seen_night
from eegvlm.lab.training.store import TrainingStore
from eegvlm.model import GeneralProcessor

if TYPE_CHECKING:
    from eegvlm.lab.training.data import Augmentation


@dataclass(frozen=True)
class NightTexts:
    """Texts of every night of a store, on disk.

    Parameters
    ----------
    store
        Whose nights.
    files
        By night, one file a version: UTF-8 of one text an epoch, as bytes of equal length.
    """

    store: TrainingStore
    files: list[list[Path]]

    @property
    def versions(self) -> int:
        """Versions of every night."""
        return len(self.files[0])

    def of(self, rows: npt.NDArray[np.int64], versions: npt.NDArray[np.int64]) -> list[str]:
        """Return the texts of rows, each of a version of its night."""
        places = zip(self.store.night[rows], versions, self.store.position[rows], strict=True)
        return [bytes(self._texts[night][version][position]).decode() for night, version, position in places]

    @cached_property
    def _texts(self) -> list[list[npt.NDArray[np.bytes_]]]:
        return [[np.load(file, mmap_mode="r") for file in versions] for versions in self.files]


def write_texts(
    store: TrainingStore,
    processor: GeneralProcessor,
    folder: Path,
    *,
    augmentation: Augmentation | None = None,
    versions: int = 1,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> NightTexts:
    """Measure every night and describe its epochs; those that a killed run had described are not measured again.

    Parameters
    ----------
    store, processor
        The nights, and the layout whose panels' first roles say what each stored row is.
    folder
        One file a night and version; a folder belongs to one augmentation.
    augmentation, versions
        How nights are seen; without augmentation there is one version.
    progress
        Wraps the list of nights.
    """

    def compute(night: int, version: int) -> npt.NDArray[np.bytes_]:
        prepared = seen_night(store, processor, augmentation, night, version)
        return np.array([text.encode() for text in epoch_texts(prepared, measure_night(prepared))])

    names = version_names(store.nights, versions)
    return NightTexts(store, night_files(folder, names, compute, progress=progress))
