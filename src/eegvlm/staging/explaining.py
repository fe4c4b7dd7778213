"""Reasons for a night: which epochs get one, in what words, and what the signal says to each claim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from eegvlm.core.memory import give_back
from eegvlm.errors import InputError
from eegvlm.evidence import Evidence, Finding
from eegvlm.hypnogram import Hypnogram, Stage
from eegvlm.hypnogram.review import count_of, least_certain
from eegvlm.images import PreparedNight
from eegvlm.reasoning import (
    Context,
    acceptor,
    channel_words,
    derivation_note,
    grounded,
    night_contexts,
    rationale_record,
)
from eegvlm.staging.journal import Answers
from eegvlm.staging.token_grammar import TokenGrammar

if TYPE_CHECKING:  # a night without reasons does not wait for torch
    import torch

    from eegvlm.staging.kv_cache import Prefix
    from eegvlm.staging.prompt_cache import PromptCache
    from eegvlm.staging.reading import Reader

Explain = Literal["none", "uncertain", "all"]
EXPLAIN: tuple[Explain, ...] = ("none", "uncertain", "all")
Reasons = Literal["grounded", "free"]
REASONS: tuple[Reasons, ...] = ("grounded", "free")
UNCERTAIN_SHARE = 0.15
GrammarOf = Callable[[int], TokenGrammar]
"""What may be written of an epoch, by its place in the night."""
_MOST_ROWS = 128  # on a GPU; half of it on a CPU, where memory counts for more
_MOST_BYTES = 3 * 2**27
_POSITIONS_OF_A_TEXT = 128


def check_explain(explain: str, reader: Reader, model: str) -> None:
    """Refuse a way of explaining that there is not, or that the checkpoint was not trained for.

    Raises
    ------
    InputError
        Naming the checkpoint and what to do.
    """
    if explain not in EXPLAIN:
        raise InputError("arguments", "explain", explain, f"use one of {', '.join(EXPLAIN)}")
    if explain != "none" and not reader.reasoned:
        hint = "this checkpoint has no reasoned prompt: use --explain none, or one that was trained to give reasons"
        raise InputError(model, "explain", explain, hint)
    if explain != "none":
        reader.check_can_write(model)


def uncertain_epochs(hypnogram: Hypnogram, share: float = UNCERTAIN_SHARE) -> npt.NDArray[np.bool_]:
    """Return the least certain share of the scored epochs, rounded up: bool (n,)."""
    order = least_certain(hypnogram)
    chosen = np.zeros(len(hypnogram), np.bool_)
    chosen[order[: count_of(share, len(order))]] = True
    return chosen


class Grammars:
    """Grammars in a model's tokens."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._free: dict[tuple[str, ...], TokenGrammar] = {}

    def of(self, words: tuple[str, ...]) -> TokenGrammar:
        """Return the grammar of rationales about these channels; each is made once."""
        if words not in self._free:
            self._free[words] = TokenGrammar(acceptor(words), self._reader.tokenized_words)
        return self._free[words]

    def of_epoch(self, findings: Sequence[Finding], context: Context, stage: Stage) -> TokenGrammar:
        """Return the grammar of what holds in one epoch, in texts that come to its stage."""
        return TokenGrammar(grounded(findings, context, stage), self._reader.tokenized_words)


class Explainer:
    """Gathers epochs whose pictures have been read, and writes their rationales when there are enough for a pass.

    Parameters
    ----------
    reader
        The model.
    grammar
        What it may write.
    answers
        Texts are written into it.
    batch_size
        Epochs are written together in batches of this size, or of more where the memory for keys and values allows.
    after
        Called after every batch with the number of texts written by this explainer.
    """

    def __init__(
        self,
        reader: Reader,
        grammar: GrammarOf,
        answers: Answers,
        batch_size: int,
        after: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._grammar, self._answers, self._after = grammar, answers, after
        self._decoder = reader.decoder()
        positions = reader.shared + _POSITIONS_OF_A_TEXT
        fitting = room(reader.model.device) // (reader.position_bytes * positions)
        most = _MOST_ROWS if reader.model.device.type == "cuda" else _MOST_ROWS // 2
        self._rows = max(batch_size, min(most, fitting))
        self._waiting: list[tuple[npt.NDArray[np.intp], Prefix | PromptCache]] = []
        self._done = 0
        self.seconds = 0.0

    def add(self, epochs: npt.NDArray[np.intp], prefix: Prefix | PromptCache) -> None:
        """Take epochs and what was read of them; write as many full batches as there are."""
        if len(epochs):
            self._waiting.append((epochs, prefix))
        if sum(len(numbers) for numbers, _ in self._waiting) >= self._rows:
            self._write(full=True)

    def finish(self) -> None:
        """Write what still waits."""
        if self._waiting:
            self._write(full=False)

    def _write(self, *, full: bool) -> None:
        started = time.perf_counter()
        epochs = np.concatenate([numbers for numbers, _ in self._waiting])
        parts = [part for _, part in self._waiting]
        prefix: Any = type(parts[0]).join(parts)  # type: ignore[arg-type]
        self._waiting = []  # what was joined is not kept twice
        end = len(epochs) - len(epochs) % self._rows if full else len(epochs)
        for begin in range(0, end, self._rows):
            rows = slice(begin, min(begin + self._rows, end))
            grammars = [self._grammar(epoch) for epoch in epochs[rows].tolist()]
            written = self._decoder.write(prefix.rows(rows), grammars)
            for epoch, rationale in zip(epochs[rows], written, strict=True):
                self._answers.texts[epoch], self._answers.stages[epoch] = rationale.text, rationale.stage
                self._answers.reasoned[epoch], self._answers.tokens[epoch] = (
                    rationale.logits,
                    (rationale.chosen, rationale.forced),
                )
            self._done += len(written)
            self._after(self._done)
        self._waiting = [(epochs[end:], prefix.rows(slice(end, None)))] if end < len(epochs) else []
        give_back()
        self.seconds += time.perf_counter() - started


def room(device: torch.device) -> int:
    """Return how many bytes of keys and values may be held at a time: of a GPU, a quarter of what is free."""
    if device.type != "cuda":
        return _MOST_BYTES
    import torch

    return torch.cuda.mem_get_info(device)[0] // 4


@dataclass(frozen=True)
class MeasuredNight:
    """What reasons are held against: the channels that are drawn, and what was measured on them.

    Parameters
    ----------
    night
        The night as the model sees it.
    evidence
        What was measured on its panels (:func:`eegvlm.evidence.measure_night`).
    channels
        Channel's name -> the word for it; only channels that are drawn have one.
    """

    night: PreparedNight
    evidence: Evidence
    channels: dict[str, str]

    @classmethod
    def of(cls, night: PreparedNight, evidence: Evidence) -> MeasuredNight:
        """Return a night's."""
        with_role = [channel for channels in night.panels.values() for channel in channels if channel.role is not None]
        words = channel_words({channel.role: channel.role.value for channel in with_role if channel.role is not None})
        named = {
            channel.name: words[channel.role.value]
            for channel in with_role
            if channel.role and channel.role.value in words
        }
        return cls(night, evidence, named)

    @property
    def words(self) -> tuple[str, ...]:
        """Words of the channels on which something could be measured: those that may be spoken of."""
        return tuple(
            sorted({word for context in night_contexts(self.evidence, self.channels) for word in context.words})
        )

    def grammar(self, grammars: Grammars, stages: Iterable[int] | None) -> GrammarOf:
        """Return the grammar of what holds in each epoch and leads to the stage that the night has there.

        None: a free one, of all that may be said of the night's channels.
        """
        if stages is None:
            free = grammars.of(self.words)
            return lambda _: free
        of_night = [Stage(int(stage)) for stage in stages]
        contexts = night_contexts(self.evidence, self.channels, of_night)
        return lambda epoch: grammars.of_epoch(self.evidence.findings[epoch], contexts[epoch], of_night[epoch])

    def lines(self, answers: Answers, hypnogram: Hypnogram) -> tuple[dict[str, Any], ...]:
        """Return the lines of ``rationales.jsonl``.

        Returns
        -------
        tuple of dict
            What :func:`eegvlm.reasoning.rationale_record` gives, with ``direct_stage`` (the direct answer, before
            smoothing), ``reasoned_stage`` (in which the text ends), ``probabilities`` (softmax of the five labels'
            logits where the text names its stage; not calibrated) and ``differs`` (whether the two stages do).
        """
        contexts = night_contexts(self.evidence, self.channels, hypnogram.stages)
        lines = []
        for epoch in np.flatnonzero(answers.written).tolist():
            findings, context = self.evidence.findings[epoch], contexts[epoch]
            stage = Stage(int(hypnogram.stages[epoch]))
            record = rationale_record(epoch + 1, stage, answers.texts[epoch], findings, context)
            direct, reasoned = Stage(int(answers.logits[epoch].argmax())), Stage(int(answers.stages[epoch]))
            shares = softmax(answers.reasoned[epoch].astype(np.float64)).tolist()
            record["direct_stage"], record["reasoned_stage"] = direct.label, reasoned.label
            record["probabilities"] = {Stage(k).label: round(share, 4) for k, share in enumerate(shares)}
            record["differs"] = direct is not reasoned
            if note := self._stand_in(epoch):
                record["text"] = f"{note} {record['text']}"
            lines.append(record)
        return tuple(lines)

    def _stand_in(self, epoch: int) -> str:
        """Say from which derivation an epoch was read where that is not the preferred one; "" where it is."""
        notes = [
            derivation_note(channels[place].name, channels[0].name)
            for panel, channels in self.night.panels.items()
            if (place := int(self.night.shown[panel][epoch])) > 0
        ]
        return " ".join(notes)
