"""Ablations: variants are trained apart, tested on the same persons, and compared; killed runs go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from killed_ablation import AXES, SEEDS
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.hypnogram import write_hypnogram
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.evaluation import ConfusionBootstrap
from eegvlm.lab.evaluation.ablation import Plan, ablate
from eegvlm.lab.evaluation.ablation_axes import Axis, variants
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import read_recipe

pytestmark = pytest.mark.slow

RECIPE = r"""
name: small
model: {preset: nano, layout: nano, vocab_size: 400}
precision: float32
data:
  train:
    recorded: [{name: one, rules: {subject: '(p\d+)_\d'}}, {name: two, rules: {subject: '(q\d+)_\d'}}]
  validation: {simulated: [{nights: 1, hours: 0.1, first_seed: 900}]}
  split: {folds: 2, validation: 1.0}
phases:
  - {name: enhance, objective: classify, trains: [enhancement], steps: 1, batch_size: 4, learning_rate: 1.0e-5}
  - {name: answer, objective: answer, trains: [projector, language], steps: 1, batch_size: 4, learning_rate: 1.0e-5}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> dict[str, Path]:
    """Two sources of four persons each."""
    roots = {}
    for source, letter, first in (("one", "p", 40), ("two", "q", 50)):
        roots[source] = tmp_path_factory.mktemp(source)
        for number in (1, 2, 3, 4):
            night = simulate_night(hours=0.1, seed=first + number)
            night.write(roots[source] / f"{letter}{number}_1.edf")
            write_hypnogram(night.hypnogram(), roots[source] / f"{letter}{number}_1.csv", format="csv")
    return roots


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("recipe") / "small.yaml"
    file.write_text(RECIPE)
    return file


@pytest.fixture(scope="module")
def done(recipe, data, tmp_path_factory) -> tuple[Path, str]:
    """An ablation of two variants and two seeds by the command."""
    out = tmp_path_factory.mktemp("runs") / "done"
    sources = [part for name, root in data.items() for part in ("--data", f"{name}={root}")]
    axis = ("--over", "phases.enhance.enabled=true,false", "--seeds", "2", "--resamples", "100")
    result = CliRunner().invoke(app, ["ablate", str(recipe), *axis, "--out", str(out), *sources])
    assert result.exit_code == 0, result.output
    return out, result.output


def test_one_table_holds_every_variant_with_paired_differences(done):
    out, printed = done
    table = json.loads((out / "ablation-table.json").read_text())
    assert [cell["settings"] for cell in table["cells"]] == [
        {"phases.enhance.enabled": "true"},
        {"phases.enhance.enabled": "false"},
    ]
    for cell in table["cells"]:
        assert set(cell["kappa_by_seed"]) == {"0", "1"}
        assert cell["epochs"] == 2 * 12 * cell["subjects"], "each person counts once a seed"
    assert table["cells"][0]["minus_reference"]["kappa"] is None
    assert table["cells"][1]["minus_reference"]["kappa"]["interval"] is not None
    assert "Δ kappa" in printed
    assert "| reference |" in (out / "ablation-table.md").read_text()


def test_no_variant_has_met_who_tests_it_and_all_test_the_same(done):
    out, _ = done
    models = sorted(out.glob("runs/*/seed-*/fold-01/model"))
    assert len(models) == 4
    tested = set()
    for model in models:
        record = read_record(model)
        everyone = {f"{letter}{number}" for letter in "pq" for number in (1, 2, 3, 4)}
        tested.add(frozenset(one for one in everyone if record.part_of(f"folder:{one}") is None))
    assert len(tested) == 1
    assert len(next(iter(tested))) == 4


def test_nights_are_prepared_once_for_all_variants_of_one_layout(done):
    assert len(list((done[0] / "nights").iterdir())) == 1


def test_it_goes_on_after_a_kill_and_takes_more_seeds_later(done, recipe, data):
    out, _ = done
    before = {file: file.stat().st_mtime_ns for file in out.glob("runs/*/*/*/answers-*.npz")}
    script = Path(__file__).with_name("killed_ablation.py")
    sources = [f"{name}={root}" for name, root in data.items()]
    killed = subprocess.run([sys.executable, script, recipe, out, *sources], check=False, timeout=600)
    assert killed.returncode == -signal.SIGKILL
    plan = Plan(read_recipe(recipe), variants(recipe, AXES), seeds=SEEDS)
    told: list[str] = []
    found = ablate(plan, out, data=data, resume=True, tell=told.append, bootstrap=ConfusionBootstrap(100))
    assert {said.partition(":")[0] for said in told} == {"run 3 of 3 (phases.enhance.enabled=false, seed 2, fold 1)"}
    assert len(found.cells[0].kappas) == 3
    assert {file: file.stat().st_mtime_ns for file in before} == before
    with pytest.raises(InputError, match="add --resume"):
        ablate(plan, out, data=data)


def test_each_training_set_meets_each_test_set(recipe, data, tmp_path):
    plan = Plan(read_recipe(recipe), variants(recipe, []), train=("one", "two"), test=("one", "two"))
    found = ablate(plan, tmp_path / "out", data=data, bootstrap=ConfusionBootstrap(100))
    assert [(cell.train, cell.test) for cell in found.cells] == [
        ("one", "one"),
        ("one", "two"),
        ("two", "one"),
        ("two", "two"),
    ]
    assert [found.reference(place) for place in range(4)] == [None, None, 0, 1]
    matrix = found.matrices()[0]
    assert (matrix.columns, [row[0] for row in matrix.rows]) == (("", "one", "two"), ["one", "two"])
    record = read_record(next((tmp_path / "out").glob("runs/train=one-*/seed-0/fold-01/model")))
    assert all(record.part_of(f"folder:q{number}") != "training" for number in (1, 2, 3, 4))
    assert len({tuple(night.subject for night in cell.nights) for cell in found.cells}) == 2


def test_modalities_are_the_panels_that_are_drawn(recipe, data, tmp_path):
    varied = variants(recipe, [Axis("modalities", ("eeg", "eeg+emg"))])
    assert [[panel.name for panel in one.layout.panels] for one in varied] == [["eeg"], ["eeg", "emg"]]
    found = ablate(
        Plan(read_recipe(recipe), varied[:1]), tmp_path / "out", data=data, bootstrap=ConfusionBootstrap(100)
    )
    assert set(found.cells[0].nights[0].channels) == {"eeg"}


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("model.alignment", "write it as KEY=a,b"),
        ("seed=1,1", "give each value once"),
        ("model.alignement=add", "unknown key"),
        ("model.alignment=add,wrong", "alignment"),
        ("phases.reason.enabled=true,false", "the recipe's phases are enhance, answer"),
        ("phases.enhance.enabled=perhaps", "choose from true, false"),
        ("inputs=both,evidence", "reads pictures alone"),
        ("inputs=words", "choose from both, picture, evidence"),
        ("modalities=eog", "keep the EEG"),
        ("modalities=eeg+ecg", "layout nano draws eeg, eog, emg"),
        ("modalities=eeg+meg", "choose from eeg, eog, emg, ecg"),
        ("data.split.fold=1,2", "tested on the same persons"),
    ],
)
def test_what_cannot_be_varied_is_refused_before_work_begins(recipe, data, tmp_path, over, said):
    sources = [part for name, root in data.items() for part in ("--data", f"{name}={root}")]
    result = CliRunner().invoke(app, ["ablate", str(recipe), "--over", over, "--out", str(tmp_path / "out"), *sources])
    assert isinstance(result.exception, InputError), result.output
    assert said in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--train", "three"), "the recipe learns from one, two"),
        (("--test", "three"), "tests persons of"),
        (("--folds", "3"), "there are 2 folds"),
        (("--folds", "x"), "such as 1,3, or all"),
        (("--over", "seed=1", "--over", "seed=2"), "in one --over"),
    ],
)
def test_sets_and_folds_that_are_not_there_are_refused(recipe, data, tmp_path, options, said):
    sources = [part for name, root in data.items() for part in ("--data", f"{name}={root}")]
    result = CliRunner().invoke(app, ["ablate", str(recipe), *options, "--out", str(tmp_path / "out"), *sources])
    assert isinstance(result.exception, InputError), result.output
    assert said in str(result.exception)


def test_values_with_commas_in_brackets_stay_whole():
    axis = Axis.parse("data.stage_shares=[0.2,0.2,0.2,0.2,0.2],[0.3,0.1,0.2,0.2,0.2]")
    assert axis.values == ("[0.2,0.2,0.2,0.2,0.2]", "[0.3,0.1,0.2,0.2,0.2]")


def test_all_combinations_are_run_the_last_axis_fastest(recipe):
    varied = variants(recipe, [Axis("model.context_epochs", ("0", "1")), Axis("phases.answer.steps", ("1", "2"))])
    assert [(one.recipe.model.context_epochs, one.recipe.phases[1].steps) for one in varied] == [
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 2),
    ]
