"""From findings to words: the rationale of an epoch, and a description without a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.reasoning.decisions import alternatives, deciding_rule
from eegvlm.reasoning.grammar import MOST, grammar_of
from eegvlm.scoring import TABLE, Claim, Context, Epoch, Fact, Finding, OwnKind, Rule, Table
from eegvlm.scoring.absences import eyes_or_chin_unmeasured
from eegvlm.scoring.background import power, rhythm, time
from eegvlm.scoring.limits import SOME_ALPHA_PERCENT
from eegvlm.scoring.statement import Sentence, Step


class Chance(Protocol):
    """What is asked of a random generator: ``numpy.random.Generator`` has it."""

    def integers(self, high: int, /) -> int:
        """Return a whole number from 0 up to but without ``high``."""
        ...


@dataclass(frozen=True)
class Rationale:
    """The reasons for a stage.

    Attributes
    ----------
    stage
        The stage they come to.
    sentences
        The text, sentence by sentence; the last one is ``"Stage: N2."``.
    claims
        All that is claimed, in the order of the text.
    rules
        Ids of the rules that are said to apply.
    """

    stage: Stage
    sentences: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def text(self) -> str:
        """The sentences in one line."""
        return " ".join(self.sentences)

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that are said to apply."""
        return rules_of(self.claims)


def rules_of(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return the ids of the rules that claims name as met."""
    return tuple(claim.label for claim in claims if claim.kind == OwnKind.RULE and claim.label and not claim.negated)


def compose(
    findings: Sequence[Finding], context: Context, stage: Stage, *, rng: Chance | None = None, table: Table = TABLE
) -> Rationale:
    """Write the reasons for a stage, from what was measured.

    The steps are those of a technologist: background, what stands out, the neighbours where they decide, the rule, the
    nearest alternatives, the stage. Which facts are stated depends on the stage; only what was measured is
    stated, and where no rule of the stage is met the text says so.

    Parameters
    ----------
    findings
        Of the epoch.
    context
        Channels' words, what could be measured, neighbours, and whether an expert gave the stage.
    stage
        One of the five.
    rng
        Picks the wordings (never the facts), e.g. a ``numpy.random.Generator``; None takes the first of each.
    table
        What is known of kinds and rules.

    Returns
    -------
    Rationale

    Raises
    ------
    InputError
        Where the stage is "unscored": there is nothing to give reasons for.
    """
    stage = Stage(stage)  # a number out of a hypnogram will do
    if stage is Stage.UNSCORED:
        raise InputError("compose", "stage", stage.label, "give one of the five stages")
    epoch = Epoch(findings, context, table)
    chosen = deciding_rule(epoch, stage)
    sentences = [
        *_background(epoch, stage),
        *_events(epoch, stage, chosen),
        *_first(MOST[Step.NEIGHBOURS], chosen.around(epoch) if chosen is not None else None),
        table.sentence(f"rule.{chosen.id}" if chosen is not None else f"unsupported.{stage.label}"),
        *alternatives(epoch, stage, chosen),
        table.sentence(f"stage.{stage.label}"),
    ]
    return _worded(stage, sentences, epoch, rng)


def describe(findings: Sequence[Finding], context: Context, *, rng: Chance | None = None, table: Table = TABLE) -> str:
    """Say in one or two sentences what is measurable in an epoch, without any stage.

    Parameters
    ----------
    findings, context, table
        As for :func:`compose`.
    rng
        Picks the wordings, and one of the three facts that say most; None takes the first.

    Returns
    -------
    str
        The dominant rhythm, then one thing that stands out; "" where nothing was measured.
    """
    epoch = Epoch(findings, context, table)
    telling = _first(3, *(fact.describe(epoch) for fact in table.descriptions))
    index = int(rng.integers(len(telling))) if rng is not None and telling else 0
    sentences = _first(2, rhythm(epoch, "central"), *telling[index : index + 1])
    return _worded(Stage.UNSCORED, sentences, epoch, rng).text


def _background(epoch: Epoch, stage: Stage) -> list[Sentence]:
    region = {Stage.W: "occipital", Stage.N3: "frontal"}.get(stage, "central")
    second = None
    if stage is Stage.W and (epoch.alpha_percent or 0) < SOME_ALPHA_PERCENT:
        # who is awake with open eyes shows little alpha and much beta
        second = power(epoch, region, "beta")
    elif stage in (Stage.W, Stage.N1):
        second = time(epoch, "alpha")
    elif stage is Stage.N3:
        second = power(epoch, region, "delta")
    elif stage is Stage.R and eyes_or_chin_unmeasured(epoch) is not None:
        second = time(epoch, "theta")
    return _first(MOST[Step.BACKGROUND], rhythm(epoch, region), second)


def _events(epoch: Epoch, stage: Stage, chosen: Rule | None) -> list[Sentence]:
    # what the rule rests on is said before all else
    rests_on = (epoch.table.kind(kind).fact for kind in (chosen.rests_on if chosen is not None else ()))
    facts: dict[Fact | None, None] = dict.fromkeys((*rests_on, *epoch.table.facts_for(stage)))
    return _first(MOST[Step.EVENTS], *(fact.tell(epoch) for fact in facts if fact is not None))


def _first(count: int, *sentences: Sentence | None) -> list[Sentence]:
    return [sentence for sentence in sentences if sentence is not None][:count]


def _worded(stage: Stage, sentences: list[Sentence], epoch: Epoch, rng: Chance | None) -> Rationale:
    rank = grammar_of(epoch.table).rank
    ordered = sorted(sentences, key=lambda sentence: rank[sentence.statement.id])
    texts = []
    for sentence in ordered:
        wordings = sentence.statement.in_voice(expert=epoch.context.expert)
        texts.append(sentence.text(wordings[int(rng.integers(len(wordings))) if rng is not None else 0]))
    return Rationale(stage, tuple(texts), tuple(claim for sentence in ordered for claim in sentence.claims))
