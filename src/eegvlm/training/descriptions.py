"""What is measurable in each stored epoch, in words: the texts of contrastive training. No scoring is needed.

Epochs are measured as they are drawn: an amplitude that cannot be seen cannot be learnt.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from eegvlm.evidence import measure
from eegvlm.images import ImageLayout, levelled
from eegvlm.reasoning import channel_words, describe, night_contexts
from eegvlm.signals import Role
from eegvlm.training.store import EpochStore

Descriptions = list[list[str]]


def describe_nights(store: EpochStore, layout: ImageLayout, folder: Path) -> Descriptions:
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
    roles = {panel.name: panel.roles[0] for panel in layout.panels}
    folder.mkdir(parents=True, exist_ok=True)
    return [_night(store, night, layout, roles, folder) for night in range(len(store.nights))]


def _night(store: EpochStore, night: int, layout: ImageLayout, roles: dict[str, Role], folder: Path) -> list[str]:
    file = folder / f"{store.nights[night]}.json"
    if file.is_file():
        held: list[str] = json.loads(file.read_text(encoding="utf-8"))
        return held
    stored = levelled(store.whole_night(night, slice(None)), store.gains(night, layout))
    signals = {roles[panel]: values for panel, values in stored.items() if not np.isnan(values).all()}
    evidence = measure(signals, rate=layout.rate)
    contexts = night_contexts(evidence, channel_words({role: role.value for role in signals}))
    rng = np.random.default_rng([night, 8])
    texts = [describe(found, context, rng=rng) for found, context in zip(evidence.findings, contexts, strict=True)]
    partial = file.with_suffix(".new")
    partial.write_text(json.dumps(texts), encoding="utf-8")
    os.replace(partial, file)  # noqa: PTH105 (atomic on every system)
    return texts
