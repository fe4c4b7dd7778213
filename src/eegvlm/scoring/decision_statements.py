"""What can be said of rules, alternatives and the decision: the last steps of a rationale, from the entries of tables.

``needs`` are groups of channel words without which nothing of the kind can be said.
"""

from __future__ import annotations

from typing import Final

from eegvlm.hypnogram import STAGES
from eegvlm.scoring.arguments import Argument
from eegvlm.scoring.claim import OwnKind
from eegvlm.scoring.rules import Rule
from eegvlm.scoring.statement import Statement, Step, claims

Needs = tuple[tuple[str, ...], ...]
LABELS: Final = tuple(stage.label for stage in STAGES)


def rule_met(rule: Rule, needs: Needs) -> Statement:
    """Return the statement that a rule decides the stage."""
    openings = (f"Rule {rule.id} applies", f"This meets rule {rule.id}", f"It fits rule {rule.id}")
    return Statement(
        f"rule.{rule.id}",
        Step.RULE,
        tuple(f"{opening}: {rule.gloss}." for opening in openings),
        (claims(OwnKind.RULE, label=rule.id),),
        decides=rule.stage.label if rule.stage is not None else "",
        needs=needs,
    )


def rival_met(rule: Rule, needs: Needs) -> Statement:
    """Return the statement that a rule of another stage is met as well."""
    met = f"Rule {rule.id} is met"
    return Statement(
        f"rival.{rule.id}",
        Step.ALTERNATIVES,
        (f"{met}, but seems weaker.", f"{met}, yet less likely."),
        (claims(OwnKind.RULE, label=rule.id),),
        expert_wordings=(f"{met}, but the expert decided against it.", f"{met}, yet the expert scored otherwise."),
        serves=frozenset(stage.label for stage in STAGES if stage is not rule.stage),
        needs=needs,
    )


def ruled_out(argument: Argument, needs: Needs) -> Statement:
    """Return the statement that a stage is ruled out."""
    stage = argument.against.label
    return Statement(
        f"against.{argument.id}",
        Step.ALTERNATIVES,
        (
            *(f"Not {stage}: {reason}." for reason in argument.reasons),
            f"This is not {stage}, as {argument.reasons[0]}.",
        ),
        argument.says,
        rejects=stage,
        serves=frozenset(served.label for served in argument.serves),
        needs=needs,
    )


def _unsupported(stage: str) -> Statement:
    first = f"No {stage} rule is met by what was measured"
    second = f"What was measured meets no {stage} rule"
    return Statement(
        f"unsupported.{stage}",
        Step.RULE,
        (f"{first}; {stage} is only the likeliest.", f"{second}; {stage} is only the likeliest."),
        (claims(OwnKind.RULE, label=stage, negated=True),),
        expert_wordings=(f"{first}; the expert scored {stage}.", f"{second}; {stage} is the expert's scoring."),
        decides=stage,
    )


def _decided(stage: str) -> Statement:
    says = (claims(OwnKind.STAGE, label=stage),)
    return Statement(f"stage.{stage}", Step.DECISION, (f"Stage: {stage}.",), says, decides=stage)


UNSUPPORTED: Final = tuple(_unsupported(label) for label in LABELS)
DECISION: Final = tuple(_decided(label) for label in LABELS)
