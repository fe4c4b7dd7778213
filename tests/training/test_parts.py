"""Training, validation and test parts of a recipe: nobody is in two of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eegvlm.errors import InputError
from eegvlm.images import load_layout
from eegvlm.lab.datasets import FolderRules
from eegvlm.lab.training import read_recipe
from eegvlm.lab.training.parts import check_parts, divided, held_out_nights, n_folds, persons_of
from eegvlm.lab.training.recipe import DataRecipe, Mixture, RecordedNights, SimulatedNightsRecipe, SplitRecipe
from eegvlm.lab.training.split_recipe import split_option

NANO = load_layout("nano")
CHECKS = Mixture((SimulatedNightsRecipe(nights=1, first_seed=900),))
BY_NUMBER = FolderRules(subject=r"(p\d+)_\d")


def recordings(folder: Path, names: list[str]) -> Path:
    """Write names alone: dividing reads no file."""
    for name in names:
        (folder / f"{name}.edf").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.edf").touch()
        (folder / f"{name}.txt").touch()
    return folder


@pytest.fixture
def ten_persons(tmp_path: Path) -> dict[str, Path]:
    return {"own": recordings(tmp_path / "own", [f"p{k}_{night}" for k in range(10) for night in (1, 2)])}


def split_data(**settings: object) -> DataRecipe:
    source = RecordedNights("own", rules=BY_NUMBER)
    return DataRecipe(Mixture(recorded=(source,)), CHECKS, split=SplitRecipe(**settings))


def test_every_person_is_tested_once_and_never_validates_or_trains_the_fold_that_tests_them(ten_persons) -> None:
    tested: list[str] = []
    for fold in range(1, 6):
        data = divided(split_data(folds=5, fold=fold), NANO, ten_persons)
        train, validation, test = (
            persons_of(Mixture(recorded=part.recorded), NANO, ten_persons)
            for part in (data.train, data.validation, data.test)
        )
        assert (len(train), len(validation), len(test)) == (7, 1, 2)
        assert not train & validation | train & test | validation & test
        assert data.validation.simulated == CHECKS.simulated
        tested += test
    assert sorted(tested) == [f"folder:p{k}" for k in range(10)]


def test_both_nights_of_a_person_are_tested_together(ten_persons) -> None:
    nights = held_out_nights(split_data(folds=10), NANO, ten_persons)
    assert len(nights) == 2
    assert len({night.person for _, night in nights}) == 1


@pytest.mark.parametrize(("validation", "count"), [(0.0, 1), (0.5, 4), (3.0, 3)])
def test_validation_is_a_share_or_a_number_of_persons(ten_persons, validation: float, count: int) -> None:
    data = divided(split_data(folds=5, validation=validation), NANO, ten_persons)
    assert len(persons_of(Mixture(recorded=data.validation.recorded), NANO, ten_persons)) == count


def test_a_published_split_divides_its_data_set_and_leaves_others_in_training(tmp_path: Path, ten_persons) -> None:
    for k in range(1, 11):
        for name in (f"{k}.rec", f"{k}_1.txt"):
            file = tmp_path / "isruc" / "subgroupIII" / str(k) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    roots = {**ten_persons, "isruc": tmp_path / "isruc"}
    sources = (RecordedNights("isruc", "isruc"), RecordedNights("own", rules=BY_NUMBER))
    data = DataRecipe(Mixture(recorded=sources), CHECKS, split=SplitRecipe("isruc-3", fold=3))
    assert n_folds(data, NANO, roots) == 10
    found = divided(data, NANO, roots)
    assert [len(source.persons or ()) for source in found.train.recorded] == [8, 10]
    assert [source.persons for source in found.test.recorded] == [("isruc:III-3",)]
    with pytest.raises(InputError, match="isruc-3 has 10 folds"):
        divided(replace(data, split=SplitRecipe("isruc-3", folds=5)), NANO, roots)


def test_a_person_in_two_parts_is_refused(ten_persons) -> None:
    test = Mixture(recorded=(RecordedNights("own", rules=BY_NUMBER, only=("p3_*",)),))
    data = DataRecipe(test=test)
    for training, validation, done in (({"folder:p3"}, set(), "trained"), (set(), {"folder:p3"}, "validated")):
        with pytest.raises(InputError, match=rf"data\.test: folder:p3; these persons are {done} on too"):
            check_parts(data, NANO, ten_persons, training=training, validation=validation)
    with pytest.raises(InputError, match=r"data\.validation: simulated:4; these persons are trained on too"):
        check_parts(data, NANO, ten_persons, training={"simulated:4"}, validation={"simulated:4"})


def test_persons_whose_spectra_simulated_nights_follow_count_as_trained_on(tmp_path: Path) -> None:
    for name in ("SC4001E0", "SC4002E0", "other"):
        (tmp_path / f"{name}.npz").touch()
    mixture = Mixture((SimulatedNightsRecipe(nights=1, spectra="powers"),))
    assert persons_of(mixture, NANO, {"powers": tmp_path}) == {"simulated:0", "sleep-edf:SC400", "powers:other"}


SETTINGS = [
    ("data.split.protocol=sleep-edf-77", "data.split.protocol: sleep-edf-77; choose one of by-person, sleep-edf-20"),
    ("data.split.folds=1", "data.split.folds: 1; give 2 or more"),
    ("data.split.fold=6", "data.split.fold: 6"),
    ("data.split.validation=1.5", "a whole number of persons"),
    ("data.test={simulated: [{nights: 1}]}", "data.test.simulated: not scored by an expert"),
    ("data.test={recorded: [{name: other}]}", "data.test.recorded: stated beside data.split"),
]


@pytest.mark.parametrize(("setting", "said"), SETTINGS)
def test_a_split_that_cannot_be_meant_is_refused(tmp_path: Path, setting: str, said: str) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: r\nphases: [{name: a, objective: answer, trains: [language], steps: 1}]\n"
        "data: {train: {recorded: [{name: own}]}, split: {folds: 5}}\n"
    )
    assert read_recipe(recipe).data.split == SplitRecipe(folds=5)
    with pytest.raises(InputError, match=said):
        read_recipe(recipe, [setting])


def test_the_fold_of_the_command_line_is_k_of_n() -> None:
    assert split_option(None, fold="2/10") == SplitRecipe(folds=10, fold=2)
    assert split_option(SplitRecipe(seed=3, folds=7), protocol="mass") == SplitRecipe("mass", seed=3)
    for wrong in ("0/5", "6/5", "2", "2/1"):
        with pytest.raises(InputError, match=r"arguments.*(--fold|folds)"):
            split_option(None, fold=wrong)


def test_where_a_split_takes_persons_out_nobody_else_is_watched_unless_stated(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    text = "name: own\ndata: {train: {recorded: [{name: own}]}%s}\n"
    text += "phases: [{name: a, objective: answer, trains: [language], steps: 1}]\n"
    watched = {}
    stated = {"split": ", split: {folds: 5}", "neither": "", "both": ", split: {folds: 5}, validation: {}"}
    for name, parts in stated.items():
        recipe.write_text(text % parts)
        watched[name] = len(read_recipe(recipe).data.validation.simulated)
    recipe.write_text(text % ", split: {folds: 5}, validation: {simulated: [{nights: 2}]}")
    assert read_recipe(recipe).data.validation.simulated[0].nights == 2
    assert watched == {"split": 0, "neither": 1, "both": 0}
