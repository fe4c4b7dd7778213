"""The epochs that a run learns from, by row: which night and place, which stage, which source.

They lie on disk as mapped nights (:mod:`eegvlm.lab.epochs.night_file`): the run's own, or those of a built epoch store
(:mod:`eegvlm.lab.training.built_nights`). Pictures are drawn only when a batch is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from eegvlm.hypnogram import STAGES, Stage
from eegvlm.images import Correction, ImageLayout, corrected, signal_corrections
from eegvlm.images.sampling import stretches
from eegvlm.lab.epochs.counts import FINEST, to_counts
from eegvlm.lab.epochs.night_file import NightLabels, write_counts


def write_night(
    file: Path, panels: Sequence[str], signals: dict[str, npt.NDArray[np.float32]], labels: NightLabels
) -> None:
    """Write one night: ``{panel: (epochs, samples) µV}``, panels without a channel left out, and its labels."""
    counts = {panel: to_counts(values, FINEST)[0] for panel, values in signals.items()}
    write_counts(file, counts, dict.fromkeys(panels, FINEST), labels)


def night_key(source: str, night: str) -> str:
    """Return the name under which a run keeps a night's files: one a night, also where its name holds folders."""
    return f"{source}-{night.replace('%', '%25').replace('/', '%2F')}"


class StoredNight(Protocol):
    """A night whose epochs lie on disk."""

    @property
    def key(self) -> str:
        """The night's name, unique in a run."""

    @property
    def labels(self) -> NightLabels:
        """What is known of its epochs."""

    def __len__(self) -> int: ...

    def microvolt(self, epochs: int | slice) -> npt.NDArray[np.float32]:
        """Return (panels, samples) µV of one epoch, (n, panels, samples) of several; NaN where there is no signal."""

    def heard(self) -> npt.NDArray[np.bool_]:
        """Return which epochs have a signal: bool (epochs,)."""

    def digest(self) -> bytes:
        """Return SHA-256 of what is stored of it."""


class TrainingStore:
    """The epochs to learn of several nights.

    Parameters
    ----------
    files
        Nights by the name of their source.
    panels
        The panels, in the order in which nights hold them.
    unscored
        Whether to hold every epoch with signal, instead of those to learn.
    normalised
        Whether they are drawn at the layout's level, and without what an artefact hides.
    soft_negatives
        By source: see :class:`~eegvlm.lab.training.recipe.RecordedNights`.

    Attributes
    ----------
    nights
        Name of each night.
    persons
        The sleeper of each night.
    night, position
        int64 (n,): of each row, its night and its place in it.
    source
        int64 (n,): of each row, the place of its source in ``sources``.
    stages, targets, allowed
        (n,), (n, 5), (n, 5): see :class:`~eegvlm.lab.epochs.NightLabels`.
    """

    def __init__(
        self,
        files: Mapping[str, Sequence[StoredNight]],
        panels: Sequence[str],
        *,
        unscored: bool = False,
        normalised: bool = True,
        soft_negatives: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    ) -> None:
        self.files, self.panels, self.is_normalised = dict(files), list(panels), normalised
        self.soft_negatives = dict(soft_negatives or {})
        self.sources = list(files)
        self._stored = [night for of_source in files.values() for night in of_source]
        self.nights = [night.key for night in self._stored]
        labels = [night.labels for night in self._stored]
        self.persons = [night_labels.person for night_labels in labels]
        if unscored:
            rows = [np.flatnonzero(night.heard()) for night in self._stored]
        else:
            rows = [np.flatnonzero(night_labels.stages >= 0) for night_labels in labels]
        counts = [len(night_rows) for night_rows in rows]
        self.position = np.concatenate([*rows, np.empty(0, np.intp)]).astype(np.int64)
        self.night = np.repeat(np.arange(len(labels)), counts)
        numbers = [number for number, of_source in enumerate(files.values()) for _ in of_source]
        self.source = np.repeat(numbers, counts).astype(np.int64)
        self.stages = np.concatenate([o.stages[r] for o, r in zip(labels, rows, strict=True)]).astype(np.int64)
        self.targets = np.concatenate([o.targets[r] for o, r in zip(labels, rows, strict=True)])
        self.allowed = np.repeat(np.stack([night_labels.allowed for night_labels in labels]), counts, axis=0)
        self._soft_negatives = np.zeros((len(self.sources), len(STAGES), len(STAGES)))
        for place, name in enumerate(self.sources):
            for stage, weights in self.soft_negatives.get(name, {}).items():
                self._soft_negatives[place, Stage[stage]] = weights
        self._corrections: dict[int, dict[str, Correction]] = {}

    def __len__(self) -> int:
        return len(self.position)

    def __getitem__(self, index: int) -> int:
        return index  # a batch is read at once, by :meth:`signals`

    def only(self, chosen: Sequence[bool]) -> TrainingStore:
        """Return the epochs of some sources: of each whether it is among them."""
        files = dict(compress(self.files.items(), chosen))
        return TrainingStore(files, self.panels, normalised=self.is_normalised, soft_negatives=self.soft_negatives)

    def digest(self) -> str:
        """Return the SHA-256 of all stored signals and labels, in order."""
        return hashlib.sha256(b"".join(night.digest() for night in self._stored)).hexdigest()

    def stored(self, night: int) -> StoredNight:
        """Return a night as it lies on disk."""
        return self._stored[night]

    def rows_of(self, night: int) -> npt.NDArray[np.int64]:
        """Return the row of each epoch of a night, -1 where it is not learnt: (epochs,)."""
        return self._row_at[self._begins[night] : self._begins[night] + self._lengths[night]]

    def length(self, night: int) -> int:
        """Return how many epochs a night has, those that are not learnt included."""
        return len(self._stored[night])

    def signals(self, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float32]]:
        """Return ``{panel: (len(rows), samples) µV}``, NaN where a panel is absent."""
        pairs = zip(self.night[rows].tolist(), self.position[rows].tolist(), strict=True)
        return self._by_panel(np.stack([self._stored[night].microvolt(position) for night, position in pairs]))

    def whole_night(self, night: int, epochs: slice) -> dict[str, npt.NDArray[np.float32]]:
        """Return ``{panel: (epochs, samples) µV}`` of consecutive epochs, learnt or not."""
        return self._by_panel(self._stored[night].microvolt(epochs))

    def corrections(self, night: int, layout: ImageLayout) -> dict[str, Correction]:
        """Return what is done to a night's signals before they are drawn, by panel, from places all over it."""
        if not self.is_normalised or not layout.corrects:
            return {}
        if night not in self._corrections:
            stored = self._stored[night]
            rows = [stored.microvolt(place) for place in stretches(self.length(night))]
            self._corrections[night] = signal_corrections(layout, self._by_panel(np.concatenate(rows)))
        return self._corrections[night]

    def corrected(
        self, signals: dict[str, npt.NDArray[np.float32]], rows: npt.NDArray[np.int64], layout: ImageLayout
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the signals of rows, ``{panel: (len(rows), samples)}``, each as its night is drawn."""
        nights, row_of = np.unique(self.night[rows], return_inverse=True)
        corrections_of = [self.corrections(night, layout) for night in nights.tolist()]
        if not any(corrections_of):
            return signals
        drawn_signals = {panel: np.empty_like(values) for panel, values in signals.items()}
        for place, corrections in enumerate(corrections_of):
            of_night = row_of == place
            for panel, values in corrected(layout, {p: v[of_night] for p, v in signals.items()}, corrections).items():
                drawn_signals[panel][of_night] = values
        return drawn_signals

    def around(self, rows: npt.NDArray[np.int64], epochs: int) -> npt.NDArray[np.int64]:
        """Return each row's neighbours, ``epochs`` on each side: (n, 2 * epochs + 1), -1 where none is learnt."""
        places = self.position[rows, None] + np.arange(-epochs, epochs + 1)
        nights = np.repeat(self.night[rows, None], 2 * epochs + 1, axis=1)
        inside = (places >= 0) & (places < self._lengths[nights])
        return np.where(inside, self._row_at[self._begins[nights] + np.where(inside, places, 0)], -1)

    def learnt_around(self, epochs: int) -> npt.NDArray[np.int64]:
        """Return how many epochs are learnt in each row's window, ``epochs`` on each side and itself: (n,)."""
        places = self.night * (int(self._lengths.max()) + epochs) + self.position  # windows of two nights never meet
        return np.searchsorted(places, places + epochs, "right") - np.searchsorted(places, places - epochs)

    @cached_property
    def _lengths(self) -> npt.NDArray[np.int64]:
        """Epochs of each night."""
        return np.array([len(night) for night in self._stored], np.int64)

    @cached_property
    def _begins(self) -> npt.NDArray[np.int64]:
        """Place of each night's first epoch, the nights put one after another."""
        return np.cumsum(self._lengths) - self._lengths

    @cached_property
    def _row_at(self) -> npt.NDArray[np.int64]:
        """Row of each epoch, the nights put one after another; -1 where it is not learnt."""
        row_at = np.full(int(self._lengths.sum()), -1, np.int64)
        row_at[self._begins[self.night] + self.position] = np.arange(len(self))
        return row_at

    def weights(self, rows: npt.NDArray[np.int64], soft_negatives: float) -> npt.NDArray[np.float32]:
        """Return with which weight the loss compares rows with each stage: float32 (len(rows), 5), 1 for those allowed.

        Parameters
        ----------
        rows
            Which.
        soft_negatives
            What the sources' weights of other stages are multiplied by; 0: only what is allowed is compared.
        """
        light = np.minimum(soft_negatives * self._soft_negatives[self.source[rows], self.stages[rows]], 1.0)
        return np.where(self.allowed[rows], 1.0, light).astype(np.float32)

    def _by_panel(self, values: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
        return {panel: values[:, i] for i, panel in enumerate(self.panels)}
