"""``eegvlm ask`` from the shell's side, and a model that answers in its own words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.questions import Basis, answer_freely, freely
from eegvlm.staging import Stager


def run(*arguments) -> str:
    result = CliRunner().invoke(app, ["ask", *map(str, arguments)])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def results(staged, recording_file) -> Path:
    """The night's folder, beside its recording."""
    folder = recording_file.parent / "staged" / "night"
    staged.write(folder, formats=("csv", "json"))
    return folder


@pytest.fixture(scope="module")
def speaker(tmp_path_factory) -> Path:
    from general_bases import SETTINGS, llava_next

    folder = llava_next(tmp_path_factory.mktemp("bases") / "speaker")
    SETTINGS.write(folder)
    return folder


def test_a_staged_night_is_asked_without_being_staged_again(results, night):
    printed = run(results, 61, "why not N3?")
    assert printed.startswith(f"Epoch 61, {night.hypnogram[60].label}: why not N3?")
    assert "Rule N3.1 is" in printed
    assert "answered by evidence and rules" in printed
    assert "Research use" in printed


def test_json_holds_every_claim_with_its_verdict(results):
    read = json.loads(run(results, 61, "which events?", "--json"))
    assert read["kind"] == "which events"
    claims = [claim for one in read["statements"] for claim in one["claims"]]
    assert claims
    assert {claim["verdict"] for claim in claims} == {"confirmed"}
    assert read["verdicts"]["confirmed"] == len(claims)


def test_a_recording_is_staged_first(tmp_path):
    from eegvlm.lab.simulation import simulate_night

    simulate_night(hours=0.1, seed=3).write(tmp_path / "short.edf")
    assert "nano gives" in run(tmp_path / "short.edf", 3, "how sure?")


def test_an_unclear_question_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(InputError, match="ask one of five kinds"):
        run(tmp_path / "no-such.edf", 3, "who are you?")


def test_a_folder_that_holds_no_staged_night_is_named(tmp_path):
    with pytest.raises(InputError, match=str(tmp_path)):
        run(tmp_path, 3, "why?")


def test_results_far_from_their_recording_say_how_it_is_given(results, tmp_path, monkeypatch):
    moved = shutil.copytree(results, tmp_path / "one" / "two" / "three" / "night")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="ask from the folder in which it lies, or give the recording"):
        run(moved, 1, "why?")


def test_a_general_model_says_what_it_likes_and_is_verified(night, speaker, monkeypatch):
    told = (
        "Slow waves over 75 µV fill 90 % of the epoch on the EEG. The sleeper looks happy. "
        "No rapid eye movement is seen."
    )
    monkeypatch.setattr(freely, "_write", lambda *parts: told)
    found = answer_freely(night, 61, "what do you see?", Stager.from_pretrained(speaker, dtype="float32"))
    assert [one.mark for one in found.statements] == ["contradicted", "unverified", "confirmed"]
    assert found.answered_by == "speaker"


def test_a_general_model_is_given_picture_question_and_evidence(results, speaker):
    read = json.loads(run(results, 61, "Is the sleeper dreaming?", "--freely", speaker, "--json"))
    assert read["answered_by"] == "speaker"
    assert read["statements"], "random weights write something, or it is said that they write nothing"
    assert {one["basis"] for one in read["statements"]} <= {Basis.UNREAD.value, Basis.UNKNOWN.value, Basis.SIGNAL.value}


def test_our_own_model_answers_no_free_questions(results):
    with pytest.raises(InputError, match="leave --freely out"):
        run(results, 61, "Is the sleeper dreaming?", "--freely", "nano")
