"""The grammar as GBNF: the texts are those of the acceptor, and those of an epoch's grammar."""

from __future__ import annotations

import pytest
from gbnf_reader import GbnfReader
from hypothesis import given, settings
from hypothesis import strategies as st
from reasoning_epochs import CHANCE, some_epoch

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.reasoning import acceptor, compose, gbnf, grounded, grounded_gbnf

MONTAGES = [
    ("EEG",),
    ("EEG", "chin EMG"),
    ("frontal EEG", "central EEG", "occipital EEG", "left EOG", "right EOG", "chin EMG"),
]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(CHANCE, st.sampled_from(MONTAGES), st.sampled_from([None, *STAGES]), st.booleans(), st.booleans())
def test_the_same_characters_may_follow_as_the_acceptor_permits(random, channels, stage, expert, varied) -> None:
    machine = acceptor(channels, stage=stage, expert=expert, varied=varied)
    reader = GbnfReader(gbnf(channels, stage=stage, expert=expert, varied=varied))
    state, place = machine.start, reader.start
    while after := machine.next(state):
        assert reader.next(place) == set(after)
        assert not reader.finished(place)
        char = random.choice(list(after))
        state, place = after[char], reader.advance(place, char)
    assert place == {()}


def _words_permit(grammar, text: str) -> bool:
    """Tell whether a grammar in words has a text."""
    unfinished = [(grammar.start, f" {text}")]
    while unfinished:
        state, left = unfinished.pop()
        if not left:
            return grammar.finished(state)
        for words, after in grammar.words(state).items():
            if f"{left} ".startswith(f" {words} "):
                unfinished.append((after, left[len(words) + 1 :]))
    return False


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(CHANCE)
def test_the_grammar_of_an_epoch_has_its_texts_and_no_others(random) -> None:
    findings, context, stage = some_epoch(random)
    reader, grammar = GbnfReader(grounded_gbnf(findings, context)), grounded(findings, context)
    composed = compose(findings, context, stage).text
    assert _words_permit(grammar, composed)
    assert reader.finished(reader.advance(reader.start, composed))
    place, text = reader.start, ""
    while after := reader.next(place):
        char = random.choice(sorted(after))
        place, text = reader.advance(place, char), text + char
    assert _words_permit(grammar, text), text


def test_a_stage_that_is_given_is_the_only_one_that_can_be_said() -> None:
    rules = GbnfReader(gbnf(["EEG"], stage=Stage.N2)).rules
    assert [name for name in rules if name.startswith("s-stage")] == ["s-stage-n2"]


def test_every_rule_is_used_and_every_name_is_a_rule() -> None:
    for channels in MONTAGES:
        rules = GbnfReader(gbnf(channels)).rules
        named = {symbol for ways in rules.values() for way in ways for symbol in way if symbol[0] != '"'}
        assert named | {"root"} == set(rules)


def test_a_channel_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="left ear"):
        gbnf(["left ear"])


def test_llguidance_reads_it_and_takes_what_compose_writes() -> None:
    llguidance = pytest.importorskip("llguidance")
    from random import Random

    findings, context, stage = some_epoch(Random(5))
    text = compose(findings, context, stage).text
    for grammar in (gbnf(context.words, expert=context.expert), grounded_gbnf(findings, context)):
        matcher = llguidance.LLMatcher(_of_bytes(), llguidance.grammar_from("gbnf", grammar))
        assert not matcher.is_error(), matcher.get_error()
        taken = matcher.try_consume_tokens(list(text.encode()))
        assert taken == len(text.encode())
        assert matcher.is_accepting()


def _of_bytes():
    """Return a tokenizer of 256 bytes, and an end."""
    import llguidance

    class Bytes:
        eos_token_id = 256
        bos_token_id = None
        tokens = (*(bytes([byte]) for byte in range(256)), b"<end>")
        special_token_ids = (256,)

        def __call__(self, text: bytes | str) -> list[int]:
            return list(text.encode() if isinstance(text, str) else text)

    return llguidance.LLTokenizer(llguidance.TokenizerWrapper(Bytes()))
