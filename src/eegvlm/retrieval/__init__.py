"""Scored epochs that resemble an epoch: a store of vectors, its nearest entries of other persons, and their vote.

The door of the room: :class:`Encoder` turns a night into vectors (enhancement network and evidence),
:func:`build_index` writes the store from scored nights, :class:`EpochIndex` reads it, :meth:`.EpochIndex.nearest` finds
epochs, and :func:`vote` makes a hypnogram of them. Notable: persons are left out by name, and a recording that is in
the store by its samples. Not covered: approximate search; a flat search is exact.

FAISS needs the ``index`` extra. Every name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eegvlm.retrieval.building import build_index
    from eegvlm.retrieval.encoder import Encoder
    from eegvlm.retrieval.epoch_index import EpochIndex
    from eegvlm.retrieval.voting import vote

__all__ = ["Encoder", "EpochIndex", "build_index", "vote"]

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "building": ["build_index"],
        "encoder": ["Encoder"],
        "epoch_index": ["EpochIndex"],
        "voting": ["vote"],
    },
)
