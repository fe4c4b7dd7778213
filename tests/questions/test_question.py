"""Which questions are understood, and as what."""

from __future__ import annotations

import pytest

from eegvlm.errors import InputError
from eegvlm.evidence import FindingKind
from eegvlm.hypnogram import Stage
from eegvlm.questions import KINDS, Question, QuestionKind, parse_question

K, Q = FindingKind, QuestionKind


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("why N2?", Question(Q.WHY, Stage.N2)),
        ("Why?", Question(Q.WHY)),
        ("Why this stage", Question(Q.WHY)),
        ("Explain, please.", Question(Q.WHY)),
        ("Why is this REM?", Question(Q.WHY, Stage.R)),
        ("why not N3?", Question(Q.WHY_NOT, Stage.N3)),
        ("WHY NOT STAGE 3", Question(Q.WHY_NOT, Stage.N3)),
        ("Why isn't it wake?", Question(Q.WHY_NOT, Stage.W)),
        ("why N2 and not N1", Question(Q.WHY_NOT, Stage.N1)),
        ("compare with epoch 120", Question(Q.COMPARE, other=120)),
        ("How does it differ from epoch 7?", Question(Q.COMPARE, other=7)),
        ("N2 versus epoch 30", Question(Q.COMPARE, other=30)),
        ("how sure?", Question(Q.SURE)),
        ("How certain is N1?", Question(Q.SURE, Stage.N1)),
        ("any K-complexes?", Question(Q.EVENTS, events=(K.K_COMPLEX,))),
        ("Are there slow eye movements?", Question(Q.EVENTS, events=(K.SLOW_EYE_MOVEMENT,))),
        ("is there an artifact", Question(Q.EVENTS, events=(K.MOVEMENT, K.ELECTRODE_ARTEFACT))),
    ],
)
def test_a_question_is_one_of_five_kinds(text, question):
    assert parse_question(text) == question


def test_events_without_a_name_are_all_events():
    assert set(parse_question("which events?").events) >= {K.SPINDLE, K.BLINK, K.AROUSAL}


def test_every_example_is_understood_as_its_kind():
    for kind, example in KINDS.items():
        for text in example.removeprefix("which events? or: ").split(" or: "):
            assert parse_question(text).kind is kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what's for breakfast?", "ask one of five kinds: why N2?"),
        ("", "ask one of five kinds"),
        ("why not?", "name the stage"),
        ("compare", "name one epoch"),
        ("compare epochs 3 and 4", "name one epoch"),
    ],
)
def test_what_is_not_understood_is_refused_with_examples(text, said):
    with pytest.raises(InputError, match=said):
        parse_question(text)
