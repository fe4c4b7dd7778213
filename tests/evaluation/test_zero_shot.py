"""A base model as it was published: what it writes is judged, and what is no stage is wrong and printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from eegvlm.cli.evaluate import evaluate
from eegvlm.errors import InputError
from eegvlm.hypnogram import Stage
from eegvlm.lab.evaluation.zero_shot import WrittenAnswers, base_stager, stage_in_answer
from eegvlm.lab.simulation import simulate_night

sys.path.append(str(Path(__file__).parents[1] / "general"))
NIGHTS = "simulated:nights=2,seed=1000000,hours=0.1,rate=64"


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    from general_bases import llava_next

    return llava_next(tmp_path_factory.mktemp("bases") / "published")


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Path:
    from general_bases import LAYOUT

    file = tmp_path_factory.mktemp("layouts") / "tiny.json"
    file.write_text(LAYOUT.to_json())
    return file


def run(*arguments) -> str:
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("answer", "stage"),
    [
        ("N2", Stage.N2),
        (" REM.", Stage.R),
        ("**N3**", Stage.N3),
        ("Stage 1", Stage.N1),
        ("The sleep stage shown is N2.", Stage.N2),
        ("This epoch is REM sleep (R)", Stage.R),
        ("awake, eyes closed", Stage.W),
        ("W", Stage.W),
        ("N2, not N3", None),
        ("unknown", None),
        ("I cannot tell.", None),
        ("we are here", None),
        ("", None),
    ],
)
def test_an_answer_is_the_one_stage_that_it_names(answer, stage):
    assert stage_in_answer(answer) is stage


def test_labels_of_ones_own_are_names_too():
    assert stage_in_answer("Deep!", ("Up", "Light", "Mid", "Deep", "Dream")) is Stage.N3


def test_the_row_counts_what_is_no_stage_as_wrong_and_prints_it(base, layout, tmp_path):
    printed = run(base, NIGHTS, "--layout", layout, "--prompt", "Which stage?", "--dtype", "float32", "--out", tmp_path)
    read = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    refused = next(table for table in read["more"] if table["title"].startswith("Answers that are no stage"))
    assert refused["title"].startswith("Answers that are no stage, counted as wrong: ")
    assert refused["rows"], "random weights name a stage by chance only"
    assert read["overall"]["missing"] == int(refused["title"].split(": ")[1].split()[0])
    assert read["about"]["training"] == "none: the model as it was published"
    assert "Which stage?" in read["about"]["prompt"]
    beside = read["baselines"]["likeliest label"]["overall"]
    assert (beside["epochs"], beside["missing"]) == (24, 0)
    assert "model minus likeliest label" in printed
    assert not (base / "eegvlm.json").exists()


def test_written_answers_are_those_that_the_model_generates(base, layout, monkeypatch):
    stager = base_stager(str(base), str(layout), dtype="float32")
    system = WrittenAnswers(stager, batch_size=5)
    told = iter(["N2", "it is R", "??", "N1 or N2"] * 6)
    monkeypatch.setattr(system, "_write", lambda inputs: [next(told) for _ in inputs["input_ids"]])
    recording = simulate_night(hours=0.2, seed=5, channels=["EEG C4-M1", "EOG E1-M2"]).recording()
    np.testing.assert_array_equal(system(recording).hypnogram.stages, [2, 4, -1, -1] * 6)
    assert system.refused == {"??": 6, "N1 or N2": 6}
    assert system.table().rows == (("??", "6"), ("N1 or N2", "6"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--prompt", "Which?"), r"--prompt: Which\?; give --layout with it"),
        (("--layout", "no-such"), "layout"),
        (("--layout", "psg-336", "--inputs", "both,picture"), "reads pictures alone"),
    ],
)
def test_what_does_not_go_together_is_refused(base, options, said):
    with pytest.raises(InputError, match=said):
        run(base, NIGHTS, *options)


def test_a_checkpoint_that_was_trained_keeps_its_own_layout():
    with pytest.raises(InputError, match="a layout and a prompt of its own"):
        run(Path(__file__).parents[2] / "src/eegvlm/model/packaged/nano", NIGHTS, "--layout", "psg-336")


def test_a_folder_that_is_no_model_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match=str(tmp_path)):
        run(tmp_path, NIGHTS, "--layout", "psg-336")
