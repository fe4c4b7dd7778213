"""The acceptor: what it permits is a rationale, and every rationale is permitted."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reasoning_epochs import CHANCE, some_epoch

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.reasoning import Acceptor, acceptor, compose, parse
from eegvlm.scoring.slots import CHIN_WORD, EEG_WORDS, EYE_WORDS

LABORATORY = (*EEG_WORDS[1:], *EYE_WORDS, CHIN_WORD)
CHANNELS = (("EEG",), ("frontal EEG", "occipital EEG"), (*EEG_WORDS[1:2], CHIN_WORD), LABORATORY, ())
A_STAGE = st.sampled_from((None, *STAGES))


def walk(machine: Acceptor, random: Random) -> str:
    """Write by chance: forced text is appended, at a choice one of the texts is drawn."""
    text, state = "", machine.start
    for _ in range(200):
        forced, state = machine.forced(state)
        text += forced
        if machine.finished(state):
            return text
        drawn = random.choice(machine.choices(state))
        text += drawn
        after = machine.advance(state, drawn)
        assert after is not None
        state = after
    raise AssertionError(f"no end: {text}")


@pytest.mark.slow
@settings(max_examples=600)
@given(CHANCE, st.sampled_from(CHANNELS), A_STAGE, st.booleans(), st.booleans())
def test_any_walk_gives_a_text_that_is_read_whole_and_ends_in_the_stage(
    random, channels, stage, expert, varied
) -> None:
    text = walk(acceptor(channels, stage=stage, expert=expert, varied=varied), random)
    reading = parse(text)
    assert reading.unread == ()
    assert reading.stage is not None
    assert text.endswith(f"Stage: {reading.stage.label}.")
    assert stage in (None, reading.stage)
    assert len(text) < 900
    assert ("expert" in text) <= expert


@pytest.mark.slow
@settings(max_examples=800)
@given(CHANCE, st.integers(0, 2**32), st.booleans())
def test_what_compose_writes_is_always_permitted(random, seed, varied) -> None:
    findings, context, stage = some_epoch(random)
    text = compose(findings, context, stage, rng=np.random.default_rng(seed) if varied else None).text
    for wanted in (None, stage):
        machine = acceptor(context.words, stage=wanted, expert=context.expert, varied=varied)
        end = machine.advance(machine.start, text)
        assert end is not None
        assert machine.finished(end)
        assert machine.next(end) == {}
        assert machine.choices(end) == ()
    other = acceptor(context.words, stage=next(one for one in STAGES if one is not stage), expert=context.expert)
    assert other.advance(other.start, text) is None


@settings(max_examples=200)
@given(CHANCE, st.sampled_from(CHANNELS))
def test_no_choice_is_the_beginning_of_another_and_together_they_are_all_that_is_permitted(random, channels) -> None:
    machine = acceptor(channels)
    text = walk(machine, random)
    for cut in range(len(text)):
        state = machine.advance(machine.start, text[:cut])
        assert state is not None
        choices = machine.choices(state)
        assert sorted(choice[0] for choice in choices) == sorted(machine.next(state))
        assert (machine.forced(state)[0] == "") == (len(choices) != 1)
        rest = text[cut:]
        assert sum(rest.startswith(choice) for choice in choices) == 1


def test_a_decoder_with_a_mask_over_its_vocabulary_always_ends_in_a_stage() -> None:
    random = Random(4)
    machine = acceptor(LABORATORY, stage=Stage.N2)
    corpus = " ".join(walk(acceptor(LABORATORY, expert=True), random) for _ in range(300))
    vocabulary = sorted({*re.findall(r"\d| ?[^\W\d]+| ?[^\w\s]+|\s", corpus), *corpus, ""})
    masks: dict[int, list[bool]] = {}
    for _ in range(200):
        text, state = "", machine.start
        while not machine.finished(state):
            mask = masks.setdefault(state, machine.permitted(state, vocabulary))
            token = random.choice([word for word, good in zip(vocabulary, mask, strict=True) if good])
            text += token
            state = machine.advance(state, token)
            assert state is not None
        assert parse(text).stage is Stage.N2
        assert parse(text).unread == ()


def test_with_one_eeg_nothing_is_said_of_eyes_and_chin_but_that_they_were_not_measured() -> None:
    machine, random = acceptor(("EEG",)), Random(2)
    spoken = [walk(machine, random) for _ in range(400)]
    for text in spoken:
        said = [one for one in text.split(". ") if re.search(r"eye|chin|blink", one, re.IGNORECASE)]
        assert all("measured" in one or "ule " in one for one in said)
        assert not re.search(r"ule (W\.2|W\.3|R\.1|R\.2)", text), "rules of eyes and chin"
    assert any("could not be measured" in text for text in spoken)


@pytest.mark.parametrize(
    ("begun", "allowed"),
    [
        ("", True),
        ("Theta at 6", True),
        ("Theta at 9", False),
        ("Theta at 6.3", False),
        (" Theta", False),
        ("Stage: N2.", False),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Stage: N2.", True),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Stage: W", False),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Stage: N2. ", False),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Rule N2.2", False),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Not N2", False),
        ("Rule N2.1 applies: a spindle or K-complex comes in time. Rule N2.1 is met", False),
        ("Rule X.1 applies: more than half of the epoch is hidden. Stage: R", True),
        ("Chin tone is low, 70", False),
        ("Chin tone is low, 60", True),
        ("Delta holds 80 % of the EEG power. ", False),
        ("Delta holds 80 % of the frontal EEG power. Delta holds", False),
        ("A spindle of 17", False),
        ("A spindle of 13 Hz starts at 4 s on the frontal EEG", False),
        ("No spindle or K-complex is seen. A spindle", False),
    ],
)
def test_what_a_laboratory_montage_permits(begun: str, allowed: bool) -> None:
    machine = acceptor(LABORATORY)
    assert (machine.advance(machine.start, begun) is not None) is allowed


def test_no_more_is_said_than_each_step_allows() -> None:
    machine = acceptor(("EEG",))
    three = "A spindle of 13 Hz starts at 4 s on the EEG. A K-complex of 90 µV starts at 8 s on the EEG. "
    three += "Slow waves over 75 µV fill 5 % of the epoch on the EEG."
    state = machine.advance(machine.start, three)
    assert state is not None
    assert machine.advance(state, " Movement") is None
    assert machine.advance(state, " The epoch before is N2.") is not None


def test_the_same_recording_gets_the_same_acceptor() -> None:
    assert acceptor(["EEG"]) is acceptor(("EEG",))
    assert acceptor(["EEG"]) is not acceptor(["EEG"], varied=False)


def test_first_wordings_alone_leave_fewer_choices() -> None:
    plain, varied = acceptor(LABORATORY, varied=False), acceptor(LABORATORY)
    assert len(plain.choices(plain.start)) < len(varied.choices(varied.start))
    assert varied.advance(varied.start, "Background: ") is not None
    assert plain.advance(plain.start, "Background: ") is None


def test_an_unknown_word_or_no_stage_is_refused() -> None:
    with pytest.raises(InputError, match="parietal EEG"):
        acceptor(("parietal EEG",))
    with pytest.raises(InputError, match="stage"):
        acceptor(("EEG",), stage=Stage.UNSCORED)
