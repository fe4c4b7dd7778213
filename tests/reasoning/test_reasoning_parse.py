"""Reading: the inverse of writing, and patience with any other text."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reasoning_epochs import CHANCE, some_epoch

from eegvlm.hypnogram import Stage
from eegvlm.reasoning import Claim, compose, describe, parse
from eegvlm.scoring import TABLE


@pytest.mark.slow
@settings(max_examples=3000)
@given(CHANCE, st.integers(0, 2**32))
def test_what_is_written_is_read_back_claim_for_claim(random, seed) -> None:
    findings, context, stage = some_epoch(random)
    rationale = compose(findings, context, stage, rng=np.random.default_rng(seed))
    reading = parse(rationale.text)
    assert reading.claims == rationale.claims
    assert reading.unread == ()
    assert reading.stage is stage


@settings(max_examples=300)
@given(CHANCE, st.integers(0, 2**32))
def test_a_description_is_read_whole_and_names_no_stage(random, seed) -> None:
    findings, context, _ = some_epoch(random)
    reading = parse(describe(findings, context, rng=np.random.default_rng(seed)))
    assert reading.unread == ()
    assert reading.stage is None
    assert not {claim.kind for claim in reading.claims} & {"rule", "stage", "neighbour"}


def test_what_cannot_be_read_is_handed_back_and_the_rest_is_read() -> None:
    text = "I see waves. A spindle of 13 Hz starts at 4 s on the EEG.  So it is sleep!\nStage: N2."
    reading = parse(text)
    assert reading.unread == ("I see waves.", "So it is sleep!")
    spindle = Claim("spindle", "EEG", 4.0, None, 13.0, "Hz")
    assert reading.claims == (spindle, Claim("stage", label="N2"))
    assert reading.stage is Stage.N2


def test_numbers_that_are_never_written_are_read_as_they_stand() -> None:
    (claim,) = parse("A spindle of 12.37 Hz starts at 44.5 s on the EEG.").claims
    assert (claim.value, claim.start_s) == (12.37, 44.5)


@pytest.mark.parametrize(
    "text",
    [
        "A K-complex of 90 µV starts at 8 s on the EEG.",
        "A K-complex of 90 μV starts at 8 s on the EEG.",
        "  A  K-complex of 90 µV\tstarts at 8 s on the EEG. ",
    ],
)
def test_either_sign_for_micro_and_any_white_space_will_do(text: str) -> None:
    assert parse(text).claims == (Claim("k_complex", "EEG", 8.0, None, 90.0, "uV"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Stage: N4.",
        "Stage: N2",
        "Stage: N2. Really.",
        "A spindle of x Hz starts at 4 s on the EEG.",
        "A spindle of 1e9 Hz starts at 4 s on the EEG.",
        "A spindle of ١٣ Hz starts at 4 s on the EEG.",
        "A spindle of -13 Hz starts at 4 s on the EEG.",
        "Not A spindle of 13 Hz starts at 4 s on the EEG.",
        "Rule N9.1 applies: a spindle or K-complex comes in time.",
        "Rule N2.1 applies: the eyes blink.",
    ],
)
def test_what_is_nearly_a_sentence_is_not_read_as_one(text: str) -> None:
    reading = parse(text)
    assert all(claim.kind == "stage" for claim in reading.claims)
    assert bool(reading.unread) == bool(text)


_WORDINGS = [wording for statement in TABLE.statements for wording in statement.every_wording]
_PIECES = st.one_of(
    st.text(max_size=40), st.sampled_from(_WORDINGS), st.sampled_from([". ", "0", "12.", " ", "\n", "µ"])
)


@settings(max_examples=1000)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_no_text_raises_and_nothing_but_white_space_is_lost(text: str) -> None:
    reading = parse(text)
    if not reading.claims:
        assert "".join("".join(reading.unread).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "0.",
        "N2.1",
        "Rule ",
        "A spindle of ",
        "\n",
        " ",
        ". ",
        "Stage: N2. ",
        "Of the EEG power, 5",
        "\x00",
        "µ",
        "!?",
    ],
)
def test_a_million_hostile_characters_are_read_in_the_time_of_as_many_harmless_ones(piece: str) -> None:
    hostile = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    begin = time.process_time()
    parse(hostile)
    assert time.process_time() - begin < 3.0
