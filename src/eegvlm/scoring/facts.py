"""A fact: what can be said of a kind of finding, or of the lack of several, and where it is worth saying."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eegvlm.hypnogram import Stage
from eegvlm.scoring.statement import Sentence, Statement

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

Tell = Callable[["Epoch"], Sentence | None]


@dataclass(frozen=True, eq=False)
class Fact:
    """Something that a rationale can say of an epoch, in one of several statements.

    Attributes
    ----------
    statements
        In the order of the grammar.
    tell
        Returns the sentence that holds in an epoch, None where there is nothing to say.
    places
        Stage -> place among the facts that decide this stage, 1 before 2; it is not told of other stages unless the
        rule rests on it.
    description
        Place among what is worth saying without a stage; None where it is not.
    described
        Returns the sentence of a description, where it is not ``tell``.
    """

    statements: tuple[Statement, ...]
    tell: Tell
    places: Mapping[Stage, int] = field(default_factory=dict)
    description: int | None = None
    described: Tell | None = None

    def describe(self, epoch: Epoch) -> Sentence | None:
        """Return what a description says of it."""
        return (self.described or self.tell)(epoch)
