"""Epoch stores: a data set's 30-s epochs as mapped nights that training reads where they lie, and exports of them.

A store holds what the rasteriser takes, not pictures: int16 counts at the layout's rate and in its bands, with person,
stage, onset and a hash of the source. :func:`build_store` writes it and goes on where a killed run stopped;
:class:`EpochStore` reads it; :class:`NightFile` is one night, also of those that a run of training makes for itself.
:func:`export_parquet` writes Parquet shards, :func:`export_pictures` PNG files, WebDataset shards or conversations.
Not covered: more than one scorer a store, and signals that no panel of the layout shows.

Parquet, and the table beside PNG files, need the ``train`` extra. Every name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eegvlm.lab.epochs.building import build_store
    from eegvlm.lab.epochs.manifest import BuildEntry, Manifest, NightEntry
    from eegvlm.lab.epochs.night_file import NightFile, NightLabels
    from eegvlm.lab.epochs.parquet import ParquetSet, export_parquet
    from eegvlm.lab.epochs.pictures import PictureSet, export_pictures
    from eegvlm.lab.epochs.problems import StoreError
    from eegvlm.lab.epochs.store import EpochStore, is_store

__all__ = [
    "BuildEntry",
    "EpochStore",
    "Manifest",
    "NightEntry",
    "NightFile",
    "NightLabels",
    "ParquetSet",
    "PictureSet",
    "StoreError",
    "build_store",
    "export_parquet",
    "export_pictures",
    "is_store",
]

__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "building": ["build_store"],
        "manifest": ["BuildEntry", "Manifest", "NightEntry"],
        "night_file": ["NightFile", "NightLabels"],
        "parquet": ["ParquetSet", "export_parquet"],
        "pictures": ["PictureSet", "export_pictures"],
        "problems": ["StoreError"],
        "store": ["EpochStore", "is_store"],
    },
)
