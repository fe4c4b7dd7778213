"""A night under way: epochs are read in batches that a journal can interrupt, and rationales are written."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from eegvlm.staging.explaining import Explainer, GrammarOf, room
from eegvlm.staging.journal import AnswerJournal, Answers

if TYPE_CHECKING:
    from eegvlm.model.night_inputs import NightInputs
    from eegvlm.staging.kv_cache import Prefix
    from eegvlm.staging.prompt_cache import PromptCache
    from eegvlm.staging.reading import Reader

Progress = Callable[[int, int], None]
Bools = npt.NDArray[np.bool_]
Part: TypeAlias = "tuple[npt.NDArray[np.intp], Prefix | PromptCache]"


@dataclass
class NightAnswering:
    """The answers of a model to a night.

    Parameters
    ----------
    inputs
        What the model reads.
    reader, batch_size
        The model, and how many epochs it reads at a time.
    answers
        Filled in; what an interrupted run left in it is not computed again.
    diary
        Where answers are kept meanwhile.
    progress, explain_progress
        Called with epochs read, and with rationales written, and how many there are in all.
    """

    inputs: NightInputs
    reader: Reader
    batch_size: int
    answers: Answers
    diary: AnswerJournal | None = None
    progress: Progress | None = None
    explain_progress: Progress | None = None
    _kept: list[Part] = field(default_factory=list)

    def read(self, *, keep: bool = False) -> None:
        """Read every usable epoch.

        Parameters
        ----------
        keep
            Whether to keep what reasons can go on from, of as many batches as there is room for: these are then not
            read a second time.
        """
        left = room(self.reader.model.device) if keep else 0
        for rows in self._batches(self.inputs.night.usable & np.isnan(self.answers.logits[:, 0])):
            epochs = self.inputs.rows(rows)
            left -= len(rows) * self.reader.prefix_bytes if keep else 0
            started = time.perf_counter()
            if keep and left >= 0:
                self.answers.logits[rows], prefix = self.reader.read_on(epochs)
                self._kept.append((rows, prefix))
            else:
                self.answers.logits[rows] = self.reader.read(epochs)
            self.inputs.seconds["model_s"] += time.perf_counter() - started
            self._save()
            if self.progress is not None:
                self.progress(int(rows[-1]) + 1, self.inputs.night.n_epochs)

    def explain(self, chosen: Bools, grammar: GrammarOf) -> float:
        """Write the rationales of chosen epochs, bool (n_epochs,), in the order of time; return the seconds it took."""
        unwritten = chosen & ~self.answers.written
        again = unwritten.copy()
        for rows, _ in self._kept:
            again[rows] = False
        explainer = Explainer(self.reader, grammar, self.answers, self.batch_size, self._after(int(unwritten.sum())))
        for rows, prefix in heapq.merge(self._read_again(again), self._once(unwritten), key=lambda part: part[0][0]):
            explainer.add(rows, prefix)
            del prefix  # or it would be kept while the next batch is read
        explainer.finish()
        return explainer.seconds

    def _batches(self, epochs: Bools) -> Iterator[npt.NDArray[np.intp]]:
        rows = np.flatnonzero(epochs)
        for begin in range(0, len(rows), self.batch_size):
            yield rows[begin : begin + self.batch_size]

    def _read_again(self, chosen: Bools) -> Iterator[Part]:
        """Read chosen epochs a second time."""
        for rows in self._batches(chosen):
            epochs = self.inputs.rows(rows)
            started = time.perf_counter()
            _, prefix = self.reader.read_on(epochs)
            self.inputs.seconds["model_s"] += time.perf_counter() - started
            yield rows, prefix
            del prefix

    def _once(self, chosen: Bools) -> Iterator[Part]:
        """Hand out what was kept of chosen epochs."""
        while self._kept:
            rows, prefix = self._kept.pop(0)
            places = np.flatnonzero(chosen[rows])
            if len(places):
                yield rows[places], prefix.rows(places)
            del prefix

    def _after(self, total: int) -> Callable[[int], None]:
        def after(done: int) -> None:
            self._save()
            if self.explain_progress is not None:
                self.explain_progress(done, total)

        return after

    def _save(self) -> None:
        if self.diary is not None:
            self.diary.write(self.answers)
