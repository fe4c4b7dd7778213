"""Cross-validation: each fold's model has not met those it is judged on; killed runs go on; answers are pooled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.hypnogram import write_hypnogram
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation.answer_file import read_answers
from eegvlm.lab.evaluation.crossval import Options, cross_validate
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import read_recipe

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).resolve().with_name("killed_crossval.py")
RECIPE = r"""
name: small
model: {preset: nano, layout: nano, vocab_size: 400}
precision: float32
data:
  train:
    simulated: [{nights: 1, hours: 0.1}]
    recorded: [{name: own, rules: {subject: '(p\d+)_\d'}}]
  validation: {simulated: []}
  split: {folds: 3}
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 2, batch_size: 4, learning_rate: 1.0e-5}
  - {name: answer, objective: answer, trains: [projector, language], steps: 1, batch_size: 4, learning_rate: 1.0e-5}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Path:
    """Three persons, the first with two nights."""
    folder = tmp_path_factory.mktemp("own")
    for seed, name in enumerate(("p1_1", "p1_2", "p2_1", "p3_1"), start=40):
        night = simulate_night(hours=0.1, seed=seed)
        night.write(folder / f"{name}.edf")
        write_hypnogram(night.hypnogram(), folder / f"{name}.csv", format="csv")
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("recipe") / "small.yaml"
    file.write_text(RECIPE)
    return file


@pytest.fixture(scope="module")
def killed(recipe: Path, own: Path, tmp_path_factory) -> tuple[Path, str]:
    """A cross-validation that was killed while it trained and while it judged."""
    out = tmp_path_factory.mktemp("runs") / "killed"
    command = [sys.executable, str(PROGRAM), str(recipe), str(out), str(own)]
    done = subprocess.run(command, env={**os.environ}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done.stdout


def test_a_killed_cross_validation_goes_on_and_does_not_repeat_what_is_done(killed) -> None:
    _, printed = killed
    assert printed.count(" -9\n") == 2, printed
    told = printed.split(" -9\n")[-1]
    assert "fold 1 of 3" not in told, "the first fold was done before the second kill"
    assert "fold 2 of 3: staging" in told
    assert "fold 3 of 3: staging" in told


def test_every_person_is_judged_once_by_a_model_that_has_not_met_them(killed) -> None:
    out, _ = killed
    judged: list[str] = []
    for fold in ("fold-01", "fold-02", "fold-03"):
        record = read_record(out / fold / "model")
        nights, about = read_answers(out / fold / "answers.npz")
        persons = {night.subject for night in nights}
        assert all(record.part_of(person) is None for person in persons)
        known = {record.part_of(f"folder:p{k}") for k in (1, 2, 3)}
        assert known == {"training", "validation", None}
        assert about["validated on"] == {"folder": 1}
        judged += persons
    assert sorted(judged) == ["folder:p1", "folder:p2", "folder:p3"]


def test_answers_are_pooled_with_intervals_over_persons_and_a_table_of_folds(killed) -> None:
    out, _ = killed
    read = json.loads((out / "evaluation.json").read_text())
    assert read["overall"]["epochs"] == 4 * 12
    assert read["about"]["folds"].startswith("3 of 3")
    assert read["overall"]["subjects"] == 3
    table = read["more"][0]
    assert table["title"] == "Folds"
    assert [row["fold"] for row in table["rows"]] == ["1", "2", "3"]
    assert sum(int(row["nights"]) for row in table["rows"]) == 4
    assert "**Folds**" in (out / "evaluation.md").read_text()


def test_nights_are_prepared_once_for_all_folds(killed) -> None:
    out, _ = killed
    assert len(list((out / "nights").glob("own-*.npy"))) == 4
    assert not list(out.glob("fold-*/nights"))


def test_the_command_prints_what_is_done_and_needs_resume_to_go_on(killed, recipe, own) -> None:
    out, _ = killed
    arguments = ["crossval", str(recipe), "--out", str(out), "--data", f"own={own}"]
    refused = CliRunner().invoke(app, arguments)
    assert isinstance(refused.exception, InputError)
    assert "add --resume to go on" in str(refused.exception)
    result = CliRunner().invoke(app, [*arguments, "--resume", "--resamples", "100"])
    assert result.exit_code == 0, result.output
    for said in ("folds: 3 of 3", "persons known to the model: none", "3 subjects, 4 nights", "Folds", "macro-F1"):
        assert said in result.output, said


def test_what_cannot_be_done_is_refused_before_work_begins(recipe, own, tmp_path) -> None:
    cases = [
        (["data.split.folds=4"], Options(), "3 persons, who can make 2 to 3 folds: .* crossval: --folds 3"),
        ([], Options(only=(4,)), "--only: 4; there are 3 folds"),
        (["data.split.validation=2.0"], Options(), "validation: 2 persons; give fewer than the 2"),
        (["data.split=null"], Options(), "data.test: nobody"),
        (["data.split.protocol=mass"], Options(), "mass: subjects: 0"),
    ]
    for changes, options, said in cases:
        with pytest.raises(InputError, match=said):
            cross_validate(read_recipe(recipe, changes), tmp_path / "out", data={"own": own}, options=options)
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_states_its_test_part_is_one_fold(recipe, own, tmp_path) -> None:
    source = "{recorded: [{name: own, only: ['%s']}]}"
    parts = [
        f"data.{part}={source % name}" for part, name in (("train", "p1*"), ("validation", "p2*"), ("test", "p3*"))
    ]
    changes = ["data.split=null", *parts, "phases.0.steps=1"]
    report = cross_validate(read_recipe(recipe, changes), tmp_path / "out", data={"own": own})
    assert [night.subject for night in report.evaluation.nights] == ["folder:p3_1"]
    assert report.evaluation.about["split"] == "the recipe's own parts"
    overlapping = read_recipe(recipe, ["data.split=null", *parts[:2], f"data.test={source % 'p*_1'}"])
    with pytest.raises(InputError, match=r"data\.test: folder:p1_1.*trained on too"):
        cross_validate(overlapping, tmp_path / "other", data={"own": own})


def test_persons_whom_the_base_has_met_are_not_tested(killed, recipe, own, tmp_path) -> None:
    base = killed[0] / "fold-01" / "model"
    changes = [f"model={{base: {base}}}"]
    with pytest.raises(InputError, match=r"base .*fold.*known to the model.*--judge-known"):
        cross_validate(read_recipe(recipe, changes), tmp_path / "out", data={"own": own})
