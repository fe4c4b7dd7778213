"""The walk through a night: pictures are drawn once and read, in batches that a journal can interrupt."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.images import Correction
from eegvlm.signals import Recording
from eegvlm.staging.blocks import NightBlocks
from eegvlm.staging.explaining import Explainer, GrammarOf, room
from eegvlm.staging.journal import Answers, Journal
from eegvlm.staging.key_value import Prefix
from eegvlm.staging.reading import Reader

Progress = Callable[[int, int], None]
Part = tuple[npt.NDArray[np.intp], Prefix]


@dataclass
class Walk:
    """A night under way.

    Parameters
    ----------
    recording, reader, batch_size
        What is read, by what, so many epochs at a time.
    corrections
        By panel: what is done to its signal before it is drawn.
    answers
        Filled in; what an interrupted run left in it is not computed again.
    diary
        Where answers are kept meanwhile.
    progress, explain_progress
        Told of epochs read and of rationales written.
    """

    recording: Recording
    reader: Reader
    batch_size: int
    corrections: Mapping[str, Correction]
    answers: Answers
    diary: Journal | None = None
    progress: Progress | None = None
    explain_progress: Progress | None = None
    spent: dict[str, float] = field(default_factory=lambda: {"read_s": 0.0, "draw_s": 0.0, "model_s": 0.0})
    _kept: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scorable = self.recording.scorable
        processor, model, look = self.reader.processor, self.reader.model, self.reader.look_around(self.batch_size)
        self._blocks = NightBlocks(self.recording, processor, model.device, look, self.spent, self.corrections)

    def read(self, *, keep: bool = False) -> None:
        """Read every epoch.

        Parameters
        ----------
        keep
            Whether to keep what reasons can go on from, of as many whole blocks as there is room for: these are then
            not drawn and read a second time.
        """
        wanted = self.scorable & np.isnan(self.answers.logits[:, 0])
        left = room(self.reader.model.device) if keep else 0
        for block in self._blocks.of(wanted):
            span = slice(block.first, block.first + len(block))
            size = len(block) * self.reader.prefix_bytes if keep else 1
            kept = size <= left and np.array_equal(wanted[span], self.scorable[span])
            left -= size if kept else 0
            for rows in block.batches(self.batch_size):
                epochs = np.arange(block.first + rows.start, block.first + rows.stop)
                if not wanted[epochs].any():
                    continue
                started = time.perf_counter()
                if kept:
                    logits, prefix = self.reader.read_on(block.seen(rows))
                    self._kept.append((epochs, prefix))
                else:
                    logits = self.reader.read(block.seen(rows))
                self.answers.logits[epochs] = np.where(self.scorable[epochs, None], logits, np.nan)
                self.spent["model_s"] += time.perf_counter() - started
                self._keep()
                if self.progress is not None:
                    self.progress(int(epochs[-1]) + 1, self.recording.n_epochs)

    def explain(self, chosen: npt.NDArray[np.bool_], grammar: GrammarOf) -> None:
        """Write the rationales of chosen epochs, bool (n_epochs,), in the order of time."""
        wanted = chosen & ~self.answers.written
        explainer = self._explainer(grammar, wanted)
        again = wanted.copy()
        for epochs, _ in self._kept:
            again[epochs] = False
        for epochs, prefix in heapq.merge(self._again(again), self._once(wanted), key=lambda part: part[0][0]):
            explainer.add(epochs, prefix)
            del prefix  # or it would be kept while the next batch is read
        explainer.finish()
        self.spent["explain_s"] = self.spent.get("explain_s", 0.0) + explainer.seconds

    def _again(self, wanted: npt.NDArray[np.bool_]) -> Iterator[Part]:
        """Draw and read wanted epochs a second time."""
        for block in self._blocks.of(wanted):
            for rows in block.picks(wanted, self.batch_size):
                started = time.perf_counter()
                _, prefix = self.reader.read_on(block.seen(rows))
                self.spent["model_s"] += time.perf_counter() - started
                yield block.first + rows.numpy(), prefix
                del prefix

    def _once(self, wanted: npt.NDArray[np.bool_]) -> Iterator[Part]:
        """Hand out what was kept of wanted epochs."""
        while self._kept:
            epochs, prefix = self._kept.pop(0)
            rows = np.flatnonzero(wanted[epochs])
            if len(rows):
                yield epochs[rows], prefix.rows(torch.from_numpy(rows).to(self.reader.model.device))
            del prefix

    def _explainer(self, grammar: GrammarOf, wanted: npt.NDArray[np.bool_]) -> Explainer:
        total = int(wanted.sum())

        def after(done: int) -> None:
            self._keep()
            if self.explain_progress is not None:
                self.explain_progress(done, total)

        return Explainer(self.reader, grammar, self.answers, self.batch_size, after)

    def _keep(self) -> None:
        if self.diary is not None:
            self.diary.write(self.answers)
