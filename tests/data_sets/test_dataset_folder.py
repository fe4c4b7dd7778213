"""A folder of any recordings: by which names a scoring is found, and what is refused."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import dataset_trees as trees
import pytest

from eegvlm.errors import InputError
from eegvlm.lab.datasets import Dataset, DatasetError, FolderRules, open_dataset
from eegvlm.lab.simulation import simulate_night

EEG = {"C4-M1": (100, "uV")}
LETTERS = ["W", "N1", "N2", "R"]


def psg(path: Path, *, seed: int = 0) -> Path:
    return trees.write_psg(path, EEG, 120, seed=seed)


def opened(root: Path, **rules: str | float) -> Dataset:
    return open_dataset("folder", root, rules=FolderRules(**rules))  # type: ignore[arg-type]


def scoring_of(dataset: Dataset, night: str = "night") -> Path | None:
    return dataset.night(night).scoring().path


@pytest.mark.parametrize(
    "name",
    [
        *("night.txt", "night.csv", "night_hypnogram.csv", "night-Hypnogram.txt", "night_sleepscoring.txt"),
        *("night scoring.txt", "night_stages.csv", "night-annotations.txt", "NIGHT_Hypno.TXT"),
    ],
)
def test_a_text_of_the_recordings_stem_or_stem_and_suffix_is_its_scoring(tmp_path: Path, name: str) -> None:
    psg(tmp_path / "night.edf")
    path = trees.write_lines(tmp_path / name, LETTERS)
    dataset = opened(tmp_path)
    assert scoring_of(dataset) == path
    assert dataset.nights[0].hypnogram().labels == LETTERS
    assert dataset.nights[0].epoch_s == 30


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("night.ids", "0,30,W\n30,30,N1\n60,30,N2\n90,30,R\n"),
        ("night.eannot", "W\nN1\nN2\nR\n"),
        ("night.annot", "W\t0\t30\nN1\t30\t60\nN2\t60\t90\nR\t90\t120\n"),
        ("night_stages.json", '["W", "N1", "N2", "R"]'),
    ],
)
def test_scorings_of_every_format_are_found_by_its_file_names(tmp_path: Path, name: str, text: str) -> None:
    psg(tmp_path / "night.edf")
    (tmp_path / name).write_text(text)
    dataset = opened(tmp_path)
    assert scoring_of(dataset) == tmp_path / name
    assert dataset.nights[0].hypnogram().labels == LETTERS


def test_annotations_that_mne_compressed_belong_to_the_recording(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    psg(tmp_path / "night.edf")
    names = [f"Sleep stage {stage}" for stage in LETTERS]
    mne.Annotations([0, 30, 60, 90], 30, names).save(tmp_path / "night-annot.fif.gz")
    assert opened(tmp_path).nights[0].hypnogram().labels == LETTERS


@pytest.mark.parametrize(
    "name", ["night-Hypnogram.edf", "night_sleepscoring.edf", "night Base.edf", "night_annotations.edf"]
)
def test_an_edf_of_annotations_is_a_scoring_and_no_recording(tmp_path: Path, name: str) -> None:
    psg(tmp_path / "night.edf")
    trees.write_annotations(tmp_path / name, trees.sleep_stages("W12R"))
    dataset = opened(tmp_path)
    assert [night.name for night in dataset.nights] == ["night"]
    assert dataset.nights[0].hypnogram().labels == LETTERS


@pytest.mark.parametrize(
    ("recording", "scoring"),
    [
        ("a-PSG.edf", "a-Hypnogram.edf"),
        ("a PSG.edf", "a Base.edf"),
        ("sub-01_task-sleep_eeg.edf", "sub-01_task-sleep_events.edf"),
        ("a_psg.rec", "a_psg_scoring.edf"),
    ],
)
def test_a_trailing_psg_or_eeg_of_the_recording_may_be_missing(tmp_path: Path, recording: str, scoring: str) -> None:
    psg(tmp_path / recording)
    path = trees.write_annotations(tmp_path / scoring, trees.sleep_stages("W12R"))
    assert scoring_of(opened(tmp_path), Path(recording).stem) == path


def test_xml_is_found_in_a_folder_beside_and_the_same_folder_comes_first(tmp_path: Path) -> None:
    psg(tmp_path / "edfs/a.edf")
    psg(tmp_path / "edfs/b.edf")
    beside = trees.write_nsrr(tmp_path / "annotations/a-nsrr.xml", [0, 1, 2, 5])
    trees.write_nsrr(tmp_path / "annotations/b-nsrr.xml", [0, 0, 0, 0])
    same = trees.write_profusion(tmp_path / "edfs/b-profusion.xml", [0, 1, 2, 5])
    dataset = opened(tmp_path)
    assert scoring_of(dataset, "a") == beside
    assert scoring_of(dataset, "b") == same
    assert dataset.night("b").hypnogram().labels == LETTERS


def test_a_folder_beside_the_root_is_not_looked_into(tmp_path: Path) -> None:
    psg(tmp_path / "root/night.edf")
    trees.write_lines(tmp_path / "elsewhere/night.txt", LETTERS)
    assert [problem.code for problem in opened(tmp_path / "root").problems] == ["missing-scoring", "subjects-assumed"]


def test_two_scorings_are_refused_with_both_names_until_a_pattern_says_which(tmp_path: Path) -> None:
    psg(tmp_path / "night.edf")
    trees.write_nsrr(tmp_path / "night-nsrr.xml", [0, 1, 2, 5])
    trees.write_profusion(tmp_path / "night-profusion.xml", [0, 0, 0, 0])
    with pytest.raises(InputError) as caught:
        opened(tmp_path)
    assert "night-nsrr.xml and night-profusion.xml" in str(caught.value)
    dataset = opened(tmp_path, scorings="*-nsrr.xml")
    assert dataset.nights[0].hypnogram().labels == LETTERS


def test_several_scorers_are_told_by_their_names(tmp_path: Path) -> None:
    psg(tmp_path / "night.edf")
    psg(tmp_path / "other.edf", seed=1)
    for scorer, last in (("scorer1", "R"), ("scorer2", "W")):
        trees.write_lines(tmp_path / f"night_{scorer}.txt", ["W", "N1", "N2", last])
    trees.write_lines(tmp_path / "other_scorer1.txt", LETTERS)
    dataset = opened(tmp_path)
    assert dataset.night("night").scorers == ("scorer1", "scorer2")
    assert dataset.night("night").hypnogram("scorer2").labels[-1] == "W"
    assert [problem.code for problem in dataset.problems] == ["subjects-assumed", "missing-scorer"]


def test_a_recording_that_was_exported_again_with_its_scoring_is_the_scoring(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "night.edf", EEG, 120, start=datetime(2001, 1, 1, 22, 30))
    simulate_night(hours=2 / 60, seed=3, channels=["EEG C4-M1"]).write(tmp_path / "night_scored.edf")
    dataset = opened(tmp_path)
    assert [night.name for night in dataset.nights] == ["night"]
    assert scoring_of(dataset) == tmp_path / "night_scored.edf"


def test_a_recording_whose_name_ends_like_a_scorings_is_a_recording_where_no_other_has_its_stem(tmp_path: Path) -> None:
    psg(tmp_path / "n_base.edf")
    trees.write_lines(tmp_path / "n_base.txt", LETTERS)
    assert scoring_of(opened(tmp_path), "n_base") == tmp_path / "n_base.txt"


def test_a_recording_may_carry_its_own_scoring(tmp_path: Path) -> None:
    simulate_night(hours=0.05, seed=3, channels=["EEG C4-M1"]).write(tmp_path / "night.edf")
    dataset = opened(tmp_path)
    assert dataset.nights[0].scorers == ("annotations",)
    assert len(dataset.nights[0].hypnogram()) == 6
    assert [problem.code for problem in dataset.problems] == ["subjects-assumed"]


def test_integer_codes_need_a_coding(tmp_path: Path) -> None:
    psg(tmp_path / "night.edf")
    trees.write_lines(tmp_path / "night.txt", [0, 1, 2, 5])
    without = opened(tmp_path)
    assert len(without) == 0
    assert "--coding" in next(p.message for p in without.problems if p.code == "unreadable-scoring")
    assert opened(tmp_path, coding="isruc").nights[0].hypnogram().labels == LETTERS


def test_partners_that_are_missing_are_named_and_other_texts_are_left_alone(tmp_path: Path) -> None:
    psg(tmp_path / "a.edf")
    trees.write_annotations(tmp_path / "b-Hypnogram.edf", trees.sleep_stages("W"))
    trees.write_lines(tmp_path / "c_scoring.csv", LETTERS)
    trees.write_lines(tmp_path / "participants.tsv", ["participant_id", "sub-01"])
    trees.write_lines(tmp_path / "README.txt", ["read me"])
    dataset = opened(tmp_path)
    assert [(problem.code, problem.message.split(":")[0]) for problem in dataset.problems[:3]] == [
        ("missing-scoring", "a.edf"),
        ("missing-recording", "b-Hypnogram.edf"),
        ("missing-recording", "c_scoring.csv"),
    ]


def test_a_damaged_scoring_is_not_taken_for_a_recording(tmp_path: Path) -> None:
    psg(tmp_path / "night.edf")
    (tmp_path / "night-Hypnogram.edf").write_text("<html>log in</html>")
    assert [problem.code for problem in opened(tmp_path).problems] == ["subjects-assumed", "unreadable-scoring"]


def test_subjects_come_from_bids_names_or_from_a_pattern_and_are_otherwise_assumed(tmp_path: Path) -> None:
    for name in ("sub-01_ses-1_eeg", "sub-01_ses-2_eeg", "S7_night1"):
        psg(tmp_path / f"{name}.edf", seed=len(name))
        trees.write_lines(tmp_path / f"{name}.txt", LETTERS)
    dataset = opened(tmp_path)
    assert [night.subject for night in dataset.nights] == ["S7_night1", "sub-01", "sub-01"]
    assert "1 of 3 recordings" in next(p.message for p in dataset.problems if p.code == "subjects-assumed")
    pattern = opened(tmp_path, subject=r"(sub-\d+|S\d+)_.*")
    assert [night.subject for night in pattern.nights] == ["S7", "sub-01", "sub-01"]
    assert pattern.problems == ()
    for wrong, hint in (("(sub", "regular expression"), ("sub", "parentheses"), (r"(sub-\d+)_.*", "fits every")):
        with pytest.raises(DatasetError, match=hint):
            opened(tmp_path, subject=wrong)


def test_equal_stems_in_two_folders_are_two_nights(tmp_path: Path) -> None:
    for subject in ("anna", "bert"):
        psg(tmp_path / subject / "night.edf")
        trees.write_lines(tmp_path / subject / "night.txt", LETTERS)
    dataset = opened(tmp_path)
    assert [(night.name, night.subject) for night in dataset.nights] == [
        ("anna/night", "anna/night"),
        ("bert/night", "bert/night"),
    ]


def test_rules_are_for_a_folder_only(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="only 'folder' takes them"):
        open_dataset("hmc", tmp_path, rules=FolderRules())


def test_two_recordings_of_one_scoring_are_both_named_and_neither_is_guessed(tmp_path: Path) -> None:
    psg(tmp_path / "night.edf")
    psg(tmp_path / "night.rec", seed=1)
    trees.write_lines(tmp_path / "night.txt", LETTERS)
    dataset = opened(tmp_path)
    assert len(dataset) == 0
    assert [problem.code for problem in dataset.problems] == ["ambiguous-recording"]
    assert "night.txt would be the scoring of night.edf and night.rec" in dataset.problems[0].message


def test_a_copy_of_a_recording_under_another_ending_counts_once_and_is_named(tmp_path: Path) -> None:
    shutil.copy(psg(tmp_path / "night.edf"), tmp_path / "night-PSG.edf")
    trees.write_lines(tmp_path / "night.txt", LETTERS)
    dataset = opened(tmp_path)
    assert len(dataset) == 1
    assert [problem.code for problem in dataset.problems] == ["duplicate-recording", "subjects-assumed"]


def test_recordings_that_differ_in_their_ending_alone_are_two_nights_of_two_names(tmp_path: Path) -> None:
    for seed, name in enumerate(("night.edf", "night.rec")):
        simulate_night(hours=0.05, seed=seed, channels=["EEG C4-M1"]).write(tmp_path / "made.edf")
        (tmp_path / "made.edf").rename(tmp_path / name)
    assert [night.name for night in opened(tmp_path).nights] == ["night.edf", "night.rec"]
