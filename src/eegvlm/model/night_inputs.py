"""What the model reads of a night: pictures, and the vectors that were computed from these very pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.evidence import Evidence, beside_median, evidence_vectors, measure_night
from eegvlm.images import PreparedNight
from eegvlm.images.raster import empty_picture
from eegvlm.model.batch_norm_adaptation import adapted_network, fingerprints, night_vectors
from eegvlm.model.both_ends import NightStates
from eegvlm.model.distinct_rows import picture_vectors
from eegvlm.model.evidence_encoder import N_STAGES
from eegvlm.model.night import windows
from eegvlm.model.unfamiliar import Unfamiliar

Rows = npt.NDArray[np.intp]
Signals = dict[str, npt.NDArray[np.float32]]

_APART = 48  # epochs
AGREEMENT_PRIOR = 10
"""Epochs that count as agreed in any case: of fewer, agreement says little, and pictures count."""


@dataclass(frozen=True, eq=False)
class EpochInputs:
    """What the model reads of some epochs. :class:`NightInputs` makes it.

    Parameters
    ----------
    pictures
        uint8 (n, channels, height, width), or with their neighbours' (n, 2 * beside + 1, channels, height, width).
    context, own
        See :meth:`~eegvlm.model.EegVlmForConditionalGeneration.forward`; None where the model reads no night.
    made_from
        int64 (n,): fingerprints of the pictures from which the vectors were computed.
    picture_weight
        Weight of what the pictures say; see :attr:`NightInputs.picture_weight`.
    texts
        What was measured in each epoch, in words; None where the model reads none.

    Raises
    ------
    ValueError
        If the vectors were computed from other pictures than these.
    """

    pictures: torch.Tensor
    context: torch.Tensor | None = None
    own: torch.Tensor | None = None
    made_from: npt.NDArray[np.int64] | None = None
    picture_weight: float = 1.0
    texts: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("context", "own"):
            vectors = getattr(self, name)
            if vectors is not None and (
                self.made_from is None
                or len(vectors) != len(self.pictures)
                or not np.array_equal(self.made_from, fingerprints(self.pictures))
            ):
                raise ValueError(f"{name}: vectors that were computed from other pictures than those they came with")

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, rows: slice) -> EpochInputs:
        """Return what the model reads of some of these epochs."""
        return EpochInputs(
            self.pictures[rows],
            None if self.context is None else self.context[rows],
            None if self.own is None else self.own[rows],
            None if self.made_from is None else self.made_from[rows],
            self.picture_weight,
            None if self.texts is None else self.texts[rows],
        )


@dataclass(eq=False)
class NightInputs:
    """A night as a model reads it; the vectors of all its epochs are computed when it is made.

    Parameters
    ----------
    model, processor
        The model, on its device, and what draws for it.
    night
        What is read.
    batch_size
        Pictures whose vectors are computed at a time.
    beside
        Neighbours on each side whose pictures are shown beside the epoch's own.
    seconds
        By kind of work, added to in place: ``draw_s``, ``model_s``, ``measure_s``; the last runs beside the others.
    measured
        Whether a model that reads evidence is given any.

    Attributes
    ----------
    vectors
        (n_epochs, enhancement_channels + evidence_channels) of the night; None where the model reads no night.
    moved
        (n_epochs, enhancement_channels): what the night encoder makes of them; None where there is none.
    evidence
        What was measured on the night; None where the model reads no evidence.
    unfamiliar
        How far the recording lies from those that were learnt from; None where that is not known.
    picture_weight
        Weight of what the pictures say beside what was measured, from 0 to 1. Where the enhancement network and the
        evidence encoder give most epochs different stages, the pictures are of a recorder on which the network cannot
        be trusted: measures in physical units carry over to it, pictures do not.
    """

    model: Any
    processor: Any
    night: PreparedNight
    batch_size: int = 32
    beside: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"draw_s": 0.0, "model_s": 0.0})
    measured: bool = True
    vectors: torch.Tensor | None = field(default=None, init=False)
    moved: torch.Tensor | None = field(default=None, init=False)
    evidence: Evidence | None = field(default=None, init=False)
    unfamiliar: Unfamiliar | None = field(default=None, init=False)
    picture_weight: float = field(default=1.0, init=False)

    def __post_init__(self) -> None:
        config = self.model.config
        self._marks = np.zeros(self.night.n_epochs, np.int64)
        self._around = 0
        self._network: Any = None
        self._entries: torch.Tensor | None = None
        self._states: list[NightStates] | None = None
        if not getattr(config, "reads_night", False):
            return
        self._around = config.context_epochs
        with ThreadPoolExecutor(1, thread_name_prefix="evidence") as worker:
            measuring = worker.submit(self._measure)
            vectors = self._read_pictures()
            entries = measuring.result()
        started = time.perf_counter()
        with torch.inference_mode():
            if config.reads_evidence:
                nothing = torch.full((self.night.n_epochs, config.evidence_channels), torch.nan)
                vectors = torch.cat([vectors, nothing], dim=1)
            self.vectors, self._entries = vectors, entries
            if entries is not None:
                measured = self.model.model.evidence(entries[None].to(self.model.device))[0].cpu()
                vectors[:, config.enhancement_channels :] = measured
                self.picture_weight = self._trusted()
            if config.night_epochs:
                self.moved = self.model.model.night(vectors[None].to(self.model.device))[0].cpu()
        self.seconds["model_s"] += time.perf_counter() - started

    def _read_pictures(self) -> torch.Tensor:
        """Return the vectors of the night's pictures, (n_epochs, enhancement_channels)."""
        started = time.perf_counter()
        share, at = self.model.config.adaptation, {"device": self.model.device, "dtype": self.model.dtype}
        enhancement = self.model.model.enhancement
        self._network = adapted_network(enhancement, self.processor, self.night, share, **at)
        vectors, self._marks = night_vectors(
            self._network, self.processor, self.night, batch_size=self.batch_size, **at
        )
        self.seconds["model_s"] += time.perf_counter() - started
        return vectors

    def _measure(self) -> torch.Tensor | None:
        """Return the evidence of the night, where the model is given any; a thread measures it beside the pictures."""
        if not (self.model.config.reads_evidence and self.measured):
            return None
        started = time.perf_counter()
        self.evidence = measure_night(self.night)
        self._entries_of_night = evidence_vectors(self.night, self.evidence)
        entries = self._entries_of_night[:, self.model.config.evidence_columns]
        self.unfamiliar = self.model.model.evidence.familiarity.of(entries)
        self.seconds["measure_s"] = self.seconds.get("measure_s", 0.0) + time.perf_counter() - started
        return torch.from_numpy(entries)

    def _trusted(self) -> float:
        """Return :attr:`picture_weight`, from the share of the epochs to which both give the same stage."""
        nothing, full = self.model.config.picture_agreement
        if self.vectors is None or nothing >= full:
            return 1.0
        high = self.vectors[:, : self.model.config.enhancement_channels].to(self.model.device)
        of_pictures = self.model.model.enhancement.stage_logits(high).float().cpu()
        of_evidence = self.vectors[:, -N_STAGES:]
        both = torch.isfinite(of_evidence).all(dim=1) & torch.isfinite(of_pictures).all(dim=1)
        agreed = int((of_pictures.argmax(dim=1) == of_evidence.argmax(dim=1))[both].sum())
        share = (agreed + AGREEMENT_PRIOR * full) / (int(both.sum()) + AGREEMENT_PRIOR)
        return float(np.clip((share - nothing) / (full - nothing), 0.0, 1.0))

    def rows(self, rows: Rows) -> EpochInputs:
        """Return what the model reads of some epochs, (n,) places in the night."""
        started = time.perf_counter()
        pictures = self._beside(rows) if self.beside else self.night.pictures(rows, device=self.model.device)
        self.seconds["draw_s"] += time.perf_counter() - started
        if self.vectors is None:
            return EpochInputs(pictures)
        own_vectors = None if self.moved is None else self.moved[rows][:, None]
        context = windows(self.vectors, self._around)[rows] if self._reads_around else None
        return EpochInputs(pictures, context, own_vectors, self._marks[rows], self.picture_weight)

    @property
    def _reads_around(self) -> bool:
        return self._around > 0 or self._entries is not None

    @torch.inference_mode()
    def redrawn(self, rows: Rows, pictures: torch.Tensor) -> EpochInputs:
        """Return what the model would read if other pictures stood at places of the night.

        Tower and enhancement network both see the picture: the place's own vector is computed from it. The night
        around a place stays, and so does what was measured in the epoch.

        Parameters
        ----------
        rows
            Places, (n,), at least one; one may come several times.
        pictures
            uint8 (n, channels, height, width), on the model's device.
        """
        if self.vectors is None or self._network is None:
            return EpochInputs(self._among_neighbours(rows, pictures))
        vectors = self._vectors_of(pictures)
        if self.model.config.reads_evidence:
            vectors = torch.cat([vectors, self.vectors[rows, self.model.config.enhancement_channels :]], dim=1)
        return self._in_the_night(self.vectors, rows, pictures, vectors)

    @torch.inference_mode()
    def replaced(self, rows: Rows, signals: Signals) -> EpochInputs:
        """Return what the model would read if other signals stood at places of the night.

        The night around a place stays; the place's own vector is computed from the signals.

        Parameters
        ----------
        rows
            Places, (n,); one may come several times.
        signals
            Panel's name -> float32 (n, samples) microvolt, as :meth:`.PreparedNight.signals` gives them.
        """
        pictures = self.night.with_signals(rows, signals).pictures(slice(None), device=self.model.device)
        if self.vectors is None or self._network is None:
            return EpochInputs(self._among_neighbours(rows, pictures))
        vectors = self._vectors_of(pictures)
        places = torch.from_numpy(rows)
        if self._entries is not None:
            entries = torch.from_numpy(self._entries_of(rows, signals))
            on_device = (tensor.to(self.model.device) for tensor in (self._entries, places, entries))
            vectors = torch.cat([vectors, self.model.model.evidence.replaced(*on_device).cpu()], dim=1)
        elif self.model.config.reads_evidence:
            unmeasured = vectors.new_full((len(rows), self.model.config.evidence_channels), torch.nan)
            vectors = torch.cat([vectors, unmeasured], dim=1)
        return self._in_the_night(self.vectors, rows, pictures, vectors)

    def _vectors_of(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the high-level vectors of pictures, on the CPU."""
        normalise = partial(self.processor.normalise, dtype=self.model.dtype)
        return picture_vectors(self._network, pictures, normalise, self.batch_size).cpu()

    def _in_the_night(
        self, night: torch.Tensor, rows: Rows, pictures: torch.Tensor, vectors: torch.Tensor
    ) -> EpochInputs:
        """Return pictures with their own vectors (n, channels), and those of the night (n_epochs, channels) around."""
        places, context, own_vectors = torch.from_numpy(rows), None, None
        if self._reads_around:
            context = windows(night, self._around)[places]
            context[:, self._around] = vectors
        if self.moved is not None:
            if self._states is None:
                self._states = self.model.model.night.states(night.to(self.model.device))
            on_device = (tensor.to(self.model.device) for tensor in (places, vectors))
            own_vectors = self.model.model.night.replaced(self._states, *on_device)[:, None].cpu()
        return EpochInputs(pictures, context, own_vectors, fingerprints(pictures), self.picture_weight)

    def _among_neighbours(self, rows: Rows, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures between those of their places' neighbours, where the model is shown any."""
        if not self.beside:
            return pictures
        with_neighbours = self._beside(rows)
        with_neighbours[:, self.beside] = pictures
        return with_neighbours

    def _entries_of(self, rows: Rows, signals: Signals) -> npt.NDArray[np.float32]:
        """Return the evidence of other signals at places of the night, each measured alone among its neighbours."""
        columns = self.model.config.evidence_columns
        entries = np.empty((len(rows), len(columns)), np.float32)
        for chosen, changed in self._changed(rows, signals):
            measured = evidence_vectors(changed, measure_night(changed))
            entries[chosen] = beside_median(measured, of=self._entries_of_night)[rows[chosen]][:, columns]
        return entries

    def _changed(self, rows: Rows, signals: Signals) -> Iterator[tuple[list[int], PreparedNight]]:
        """Yield nights with other signals at places that lie far apart, and which of ``rows`` these are.

        Detectors look at most ten minutes around, so that such places can be measured together.
        """
        left = np.argsort(rows, kind="stable")
        while len(left):
            chosen, last = [], -_APART
            for place in left.tolist():
                if rows[place] - last >= _APART:
                    chosen.append(place)
                    last = int(rows[place])
            left = np.setdiff1d(left, chosen, assume_unique=True)
            yield chosen, self.night.replaced(rows[chosen], {name: signal[chosen] for name, signal in signals.items()})

    def _beside(self, rows: Rows) -> torch.Tensor:
        """Return pictures with those of their neighbours; beyond the night's ends there is nothing in them."""
        places = rows[:, None] + np.arange(-self.beside, self.beside + 1)
        inside = (places >= 0) & (places < self.night.n_epochs)
        epochs, at = np.unique(places[inside], return_inverse=True)
        pictures = self.night.pictures(epochs, device=self.model.device)
        around = torch.from_numpy(empty_picture(self.night.layout)).to(pictures.device).repeat(*places.shape, 1, 1, 1)
        around[torch.from_numpy(inside)] = pictures[torch.from_numpy(at)]
        return around
