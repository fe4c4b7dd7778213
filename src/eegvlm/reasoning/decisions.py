"""Decisions: which neighbours, which rule and which alternatives a rationale speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eegvlm.evidence import FindingKind, supported_rules
from eegvlm.hypnogram import Stage
from eegvlm.reasoning.decision_statements import stage_of_rule
from eegvlm.reasoning.epoch import Epoch, spindle_or_k_complex
from eegvlm.reasoning.facts import absent
from eegvlm.reasoning.grammar import MOST, statement
from eegvlm.reasoning.statement import Sentence, Step

K = FindingKind

# rules of other stages that weigh against a stage, the nearest or gravest first
_RIVALS = {
    Stage.W: ("N3.1", "R.1", "N2.1"),
    Stage.N1: ("W.1", "W.3", "N3.1", "R.1", "N2.1"),
    Stage.N2: ("N3.1", "R.1", "W.1", "W.3"),
    Stage.N3: ("R.1", "N2.1", "W.1", "W.3"),
    Stage.R: ("N3.1", "N2.1", "W.1", "W.3"),
}
# alternatives in the order in which they are ruled out, and how, the best reason first
_AGAINST = {
    Stage.W: ("N1.alpha", "N1.tone", "N1.blink", "N1.drowsy", "N1.vertex", "N2.none"),
    Stage.N1: ("W.alpha", "N2.none"),
    Stage.N2: ("N1.event", "N1.arousal", "N3.slow"),
    Stage.N3: ("N2.slow",),
    Stage.R: ("N1.eyes", "N1.drowsy", "N1.vertex", "W.tone", "W.alpha", "N2.none"),
}

_HOLDS: dict[str, Callable[[Epoch], bool]] = {
    "W.tone": lambda epoch: _at_most(epoch.chin_percent, 65.0),
    "W.alpha": lambda epoch: _at_most(epoch.alpha_percent, 50.0),
    "N1.alpha": lambda epoch: epoch.alpha_percent is not None and epoch.alpha_percent > 50.0,
    "N1.tone": lambda epoch: bool(epoch.of(K.RAPID_EYE_MOVEMENT)) and _at_least(epoch.chin_percent, 90.0),
    "N1.blink": lambda epoch: bool(epoch.of(K.BLINK)),
    "N1.drowsy": lambda epoch: absent(epoch, K.SLOW_EYE_MOVEMENT, K.VERTEX_WAVE),
    "N1.vertex": lambda epoch: absent(epoch, K.VERTEX_WAVE),
    "N1.event": lambda epoch: spindle_or_k_complex(epoch.findings, 0.0, 30.0) > 0,
    "N1.arousal": lambda epoch: absent(epoch, K.AROUSAL),
    "N1.eyes": lambda epoch: bool(epoch.of(K.RAPID_EYE_MOVEMENT)) and _at_most(epoch.chin_percent, 65.0),
    "N2.none": lambda epoch: absent(epoch, K.SPINDLE, K.K_COMPLEX),
    "N2.slow": lambda epoch: _at_least(epoch.slow_wave_percent, 20.0),
    "N3.slow": lambda epoch: epoch.slow_wave_percent is not None and epoch.slow_wave_percent < 20.0,
}


def rule(rules: Sequence[str], stage: Stage) -> Sentence:
    """Return the sentence about the stage's rule that is supported, or that none is."""
    # slow eye movements or vertex waves say more of N1 than the absence of alpha
    wanted = ("N1.2", *rules) if stage is Stage.N1 and "N1.2" in rules else tuple(rules)
    mine = [one for one in wanted if stage_of_rule(one) == stage.label]
    if not mine and "X.1" in rules:
        mine = ["X.1"]
    return filled(f"rule.{mine[0]}" if mine else f"unsupported.{stage.label}")


def neighbours(epoch: Epoch, chosen: Sentence) -> list[Sentence]:
    """Return what the neighbours say, where the rule rests on them."""
    around = epoch.context.neighbours
    before, after = around.previous_stage, around.following_stage
    name = chosen.statement.id.removeprefix("rule.")
    if name == "N2.1":
        alone = "N2.1" in supported_rules(epoch.findings)
        return [] if alone else [filled("neighbour.event")]
    if name in ("N2.2", "N2.3") and before is not None:
        return [filled("neighbour.before", before)]
    if name == "R.2":
        if before is after is Stage.R:
            return [filled("neighbour.around", Stage.R)]
        return [filled("neighbour.before" if before is Stage.R else "neighbour.after", Stage.R)]
    if name == "X.1" and before is not None and before is after:
        return [filled("neighbour.around", before)]
    if name == "X.1" and after is not None:
        return [filled("neighbour.after", after)]
    return []


def alternatives(epoch: Epoch, rules: Sequence[str], stage: Stage, chosen: Sentence) -> list[Sentence]:
    """Return why it is not the nearest other stages, or which rule of theirs is met as well."""
    if chosen.statement.id == "rule.X.1":
        return []
    said: dict[str, Sentence] = {}
    # slow waves in a fifth of the epoch settle the matter
    settled = stage is Stage.N3 and "N3.1" in rules
    for name in () if settled else _RIVALS[stage]:
        if name in rules:
            said.setdefault(stage_of_rule(name), filled(f"rival.{name}"))
    for name in _AGAINST[stage]:
        other = name.partition(".")[0]
        if other not in said and _HOLDS[name](epoch):
            said[other] = filled(f"against.{name}")
    return list(said.values())[: MOST[Step.ALTERNATIVES]]


def arguments(epoch: Epoch) -> list[Sentence]:
    """Return every argument against a stage that holds."""
    return [filled(f"against.{name}") for name, holds in _HOLDS.items() if holds(epoch)]


def surroundings(epoch: Epoch) -> list[Sentence]:
    """Return all that can be said of the neighbours: their stages, and an event late in the epoch before."""
    around = epoch.context.neighbours
    before, after = around.previous_stage, around.following_stage
    said = []
    if before is not None:
        said.append(filled("neighbour.before", before))
    if after is not None:
        said.append(filled("neighbour.after", after))
    if before is not None and before is after:
        said.append(filled("neighbour.around", before))
    if spindle_or_k_complex(around.previous or (), 15.0, 30.0):
        said.append(filled("neighbour.event"))
    return said


def filled(name: str, stage: Stage | None = None) -> Sentence:
    """Return a statement without numbers."""
    sentence = statement(name).fill(**({"stage": stage.label} if stage is not None else {}))
    if sentence is None:
        raise ValueError(f"{name} cannot be said of {stage}")
    return sentence


def _at_most(value: float | None, limit: float) -> bool:
    return value is not None and value <= limit


def _at_least(value: float | None, limit: float) -> bool:
    return value is not None and value >= limit
