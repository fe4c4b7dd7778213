"""A run leaves in its checkpoint who it was trained and validated on; ``eegvlm record`` shows it and writes it anew."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.hypnogram import write_hypnogram
from eegvlm.images import load_layout
from eegvlm.lab.datasets.training_record import read_record
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.training import read_recipe
from eegvlm.lab.training.record import recipe_of_card, record_of_recipe, write_record
from eegvlm.model import EegVlmForConditionalGeneration
from eegvlm.model.weights import checkpoint_path

NANO = load_layout("nano")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_checkpoint_knows_the_subjects_of_its_run(undisturbed_run: Path) -> None:
    record = read_record(undisturbed_run / "model")
    assert record.part_of("simulated:0") == "training"
    assert record.part_of("simulated:900") == "validation"
    assert record.part_of("simulated:1") is None
    card = (undisturbed_run / "model" / "README.md").read_text()
    assert "## Persons" in card
    assert "- training: simulated 1\n- validation: simulated 1\n" in card


def test_the_record_stays_where_the_model_is_loaded_and_saved_again(undisturbed_run: Path, tmp_path: Path) -> None:
    EegVlmForConditionalGeneration.from_pretrained(undisturbed_run / "model").save_pretrained(tmp_path)
    assert read_record(tmp_path) == read_record(undisturbed_run / "model")


def test_a_recipe_that_goes_on_from_a_checkpoint_adds_its_persons(undisturbed_run: Path, small_recipe: Path) -> None:
    recipe = read_recipe(small_recipe, ["data.train.simulated.0.first_seed=50"])
    own = record_of_recipe(recipe, NANO, {})
    assert own.part_of("simulated:0") is None
    after = record_of_recipe(
        replace(recipe, model=replace(recipe.model, base=str(undisturbed_run / "model"))), NANO, {}
    )
    assert after.part_of("simulated:0") == after.part_of("simulated:50") == "training"


def without_record(model: Path, folder: Path) -> Path:
    shutil.copytree(model, folder)
    fields = json.loads((folder / "config.json").read_text())
    del fields["training_record"]
    (folder / "config.json").write_text(json.dumps(fields))
    return folder


def test_a_base_that_has_learnt_to_stage_and_says_nothing_is_named(
    undisturbed_run: Path, small_recipe: Path, tmp_path: Path
) -> None:
    base = without_record(undisturbed_run / "model", tmp_path / "old")
    recipe = read_recipe(small_recipe)
    record = record_of_recipe(replace(recipe, model=replace(recipe.model, base=str(base))), NANO, {})
    assert record.unknown_bases == ("old",)


def test_a_record_is_written_into_an_older_checkpoint_from_the_recipe_of_its_card(
    undisturbed_run: Path, tmp_path: Path
) -> None:
    folder = without_record(undisturbed_run / "model", tmp_path / "old")
    assert "does not say who it was trained on" in run("record", folder)
    printed = run("record", folder, "--write")
    assert "training: simulated 1" in printed
    assert read_record(folder).part_of("simulated:900") == "validation"
    before = json.loads((undisturbed_run / "model" / "config.json").read_text())
    after = json.loads((folder / "config.json").read_text())
    assert {key: value for key, value in after.items() if key != "training_record"} == {
        key: value for key, value in before.items() if key != "training_record"
    }


def test_writing_a_record_twice_leaves_one_section(undisturbed_run: Path, small_recipe: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed_run / "model", tmp_path / "m")
    for _ in range(2):
        write_record(tmp_path / "m", record_of_recipe(read_recipe(small_recipe), NANO, {}))
    assert (tmp_path / "m" / "README.md").read_text() == (undisturbed_run / "model" / "README.md").read_text()


def test_the_recipe_of_an_older_card_has_the_names_of_today() -> None:
    objectives = [phase.objective for phase in recipe_of_card(checkpoint_path("nano")).phases]
    assert objectives[-5:] == ["sequence", "contrastive", "answer", "answer", "reason"]


def test_a_card_without_a_recipe_asks_for_its_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# a model\n")
    with pytest.raises(InputError, match="none quoted; name the recipe's file"):
        recipe_of_card(tmp_path)


def test_a_fold_is_trained_without_its_test_persons(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for seed in (61, 62, 63):
        night = simulate_night(hours=0.1, seed=seed)
        night.write(own / f"p{seed}.edf")
        write_hypnogram(night.hypnogram(), own / f"p{seed}.csv", format="csv")
    recipe = tmp_path / "fold.yaml"
    recipe.write_text(
        "name: fold\nmodel: {preset: nano, layout: nano, vocab_size: 400}\nprecision: float32\n"
        "data: {train: {recorded: [{name: own}]}, validation: {simulated: []}}\n"
        "phases: [{name: answer, objective: answer, trains: [projector], steps: 1, batch_size: 2}]\n"
    )
    run("train", recipe, "--fold", "2/3", "--data", f"own={own}", "--out", tmp_path / "run")
    record = read_record(tmp_path / "run" / "model")
    parts = sorted(str(record.part_of(f"folder:p{seed}")) for seed in (61, 62, 63))
    assert parts == ["None", "training", "validation"]
    with pytest.raises(InputError, match="2 to 3 folds"):
        run("train", recipe, "--fold", "2/4", "--data", f"own={own}", "--out", tmp_path / "other")


@pytest.mark.real_data
def test_the_packaged_model_knows_the_persons_whose_spectra_its_simulated_nights_follow(real_data: Path) -> None:
    from eegvlm.model import checkpoint_path

    record = read_record(checkpoint_path("nano"))
    assert record.counts("training") == {"sleep-edf": 78, "ucddb": 14, "simulated": 420}
    files = (real_data / "sleep_edf_band_powers").glob("*.npz")
    assert {record.part_of(f"sleep-edf:{file.stem[:5]}") for file in files} == {"training"}
