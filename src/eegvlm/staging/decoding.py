"""Writing rationales: many epochs at once, each token one that the grammar permits.

Where the grammar leaves one continuation it is taken without asking the model. Such a run of forced tokens goes
through the model together with the token chosen before it, in one pass over all epochs; the choice after it is the
most likely of the permitted tokens. The label of the stage is read like any choice, and the logits of all five labels
at its place are kept, those included which the text before them has ruled out. Where labels have several tokens, what
they begin with alike is read on, and a label's logit is the sum of its tokens' log probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.model.label_tokens import LabelTokens
from eegvlm.staging.packed_decoder import PackedReader, PackedTexts
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
        Of the five labels where the label stands: float32 (5,).
    chosen, forced
        Tokens that the model chose, and tokens that the grammar left no choice about.
    """

    text: str
    tokens: tuple[int, ...]
    stage: Stage
    logits: npt.NDArray[np.float32]
    chosen: int
    forced: int


class TextsUnderWay(Protocol):
    """The texts of many rows in a model, of which each is read on by tokens of its own."""

    def read(self, pieces: Sequence[Sequence[int]], rows: Sequence[int]) -> torch.Tensor:
        """Read the next tokens of every row; return the logits after the last of these rows, float32 (n, tokens)."""

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only."""


@dataclass(eq=False)
class _DecodedRow:
    """An epoch's text under way: what is written, and how much of it the model has read."""

    grammar: TokenGrammar
    at: Node
    asked: int  # tokens of the prompt that the prefix does not hold
    tokens: list[int]
    nodes: list[Node] = field(default_factory=list)
    is_label: bool = False
    heard: list[npt.NDArray[np.float32]] = field(default_factory=list)  # at the label: logits of what may stand there
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

    def hear(self, labels: _Labels, logits: npt.NDArray[np.float32]) -> None:
        """Take the logits of the labels' tokens at one place; go on to the next, or finish."""
        self.heard.append(logits)
        if len(self.heard) <= len(labels.path):
            self.tokens.append(labels.path[len(self.heard) - 1])
        else:
            self._finish(labels)

    def _finish(self, labels: _Labels) -> None:
        logits = np.array([sum(self.heard[depth][k] for depth, k in branch) for branch in labels.places], np.float32)
        walks = [self._walk(label) for label in labels.tokens.tokens]
        free = [bool(walk) for walk in walks]
        stage = int(np.where(free, logits, -np.inf).argmax())
        self.chosen += sum(free) > 1
        written = self.tokens[self.asked : len(self.tokens) - len(labels.path)]
        self.nodes += walks[stage]
        tokens = (*written, *labels.tokens.tokens[stage], *self.grammar.ending(self.nodes[-1]))
        while after := self.grammar.following(self.nodes[-1]):
            self.nodes.append(next(iter(after.values())))
        text = text_of(self.nodes)
        self.done = Written(text, tokens, Stage(stage), logits, self.chosen, len(tokens) - self.chosen)

    def _walk(self, tokens: Sequence[int]) -> list[Node]:
        """Return the nodes to which a label's tokens lead; none where the text before it has ruled it out."""
        at, nodes = self.at, []
        for token in tokens:
            after = self.grammar.following(at).get(token)
            if after is None:
                return []
            at = after
            nodes.append(at)
        return nodes


class _Labels:
    """Where the five labels part, and what is read there.

    Parameters
    ----------
    tokens
        Those that tell them apart.

    Attributes
    ----------
    path
        What is read on where labels begin alike.
    ids
        The tokens whose logits are kept at each place.
    places
        Of each label, at which place of the path which of these count.

    Raises
    ------
    InputError
        If labels begin alike in more than one way.
    """

    def __init__(self, tokens: LabelTokens) -> None:
        if len(tokens.paths) > 1:
            hint = "stages' names begin alike in several ways in its tokens: use another model"
            raise InputError("processor", "tokenizer", [list(path) for path in tokens.paths], hint)
        self.tokens, (self.path,) = tokens, tokens.paths
        self.ids = sorted({token for label in tokens.tokens for token in label})
        self.places = [[(depth, self.ids.index(token)) for depth, token in enumerate(label)] for label in tokens.tokens]


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
        self._model, self._prompt = model, prompt
        self._read_labels(LabelTokens(tuple((token,) for token in stage_token_ids)))
        self._reader = PackedReader(model.model.language_model)

    def _read_labels(self, tokens: LabelTokens) -> None:
        self._labels = _Labels(tokens)

    def begin(self, prefix: Any) -> tuple[TextsUnderWay, list[list[int]]]:
        """Return the rows' texts under way, and what of each prompt is not in the prefix."""
        unread = self._prompt[prefix.positions :]
        return PackedTexts(self._reader, self._model.lm_head, prefix), [list(unread) for _ in range(len(prefix))]

    @torch.inference_mode()
    def write(self, prefix: Any, grammars: Sequence[TokenGrammar]) -> list[Written]:
        """Write the rationale of every epoch of a prefix, each in its grammar."""
        texts, unread = self.begin(prefix)
        rows = [
            _DecodedRow(grammar, grammar.start, len(tokens), tokens)
            for grammar, tokens in zip(grammars, unread, strict=True)
        ]
        for row in rows:
            row.force()
        active = rows
        while active:
            pieces = [row.tokens[row.read :] for row in active]
            ready = [k for k, row in enumerate(active) if row.done is None]
            logits = texts.read(pieces, ready)
            for row in active:
                row.read = len(row.tokens)
            self._go_on([active[k] for k in ready], logits)
            left = [k for k, row in enumerate(active) if row.done is None]
            if len(left) <= _SPARSE * len(active):
                texts.keep(left)
                active = [active[k] for k in left]
        return [row.done for row in rows if row.done is not None]

    def _go_on(self, ready: list[_DecodedRow], logits: torch.Tensor) -> None:
        """Choose the next token of every row that is not finished, and what must follow it."""
        permitted = [list(row.grammar.following(row.at)) for row in ready]
        width = max(map(len, permitted))
        padded = torch.tensor(
            [choices + choices[:1] * (width - len(choices)) for choices in permitted], device=logits.device
        )
        best = logits.gather(1, padded).argmax(dim=1, keepdim=True)
        if self._labels.path:
            logits = logits.log_softmax(dim=1)  # of tokens at several places, only probabilities can be multiplied
        of_labels = logits[:, torch.tensor(self._labels.ids, device=logits.device)]
        # one transfer a pass: the choice, then the labels' logits
        answers = torch.cat([padded.gather(1, best).double(), of_labels.double()], dim=1).cpu().numpy()
        for row, answer in zip(ready, answers, strict=True):
            if row.is_label:
                row.hear(self._labels, answer[1:].astype(np.float32))
            else:
                row.choose(int(answer[0]))
