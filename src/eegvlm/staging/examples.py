"""Staging with examples: the nearest scored epochs of other persons, shown to a general-purpose model or asked to vote.

A general-purpose model is shown k of them before each question, spread over stages. An EEG-VLM, which reads one picture
at a time, is answered by a second voice: the stages of the k nearest, pooled with its own probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.pooling import pooled
from eegvlm.model import GeneralProcessor
from eegvlm.model.described_night import DescribedNight
from eegvlm.model.general_processing import Examples, for_model
from eegvlm.model.night_inputs import EpochInputs, Rows
from eegvlm.retrieval import Encoder, EpochIndex, vote
from eegvlm.retrieval.voting import without_whom
from eegvlm.signals import Recording
from eegvlm.staging.general_reading import GeneralReader
from eegvlm.staging.stager import Stager

MOST = 64


@dataclass(frozen=True, eq=False)
class ExampleSource:
    """Where examples come from.

    Parameters
    ----------
    index
        The store.
    encoder
        That of the store.
    k
        Examples of an epoch.
    without
        Persons who give none; whose night a recording is, by its samples, never does.
    """

    index: EpochIndex
    encoder: Encoder
    k: int
    without: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def open(cls, folder: str | Path, k: int, *, without: Iterable[str] = (), device: str = "cpu") -> ExampleSource:
        """Open a store and the encoder that made it.

        Raises
        ------
        InputError
            If it is no store, its encoder is not there or has other weights now, or k is out of range.
        """
        if not 1 <= k <= MOST:
            raise InputError("arguments", "--k", k, f"use a whole number from 1 to {MOST}, or 0 for none")
        index = EpochIndex.read(folder)
        encoder = Encoder.load(index.about["encoder"], device=device)
        index.check_encoder(encoder)
        return cls(index, encoder, k, frozenset(without))

    @property
    def provenance(self) -> str:
        """What a night's record says of it."""
        return f"{self.k} of index {self.index.digest}"

    def provenance_beside(self, stager: Stager) -> str:
        """Return what a night's record says of it where a model staged the night."""
        return self.provenance if self.are_shown_to(stager) else f"vote of {self.provenance}"

    @staticmethod
    def are_shown_to(stager: Stager) -> bool:
        """Whether a model is shown examples; beside another one they vote."""
        return isinstance(stager.processor, GeneralProcessor)

    def check(self, stager: Stager) -> None:
        """Refuse a model that cannot be shown the store's pictures.

        Raises
        ------
        InputError
            Naming what differs.
        """
        if not isinstance(stager.processor, GeneralProcessor):
            return
        layout, of_model = self.index.layout, stager.processor.layout
        if layout is None or layout.to_dict() != of_model.to_dict():
            pictures = "none" if layout is None else f"of layout {layout.name}"
            hint = f"the model is shown layout {of_model.name}: make the index with --layout for this model"
            raise InputError(self.index.folder, "pictures", pictures, hint)
        if stager.processor.settings.context_epochs:
            name = stager.provenance.get("model", "model")
            raise InputError(name, "context_epochs", "neighbours are shown", "examples are single pictures: use 0")

    def shown_to(self, stager: Stager, recording: Recording) -> Stager:
        """Return a general-purpose stager that is shown a recording's examples; another one as it is."""
        if not isinstance(stager.processor, GeneralProcessor):
            return stager
        with_examples = replace(stager, provenance={**stager.provenance, "examples": self.provenance})
        with_examples._reader = self.reader(stager, recording)
        return with_examples

    def reader(self, stager: Stager, recording: Recording) -> ExampleReader:
        """Return what a general-purpose stager reads a recording with.

        Raises
        ------
        InputError
            If the model cannot be shown the store's pictures, or there are too few of others.
        """
        self.check(stager)
        if not isinstance(stager.processor, GeneralProcessor):
            raise InputError(stager.provenance.get("model", "model"), "kind", "EEG-VLM", "it is shown no examples")
        vectors, _ = self.index.encode(*self.encoder(recording))
        left_out = without_whom(self.index, recording, self.without)
        ids = self.index.nearest(vectors, self.k, without=left_out, by_stage=True)
        return ExampleReader(stager.model, stager.processor, self.index, ids)

    def voted(self, recording: Recording, ours: Hypnogram) -> Hypnogram:
        """Return a hypnogram pooled with the neighbours' vote."""
        neighbours = vote(self.index, recording, self.k, encoder=self.encoder, without=self.without)
        return pooled(ours, neighbours, other="the vote of scored examples")


@dataclass(frozen=True)
class ExampledInputs(EpochInputs):
    """What the model reads of some epochs, and which epochs they are."""

    epochs: tuple[int, ...] = ()


class ExampledNight(DescribedNight):
    """A night whose inputs say which epochs they are."""

    def rows(self, rows: Rows) -> EpochInputs:
        """See :meth:`.NightInputs.rows`."""
        inputs = super().rows(rows)
        return ExampledInputs(**vars(inputs), epochs=tuple(int(row) for row in np.atleast_1d(rows)))


class ExampleReader(GeneralReader):
    """A general-purpose model that is shown scored epochs before each question.

    Parameters
    ----------
    model, processor
        The model.
    index
        Where the examples' pictures are.
    ids
        int64 (n_epochs, k): places in the index, the nearest first. They are shown the nearest last, next to the
        question.
    """

    night_type = ExampledNight

    def __init__(self, model: Any, processor: GeneralProcessor, index: EpochIndex, ids: npt.NDArray[np.int64]) -> None:
        super().__init__(model, processor)
        self._index, self._ids = index, ids

    @cached_property
    def shared(self) -> int:  # type: ignore[override]
        """See :attr:`.GeneralReader.shared`; with the examples, about as long each as the question."""
        return int(super().shared * (1 + self._ids.shape[1]))

    @property
    def pads(self) -> bool:
        """See :attr:`.GeneralReader.pads`."""
        return True

    def asked(self, inputs: EpochInputs, *, reasoned: bool = False) -> dict[str, torch.Tensor]:
        """Return the model's own inputs, the examples before each question."""
        if not isinstance(inputs, ExampledInputs):
            raise TypeError("examples are of a night's own epochs")
        ids = self._ids[list(inputs.epochs), ::-1]
        pictures = np.stack([self._index.pictures(of_epoch) for of_epoch in ids])
        examples = Examples(torch.from_numpy(pictures).to(inputs.pictures.device), self._index.stages[ids])
        return for_model(self.model, self._general(inputs.pictures, inputs.texts, examples, reasoned=reasoned))
