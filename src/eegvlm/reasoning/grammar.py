"""The grammar: every statement, in the order in which a rationale makes them, and what may follow what.

A rationale is a row of sentences whose statements come in the order of the table, each at most once: up to two of
background, three events, one neighbour, exactly one rule (or the admission that none is met), up to two alternatives,
of two stages, and the stage. The rule names the stage, and nothing after it leads to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from eegvlm.scoring import TABLE, Table
from eegvlm.scoring.statement import Statement, Step

MOST: Final = {
    Step.BACKGROUND: 2,
    Step.EVENTS: 3,
    Step.NEIGHBOURS: 1,
    Step.RULE: 1,
    Step.ALTERNATIVES: 2,
    Step.DECISION: 1,
}
"""How many sentences a step may have."""


@dataclass(frozen=True, eq=False)
class Grammar:
    """The statements of a table in their order; make it with :func:`grammar_of`."""

    table: Table

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them."""
        return self.table.statements

    @cached_property
    def rank(self) -> dict[str, int]:
        """Place of each statement, by its id."""
        return {statement.id: rank for rank, statement in enumerate(self.statements)}

    def beginning(self, stage: str = "") -> GrammarPlace:
        """Return the place before the first sentence; ``stage`` is the label to which the text must come, "" any."""
        return GrammarPlace(self, stage=stage)


@cache
def grammar_of(table: Table = TABLE) -> Grammar:
    """Return the grammar of a table; each is made once."""
    return Grammar(table)


@dataclass(frozen=True, slots=True)
class GrammarPlace:
    """Where in a rationale one stands, after a sentence.

    Attributes
    ----------
    grammar
        Whose statements.
    rank
        Of the last statement; -1 at the beginning.
    count
        Sentences so far in that statement's step.
    stage
        Label of the stage that the text has come to; "" where it is open.
    """

    grammar: Grammar
    rank: int = -1
    count: int = 0
    stage: str = ""

    @property
    def last(self) -> Statement | None:
        """The last statement; None at the beginning."""
        return self.grammar.statements[self.rank] if self.rank >= 0 else None

    @property
    def finished(self) -> bool:
        """Whether the stage has been said."""
        return self.last is not None and self.last.step is Step.DECISION

    def permits(self, next_: Statement) -> bool:
        """Tell whether a statement may come next."""
        last = self.last
        step = last.step if last is not None else Step.BACKGROUND
        is_past = self.grammar.rank[next_.id] <= self.rank
        if self.finished or is_past or (next_.step is step and self.count >= MOST[step]):
            return False
        if (next_.step > Step.RULE) != (step >= Step.RULE):
            return False
        if next_.serves and self.stage not in next_.serves:
            return False
        if next_.rejects and last is not None and last.rejects == next_.rejects:
            return False
        return not (next_.decides and self.stage and next_.decides != self.stage)

    def after(self, statement: Statement) -> GrammarPlace:
        """Return the place after a statement."""
        same_step = self.last is not None and self.last.step is statement.step
        count = self.count + 1 if same_step else 1
        return GrammarPlace(self.grammar, self.grammar.rank[statement.id], count, statement.decides or self.stage)

    def after_named(self, name: str) -> GrammarPlace:
        """Return the place after the statement of an id."""
        return self.after(self.grammar.table.statement(name))

    @cache  # noqa: B019 (there are few places, and none holds more than its grammar and three small values)
    def following(self) -> tuple[Statement, ...]:
        """Return the statements that may come next."""
        return tuple(after for after in self.grammar.statements[self.rank + 1 :] if self.permits(after))
