"""The grammar: every statement, in the order in which a rationale makes them, and what may follow what.

A rationale is a row of sentences whose statements come in the order of :data:`STATEMENTS`, each at most once: up to
two of background, three events, one neighbour, exactly one rule (or the admission that none is met), up to two
alternatives, of two stages, and the stage. The rule names the stage, and nothing after it leads to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from eegvlm.reasoning.decision_statements import ALTERNATIVES, DECISION, NEIGHBOURS, RULE
from eegvlm.reasoning.measured_statements import BACKGROUND, EVENTS
from eegvlm.reasoning.statement import Statement, Step

STATEMENTS: Final[tuple[Statement, ...]] = (*BACKGROUND, *EVENTS, *NEIGHBOURS, *RULE, *ALTERNATIVES, *DECISION)
RANK: Final = {statement.id: rank for rank, statement in enumerate(STATEMENTS)}
MOST: Final = {
    Step.BACKGROUND: 2,
    Step.EVENTS: 3,
    Step.NEIGHBOURS: 1,
    Step.RULE: 1,
    Step.ALTERNATIVES: 2,
    Step.DECISION: 1,
}
"""How many sentences a step may have."""

_OF = {statement.id: statement for statement in STATEMENTS}


def statement(name: str) -> Statement:
    """Return the statement of an id."""
    return _OF[name]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a rationale one stands, after a sentence.

    Attributes
    ----------
    rank
        Of the last statement; -1 at the beginning.
    count
        Sentences so far in that statement's step.
    stage
        Label of the stage that the text has come to; "" where it is open.
    """

    rank: int = -1
    count: int = 0
    stage: str = ""

    @property
    def finished(self) -> bool:
        """Whether the stage has been said."""
        return self.rank >= 0 and STATEMENTS[self.rank].step is Step.DECISION

    def permits(self, next_: Statement) -> bool:
        """Tell whether a statement may come next."""
        step = STATEMENTS[self.rank].step if self.rank >= 0 else Step.BACKGROUND
        if self.finished or RANK[next_.id] <= self.rank or (next_.step is step and self.count >= MOST[step]):
            return False
        if (next_.step > Step.RULE) != (step >= Step.RULE):
            return False
        if next_.serves and self.stage not in next_.serves:
            return False
        if next_.rejects and self.rank >= 0 and STATEMENTS[self.rank].rejects == next_.rejects:
            return False
        return not (next_.decides and self.stage and next_.decides != self.stage)

    def after(self, said: Statement) -> Place:
        """Return the place after a statement."""
        same = self.rank >= 0 and STATEMENTS[self.rank].step is said.step
        return Place(RANK[said.id], self.count + 1 if same else 1, said.decides or self.stage)

    def after_named(self, name: str) -> Place:
        """Return the place after the statement of an id."""
        return self.after(statement(name))

    @cache  # noqa: B019 (there are few places, and none holds more than three small values)
    def following(self) -> tuple[Statement, ...]:
        """Return the statements that may come next."""
        return tuple(one for one in STATEMENTS[self.rank + 1 :] if self.permits(one))
