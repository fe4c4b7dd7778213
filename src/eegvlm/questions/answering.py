"""Answers to the five kinds of questions, from findings, rules, neighbours and probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from eegvlm.hypnogram import Stage
from eegvlm.questions.answer import Answer, AnswerStatement, Basis, Checked
from eegvlm.questions.asked_night import AskedNight
from eegvlm.questions.comparing import compared
from eegvlm.questions.question import Question, QuestionKind, parse_question
from eegvlm.reasoning import Claim, Outcome, OwnKind, Verdict, compose, true_sentences, verify
from eegvlm.scoring import TABLE, FindingKind

K = FindingKind

NAMES: dict[FindingKind, str] = {
    K.SPINDLE: "spindles",
    K.K_COMPLEX: "K-complexes",
    K.SLOW_WAVE_SHARE: "slow waves",
    K.VERTEX_WAVE: "vertex waves",
    K.SAWTOOTH: "sawtooth waves",
    K.RAPID_EYE_MOVEMENT: "rapid eye movements",
    K.SLOW_EYE_MOVEMENT: "slow eye movements",
    K.BLINK: "blinks",
    K.CHIN_TONE: "chin tone",
    K.AROUSAL: "arousals",
    K.MOVEMENT: "movement",
    K.ELECTRODE_ARTEFACT: "electrode artefacts",
}
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
        unstaged = (AnswerStatement("The epoch was not staged: it holds no usable EEG.", Basis.MODEL),)
        return Answer(text, epoch, stage, unstaged, question)
    match question.kind:
        case QuestionKind.WHY if question.stage in (None, stage):
            statements = _why(night, place, stage)
        case QuestionKind.WHY | QuestionKind.WHY_NOT if question.stage is not None:
            is_wrong = question.kind is QuestionKind.WHY or question.stage is stage
            statements = [*([_stage_is(stage)] if is_wrong else ()), *_why_not(night, place, stage, question)]
        case QuestionKind.EVENTS:
            statements = _events(night, place, question)
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


def _why_not(night: AskedNight, place: int, stage: Stage, question: Question) -> list[AnswerStatement]:
    other = question.stage
    if other is None or other is stage:
        return _why(night, place, stage)
    facts = true_sentences(night.findings(place), night.contexts[place])
    starts = (*_DECIDING[other], f"against.{other.label}")
    statements = [
        night.said(text, place)
        for name, texts in facts.items()
        if any(name == start or name.startswith(f"{start}.") for start in starts)
        and (not name.startswith("against.") or stage.label in TABLE.statement(name).serves)
        for text in texts
    ]
    rules = _rules(night, place, other)
    statements += rules
    if any(claim.verdict.claim.negated is False for said_of in rules for claim in said_of.checked):
        statements.append(_defended(night, place, other, stage))
    statements += _not_measured(night, place, _kinds_of(other))
    return [*statements, probability(night, place, other), probability(night, place, stage)]


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
    for entry in TABLE.rules:
        if entry.stage is not stage:
            continue
        rule, content = entry.id, entry.text
        claim = Claim(OwnKind.RULE, label=rule)
        (verdict,) = verify([claim], night.findings(place), night.contexts[place])
        if verdict.outcome is Outcome.NOT_MEASURABLE:
            text = f"Whether rule {rule} is met cannot be told, for part of it was not measured: {content}."
            statements.append(AnswerStatement(text, Basis.UNKNOWN))
        elif verdict.outcome is Outcome.CONFIRMED:
            statements.append(night.said(f"Rule {rule} is met: {content}.", place, [claim]))
        else:
            # that the rule is met is contradicted, so that it is not is confirmed
            denied = Checked(place + 1, Verdict(replace(claim, negated=True), Outcome.CONFIRMED))
            statements.append(AnswerStatement(f"Rule {rule} is not met: {content}.", Basis.SIGNAL, (denied,)))
    return statements


def _events(night: AskedNight, place: int, question: Question) -> list[AnswerStatement]:
    measured = night.contexts[place].measured
    facts = true_sentences(night.findings(place), night.contexts[place])
    statements: list[AnswerStatement] = []
    absent = []
    for kind in question.events:
        name = "chin" if kind is K.CHIN_TONE else str(kind)
        texts = [
            text for key, sentences in facts.items() if key == name or key.startswith(f"{name}.") for text in sentences
        ]
        statements += [night.said(text, place) for text in texts]
        events = [event for event in night.findings(place) if event.kind is kind]
        if events and not texts:
            seconds = sum(event.end_s - event.start_s for event in events)
            text = f"{NAMES[kind].capitalize()}: {len(events)}, {seconds:.0f} s in all, too little to matter."
            statements.append(night.said(text, place, [Claim(str(kind), start_s=events[0].start_s)]))
        elif not events and kind in measured:
            absent.append(kind)
    if absent:
        text = f"Looked for and not found: {', '.join(NAMES[kind] for kind in absent)}."
        claims = [Claim(str(kind), start_s=0.0, end_s=30.0, negated=True) for kind in absent]
        statements.append(night.said(text, place, claims))
    return [*statements, *_not_measured(night, place, question.events)]


def _sure(night: AskedNight, place: int, stage: Stage) -> list[AnswerStatement]:
    statements = [probability(night, place, stage)]
    probabilities = night.hypnogram.probabilities
    if probabilities is not None and np.isfinite(probabilities[place]).all():
        row = probabilities[place]
        order = [Stage(int(k)) for k in np.argsort(row)[::-1]]
        others = ", ".join(f"{other.label} {row[other]:.2f}" for other in order if other is not stage)
        statements.append(AnswerStatement(f"The others: {others}.", Basis.MODEL))
        if stage is order[0]:
            text = f"About {100 * row[stage]:.0f} of 100 epochs with such a probability are right, if it is calibrated."
            statements.append(AnswerStatement(text, Basis.MODEL))
    statements += [statement for statement in _rules(night, place, stage) if statement.basis is Basis.SIGNAL]
    before, after = (night.stage(k) if 0 <= k < len(night.hypnogram) else None for k in (place - 1, place + 1))
    sides = (("before", before), ("after", after))
    around = [f"the one {side} is {neighbour.label}" for side, neighbour in sides if neighbour is not None]
    if around:
        statements.append(AnswerStatement(f"Of its neighbours {' and '.join(around)}.", Basis.MODEL))
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
    lacking: Sequence[str] = [NAMES[kind] for kind in kinds if kind not in measured]
    if not lacking:
        return []
    text = f"Not measured here, so neither seen nor absent: {', '.join(lacking)}."
    return [AnswerStatement(text, Basis.UNKNOWN)]
