"""The tokens of the five stages' labels, and the trie that they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eegvlm.errors import InputError


@dataclass(frozen=True)
class LabelTokens:
    """The tokens of each stage's label, as they follow the prompt.

    Parameters
    ----------
    tokens
        In the order W, N1, N2, N3, R.

    Raises
    ------
    InputError
        If one label begins with another: it could not be said which of them was answered.
    """

    tokens: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        for place, tokens in enumerate(self.tokens):
            others = [other for k, other in enumerate(self.tokens) if k != place]
            if not tokens or any(other[: len(tokens)] == tokens for other in others):
                hint = "no stage's label may be the beginning of another's: choose other labels"
                raise InputError("processor", "stage_labels", f"label {place + 1} has the tokens {list(tokens)}", hint)

    @property
    def paths(self) -> list[tuple[int, ...]]:
        """The tokens on each way to a last branching point, from which labels go on; of those on the way none."""
        inner = {tokens[:depth] for tokens in self.tokens for depth in range(len(tokens))}
        return sorted(path for path in inner if not any(path == other[: len(path)] for other in inner - {path}))

    @property
    def longest(self) -> int:
        """Tokens of the longest label."""
        return max(map(len, self.tokens))

    def branches(self, stages: Iterable[int], depth: int) -> dict[int, list[int]]:
        """Return the tokens that may follow at a place of the trie, each with the stages it leads to.

        Parameters
        ----------
        stages
            Whose labels share their first ``depth`` tokens.
        depth
            Tokens said so far.
        """
        by_token: dict[int, list[int]] = {}
        for stage in stages:
            if len(self.tokens[stage]) > depth:
                by_token.setdefault(self.tokens[stage][depth], []).append(stage)
        return by_token
