"""Nothing is dropped in silence: what is missing, doubled, of another length or foreign is named and counted."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import dataset_trees as trees
import pytest

from eegvlm.lab.datasets import Dataset, DatasetError, open_dataset
from eegvlm.lab.datasets.problems import count_problems


def told(dataset: Dataset) -> list[tuple[str, str, str | None]]:
    return [(problem.severity, problem.code, problem.night) for problem in dataset.problems]


def test_a_missing_partner_is_named_on_either_side_and_the_rest_is_used(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, "SC4001E0")
    trees.sleep_edf_night(tmp_path, "SC4002E0")
    trees.sleep_edf_night(tmp_path, "SC4011E0")
    (folder / "SC4002EC-Hypnogram.edf").unlink()
    (folder / "SC4011E0-PSG.edf").unlink()

    dataset = open_dataset("sleep-edf", tmp_path)

    assert [night.name for night in dataset.nights] == ["SC4001"]
    assert told(dataset) == [("error", "missing-scoring", "SC4002"), ("error", "missing-recording", "SC4011")]
    assert "sleep-cassette/SC4002E0-PSG.edf" in dataset.problems[0].message
    assert "sleep-cassette/SC4011EC-Hypnogram.edf" in dataset.problems[1].message
    with pytest.raises(DatasetError, match=r"SC4011.*is not there"):
        dataset.night("SC4011")


@pytest.mark.real_data
def test_twenty_real_hypnograms_without_their_recordings_are_all_named(real_data: Path) -> None:
    dataset = open_dataset("sleep-edf", real_data / "sleep_edf")
    assert len(dataset) == 0
    assert count_problems(dataset.problems) == {"missing-recording": 20, "unknown-file": 1}
    named = {problem.night for problem in dataset.problems if problem.code == "missing-recording"}
    assert named == {f"SC40{subject}{night}" for subject in range(10) for night in (1, 2)}


@pytest.mark.real_data
def test_a_real_scoring_that_is_much_longer_than_its_signal_is_cut_and_said(real_data: Path, tmp_path: Path) -> None:
    shutil.copy(real_data / "sleep_edf/SC4001E0-PSG_first300s.edf", tmp_path / "SC4001E0-PSG.edf")
    shutil.copy(real_data / "sleep_edf/SC4001EC-Hypnogram.edf", tmp_path)

    dataset = open_dataset("sleep-edf", tmp_path)

    assert told(dataset) == [("warning", "scoring-longer", "SC4001")]
    assert "2870 of 2880 (2640 scored)" in dataset.problems[0].message
    night = dataset.night("SC4001")
    assert night.hypnogram().labels == ["W"] * 10
    assert night.recording().n_epochs == 10
    assert dataset.contents["SC4001"].epochs["technician"] == (10, 0, 0, 0, 0, 0)


def test_epochs_after_the_signal_that_nobody_scored_are_a_note_only(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    trees.write_annotations(folder / "SC4001EC-Hypnogram.edf", trees.sleep_stages("WW12344RWW????"))
    assert told(open_dataset("sleep-edf", tmp_path)) == [("note", "scoring-longer", "SC4001")]


@pytest.mark.parametrize(("stages", "severity"), [("WW12344", "warning"), ("WW12344RW", "warning")])
def test_a_scoring_that_is_shorter_than_its_signal_is_named(tmp_path: Path, stages: str, severity: str) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    trees.write_annotations(folder / "SC4001EC-Hypnogram.edf", trees.sleep_stages(stages))
    dataset = open_dataset("sleep-edf", tmp_path)
    assert told(dataset) == [(severity, "scoring-shorter", "SC4001")]
    assert f"{300 - 30 * len(stages)} s of it are not scored" in dataset.problems[0].message
    assert dataset.nights[0].hypnogram().labels[len(stages) :] == ["?"] * (10 - len(stages))


def test_a_scoring_that_reaches_nearly_all_of_its_signal_is_a_note_only(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, stages="W" * 15)
    trees.write_annotations(folder / "SC4001EC-Hypnogram.edf", trees.sleep_stages("W" * 14))
    assert told(open_dataset("sleep-edf", tmp_path)) == [("note", "scoring-shorter", "SC4001")]


def test_the_same_file_twice_counts_once_and_is_named(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    shutil.copytree(folder, tmp_path / "copy")
    dataset = open_dataset("sleep-edf", tmp_path)
    assert [night.name for night in dataset.nights] == ["SC4001"]
    assert told(dataset) == [
        ("warning", "duplicate-scoring", "SC4001"),
        ("warning", "duplicate-recording", "SC4001"),
    ]
    assert "copy/SC4001E0-PSG.edf and sleep-cassette/SC4001E0-PSG.edf" in dataset.problems[1].message


def test_two_different_files_of_one_meaning_leave_the_night_out_and_are_both_named(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    trees.write_annotations(folder / "SC4001EH-Hypnogram.edf", trees.sleep_stages("WWWWWWWWWW"))
    trees.sleep_edf_night(tmp_path, "SC4002E0")
    trees.write_psg(tmp_path / "other/SC4002E0-PSG.edf", trees.SLEEP_EDF, 300, seed=9)

    dataset = open_dataset("sleep-edf", tmp_path)

    assert len(dataset) == 0
    assert told(dataset) == [("error", "ambiguous-scoring", "SC4001"), ("error", "ambiguous-recording", "SC4002")]
    assert "SC4001EC-Hypnogram.edf and sleep-cassette/SC4001EH-Hypnogram.edf differ" in dataset.problems[0].message


def test_one_recording_under_two_subjects_names_is_a_warning_for_it_would_cross_a_split(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, "SC4001E0")
    trees.sleep_edf_night(tmp_path, "SC4011E0")
    shutil.copy(folder / "SC4001E0-PSG.edf", folder / "SC4011E0-PSG.edf")
    dataset = open_dataset("sleep-edf", tmp_path)
    assert len(dataset) == 2
    assert told(dataset) == [("warning", "same-content", "SC4011")]


def test_a_subject_whom_one_of_two_scorers_did_not_score_is_named(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path / "subgroupI/1", 1)
    trees.isruc_night(tmp_path / "subgroupI/2", 2, scorers="1")

    dataset = open_dataset("isruc", tmp_path)
    assert len(dataset) == 2
    assert told(dataset) == [("warning", "missing-scorer", "I-2")]

    second = open_dataset("isruc", tmp_path, scorer="2")
    assert [(night.name, night.scorers) for night in second.nights] == [("I-1", ("2", "1"))]
    assert told(second) == [("error", "missing-scorer", "I-2")]
    assert second.nights[0].hypnogram() == second.nights[0].hypnogram("2")

    with pytest.raises(DatasetError, match="scorer: 3; choose one of 1, 2"):
        open_dataset("isruc", tmp_path, scorer="3")
    with pytest.raises(DatasetError, match="this night has 1"):
        dataset.night("I-2").hypnogram("2")


def test_damaged_files_are_named_and_leave_their_night_out(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, "SC4001E0")
    trees.sleep_edf_night(tmp_path, "SC4002E0")
    trees.sleep_edf_night(tmp_path, "SC4011E0")
    (folder / "SC4001E0-PSG.edf").write_text("<!DOCTYPE html><html>log in</html>")
    (folder / "SC4002EC-Hypnogram.edf").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")

    dataset = open_dataset("sleep-edf", tmp_path)

    assert [night.name for night in dataset.nights] == ["SC4011"]
    assert told(dataset) == [("error", "unreadable-recording", "SC4001"), ("error", "unreadable-scoring", "SC4002")]
    assert "web page" in dataset.problems[0].message
    assert "LFS" in dataset.problems[1].message
    assert not any(str(tmp_path) in problem.message for problem in dataset.problems)


def test_a_second_scorers_damaged_file_costs_only_his_scoring(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path / "subgroupI/1", 1)
    trees.write_lines(tmp_path / "subgroupI/1/1_2.txt", [0, 1, 4])
    dataset = open_dataset("isruc", tmp_path)
    assert dataset.night("I-1").scorers == ("1",)
    assert told(dataset) == [("error", "unreadable-scoring", "I-1")]
    assert "(scorer 2)" in dataset.problems[0].message


def test_a_night_without_any_scored_epoch_is_named_and_left_out(tmp_path: Path) -> None:
    trees.sleep_edf_night(tmp_path, stages="????")
    dataset = open_dataset("sleep-edf", tmp_path)
    assert len(dataset) == 0
    assert told(dataset) == [("error", "nothing-scored", "SC4001")]


def test_clocks_that_differ_are_told_and_a_scoring_of_another_day_is_refused(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, "SC4001E0")
    trees.sleep_edf_night(tmp_path, "SC4002E0")
    later = trees.START + timedelta(seconds=60)
    trees.write_annotations(folder / "SC4001EC-Hypnogram.edf", trees.sleep_stages("12344RWW"), start=later)
    next_day = trees.START + timedelta(days=1)
    trees.write_annotations(folder / "SC4002EC-Hypnogram.edf", trees.sleep_stages("WW12344RWW"), start=next_day)

    dataset = open_dataset("sleep-edf", tmp_path)

    assert told(dataset) == [
        ("warning", "other-start", "SC4001"),
        ("warning", "scoring-shorter", "SC4001"),
        ("error", "no-overlap", "SC4002"),
    ]
    assert dataset.night("SC4001").hypnogram().labels[:3] == ["?", "?", "N1"]


def test_foreign_and_unfinished_files_are_named(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    trees.write_psg(folder / "night.edf", trees.SLEEP_EDF, 30)
    (folder / "SC4002E0-PSG.edf.part").write_bytes(b"half")
    (folder / "._SC4001E0-PSG.edf").write_bytes(b"macOS")
    (folder / "README.txt").write_text("read me")
    dataset = open_dataset("sleep-edf", tmp_path)
    assert told(dataset) == [("warning", "unknown-file", None), ("warning", "unfinished-download", None)]


def test_links_are_followed_and_a_loop_of_links_ends(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path / "store")
    root = tmp_path / "root"
    root.mkdir()
    (root / "cassette").symlink_to(folder)
    (folder / "back").symlink_to(root)
    assert [night.name for night in open_dataset("sleep-edf", root).nights] == ["SC4001"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    os.mkfifo(folder / "SC4002E0-PSG.edf")
    dataset = open_dataset("sleep-edf", tmp_path)
    assert len(dataset) == 1
    assert told(dataset) == [("warning", "no-file", None)]
    assert "SC4002E0-PSG.edf" in dataset.problems[0].message


def test_a_recording_and_a_folder_that_may_not_be_read_are_named(tmp_path: Path, refused: set[Path]) -> None:
    folder = trees.sleep_edf_night(tmp_path, "SC4001E0")
    trees.sleep_edf_night(tmp_path, "SC4002E0")
    locked = tmp_path / "locked"
    locked.mkdir()
    refused |= {folder / "SC4002E0-PSG.edf", locked}
    dataset = open_dataset("sleep-edf", tmp_path)
    assert [night.name for night in dataset.nights] == ["SC4001"]
    assert told(dataset) == [("error", "unreadable-folder", None), ("error", "unreadable-recording", "SC4002")]
    assert all("ermission" in problem.message for problem in dataset.problems)


def test_a_root_that_may_not_be_read_is_one_sentence(tmp_path: Path, refused: set[Path]) -> None:
    refused.add(tmp_path)
    with pytest.raises(DatasetError, match="make it readable"):
        open_dataset("hmc", tmp_path)


def test_the_other_form_of_a_scoring_stands_in_for_a_damaged_one_unless_one_form_was_asked_for(tmp_path: Path) -> None:
    name = "shhs1-200001"
    trees.write_psg(tmp_path / f"{name}.edf", trees.SHHS, 120)
    trees.write_profusion(tmp_path / f"{name}-profusion.xml", [0, 1, 2, 5])
    (tmp_path / f"{name}-nsrr.xml").write_text("<PSGAnnotation>")
    dataset = open_dataset("shhs", tmp_path)
    assert told(dataset) == [("error", "unreadable-scoring", name)]
    assert "(scorer nsrr)" in dataset.problems[0].message
    assert dataset.night(name).scorers == ("profusion",)
    assert dataset.night(name).hypnogram().labels == ["W", "N1", "N2", "R"]
    assert len(open_dataset("shhs", tmp_path, scorer="nsrr")) == 0


def test_names_alone_are_enough_where_nobody_looks_inside(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path)
    (folder / "SC4001EC-Hypnogram.edf").write_bytes(b"")
    dataset = open_dataset("sleep-edf", tmp_path, look_inside=False)
    assert (len(dataset), dataset.problems, dataset.contents) == (1, (), {})


def test_a_root_name_or_option_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not found; give the folder"):
        open_dataset("hmc", tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="not a folder"):
        open_dataset("hmc", tmp_path / "file")
    with pytest.raises(DatasetError, match="choose one of sleep-edf, isruc, mass"):
        open_dataset("sleepedf", tmp_path)
    with pytest.raises(DatasetError, match="root: not given"):
        open_dataset("hmc")
    with pytest.raises(DatasetError, match=r"steps of 0\.5"):
        open_dataset("hmc", tmp_path, wake_crop_min=7.3)
    trees.sleep_edf_night(tmp_path)
    with pytest.raises(DatasetError, match="no night's name fits it; names are such as SC4001"):
        open_dataset("sleep-edf", tmp_path, only="ST*")
    assert len(open_dataset("hmc", tmp_path)) == 0
