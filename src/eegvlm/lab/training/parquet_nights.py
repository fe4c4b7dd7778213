"""Training from an epoch store that ``eegvlm dataset build`` wrote: its nights, without their recordings.

The same rules choose nights and stages as where recordings are read, and a batch holds the same signals to the
rounding of int16. Shards are copied into the run's folder as mapped arrays when they are first read, because half an
hour would have to be decoded for every row otherwise; memory does not grow with the store.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.images import ImageLayout
from eegvlm.lab.epochs import EpochStore, Manifest, NightEntry
from eegvlm.lab.training.recipe import RecordedNights
from eegvlm.lab.training.store import NightLabels, night_key, one_hot

ANY_STORE = "epochs"  # the data set of a recipe that takes whatever the store holds
_LOG = logging.getLogger(__name__)
_AT_ONCE = 120  # epochs


class ParquetNight:
    """A night of a built epoch store.

    Parameters
    ----------
    store
        Shared by its nights; every process opens its files for itself.
    entry, first, sha256
        What the store says of the night, its first row, and the digest of its shard.
    source
        What is taken from it.
    panels
        Those that are read, in the order in which they are given back.
    """

    def __init__(
        self,
        store: EpochStore,
        entry: NightEntry,
        *,
        first: int,
        sha256: str,
        source: RecordedNights,
        panels: Sequence[str],
    ) -> None:
        self._store, self._entry, self._first, self._sha256 = store, entry, first, sha256
        self._source, self._panels = source, list(panels)

    def __len__(self) -> int:
        return self._entry.rows

    @property
    def key(self) -> str:
        """The source's name and the night's."""
        return night_key(self._source.name, self.name)

    @property
    def dataset(self) -> str:
        """The data set's name."""
        return str(self._store.manifest.plan["dataset"]["name"])

    @property
    def name(self) -> str:
        """The night's name in its data set."""
        return self._entry.name

    @property
    def person(self) -> str:
        """The sleeper, unique across data sets."""
        return self._entry.subject

    @property
    def labels(self) -> NightLabels:
        """Stages that the source teaches, of epochs with a signal; the others are kept as neighbours."""
        stages = self._store.stages[self._first : self._first + len(self)]
        allowed = np.array([stage.label in self._source.stages for stage in STAGES])
        taught = (stages >= 0) & allowed[np.maximum(stages, 0)]
        if taught.any():
            taught &= self.heard()
        stages = np.where(taught, stages, -1).astype(np.int8)
        return NightLabels(self.person, stages, one_hot(stages), allowed)

    def microvolt(self, epochs: int | slice) -> npt.NDArray[np.float32]:
        """See :class:`~eegvlm.lab.training.store.StoredNight`."""
        rows = np.arange(self._first, self._first + len(self))[epochs]
        signals = self._store.signals(rows)
        values = np.stack([signals[panel] for panel in self._panels], axis=1)
        return values if isinstance(epochs, slice) else values[0]

    def heard(self) -> npt.NDArray[np.bool_]:
        """See :class:`~eegvlm.lab.training.store.StoredNight`."""
        with_signal = np.ones(len(self), np.bool_)
        if self._entry.missing:
            for first in range(0, len(self), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                with_signal[part] = ~np.isnan(self.microvolt(part)).all(axis=(1, 2))
        return with_signal

    def digest(self) -> bytes:
        """Return the SHA-256 of what it is: its shard's bytes, its place there and the stages that are taught."""
        place = f"{self._sha256} {self._entry.name} {self._panels}"
        return hashlib.sha256(place.encode() + self.labels.stages.tobytes()).digest()


def parquet_nights(source: RecordedNights, folder: Path, layout: ImageLayout, unpacked: Path) -> list[ParquetNight]:
    """Return the nights of a store that have a channel for any panel, in its order.

    Parameters
    ----------
    source
        Which data set, and what is taken of it.
    folder
        The store.
    layout
        Its panels are read; their channels, bands and rate must be those of the store.
    unpacked
        Where shards are copied to.

    Raises
    ------
    InputError
        If the store was not finished, or holds something else than the recipe asks for.
    """
    store = EpochStore(folder, unpacked=unpacked)
    _check(source, store.manifest, folder, layout)
    for problem in store.manifest.problems:
        _LOG.warning("data %s: %s", source.name, problem.message)
    panels = [panel.name for panel in layout.panels]
    nights: list[ParquetNight] = []
    first = 0
    for shard in store.manifest.shards:
        for problem in shard.left_out:
            _LOG.warning("data %s: not in the store: %s", source.name, problem.message)
        for entry in shard.nights:
            if any(entry.channels.get(panel) for panel in panels):
                nights.append(
                    ParquetNight(store, entry, first=first, sha256=shard.sha256, source=source, panels=panels)
                )
            else:
                _LOG.warning("data %s: night %s has no channel for any panel", source.name, entry.name)
            first += entry.rows
    return nights


def _check(source: RecordedNights, manifest: Manifest, folder: Path, layout: ImageLayout) -> None:
    """Refuse a store of another data set, layout or crop, and say how to build the one that is wanted."""
    name, stored_layout = manifest.plan["dataset"]["name"], manifest.layout
    options = manifest.plan["dataset"]["options"]
    crop, grid = options.get("wake_crop_min"), options.get("grid") or "recording"
    data_set = name if source.dataset == ANY_STORE else source.dataset
    cropped = "" if source.wake_crop_min is None else f" --wake-crop {source.wake_crop_min:g}"
    by = "" if source.scorer is None else f" --scorer {source.scorer}"
    cut = " --extend-20s" if source.extend_20s else " --grid recording" if source.grid == "recording" else ""
    hint = f"build it anew: eegvlm dataset build {data_set} FOLDER --out STORE --layout {layout.name}{cropped}{by}{cut}"
    what = f"data {source.name}, epoch store"
    if data_set != name:
        raise InputError(folder, what, f"of {name}, not of {data_set}", f"{hint}; or set dataset: {name} in the recipe")
    if stored_layout.rate != layout.rate:
        raise InputError(folder, what, f"at {stored_layout.rate:g} Hz, not at {layout.rate:g} Hz", hint)
    stored = {panel.name: (panel.roles, panel.band) for panel in stored_layout.panels}
    differing = [panel.name for panel in layout.panels if stored.get(panel.name) != (panel.roles, panel.band)]
    if differing:
        mismatch = (
            f"of layout {stored_layout.name}, in which {', '.join(differing)} is absent or another channel or band"
        )
        raise InputError(folder, what, mismatch, hint)
    if crop != source.wake_crop_min and not (source.dataset == ANY_STORE and source.wake_crop_min is None):
        raise InputError(folder, what, f"{_crop(crop)}, not {_crop(source.wake_crop_min)}", hint)
    if source.scorer is not None and options.get("scorer") != source.scorer:
        stored_scorer = "of the data set's first scorer" if options.get("scorer") is None else f"of {options['scorer']}"
        raise InputError(folder, what, f"{stored_scorer}, not of {source.scorer}", hint)
    if source.channels:
        raise InputError(folder, what, "channels are chosen already", "leave channels out, or give the recordings")
    # The scorer's own epochs are what a recipe asks for by saying nothing, so any store will do then.
    if source.grid == "recording" != grid:
        raise InputError(folder, what, "cut on the scorer's epochs, not on the recording's", hint)
    if source.extend_20s and not options.get("extend_20s"):
        raise InputError(folder, what, "without extended 20-s epochs", hint)


def _crop(minutes: float | None) -> str:
    return "whole nights" if minutes is None else f"wake cropped to {minutes:g} min"
