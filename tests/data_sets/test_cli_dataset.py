"""``eegvlm dataset list|check|download`` on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import dataset_trees as trees
import pytest
from dataset_server import NIGHT, PSG, SCORING, Server
from typer.testing import CliRunner, Result

from eegvlm.cli.dataset import dataset
from eegvlm.lab.datasets import DATASETS, DatasetError


def run(*arguments: object) -> Result:
    return CliRunner().invoke(dataset, [str(argument) for argument in arguments])


def test_list_names_every_set_with_its_files_licence_and_origin() -> None:
    result = run("list")
    assert result.exit_code == 0
    for name in DATASETS:
        assert name in result.stdout
    listed = json.loads(run("list", "--json").stdout)
    assert [one["name"] for one in listed] == list(DATASETS)
    assert {one["name"] for one in listed if one["download"]} == {"sleep-edf", "hmc", "ucddb", "cap"}
    assert all(one["licence"] and one["where"] and one["files"] for one in listed)


def test_check_counts_what_is_there_and_names_what_is_not(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path / "subgroupI/1", 1)
    trees.isruc_night(tmp_path / "subgroupII/1/1", 1)
    trees.isruc_night(tmp_path / "subgroupII/1/2", 2, scorers="1")
    trees.isruc_night(tmp_path / "subgroupIII/7", 7, scorers="")

    result = run("check", "isruc", tmp_path, "--channels")

    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    for expected in (
        "isruc: 2 subjects, 3 nights, 0.2 hours; 3 scored in epochs of 30 s",
        "│ 1 │ 3 │ 9 │ 3 │ 6 │ 6 │ 6 │ 0 │",
        "│ 2 │ 2 │ 6 │ 0 │ 6 │ 4 │ 4 │ 0 │",
        "error missing-scoring: 1",
        "subgroupIII/7/7.rec: no scoring of night III-7 is there",
        "warning missing-scorer: 1",
        "eeg_central",
    ):
        assert expected in shown


def test_check_in_json_holds_every_problem_and_the_options(tmp_path: Path) -> None:
    trees.sleep_edf_night(tmp_path, "SC4001E0", stages="W" * 8 + "12" + "W" * 10)
    folder = trees.sleep_edf_night(tmp_path, "SC4002E0")
    (folder / "SC4002E0-PSG.edf").unlink()
    found = json.loads(run("check", "sleep-edf", tmp_path, "--wake-crop", "1", "--json").stdout)
    assert (found["subjects"], found["nights"]) == (1, 1)
    assert found["hours"] == pytest.approx(6 * 30 / 3600, abs=1e-3)
    assert found["stages"] == {"technician": {"nights": 1, "W": 4, "N1": 1, "N2": 1, "N3": 0, "R": 0, "?": 0}}
    options = {"scorer": None, "wake_crop_min": 1.0, "only": None, "grid": "scoring", "extend_20s": None}
    assert found["options"] == options
    assert [problem["code"] for problem in found["problems"]] == ["missing-recording"]
    assert str(tmp_path) not in json.dumps(found)


def test_check_shows_the_first_problems_of_a_kind_and_all_where_asked(tmp_path: Path) -> None:
    for number in range(1, 9):
        trees.write_psg(tmp_path / f"SN00{number}.edf", {"EEG C4-M1": (100, "uV")}, 30)
    trees.write_annotations(tmp_path / "SN001_sleepscoring.edf", trees.sleep_stages("W"))
    short, whole = run("check", "hmc", tmp_path), run("check", "hmc", tmp_path, "--all")
    assert "error missing-scoring: 7" in short.stdout
    assert "and 2 more" in short.stdout
    assert "SN008.edf" not in short.stdout
    assert "SN008.edf" in whole.stdout


def test_check_of_a_set_without_a_usable_night_ends_with_an_input_error_after_its_report(tmp_path: Path) -> None:
    trees.write_annotations(tmp_path / "SC4001EC-Hypnogram.edf", trees.sleep_stages("W"))
    result = run("check", "sleep-edf", tmp_path)
    assert "the recording of night SC4001 is not there" in result.stdout
    assert isinstance(result.exception, DatasetError)
    assert "no night can be used" in str(result.exception)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "name the folder in which they lie" in str(run("check", "sleep-edf", empty).exception)


def test_check_names_recordings_whose_channels_cannot_be_used(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "SN001.edf", {"SpO2": (1, "%"), "Event": (1, "")}, 30)
    trees.write_annotations(tmp_path / "SN001_sleepscoring.edf", trees.sleep_stages("W"))
    assert "error no-eeg: 1" in run("check", "hmc", tmp_path, "--channels").stdout


def test_check_reads_a_folder_by_the_users_rules(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "S1_n1.edf", {"EEG C4-M1": (100, "uV")}, 60)
    trees.write_lines(tmp_path / "S1_n1.txt", [0, 5])
    rules = ("--coding", "isruc", "--subject", r"(S\d+)_.*", "--scorings", "*.txt")
    result = run("check", "folder", tmp_path, *rules)
    assert "folder: 1 subjects, 1 nights" in result.stdout
    assert "No problems found." in result.stdout


def test_check_simulates_stages_only() -> None:
    result = run("check", "simulated", "nights=3,seed=9,hours=0.5", "--json")
    found = json.loads(result.stdout)
    assert (found["nights"], found["hours"]) == (3, 1.5)
    assert sum(found["stages"]["truth"][label] for label in ("W", "N1", "N2", "N3", "R")) == 180


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nothing", "x"), "choose one of sleep-edf"),
        (("check", "hmc"), "root: not given"),
        (("check", "hmc", "/nowhere/at/all"), "not found"),
        (("download", "mass", "--out", "x"), "it cannot be fetched from here"),
    ],
)
def test_wrong_arguments_are_input_errors_of_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    exception = run(*arguments).exception
    assert isinstance(exception, DatasetError)
    assert said in str(exception)
    assert "\n" not in str(exception)


def test_download_fetches_a_subset_and_says_how_to_go_on(server: Server, tmp_path: Path) -> None:
    result = run("download", "sleep-edf", "--out", tmp_path, "--subset", "SC4001*", "--url", server.url)
    assert result.exit_code == 0
    assert (tmp_path / PSG).read_bytes() == NIGHT
    assert "ODC-BY 1.0" in result.stdout
    assert "2 fetched (0.5 MB), 0 were there; all verified" in result.stdout
    again = run("download", "sleep-edf", "--out", tmp_path, "--subset", "SC4001*", "--url", server.url)
    assert "0 fetched (0.0 MB), 2 were there; all verified" in again.stdout


def test_a_dry_run_lists_the_files_and_fetches_none(server: Server, tmp_path: Path) -> None:
    result = run("download", "sleep-edf", "--out", tmp_path / "new", "--url", server.url, "--dry-run")
    assert set(result.stdout.split()) == {"RECORDS", "SC-subjects.xls", PSG, SCORING}
    assert not (tmp_path / "new").exists()
