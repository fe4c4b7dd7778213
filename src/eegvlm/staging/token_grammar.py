"""The grammar of rationales in a tokenizer's tokens: which may come next, and which must.

The acceptor walks characters, a model writes tokens, and a text can be cut into tokens in more than one way. Training
knows only the cut that the tokenizer makes of the whole text. Here the acceptor's next words, each from its space up to
the next one, are cut by the tokenizer, and a trie over their tokens says what is permitted: only that one cut can be
written. It rests on a tokenizer that joins nothing across the space before a word, as those of GPT-2 and Llama do.

Nodes are made when they are first met and kept, so that each is worked out once for all epochs of a montage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from eegvlm.errors import InputError
from eegvlm.reasoning import Acceptor

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
        The acceptor's state after that word; None where it may not end here.
    decides
        Whether this is in the word that names the stage, the text's last.
    """

    inner: dict[int, Node] = field(default_factory=dict)
    word: str = ""
    end: int | None = None
    decides: bool = False
    following: Mapping[int, Node] | None = None
    run: Run | None = None


@dataclass(frozen=True, repr=False, slots=True)
class Run:
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


class TokenGrammar:
    """What a model may write.

    Parameters
    ----------
    machine
        The grammar of a recording's channels.
    tokenizer
        The model's.
    stage_token_ids
        Label tokens, W, N1, N2, N3, R.

    Raises
    ------
    InputError
        If the tokenizer does not write a stage's label as its label token.
    """

    def __init__(self, machine: Acceptor, tokenizer: Any, stage_token_ids: Sequence[int]) -> None:
        self._machine, self._tokenizer = machine, tokenizer
        self._stages = frozenset(stage_token_ids)
        self._prefix = tokenizer.encode(_BEFORE, add_special_tokens=False)
        self._cuts: dict[str, tuple[int, ...]] = {}
        self._roots: dict[int, Node] = {}
        for token in stage_token_ids:
            label = tokenizer.convert_ids_to_tokens(token)
            if token not in self._cut(f"{label}."):
                hint = "add the label to the tokenizer as a single word"
                raise InputError("processor", "stage_tokens", label, hint)
        self.start = self._root(machine.start)

    def following(self, node: Node) -> Mapping[int, Node]:
        """Return permitted token -> node after it; empty where the text is finished."""
        if node.following is None:
            after = {} if node.end is None else self._root(node.end).inner
            node.following = {**after, **node.inner} if after and node.inner else after or node.inner
        return node.following

    def run(self, node: Node) -> Run:
        """Return what must come next: up to a choice, to the label of the stage, or to the end."""
        if node.run is None:
            tokens: list[int] = []
            nodes: list[Node] = []
            at = node
            while len(after := self.following(at)) == 1 and not self._is_label(at):
                ((token, at),) = after.items()
                tokens.append(token)
                nodes.append(at)
            node.run = Run(tuple(tokens), tuple(nodes), at, self._is_label(at))
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

    def _root(self, state: int) -> Node:
        """Return the node before the words that may follow a state of the acceptor, at a word's end."""
        root = self._roots.get(state)
        if root is None:
            words = self._words(state)
            decides = bool(words) and all(self._machine.finished(end) for end in words.values())
            root = self._roots[state] = Node(decides=decides)
            for word, end in words.items():
                at = root
                for token in self._cut(word):
                    at = at.inner.setdefault(token, Node(decides=decides))
                at.word, at.end = word, end
        return root

    def _words(self, state: int) -> dict[str, int]:
        """Return the words that may come next, without the space before them, and the state after each."""
        words: dict[str, int] = {}
        begun = [("", state)]
        while begun:
            text, at = begun.pop()
            after = self._machine.next(at)
            if not text and " " in after:
                begun.append(("", after[" "]))
                continue
            if text and (not after or " " in after):
                words[text] = at
            begun += [(text + char, then) for char, then in after.items() if char != " "]
        return words

    def _cut(self, word: str) -> tuple[int, ...]:
        cut = self._cuts.get(word)
        if cut is None:
            whole = self._tokenizer.encode(f"{_BEFORE} {word}", add_special_tokens=False)
            cut = self._cuts[word] = tuple(whole[len(self._prefix) :])
        return cut


def text_of(nodes: Sequence[Node]) -> str:
    """Return the text whose tokens led through these nodes."""
    words = [one.word for one, after in pairwise(nodes) if one.end is not None and after not in one.inner.values()]
    return " ".join([*words, nodes[-1].word])
