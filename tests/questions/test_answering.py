"""Answers: every claim about the signal is verified, and what is not known is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import STAGES, Stage
from eegvlm.lab.simulation import simulate_night
from eegvlm.questions import AskedNight, Basis, answer
from eegvlm.signals import Recording
from eegvlm.staging import Stager

QUESTIONS = (
    *("why?", "why not W?", "why not N1?", "why not N2?", "why not N3?", "why not REM?"),
    *("which events?", "are there spindles?", "how sure?", "compare with epoch 1"),
)


def texts(found) -> str:
    return found.text


def epoch_of(night: AskedNight, stage: Stage) -> int:
    return int(np.flatnonzero(night.hypnogram.stages == stage)[0]) + 1


@pytest.mark.slow
def test_no_answer_claims_what_the_signal_contradicts(night):
    claims = 0
    for epoch in range(1, len(night.hypnogram) + 1, 7):
        for question in QUESTIONS:
            found = answer(night, epoch, question)
            assert found.statements
            assert found.verdicts["contradicted"] == 0, (epoch, question, found.text)
            assert not any(one.basis is Basis.UNREAD for one in found.statements), found.text
            claims += sum(found.verdicts.values())
    assert claims > 500


def test_why_not_n3_states_the_share_of_slow_waves_and_the_rule(night):
    found = answer(night, epoch_of(night, Stage.N2), "why not N3?")
    assert "Slow waves over 75 µV fill" in found.text
    assert "Rule N3.1 is " in found.text
    assert "nano gives N3 0." in found.text


def test_why_another_stage_says_which_stage_it_is(night):
    epoch = epoch_of(night, Stage.N2)
    assert answer(night, epoch, "why REM?").statements[0].text == "The epoch is N2."
    assert answer(night, epoch, "why not N2?").statements[0].text == "The epoch is N2."


def test_every_rule_of_the_other_stage_is_met_not_met_or_open(night):
    for stage, rules in ((Stage.W, 3), (Stage.N2, 3), (Stage.R, 2)):
        epoch = epoch_of(
            night, next(one for one in STAGES if one is not stage and (night.hypnogram.stages == one).any())
        )
        said = answer(night, epoch, f"why not {stage.label}?").text
        assert sum(f"ule {stage.label}.{number} is" in said for number in (1, 2, 3)) == rules


def test_a_verdict_is_a_measurement_not_an_echo(night):
    """The same answer held against another epoch's signal is contradicted."""
    with_spindles = [any(one.kind == "spindle" for one in found) for found in night.evidence.findings]
    place, quiet = with_spindles.index(True), with_spindles.index(False)
    said = answer(night, place + 1, "are there spindles?").statements[0]
    assert said.mark == "confirmed"
    assert night.said(said.text, quiet).mark == "contradicted"


def test_two_epochs_are_compared_by_what_was_measured_in_both(night):
    n2, wake = epoch_of(night, Stage.N2), epoch_of(night, Stage.W)
    found = answer(night, n2, f"compare with epoch {wake}")
    assert found.statements[0].text.startswith(f"Epoch {n2} is N2 (probability 0.")
    assert {one.epoch for said in found.statements for one in said.checked} == {n2, wake}
    assert "Rules met: " in found.text


def test_how_sure_gives_the_probabilities_and_says_what_nobody_knows(night):
    found = answer(night, epoch_of(night, Stage.N2), "how sure?")
    assert "nano gives N2 0." in found.text
    assert "No second reader was asked." in found.text
    bare = replace(night, hypnogram=replace(night.hypnogram, probabilities=None), limits=("Children were not tried.",))
    found = answer(bare, epoch_of(night, Stage.N2), "how sure?")
    assert found.statements[0] == replace(found.statements[0], text="How probable N2 is, is not known.")
    assert found.statements[-1].text == "Children were not tried."


@pytest.fixture(scope="module")
def eeg_alone() -> tuple[Recording, AskedNight]:
    recording = simulate_night(hours=0.25, seed=3, channels=["EEG C4-M1"]).recording()
    staged = Stager.from_pretrained("nano", dtype="float32").stage(recording, measure=True)
    return recording, AskedNight.of_staged(staged, recording)


def test_what_was_not_measured_is_neither_seen_nor_absent(eeg_alone):
    _, night = eeg_alone
    found = answer(night, 5, "why not REM?")
    unknown = [one.text for one in found.statements if one.basis is Basis.UNKNOWN]
    assert "Not measured here, so neither seen nor absent: rapid eye movements, chin tone." in unknown
    assert any("R.1 is met cannot be told" in one for one in unknown)
    events = answer(night, 5, "are there blinks?")
    assert [one.basis for one in events.statements] == [Basis.UNKNOWN]


def test_an_epoch_that_was_not_staged_has_no_stage_to_explain(night):
    stages = night.hypnogram.stages.copy()
    stages[2] = Stage.UNSCORED
    gap = replace(night, hypnogram=replace(night.hypnogram, stages=stages))
    assert answer(gap, 3, "why?").text == "The epoch was not staged: it holds no usable EEG."


def test_a_question_of_two_stages_is_refused(night):
    with pytest.raises(InputError, match="ask of one stage at a time"):
        answer(night, 5, "why not N3? and why not R?")
    assert answer(night, 5, "why N2 and not N3?").question.stage is Stage.N3


def test_epochs_that_are_not_there_are_refused(night):
    with pytest.raises(InputError, match="EPOCH: 500; the night has epochs 1 to 120"):
        answer(night, 500, "why?")
    with pytest.raises(InputError, match="QUESTION: 0; the night has epochs 1 to 120"):
        answer(night, 5, "compare with epoch 0")
