"""Writing rationales: many epochs at once, each token one that the grammar permits.

Where the grammar leaves one continuation it is taken without asking the model. Such a run of forced tokens goes
through the model together with the token chosen before it, in one pass over all epochs; the choice after it is the
most likely of the permitted tokens. The label of the stage is read like any choice, and the logits of all five label
tokens at its place are kept, those included which the text before them has ruled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.hypnogram import Stage
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.staging.key_value import Prefix, RowCache
from eegvlm.staging.packed import PackedReader
from eegvlm.staging.token_grammar import Node, TokenGrammar, text_of

_SPARSE = 0.75


@dataclass(frozen=True)
class Written:
    """A rationale as it was written.

    Parameters
    ----------
    text
        The words.
    tokens
        What was put into the model after the prompt, and what would follow.
    stage
        The stage that the text ends in.
    logits
        Of the five label tokens where the label stands: float32 (5,).
    chosen, forced
        Tokens that the model chose, and tokens that the grammar left no choice about.
    """

    text: str
    tokens: tuple[int, ...]
    stage: Stage
    logits: npt.NDArray[np.float32]
    chosen: int
    forced: int


@dataclass(eq=False)
class _DecodedRow:
    """An epoch's text under way: what is written, and how much of it the model has read."""

    grammar: TokenGrammar
    at: Node
    asked: int  # tokens of the prompt that the prefix does not hold
    tokens: list[int]
    nodes: list[Node] = field(default_factory=list)
    is_label: bool = False
    read: int = 0
    chosen: int = 0
    done: Written | None = None

    def force(self) -> None:
        run = self.grammar.run(self.at)
        self.tokens += run.tokens
        self.nodes += run.nodes
        self.at, self.is_label = run.stop, run.is_label

    def choose(self, token: int) -> None:
        self.at = self.grammar.following(self.at)[token]
        self.tokens.append(token)
        self.nodes.append(self.at)
        self.chosen += 1
        self.force()

    def finish(self, stage_ids: list[int], logits: npt.NDArray[np.float32]) -> None:
        grammar = self.grammar
        permitted = grammar.following(self.at)
        free = [token in permitted for token in stage_ids]
        stage = int(np.where(free, logits, -np.inf).argmax())
        self.chosen += sum(free) > 1
        last = permitted[stage_ids[stage]]
        tokens = (*self.tokens[self.asked :], stage_ids[stage], *grammar.ending(last))
        while after := grammar.following(last):
            self.nodes.append(last)
            last = next(iter(after.values()))
        text = text_of([*self.nodes, last])
        self.done = Written(text, tokens, Stage(stage), logits, self.chosen, len(tokens) - self.chosen)


class Decoder:
    """Writes rationales after prompts whose beginning has been read.

    Parameters
    ----------
    model
        On its device, in its precision.
    prompt
        Tokens of the reasoned prompt.
    stage_token_ids
        Label tokens, W, N1, N2, N3, R.
    """

    def __init__(
        self,
        model: EegVlmForConditionalGeneration,
        prompt: list[int],
        stage_token_ids: list[int],
    ) -> None:
        self._model, self._prompt, self._stage_ids = model, prompt, stage_token_ids
        self._labels = torch.tensor(stage_token_ids, device=model.device)
        self._reader = PackedReader(model.model.language_model)

    @torch.inference_mode()
    def write(self, prefix: Prefix, grammars: Sequence[TokenGrammar]) -> list[Written]:
        """Write the rationale of every epoch of a prefix, each in its grammar."""
        first, asked = prefix.positions, self._prompt[prefix.positions :]
        rows = [_DecodedRow(grammar, grammar.start, len(asked), list(asked)) for grammar in grammars]
        for row in rows:
            row.force()
        cache, active = RowCache(prefix), rows
        while active:
            pieces = [row.tokens[row.read :] for row in active]
            states = self._reader.read(cache, pieces, [first + row.read for row in active])
            for row in active:
                row.read = len(row.tokens)
            self._go_on(active, states)
            left = [k for k, row in enumerate(active) if row.done is None]
            if len(left) <= _SPARSE * len(active):
                cache.keep(torch.tensor(left, dtype=torch.long, device=self._model.device))
                active = [active[k] for k in left]
        return [row.done for row in rows if row.done is not None]

    def _go_on(self, active: list[_DecodedRow], states: torch.Tensor) -> None:
        """Choose the next token of every row that is not finished, and what must follow it."""
        ready = [k for k, row in enumerate(active) if row.done is None]
        permitted = [list(active[k].grammar.following(active[k].at)) for k in ready]
        width = max(map(len, permitted))
        padded = torch.tensor([some + some[:1] * (width - len(some)) for some in permitted], device=states.device)
        logits = self._model.lm_head(states[torch.tensor(ready, device=states.device)]).float()
        best = logits.gather(1, padded).argmax(dim=1, keepdim=True)
        # one transfer a pass: the choice, then the labels' logits
        answers = torch.cat([padded.gather(1, best).double(), logits[:, self._labels].double()], dim=1).cpu().numpy()
        for k, answer in zip(ready, answers, strict=True):
            if active[k].is_label:
                active[k].finish(self._stage_ids, answer[1:].astype(np.float32))
            else:
                active[k].choose(int(answer[0]))
