"""Epoch stores: a data set's 30-s epochs as Parquet shards, read back by row, streamed by rank, exported as pictures.

A store holds what the rasteriser takes, not pictures: int16 counts at the layout's rate and in its bands, with subject,
night, epoch, stage and a hash of the source. :func:`build_store` writes it and goes on where a killed run stopped;
:class:`EpochStore` reads it; :func:`export_pictures` draws it as PNG files or WebDataset shards. Not covered: more than
one scorer a store, and signals that no panel of the layout shows.

Parquet needs the ``train`` extra. Every name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eegvlm.lab.epochs.building import build_store
    from eegvlm.lab.epochs.manifest import Manifest, NightEntry, ShardEntry
    from eegvlm.lab.epochs.pictures import PictureSet, export_pictures
    from eegvlm.lab.epochs.problems import StoreError
    from eegvlm.lab.epochs.store import EpochBatch, EpochStore, is_store

__all__ = [
    "EpochBatch",
    "EpochStore",
    "Manifest",
    "NightEntry",
    "PictureSet",
    "ShardEntry",
    "StoreError",
    "build_store",
    "export_pictures",
    "is_store",
]

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "building": ["build_store"],
        "manifest": ["Manifest", "NightEntry", "ShardEntry"],
        "pictures": ["PictureSet", "export_pictures"],
        "problems": ["StoreError"],
        "store": ["EpochBatch", "EpochStore", "is_store"],
    },
)
