"""Answers to the five kinds of questions, from findings, rules, neighbours and probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from eegvlm.hypnogram import Stage
from eegvlm.questions.answer import Answer, AnswerStatement, Basis, Checked
from eegvlm.questions.asked_night import AskedNight
from eegvlm.questions.comparing import compared
from eegvlm.questions.question import NAMES, QuestionKind, parse_question
from eegvlm.reasoning import Claim, Outcome, OwnKind, Verdict, compose, true_sentences, verify
from eegvlm.scoring import TABLE, FindingKind

K = FindingKind

# of which kinds a stage is decided
_DECIDING = {
    Stage.W: ("time.alpha", "blink", "rapid_eye_movement", "chin"),
    Stage.N1: ("rhythm", "time.alpha", "slow_eye_movement", "vertex_wave", "arousal"),
    Stage.N2: ("spindle", "k_complex", "absent.spindle_and_k_complex"),
    Stage.N3: ("slow_wave_share",),
    Stage.R: ("rapid_eye_movement", "absent.rapid_eye_movement", "chin", "sawtooth", "unmeasured"),
}


def answer(night: AskedNight, epoch: int, text: str) -> Answer:
    """Answer a question of the closed set.

    Parameters
    ----------
    night
        The night.
    epoch
        From 1, as scorers count.
    text
        The question, in English; see :data:`.question.KINDS`.

    Returns
    -------
    Answer
        Each statement about the signal was compared with the measurements; what could not be measured is said.

    Raises
    ------
    InputError
        If the question is not understood, or an epoch is not in the night.
    """
    question = parse_question(text)
    place = night.place(epoch)
    stage = night.stage(place)
    if stage is Stage.UNSCORED and question.kind is not QuestionKind.EVENTS:
        unstaged = AnswerStatement("The epoch was not staged: it holds no usable EEG.", Basis.MODEL)
        return Answer(text, epoch, stage, (unstaged,), question)
    match question.kind:
        case QuestionKind.WHY if question.stage in (None, stage):
            statements = _why(night, place, stage)
        case QuestionKind.WHY | QuestionKind.WHY_NOT if question.stage is not None:
            is_wrong = question.kind is QuestionKind.WHY or question.stage is stage
            statements = [*([_stage_is(stage)] if is_wrong else ()), *_why_not(night, place, stage, question.stage)]
        case QuestionKind.EVENTS:
            statements = _events(night, place, question.events)
        case QuestionKind.COMPARE if question.other is not None:
            statements = compared(night, place, night.place(question.other, "QUESTION"))
        case _:
            statements = _sure(night, place, question.stage or stage)
    return Answer(text, epoch, stage, tuple(statements), question)


def _stage_is(stage: Stage) -> AnswerStatement:
    return AnswerStatement(f"The epoch is {stage.label}.", Basis.MODEL)


def _why(night: AskedNight, place: int, stage: Stage) -> list[AnswerStatement]:
    rationale = compose(night.findings(place), night.contexts[place], stage)
    reasons = [night.said(sentence, place) for sentence in rationale.sentences[:-1]]  # the last one names the stage
    return [*reasons, *_not_measured(night, place, _kinds_of(stage)), probability(night, place, stage)]


def _why_not(night: AskedNight, place: int, stage: Stage, other: Stage) -> list[AnswerStatement]:
    if other is stage:
        return _why(night, place, stage)
    facts = true_sentences(night.findings(place), night.contexts[place])
    statements = [
        night.said(text, place)
        for name, texts in facts.items()
        if (_is_of(name, f"against.{other.label}") and stage.label in TABLE.statement(name).serves)
        or any(_is_of(name, kind) for kind in _DECIDING[other])
        for text in texts
    ]
    rules = _rules(night, place, other)
    statements += rules
    if any(claim.verdict.claim.negated is False for rule in rules for claim in rule.checked):
        statements.append(_defended(night, place, other, stage))
    statements += _not_measured(night, place, _kinds_of(other))
    return [*statements, probability(night, place, other), probability(night, place, stage)]


def _is_of(name: str, kind: str) -> bool:
    """Tell whether a statement's id is that of a kind, or of one of its variants: ``chin.low`` of ``chin``."""
    return name == kind or name.startswith(f"{kind}.")


def _defended(night: AskedNight, place: int, other: Stage, stage: Stage) -> AnswerStatement:
    """Say that another stage can be defended, and whether the rules speak for the epoch's own stage, too."""
    denied = Claim(OwnKind.RULE, label=stage.label, negated=True)
    (verdict,) = verify([denied], night.findings(place), night.contexts[place])
    if verdict.outcome is Outcome.CONFIRMED:
        text = f"{other.label} can be defended: a rule of it is met, and none of {stage.label}."
        return night.said(text, place, [denied])
    text = f"{other.label} can be defended, too: rules of both stages are met, and the model weighs them."
    return AnswerStatement(text, Basis.MODEL)


def _rules(night: AskedNight, place: int, stage: Stage) -> list[AnswerStatement]:
    """Say of each rule of a stage whether it is met, is not, or cannot be told."""
    statements = []
    for rule in TABLE.rules:
        if rule.stage is not stage:
            continue
        claim = Claim(OwnKind.RULE, label=rule.id)
        (verdict,) = verify([claim], night.findings(place), night.contexts[place])
        if verdict.outcome is Outcome.NOT_MEASURABLE:
            text = f"Whether rule {rule.id} is met cannot be told, for part of it was not measured: {rule.text}."
            statements.append(AnswerStatement(text, Basis.UNKNOWN))
        elif verdict.outcome is Outcome.CONFIRMED:
            statements.append(night.said(f"Rule {rule.id} is met: {rule.text}.", place, [claim]))
        else:
            # that the rule is met is contradicted, so that it is not is confirmed
            denied = Checked(place + 1, Verdict(replace(claim, negated=True), Outcome.CONFIRMED))
            statements.append(AnswerStatement(f"Rule {rule.id} is not met: {rule.text}.", Basis.SIGNAL, (denied,)))
    return statements


def _events(night: AskedNight, place: int, kinds: Sequence[FindingKind]) -> list[AnswerStatement]:
    measured = night.contexts[place].measured
    facts = true_sentences(night.findings(place), night.contexts[place])
    statements: list[AnswerStatement] = []
    absent = []
    for kind in kinds:
        name = "chin" if kind is K.CHIN_TONE else str(kind)
        sentences = [text for key, texts in facts.items() if _is_of(key, name) for text in texts]
        statements += [night.said(text, place) for text in sentences]
        events = [finding for finding in night.findings(place) if finding.kind is kind]
        if events and not sentences:
            seconds = sum(event.end_s - event.start_s for event in events)
            text = f"{NAMES[kind].capitalize()}: {len(events)}, {seconds:.0f} s in all, too little to matter."
            statements.append(night.said(text, place, [Claim(str(kind), start_s=events[0].start_s)]))
        elif not events and kind in measured:
            absent.append(kind)
    if absent:
        text = f"Looked for and not found: {', '.join(NAMES[kind] for kind in absent)}."
        claims = [Claim(str(kind), start_s=0.0, end_s=30.0, negated=True) for kind in absent]
        statements.append(night.said(text, place, claims))
    return [*statements, *_not_measured(night, place, kinds)]


def _sure(night: AskedNight, place: int, stage: Stage) -> list[AnswerStatement]:
    statements = [probability(night, place, stage)]
    probabilities = night.hypnogram.probabilities
    if probabilities is not None and np.isfinite(probabilities[place]).all():
        row = probabilities[place]
        order = [Stage(int(k)) for k in np.argsort(row)[::-1]]
        rest = ", ".join(f"{other.label} {row[other]:.2f}" for other in order if other is not stage)
        statements.append(AnswerStatement(f"The others: {rest}.", Basis.MODEL))
        if stage is order[0]:
            text = f"About {100 * row[stage]:.0f} of 100 epochs with such a probability are right, if it is calibrated."
            statements.append(AnswerStatement(text, Basis.MODEL))
    statements += [rule for rule in _rules(night, place, stage) if rule.basis is Basis.SIGNAL]
    sides = [(name, k) for name, k in (("before", place - 1), ("after", place + 1)) if 0 <= k < len(night.hypnogram)]
    if sides:
        neighbours = " and ".join(f"the one {name} is {night.stage(k).label}" for name, k in sides)
        statements.append(AnswerStatement(f"Of its neighbours {neighbours}.", Basis.MODEL))
    if night.second is None:
        statements.append(AnswerStatement("No second reader was asked.", Basis.UNKNOWN))
    else:
        statements.append(AnswerStatement(f"The second reader says {night.second[place].label}.", Basis.MODEL))
    return [*statements, *(AnswerStatement(text, Basis.UNKNOWN) for text in night.limits)]


def probability(night: AskedNight, place: int, stage: Stage) -> AnswerStatement:
    """State the probability of a stage in an epoch, or that there is none."""
    probabilities = night.hypnogram.probabilities
    if probabilities is None or not np.isfinite(probabilities[place]).all():
        return AnswerStatement(f"How probable {stage.label} is, is not known.", Basis.UNKNOWN)
    return AnswerStatement(f"{night.model} gives {stage.label} {probabilities[place][stage]:.2f}.", Basis.MODEL)


def _kinds_of(stage: Stage) -> tuple[FindingKind, ...]:
    return {
        Stage.W: (K.BLINK, K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
        Stage.N1: (K.SLOW_EYE_MOVEMENT, K.VERTEX_WAVE),
        Stage.N2: (K.SPINDLE, K.K_COMPLEX),
        Stage.N3: (K.SLOW_WAVE_SHARE,),
        Stage.R: (K.RAPID_EYE_MOVEMENT, K.CHIN_TONE),
    }.get(stage, ())


def _not_measured(night: AskedNight, place: int, kinds: Iterable[FindingKind]) -> list[AnswerStatement]:
    """Say which of some kinds could not be measured in an epoch."""
    measured = night.contexts[place].measured
    lacking = [NAMES[kind] for kind in kinds if kind not in measured]
    if not lacking:
        return []
    text = f"Not measured here, so neither seen nor absent: {', '.join(lacking)}."
    return [AnswerStatement(text, Basis.UNKNOWN)]
