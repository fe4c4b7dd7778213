"""From findings to words: the rationale of an epoch, and a description without a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eegvlm.errors import InputError
from eegvlm.evidence import Finding, supported_rules
from eegvlm.hypnogram import Stage
from eegvlm.reasoning import facts
from eegvlm.reasoning.claim import Claim, OwnKind
from eegvlm.reasoning.context import Context
from eegvlm.reasoning.decisions import alternatives, filled, neighbours, rule
from eegvlm.reasoning.epoch import Epoch
from eegvlm.reasoning.grammar import MOST, RANK
from eegvlm.reasoning.statement import Sentence, Step


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
    return tuple(one.label for one in claims if one.kind == OwnKind.RULE and one.label and not one.negated)


def compose(findings: Sequence[Finding], context: Context, stage: Stage, *, rng: Chance | None = None) -> Rationale:
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
    epoch = Epoch(findings, context)
    rules = supported_rules(findings, context.neighbours)
    chosen = rule(rules, stage)
    sentences = [
        *_background(epoch, stage),
        *_events(epoch, stage, chosen.statement.id.removeprefix("rule.")),
        *neighbours(epoch, chosen),
        chosen,
        *alternatives(epoch, rules, stage, chosen),
        filled(f"stage.{stage.label}"),
    ]
    return _worded(stage, sentences, context, rng)


def describe(findings: Sequence[Finding], context: Context, *, rng: Chance | None = None) -> str:
    """Say in one or two sentences what is measurable in an epoch, without any stage.

    Parameters
    ----------
    findings, context
        As for :func:`compose`.
    rng
        Picks the wordings, and one of the three facts that say most; None takes the first.

    Returns
    -------
    str
        The dominant rhythm, then one thing that stands out; "" where nothing was measured.
    """
    epoch = Epoch(findings, context)
    telling = _first(3, *(fact(epoch) for fact in _TELLING))
    drawn = int(rng.integers(len(telling))) if rng is not None and telling else 0
    said = _first(2, facts.rhythm(epoch, "central"), *telling[drawn : drawn + 1])
    return _worded(Stage.UNSCORED, said, context, rng).text


_SOME_ALPHA_PERCENT = 25.0
_TELLING: tuple[facts.Fact, ...] = (
    lambda epoch: facts.slow_wave_share(epoch) if (epoch.slow_wave_percent or 0) >= 10 else None,
    facts.movement,
    facts.spindles,
    facts.k_complexes,
    facts.rapid_eye_movements,
    facts.blinks,
    facts.slow_eye_movements,
    facts.vertex_waves,
    lambda epoch: facts.time(epoch, "alpha"),
    facts.chin_tone,
    facts.no_spindle_or_k_complex,
)

# by stage: the facts that decide it, in order of weight
_EVENTS: dict[Stage, tuple[facts.Fact, ...]] = {
    Stage.W: (
        facts.movement,
        facts.electrode_artefact,
        facts.rapid_eye_movements,
        facts.blinks,
        facts.chin_tone,
    ),
    Stage.N1: (
        facts.movement,
        facts.slow_eye_movements,
        facts.vertex_waves,
        facts.arousal,
        facts.no_rapid_eye_movement,
    ),
    Stage.N2: (facts.movement, facts.spindles, facts.k_complexes, facts.no_spindle_or_k_complex, facts.slow_wave_share),
    Stage.N3: (facts.slow_wave_share, facts.movement, facts.spindles, facts.k_complexes),
    Stage.R: (
        facts.movement,
        facts.eyes_or_chin_unmeasured,
        facts.rapid_eye_movements,
        facts.no_rapid_eye_movement,
        facts.chin_tone,
        facts.sawtooth,
    ),
}
# what a rule rests on is said before all else
_RESTS_ON: dict[str, tuple[facts.Fact, ...]] = {
    "W.2": (facts.blinks,),
    "W.3": (facts.rapid_eye_movements, facts.chin_tone),
    "N1.2": (facts.slow_eye_movements, facts.vertex_waves),
    "R.1": (facts.rapid_eye_movements, facts.chin_tone),
    "R.2": (facts.chin_tone,),
    "X.1": (facts.movement, facts.electrode_artefact),
}


def _background(epoch: Epoch, stage: Stage) -> list[Sentence]:
    place = {Stage.W: "occipital", Stage.N3: "frontal"}.get(stage, "central")
    second = None
    if stage is Stage.W and (epoch.alpha_percent or 0) < _SOME_ALPHA_PERCENT:
        # who is awake with open eyes shows little alpha and much beta
        second = facts.power(epoch, place, "beta")
    elif stage in (Stage.W, Stage.N1):
        second = facts.time(epoch, "alpha")
    elif stage is Stage.N3:
        second = facts.power(epoch, place, "delta")
    elif stage is Stage.R and facts.eyes_or_chin_unmeasured(epoch) is not None:
        second = facts.time(epoch, "theta")
    return [one for one in (facts.rhythm(epoch, place), second) if one is not None]


def _events(epoch: Epoch, stage: Stage, rule_id: str) -> list[Sentence]:
    asked = dict.fromkeys((*_RESTS_ON.get(rule_id, ()), *_EVENTS[stage]))
    return _first(MOST[Step.EVENTS], *(fact(epoch) for fact in asked))


def _first(count: int, *sentences: Sentence | None) -> list[Sentence]:
    return [one for one in sentences if one is not None][:count]


def _worded(stage: Stage, sentences: list[Sentence], context: Context, rng: Chance | None) -> Rationale:
    ordered = sorted(sentences, key=lambda one: RANK[one.statement.id])
    said = []
    for one in ordered:
        wordings = one.statement.in_voice(expert=context.expert)
        said.append(one.text(wordings[int(rng.integers(len(wordings))) if rng is not None else 0]))
    return Rationale(stage, tuple(said), tuple(claim for one in ordered for claim in one.claims))
