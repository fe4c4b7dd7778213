"""Decisions: which rule and which alternatives a rationale speaks of."""

from __future__ import annotations

from eegvlm.hypnogram import Stage
from eegvlm.reasoning.grammar import MOST
from eegvlm.scoring import Epoch, Rule
from eegvlm.scoring.statement import Sentence, Step


def deciding_rule(epoch: Epoch, stage: Stage) -> Rule | None:
    """Return the stage's rule that is met, or one that leaves the stage to the neighbours; None where none is."""
    of_stage = sorted((rule for rule in epoch.rules_met if rule.stage is stage), key=lambda rule: not rule.comes_first)
    return next(iter([*of_stage, *(rule for rule in epoch.rules_met if rule.stage is None)]), None)


def alternatives(epoch: Epoch, stage: Stage, chosen: Rule | None) -> list[Sentence]:
    """Return why it is not the nearest other stages, or which rule of theirs is met as well."""
    if chosen is not None and chosen.stage is None:
        return []
    table = epoch.table
    settled = any(rule.settles and rule.stage is stage for rule in epoch.rules_met)
    sentences: dict[Stage | None, Sentence] = {}
    for rule in () if settled else table.rivals(stage):
        if rule in epoch.rules_met:
            sentences.setdefault(rule.stage, table.sentence(f"rival.{rule.id}"))
    for argument in table.arguments_for(stage):
        if argument.against not in sentences and argument.holds(epoch):
            sentences[argument.against] = table.sentence(f"against.{argument.id}")
    return list(sentences.values())[: MOST[Step.ALTERNATIVES]]
