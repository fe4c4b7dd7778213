"""The statements: each can be written and read, and none can be read as another."""

from __future__ import annotations

import re
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from reasoning_epochs import some_epoch

from eegvlm.evidence import measure_recording
from eegvlm.hypnogram import STAGES
from eegvlm.lab.simulation import simulate_night
from eegvlm.reasoning import channel_words, compose, night_contexts, parse
from eegvlm.scoring import TABLE
from eegvlm.scoring.slots import CENTRAL_FIRST, FRONTAL_FIRST, MICROVOLT, ONSET_S, PERCENT, SEVERAL, SPINDLE_HZ
from eegvlm.scoring.statement import Statement
from eegvlm.signals import Role

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")  # not the digit of a stage or rule


def shapes(statement: Statement, wording: str) -> list[str]:
    """Return a wording with every word in its slots and # for every number, literal or not."""
    pieces = []
    for segment in statement.segments(wording):
        if segment.slot is None:
            pieces.append((_NUMBER.sub("#", segment.literal),))
        elif segment.slot.is_number:
            pieces.append(("#",))
        else:
            pieces.append(segment.slot.texts)
    return ["".join(row) for row in product(*pieces)]


def test_no_sentence_can_be_read_as_two_statements() -> None:
    seen: dict[str, str] = {}
    for statement in TABLE.statements:
        for wording in statement.every_wording:
            for shape in shapes(statement, wording):
                assert shape not in seen, (statement.id, seen[shape])
                seen[shape] = statement.id
    assert len(seen) > 200


def test_a_number_ends_where_its_text_does() -> None:
    for statement in TABLE.statements:
        for wording in statement.every_wording:
            segments = statement.segments(wording)
            assert segments[-1].literal.endswith(".")
            for segment, after in pairwise(segments):
                if segment.slot is not None and segment.slot.is_number:
                    assert after.literal[0] not in "0123456789."


@pytest.mark.parametrize("statement", TABLE.statements, ids=lambda one: one.id)
def test_every_wording_is_read_as_what_it_says(statement: Statement) -> None:
    random = Random(0)
    for wording in statement.every_wording:
        assert sorted(re.findall(r"\{(\w+)\}", wording)) == sorted(statement.slots)
        for end in (0, -1, None):
            texts = {
                name: slot.texts[end] if end is not None else random.choice(slot.texts)
                for name, slot in statement.slots.items()
            }
            values = {name: slot.read(texts[name]) for name, slot in statement.slots.items()}
            sentence = statement.fill(**values)
            assert sentence is not None
            assert sentence.texts == texts
            reading = parse(sentence.text(wording))
            assert reading.unread == ()
            assert reading.claims == sentence.claims


def pattern(statement: Statement, wording: str) -> re.Pattern[str]:
    texts = {name: "|".join(map(re.escape, slot.texts)) for name, slot in statement.slots.items()}
    return re.compile(
        "".join(
            re.escape(one.literal) if one.slot is None else f"(?:{texts[one.name]})"
            for one in statement.segments(wording)
        )
    )


@pytest.mark.slow
def test_every_wording_of_every_statement_is_written_for_some_epoch() -> None:
    random, rng = Random(1), np.random.default_rng(1)
    missing = {wording: pattern(one, wording) for one in TABLE.statements for wording in one.every_wording}
    for _ in range(6000):
        findings, context, _ = some_epoch(random)
        for sentence in [one for stage in STAGES for one in compose(findings, context, stage, rng=rng).sentences]:
            written = next((wording for wording, known in missing.items() if known.fullmatch(sentence)), None)
            missing.pop(written, None)
        if not missing:
            break
    assert sorted(missing) == []


@pytest.mark.parametrize(
    ("slot", "value", "text"),
    [
        (SPINDLE_HZ, 12.74, "12.5"),
        (SPINDLE_HZ, 12.75, "13"),
        (SPINDLE_HZ, 10.7, None),
        (SPINDLE_HZ, 16.3, None),
        (MICROVOLT, 97.4, "95"),
        (MICROVOLT, 99.0, "100"),
        (MICROVOLT, 104.0, "100"),
        (MICROVOLT, 106.0, "110"),
        (MICROVOLT, 1449.0, "1400"),
        (MICROVOLT, 2100.0, None),
        (MICROVOLT, float("nan"), None),
        (MICROVOLT, float("inf"), None),
        (PERCENT, 2.4, "0"),
        (PERCENT, -3.0, None),
        (PERCENT, 103.0, None),
        (ONSET_S, 29.6, "30"),
        (SEVERAL, 1, None),
        (SEVERAL, 60, "60"),
    ],
)
def test_numbers_are_rounded_to_the_grain_and_left_out_where_they_do_not_fit(slot, value, text) -> None:
    assert slot.write(value) == text


@pytest.mark.parametrize("roles", [("F4-M1", "C4-M1", "O2-M1"), ("F4-M1", "O2-M1"), ("C4-M1", "O2-M1"), ("O2-M1",)])
def test_waves_are_spoken_of_on_the_channel_where_evidence_looks_for_them(roles: tuple[str, ...]) -> None:
    night = simulate_night(hours=0.5, seed=3, channels=[f"EEG {one}" for one in roles]).recording()
    evidence = measure_recording(night)
    eeg = (Role.EEG_FRONTAL, Role.EEG_CENTRAL, Role.EEG_OCCIPITAL)
    found = {role: night.channel(role) for role in eeg}
    words = channel_words({role: one.name for role, one in found.items() if one is not None})
    measured = night_contexts(evidence, words)[0].measured
    for slot, kinds in (
        (CENTRAL_FIRST, ("spindle", "vertex_wave", "sawtooth")),
        (FRONTAL_FIRST, ("k_complex", "slow_wave_share")),
    ):
        (only,) = slot.among(frozenset(words.values())).texts
        assert all(measured[kind] == {only} for kind in kinds)
