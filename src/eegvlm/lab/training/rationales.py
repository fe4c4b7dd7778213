"""What the model learns to write: the reasons for each epoch's stage, composed from what is measurable in it.

A night seen through another recorder shows other amplitudes, so every version of a night has texts of its own. Epochs
are measured as they are drawn: an amplitude that cannot be seen cannot be learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from eegvlm.lab.training.data import AnyProcessor, Augmentation
from eegvlm.lab.training.night_files import night_files, read_texts, version_names, write_texts
from eegvlm.lab.training.night_texts import composed_rationales
from eegvlm.lab.training.night_vectors import seen_night
from eegvlm.lab.training.store import TrainingStore

Rationales = list[list[list[str]]]


def night_rationales(
    store: TrainingStore,
    processor: AnyProcessor,
    folder: Path,
    *,
    augmentation: Augmentation | None = None,
    versions: int = 1,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> Rationales:
    """Return texts by night, version and epoch; ``""`` for an epoch that is not learnt.

    Parameters
    ----------
    store, processor
        The nights, and the layout whose panels' first roles say what each stored row is.
    folder
        One file a night and version; those that a killed run had written are read.
    augmentation, versions
        How nights are seen; without augmentation there is one version.
    progress
        Wraps the list of nights.
    """

    def compute(night: int, version: int) -> list[str]:
        signals = seen_night(store, processor, augmentation, night, version).drawn_signals(slice(None))
        rows = store.night == night
        stages = np.full(store.length(night), -1, dtype=np.int8)
        stages[store.position[rows]] = store.stages[rows]
        return composed_rationales(signals, processor.layout, stages)

    names = version_names(store.nights, versions, ".json")
    files = night_files(folder, names, compute, write=write_texts, progress=progress)
    return [[read_texts(file) for file in of_night] for of_night in files]
