"""What is measurable in each stored epoch, in words: the texts of contrastive training. No scoring is needed.

Epochs are measured as they are drawn: an amplitude that cannot be seen cannot be learnt.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eegvlm.core.random_streams import NightStream
from eegvlm.images import ImageLayout, corrected
from eegvlm.lab.training.night_files import night_files, read_texts, write_texts
from eegvlm.lab.training.night_texts import measured
from eegvlm.lab.training.store import TrainingStore
from eegvlm.reasoning import describe

Descriptions = list[list[str]]


def describe_nights(store: TrainingStore, layout: ImageLayout, folder: Path) -> Descriptions:
    """Return a description of every epoch of every night; ``""`` where nothing is measurable.

    Parameters
    ----------
    store
        The nights.
    layout
        Its panels' first roles say what each stored row is.
    folder
        One file a night; those that a killed run had written are read.
    """

    def compute(night: int, version: int) -> list[str]:
        signals = corrected(layout, store.whole_night(night, slice(None)), store.corrections(night, layout))
        findings, contexts = measured(signals, layout)
        rng = np.random.default_rng([night, NightStream.DESCRIPTIONS])
        return [
            describe(epoch_findings, context, rng=rng)
            for epoch_findings, context in zip(findings, contexts, strict=True)
        ]

    files = night_files(folder, [[f"{key}.json"] for key in store.nights], compute, write=write_texts)
    return [read_texts(file) for (file,) in files]
