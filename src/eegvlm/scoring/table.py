"""The one table of scoring knowledge: kinds of findings, sentences for their absence, rules and arguments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring.absences import ABSENCES
from eegvlm.scoring.arguments import ARGUMENTS, Argument
from eegvlm.scoring.decision_statements import DECISION, UNSUPPORTED, rival_met, rule_met, ruled_out
from eegvlm.scoring.facts import Fact
from eegvlm.scoring.kinds import KINDS, Kind
from eegvlm.scoring.neighbours import NEIGHBOURS
from eegvlm.scoring.rules import RULES, Rule
from eegvlm.scoring.slots import NEEDED
from eegvlm.scoring.statement import Sentence, Statement


@dataclass(frozen=True, eq=False)
class Table:
    """What is known of scoring; composing, parsing, verifying and reports read one of these.

    Attributes
    ----------
    kinds
        What can be found, in the order of a rationale.
    absences
        Facts of what is not there.
    rules
        In the order in which they are tried.
    arguments
        What speaks against stages.
    """

    kinds: tuple[Kind, ...]
    absences: tuple[Fact, ...]
    rules: tuple[Rule, ...]
    arguments: tuple[Argument, ...]

    def extended(
        self, *, kinds: Iterable[Kind] = (), rules: Iterable[Rule] = (), arguments: Iterable[Argument] = ()
    ) -> Table:
        """Return a table with more entries."""
        return replace(
            self,
            kinds=(*self.kinds, *kinds),
            rules=(*self.rules, *rules),
            arguments=(*self.arguments, *arguments),
        )

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """All that can be said of findings and of their absence."""
        return (*(kind.fact for kind in self.kinds if kind.fact is not None), *self.absences)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement, in the order in which a rationale makes them."""
        statements = (
            *(statement for fact in self.facts for statement in fact.statements),
            *NEIGHBOURS,
            *(rule_met(rule, self.needs_of(rule)) for rule in self.rules),
            *UNSUPPORTED,
            *(rival_met(rule, self.needs_of(rule)) for rule in self.rivals()),
            *(ruled_out(argument, self._needs(claim.kind for claim in argument.says)) for argument in self.arguments),
            *DECISION,
        )
        return tuple(sorted(statements, key=lambda statement: statement.step))

    def kind(self, name: str) -> Kind:
        """Return the entry of a kind."""
        return self._kinds[name]

    def knows(self, name: str) -> bool:
        """Tell whether there is a kind of this name."""
        return name in self._kinds

    def rule(self, name: str) -> Rule | None:
        """Return the entry of a rule, None where there is none of this id."""
        return self._rules.get(name)

    def stage_of(self, rule: str) -> Stage | None:
        """Return the stage that a rule speaks for; None for one of any stage or that is not known."""
        entry = self.rule(rule)
        return entry.stage if entry is not None else None

    def statement(self, name: str) -> Statement:
        """Return the statement of an id."""
        return self._statements[name]

    def sentence(self, name: str) -> Sentence:
        """Return a statement without numbers as a sentence."""
        sentence = self.statement(name).fill()
        if sentence is None:
            raise ValueError(f"{name} has numbers in it")
        return sentence

    def facts_for(self, stage: Stage) -> tuple[Fact, ...]:
        """Return the facts that decide a stage, the weightiest first."""
        facts = [fact for fact in self.facts if stage in fact.places]
        return tuple(sorted(facts, key=lambda fact: fact.places[stage]))

    @cached_property
    def descriptions(self) -> tuple[Fact, ...]:
        """Return the facts that are worth saying without a stage, the most telling first."""
        ranked = [(fact.description, fact) for fact in self.facts if fact.description is not None]
        return tuple(fact for _, fact in sorted(ranked, key=lambda pair: pair[0]))

    def rivals(self, stage: Stage | None = None) -> tuple[Rule, ...]:
        """Return the rules that weigh against a stage where they are met, its nearest and the gravest first.

        All that weigh against any, where None.
        """
        rivals = [
            (stage is None or rule.nearest_to is not stage, rule.gravity, rank)
            for rank, rule in enumerate(self.rules)
            if rule.gravity is not None and (stage is None or rule.stage is not stage)
        ]
        return tuple(self.rules[rank] for _, _, rank in sorted(rivals))

    def arguments_for(self, stage: Stage) -> tuple[Argument, ...]:
        """Return what rules out the alternatives of a stage, the nearest first."""
        arguments = [argument for argument in self.arguments if stage in argument.places]
        return tuple(sorted(arguments, key=lambda argument: argument.places[stage]))

    def needs_of(self, rule: Rule) -> tuple[tuple[str, ...], ...]:
        """Return the groups of channel words without which a rule cannot be met."""
        return () if rule.one_is_enough else self._needs(rule.asks)

    def _needs(self, kinds: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        groups = (group for kind in kinds if self.knows(kind) for group in NEEDED[self.kind(kind).modality])
        return tuple(dict.fromkeys(groups))

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        return {str(kind.name): kind for kind in self.kinds}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _statements(self) -> dict[str, Statement]:
        return {statement.id: statement for statement in self.statements}


TABLE: Final = Table(KINDS, ABSENCES, RULES, ARGUMENTS)
