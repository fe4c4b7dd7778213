"""Training from an epoch store that ``eegvlm dataset build`` wrote: its nights, without their recordings.

The same rules choose nights and stages as where recordings are read, and a batch holds the same signals to the
rounding of int16. The nights are mapped where they lie: nothing is copied, and memory does not grow with the store.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.images import ImageLayout
from eegvlm.lab.epochs import EpochStore, Manifest, NightEntry
from eegvlm.lab.epochs.night_file import NightFile, NightLabels, one_hot
from eegvlm.lab.training.recipe import RecordedNights
from eegvlm.lab.training.store import night_key

ANY_STORE = "epochs"  # the data set of a recipe that takes whatever the store holds
_LOG = logging.getLogger(__name__)


class BuiltNight:
    """A night of a built epoch store, as a source takes it; see :class:`~eegvlm.lab.training.store.StoredNight`.

    Parameters
    ----------
    file
        Where it lies.
    entry
        What the store says of it.
    dataset
        The data set's name.
    source
        What is taken from it.
    """

    def __init__(self, file: NightFile, entry: NightEntry, *, dataset: str, source: RecordedNights) -> None:
        self._file, self._entry, self._source = file, entry, source
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self._file)

    @property
    def key(self) -> str:
        """The source's name and the night's."""
        return night_key(self._source.name, self.name)

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
        stages = self._file.labels.stages
        allowed = np.array([stage.label in self._source.stages for stage in STAGES])
        taught = (stages >= 0) & allowed[np.maximum(stages, 0)]
        if taught.any():
            taught &= self.heard()
        stages = np.where(taught, stages, -1).astype(np.int8)
        return NightLabels(self.person, stages, one_hot(stages), allowed)

    def microvolt(self, epochs: int | slice) -> npt.NDArray[np.float32]:
        """Return the panels' µV: of one epoch (panels, samples), of several (n, panels, samples)."""
        return self._file.microvolt(epochs)

    def heard(self) -> npt.NDArray[np.bool_]:
        """Return which epochs have a signal; the file is read only where the store says that one has none."""
        return self._file.heard() if self._entry.missing else np.ones(len(self), np.bool_)

    def digest(self) -> bytes:
        """Return the SHA-256 of what it is: what the store says of its files, and the stages that are taught."""
        return hashlib.sha256(self._entry.sha256.encode() + self.labels.stages.tobytes()).digest()


def built_nights(source: RecordedNights, folder: Path, layout: ImageLayout) -> list[BuiltNight]:
    """Return the nights of a store that have a channel for any panel, in its order.

    Parameters
    ----------
    source
        Which data set, and what is taken of it.
    folder
        The store.
    layout
        Its panels are read; their channels, bands and rate must be those of the store.

    Raises
    ------
    InputError
        If the store was not finished, or holds something else than the recipe asks for.
    """
    store = EpochStore(folder)
    manifest = store.manifest
    _check(source, manifest, folder, layout)
    for problem in manifest.problems:
        _LOG.warning("data %s: %s", source.name, problem.message)
    for problem in manifest.left_out:
        _LOG.warning("data %s: not in the store: %s", source.name, problem.message)
    panels = [panel.name for panel in layout.panels]
    nights: list[BuiltNight] = []
    for file, entry in zip(store.nights, manifest.nights, strict=True):
        if any(entry.channels.get(panel) for panel in panels):
            chosen_panels = file.showing([store.panels.index(panel) for panel in panels])
            nights.append(BuiltNight(chosen_panels, entry, dataset=manifest.plan["dataset"]["name"], source=source))
        else:
            _LOG.warning("data %s: night %s has no channel for any panel", source.name, entry.name)
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
