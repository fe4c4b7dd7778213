"""The grammar of rationales in a tokenizer's tokens: which may come next, and which must.

A grammar is in words, a model writes tokens, and a text can be cut into tokens in more than one way. Training
knows one cut only. Here the grammar's next words, each from its space up to the next one, are cut by the tokenizer, and
a trie over their tokens says what is permitted: only that one cut can be written. An EEG-VLM's tokenizer joins nothing
across the space before a word, so that it is the cut of the whole text. Of any other tokenizer that is not known, and
training cuts its texts word by word, too (:meth:`TokenizedWords.of`).

The stage's label is the last word, "N2.", with its stop. An EEG-VLM has a token for each label; other tokenizers write
some of them in several. What decides between the five is read along their tokens (:attr:`TokenizedWords.labels`).

Nodes are made when they are first met and kept, so that the grammar of a montage is worked out once for all its epochs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any, Protocol

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES
from eegvlm.model.label_tokens import LabelTokens

_BEFORE = ":"  # a word is cut as it is after a colon and a space


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """A place between two tokens.

    Attributes
    ----------
    inner
        Token -> node, for tokens that go on with the same word.
    word
        The word, where it may end here.
    end
        The grammar's state after that word; None where it may not end here.
    decides
        Whether this is before or in the word that names the stage, the text's last.
    """

    inner: dict[int, Node] = field(default_factory=dict)
    word: str = ""
    end: Hashable = None
    decides: bool = False
    following: Mapping[int, Node] | None = None
    run: TokenRun | None = None


@dataclass(frozen=True, repr=False, slots=True)
class TokenRun:
    """What must come next.

    Attributes
    ----------
    tokens, nodes
        The tokens, and the node after each of them; both may be empty.
    stop
        Where the run ends: at a choice, before the label of the stage, or at the text's end.
    is_label
        Whether the stage's label comes next.
    """

    tokens: tuple[int, ...]
    nodes: tuple[Node, ...]
    stop: Node
    is_label: bool


class WordGrammar(Protocol):
    """A grammar in words: :func:`eegvlm.reasoning.acceptor` and :func:`eegvlm.reasoning.grounded` give one."""

    start: Any

    def words(self, state: Any, /) -> Mapping[str, Any]:
        """Return the words that may come next, and the (hashable) state after each.

        Several words with spaces between them may come as one, where nothing else can follow the first of them.
        """

    def finished(self, state: Any, /) -> bool:
        """Tell whether the text is whole."""


class TokenizedWords:
    """Words as a tokenizer cuts them, each kept once it is known.

    Parameters
    ----------
    tokenizer
        The model's.
    stage_token_ids
        Label tokens, W, N1, N2, N3, R; none where labels are texts in the model's own tokens.

    Attributes
    ----------
    labels
        Of each stage the tokens that tell its label from the others', from the first place at which they differ.

    Raises
    ------
    InputError
        If the tokenizer does not write a stage's label as its label token, or writes two labels alike.
    """

    def __init__(self, tokenizer: Any, stage_token_ids: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._prefix = tokenizer.encode(_BEFORE, add_special_tokens=False)
        self._known: dict[str, tuple[int, ...]] = {}
        for token in stage_token_ids:
            label = tokenizer.convert_ids_to_tokens(token)
            if token not in self.of(f"{label}."):
                hint = "add the label to the tokenizer as a single word"
                raise InputError("processor", "stage_tokens", label, hint)
        told_apart = [(token,) for token in stage_token_ids] or _told_apart(
            [self.of(f"{stage.label}.") for stage in STAGES]
        )
        self.labels = LabelTokens(tuple(told_apart))

    def of(self, words: str) -> tuple[int, ...]:
        """Return the tokens of a word, or of several, that follow a space."""
        if " " in words:
            return tuple(token for word in words.split(" ") for token in self.of(word))
        word = words
        cut = self._known.get(word)
        if cut is None:
            whole = self._tokenizer.encode(f"{_BEFORE} {word}", add_special_tokens=False)
            if whole[: len(self._prefix)] != self._prefix:
                hint = "it joins a colon, a space and what follows to one token: use a model with another one"
                raise InputError("processor", "tokenizer", f"{_BEFORE} {word}", hint)
            cut = self._known[word] = tuple(whole[len(self._prefix) :])
        return cut


class TokenGrammar:
    """What a model may write.

    Parameters
    ----------
    machine
        The grammar in words: of a recording's channels, or of one epoch.
    tokenized_words
        The model's tokens of words.
    """

    def __init__(self, machine: WordGrammar, tokenized_words: TokenizedWords) -> None:
        self._machine, self._tokenized_words = machine, tokenized_words
        self._stages = frozenset(label[0] for label in tokenized_words.labels.tokens)
        self._roots: dict[Hashable, Node] = {}
        self.start = self._root(machine.start)

    def following(self, node: Node) -> Mapping[int, Node]:
        """Return permitted token -> node after it; empty where the text is finished."""
        if node.following is None:
            after = {} if node.end is None else self._root(node.end).inner
            node.following = {**after, **node.inner} if after and node.inner else after or node.inner
        return node.following

    def run(self, node: Node) -> TokenRun:
        """Return what must come next: up to a choice, to the label of the stage, or to the end."""
        if node.run is None:
            tokens: list[int] = []
            nodes: list[Node] = []
            at = node
            while len(after := self.following(at)) == 1 and not self._is_label(at):
                ((token, at),) = after.items()
                tokens.append(token)
                nodes.append(at)
            run = TokenRun(tuple(tokens), tuple(nodes), at, self._is_label(at))
            if at is node:  # kept, it would be a circle, and the grammar of each epoch garbage for the collector
                return run
            node.run = run
        return node.run

    def ending(self, node: Node) -> tuple[int, ...]:
        """Return the tokens after the label of the stage: the text's last."""
        tokens: list[int] = []
        while after := self.following(node):
            ((token, node),) = after.items()
            tokens.append(token)
        return tuple(tokens)

    def _is_label(self, node: Node) -> bool:
        return node.decides and not self._stages.isdisjoint(self.following(node))

    def _root(self, state: Hashable) -> Node:
        """Return the node before the words that may follow a state of the grammar, at a word's end."""
        root = self._roots.get(state)
        if root is None:
            words = self._machine.words(state)
            decides = bool(words) and all(self._machine.finished(end) for end in words.values())
            root = self._roots[state] = Node(decides=decides and not any(" " in word for word in words))
            for word, end in words.items():
                at, tokens = root, self._tokenized_words.of(word)
                label = len(tokens) - len(self._tokenized_words.of(word.rpartition(" ")[2]))
                for place, token in enumerate(tokens, start=1):
                    at = at.inner.setdefault(token, Node(decides=decides and place >= label))
                at.word, at.end = word, end
        return root


def text_of(nodes: Sequence[Node]) -> str:
    """Return the text whose tokens led through these nodes."""
    words = [node.word for node, after in pairwise(nodes) if node.end is not None and after not in node.inner.values()]
    return " ".join([*words, nodes[-1].word])


def _told_apart(cuts: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return of each cut the tokens up to the first that no other has there, without those that all begin with."""
    shared = min(_alike(cuts[0], other) for other in cuts[1:])
    longest = [max(_alike(cut, other) for k, other in enumerate(cuts) if k != place) for place, cut in enumerate(cuts)]
    return [cut[shared : end + 1] for cut, end in zip(cuts, longest, strict=True)]


def _alike(first: Sequence[int], second: Sequence[int]) -> int:
    """Return with how many tokens two cuts begin alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
