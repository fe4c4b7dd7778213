"""The grammar of one epoch: what it lets a decoder say is confirmed by the epoch, whatever stage it comes to."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from reasoning_epochs import CHANCE, some_epoch

from eegvlm.hypnogram import STAGES
from eegvlm.reasoning import Outcome, OwnKind, acceptor, compose, grounded, parse, true_sentences, verify


def walk(grammar, random) -> str:
    """Write by chance."""
    text: list[str] = []
    state = grammar.start
    while not grammar.finished(state):
        after = grammar.words(state)
        word = random.choice(sorted(after))
        text.append(word)
        state = after[word]
    return " ".join(text)


@settings(max_examples=120)
@given(CHANCE)
def test_whatever_is_written_holds_and_reads_back_whole(random) -> None:
    findings, context, _ = some_epoch(random)
    grammar = grounded(findings, context)
    for _ in range(4):
        text = walk(grammar, random)
        reading = parse(text)
        assert reading.unread == ()
        verdicts = verify(reading.claims, findings, context)
        wrong = [
            (claim, verdict)
            for claim, verdict in zip(reading.claims, verdicts, strict=True)
            if claim.kind != OwnKind.STAGE and verdict.outcome is not Outcome.CONFIRMED
        ]
        assert wrong == [], text


@settings(max_examples=60)
@given(CHANCE)
def test_what_is_written_is_permitted_by_the_free_grammar_as_well(random) -> None:
    findings, context, _ = some_epoch(random)
    machine = acceptor(context.words, expert=context.expert)
    end = machine.advance(machine.start, walk(grounded(findings, context), random))
    assert end is not None
    assert machine.finished(end)


@settings(max_examples=60)
@given(CHANCE)
def test_every_stage_can_be_reached_and_what_compose_writes_is_among_the_texts(random) -> None:
    findings, context, stage = some_epoch(random)
    sentences = true_sentences(findings, context)
    assert all(f"stage.{one.label}" in sentences for one in STAGES)
    grammar = grounded(findings, context)
    state = grammar.start
    left = compose(findings, context, stage).text + " "
    while left:
        words = next(one for one in grammar.words(state) if left.startswith(f"{one} "))
        state, left = grammar.words(state)[words], left[len(words) + 1 :]
    assert grammar.finished(state)


@settings(max_examples=40)
@given(CHANCE)
def test_a_text_comes_to_the_stage_that_is_given(random) -> None:
    findings, context, stage = some_epoch(random)
    assert parse(walk(grounded(findings, context, stage), random)).stage is stage


def test_a_decoder_has_something_to_choose() -> None:
    from random import Random

    random = Random(3)
    findings, context, _ = some_epoch(random)
    grammar = grounded(findings, context)
    spoken = Counter(walk(grammar, random) for _ in range(100))
    assert len(spoken) > 20
    assert {parse(text).stage for text in spoken} == set(STAGES)
