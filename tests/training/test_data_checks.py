"""What is wrong with a recipe's data is said before any work, and leaves no folder behind."""

from __future__ import annotations

import json

import pytest
import yaml
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import read_recipe, train

_RECIPE = {
    "name": "small",
    "model": {"preset": "nano", "layout": "nano", "vocab_size": 400},
    "precision": "float32",
    "data": {"train": {"recorded": [{"name": "own", "dataset": "folder"}]}, "split": {"folds": 3}},
    "phases": [{"name": "enhance", "objective": "classify", "trains": ["enhancement"], "steps": 2, "batch_size": 4}],
}


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory):
    """Three persons with a scored night each."""
    folder = tmp_path_factory.mktemp("own")
    for seed in range(3):
        simulate_night(hours=0.05, seed=seed, channels=["EEG C4-M1"]).write(folder / f"P{seed}.edf")
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that holds the recipe and an empty folder."""
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(_RECIPE))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


_TWO = "data.train.simulated=[{nights: 2}]"
_CASES = [
    ((), "data own: no folder; say where it lies: --data own=FOLDER"),
    (("--data", "own=nowhere"), "nowhere: --data: own; no such folder"),
    (("--data", "own"), "write it as NAME=FOLDER"),
    (("--data", "own=empty"), "empty: data own: no scored night; put recordings there, each with its scoring"),
    (("OWN", "--data", "others=empty"), "recipe small has no others: its sources are own"),
    (("OWN", "--set", "data.train.recorded.own.dataset=sleep"), "data set: name: sleep; choose one of"),
    (("OWN", "--set", "data.train.recorded.own.only=[Q*]"), "its settings leave none of 3: see only, without"),
    (("OWN", "--set", "data.split.folds=5"), "3 persons, who can make 2 to 3 folds: ask for fewer, or add persons"),
    (
        ("OWN", "--set", "data.split=null", "--set", "data.validation={simulated: [{nights: 0}]}"),
        "data.validation: no nights; give simulated or recorded sources",
    ),
    (("OWN", "--set", "model.base=nowhere"), "nowhere: model: no config.json there"),
    (("OWN", "--set", "data.train.simulated=[{carriers: others}]"), "name one of the sources in data.train.recorded"),
    (("OWN", "--set", "data.train.simulated=[{spectra: measured}]"), "--data measured=FOLDER"),
    (("OWN", "--set", "data.train.simulated=[{spectra: own}]"), "no npz file"),
    (("OWN", "--set", "data.validation.simulated=[{nights: 1, first_seed: 0}]", "--set", _TWO), "trained on too"),
]


@pytest.mark.parametrize(("arguments", "sentence"), _CASES)
def test_it_is_said_before_steps_are_timed_and_nothing_stays(own_folder, place, arguments, sentence):
    command_line = [
        part
        for argument in arguments
        for part in (("--data", f"own={own_folder}") if argument == "OWN" else (argument,))
    ]
    result = CliRunner().invoke(app, ["train", "small.yaml", "--out", "run", *command_line])
    assert isinstance(result.exception, InputError), result.output
    assert sentence in str(result.exception)
    assert "\n" not in str(result.exception)
    assert result.output == ""
    assert not (place / "run").exists()


@pytest.mark.parametrize("command", ["train", "crossval", "ablate"])
def test_to_go_on_where_no_run_has_begun_is_refused(own_folder, place, command):
    command_line = [command, "small.yaml", "--out", "rnu", "--data", f"own={own_folder}", "--resume"]
    result = CliRunner().invoke(app, command_line)
    assert isinstance(result.exception, InputError), result.output
    assert str(result.exception).startswith("rnu: --resume: no such folder; leave --resume out to begin there")
    assert not (place / "rnu").exists()


def test_a_folder_that_holds_something_else_is_named_with_what_it_holds(own_folder, place):
    (place / "mine" / "sub").mkdir(parents=True)
    recipe = read_recipe(place / "small.yaml")
    with pytest.raises(InputError, match=r"mine: out: not empty \(it holds sub\); choose a new folder .*mine/run"):
        train(recipe, place / "mine", data={"own": own_folder})
    (place / "mine" / "sub" / "recipe.json").write_text(json.dumps({}))
    with pytest.raises(InputError, match=r"mine/sub holds a run: name it to go on with it, or choose a new folder"):
        train(recipe, place / "mine", data={"own": own_folder})


def test_a_run_that_could_not_begin_does_not_keep_its_folder(own_folder, place):
    base = place / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps({"model_type": "llava", "text_config": {}, "vision_config": {}}))
    recipe = read_recipe(place / "small.yaml", [f"model.base={base}"])
    with pytest.raises(InputError):
        train(recipe, place / "run", data={"own": own_folder})
    assert not (place / "run").exists()


def test_folds_of_a_source_need_as_many_persons(own_folder, place):
    recipe = read_recipe(place / "small.yaml", ["data.split=null", "data.train.recorded.own.fold=not 1/5"])
    with pytest.raises(InputError, match=r"data own fold: not 1/5; .*3 persons.*instead of 5 write 3, in training and"):
        train(recipe, place / "run", data={"own": own_folder})
