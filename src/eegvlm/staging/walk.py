"""The walk through a night: pictures are drawn once and read, in batches that a journal can interrupt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.signals import Recording
from eegvlm.staging.blocks import Block, night_blocks
from eegvlm.staging.explaining import Explainer, GrammarOf
from eegvlm.staging.journal import Answers, Journal
from eegvlm.staging.reading import Reader

Progress = Callable[[int, int], None]


@dataclass
class Walk:
    """A night under way.

    Parameters
    ----------
    recording, reader, batch_size
        What is read, by what, so many epochs at a time.
    gains
        By panel: what its signal is multiplied by before it is drawn.
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
    gains: Mapping[str, float]
    answers: Answers
    diary: Journal | None = None
    progress: Progress | None = None
    explain_progress: Progress | None = None
    spent: dict[str, float] = field(default_factory=lambda: {"read_s": 0.0, "draw_s": 0.0, "model_s": 0.0})
    _vectors: torch.Tensor | None = None

    def __post_init__(self) -> None:
        self.scorable = self.recording.scorable

    def read(self) -> None:
        """Read every epoch."""
        wanted = self.scorable & np.isnan(self.answers.logits[:, 0])
        for block in self._blocks(wanted):
            for rows in block.batches(self.batch_size):
                epochs = np.arange(block.first + rows.start, block.first + rows.stop)
                if not wanted[epochs].any():
                    continue
                started = time.perf_counter()
                logits = self.reader.read(block.seen(rows), block.context(rows))
                self.answers.logits[epochs] = np.where(self.scorable[epochs, None], logits, np.nan)
                self.spent["model_s"] += time.perf_counter() - started
                self._keep()
                if self.progress is not None:
                    self.progress(int(epochs[-1]) + 1, self.recording.n_epochs)

    def explain(self, chosen: npt.NDArray[np.bool_], grammar: GrammarOf) -> None:
        """Write the rationales of chosen epochs, bool (n_epochs,), whose pictures are drawn and read again."""
        wanted = chosen & ~self.answers.written
        explainer = self._explainer(grammar, wanted)
        for block in self._blocks(wanted, self._vectors):
            for rows in block.picks(wanted, self.batch_size):
                started = time.perf_counter()
                _, prefix = self.reader.read_on(block.pictures[rows], block.context(rows))
                self.spent["model_s"] += time.perf_counter() - started
                explainer.add(block.first + rows.numpy(), prefix)
                del prefix  # or it would be kept while the next batch is read
        explainer.finish()
        self.spent["explain_s"] = self.spent.get("explain_s", 0.0) + explainer.seconds

    def _blocks(self, wanted: npt.NDArray[np.bool_], known: torch.Tensor | None = None) -> Iterator[Block]:
        look = self.reader.look_around(self.batch_size)
        processor, device = self.reader.processor, self.reader.model.device
        for block in night_blocks(self.recording, processor, device, look, wanted, self.spent, self.gains, known):
            self._vectors = block.night if block.around else None
            yield block

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
