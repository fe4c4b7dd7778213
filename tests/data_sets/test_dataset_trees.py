"""Each data set's tree, names and formats in small: who the subjects are, what is scored, which channels are found."""

from __future__ import annotations

from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest

from eegvlm.lab.datasets import Dataset, open_dataset
from eegvlm.lab.datasets.pairing import OtherName, RecordingName, ScoringName
from eegvlm.lab.datasets.sleep_edf import read_name
from eegvlm.signals import Role


def labels(dataset: Dataset, night: str, scorer: str | None = None) -> str:
    return " ".join(dataset.night(night).hypnogram(scorer).labels)


def roles(dataset: Dataset, night: str) -> dict[str, str]:
    channels = dataset.night(night).recording().channels
    return {channel.role.value: channel.name for channel in channels if channel.role is not Role.OTHER}


def test_sleep_edf_pairs_names_that_differ_in_the_technicians_letter(tmp_path: Path) -> None:
    for name, technician in (("SC4001E0", "C"), ("SC4002E0", "H"), ("SC4011E0", "H"), ("ST7011J0", "P")):
        trees.sleep_edf_night(tmp_path, name, technician)
    trees.write_lines(tmp_path / "SC-subjects.xls", ["a spreadsheet"])

    dataset = open_dataset("sleep-edf", tmp_path)

    assert [night.name for night in dataset.nights] == ["SC4001", "SC4002", "SC4011", "ST7011"]
    assert dataset.subjects == ("SC400", "SC401", "ST701")
    assert dataset.problems == ()
    assert labels(dataset, "SC4002") == "W W N1 N2 N3 N3 N3 R W W"
    assert dataset.night("ST7011").scorers == ("technician",)
    assert roles(dataset, "SC4001")["eeg_frontal"] == "Fpz-Cz"
    assert "emg_chin" not in roles(dataset, "SC4001"), "the cassette's EMG is a 1-Hz envelope"
    assert roles(dataset, "ST7011")["emg_chin"] == "EMG submental"


@pytest.mark.real_data
def test_sleep_edf_names_of_the_published_list_are_all_told_apart(real_data: Path) -> None:
    listed = [line.split()[1] for line in (real_data / "sleep_edf/SHA256SUMS.txt").read_text().splitlines()]
    names = [read_name(Path(path)) for path in listed]
    recordings = [name for name in names if isinstance(name, RecordingName)]
    scorings = [name for name in names if isinstance(name, ScoringName)]

    assert len({name.night for name in recordings}) == len(recordings) == 197
    assert {name.night for name in scorings} == {name.night for name in recordings}
    assert len({name.subject for name in recordings}) == 78 + 22
    others = {path for path, name in zip(listed, names, strict=True) if name is None or isinstance(name, OtherName)}
    assert others == {"RECORDS", "RECORDS-v1", "SC-subjects.xls", "ST-subjects.xls"}


def test_isruc_knows_subgroups_sessions_and_two_scorers(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path / "subgroupI/1", 1)
    trees.isruc_night(tmp_path / "subgroupI/10/10", 10)
    trees.isruc_night(tmp_path / "subgroupII/1/1", 1)
    trees.isruc_night(tmp_path / "subgroupII/1/2", 2, labels=trees.ISRUC_NEW)
    trees.isruc_night(tmp_path / "subgroupIII/1", 1)
    trees.write_lines(tmp_path / "subgroupI/1/1_1.xlsx", ["a spreadsheet"])

    dataset = open_dataset("isruc", tmp_path)

    assert [night.name for night in dataset.nights] == ["I-1", "I-10", "II-1-1", "II-1-2", "III-1"]
    assert dataset.subjects == ("I-1", "I-10", "II-1", "III-1"), "two sessions of one subject, three subjects 1"
    assert dataset.problems == ()
    assert labels(dataset, "II-1-2") == "W W N1 N2 N2 N3 N3 R R W"
    assert labels(dataset, "II-1-2", "2") == "W W N2 N2 N2 N3 N3 R R W"
    assert roles(dataset, "I-1")["eeg_central"] == "C4-A1"
    assert roles(dataset, "II-1-2")["eeg_central"] == "C4-M1"
    assert roles(dataset, "I-1")["emg_chin"] == "X1"


@pytest.mark.parametrize("folder", ["subgroupIII", "subgroup3", "group_III", "ISRUC-SG3"])
def test_isruc_root_may_be_one_subgroup_under_any_of_its_names(tmp_path: Path, folder: str) -> None:
    trees.isruc_night(tmp_path / folder / "4", 4)
    assert [night.subject for night in open_dataset("isruc", tmp_path / folder).nights] == ["III-4"]


def test_isruc_files_in_folders_of_other_numbers_are_named_not_guessed(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path / "subgroupI/3", 4)
    trees.isruc_night(tmp_path / "subgroupII/1", 1)
    dataset = open_dataset("isruc", tmp_path)
    assert len(dataset) == 0
    assert [problem.code for problem in dataset.problems] == ["unknown-file", "unknown-file"]


def test_mass_reads_twenty_second_epochs_and_both_references(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "SS3/edfs/01-03-0001 PSG.edf", trees.MASS, 300)
    trees.write_annotations(tmp_path / "SS3/edfs/01-03-0001 Base.edf", trees.sleep_stages("WW1233RRWW"))
    trees.write_psg(tmp_path / "SS2/01-02-0007 PSG.edf", trees.MASS_LER, 240)
    rk = trees.sleep_stages("WWW11222444?")
    trees.write_annotations(tmp_path / "SS2/01-02-0007 Base.edf", rk, epoch_s=20)
    trees.write_annotations(tmp_path / "SS2/01-02-0007 Spindles_E1.edf", ["spindle"])

    dataset = open_dataset("mass", tmp_path)

    assert [(night.name, night.epoch_s) for night in dataset.nights] == [("01-02-0007", 20.0), ("01-03-0001", 30.0)]
    assert dataset.problems == ()
    # each 30-s epoch takes what fills most of it of the 20-s epochs W W W 1 1 2 2 2 4 4 4 ?
    assert labels(dataset, "01-02-0007") == "W W N1 N2 N2 N3 N3 ?"
    assert "resampled from epochs of 20 s to 30 s" in " ".join(dataset.night("01-02-0007").hypnogram().notes)
    assert roles(dataset, "01-02-0007")["eeg_central"] == "C4-LER"
    assert roles(dataset, "01-03-0001")["emg_chin"] == "EMG Chin1-EMG Chin2"
    assert [night.name for night in open_dataset("mass", tmp_path, only="01-03-*").nights] == ["01-03-0001"]


def test_shhs_visits_share_a_subject_and_two_formats_hold_one_scoring(tmp_path: Path) -> None:
    codes = [0, 0, 1, 2, 3, 4, 5, 5, 9, 0]
    for visit in (1, 2):
        name = f"shhs{visit}-200001"
        trees.write_psg(tmp_path / f"polysomnography/edfs/shhs{visit}/{name}.edf", trees.SHHS, 300)
        trees.write_nsrr(tmp_path / f"polysomnography/annotations-events-nsrr/shhs{visit}/{name}-nsrr.xml", codes)
    trees.write_profusion(
        tmp_path / "polysomnography/annotations-events-profusion/shhs1/shhs1-200001-profusion.xml", codes
    )

    dataset = open_dataset("shhs", tmp_path)

    assert [night.name for night in dataset.nights] == ["shhs1-200001", "shhs2-200001"]
    assert dataset.subjects == ("200001",)
    assert dataset.problems == (), "one of the two formats is enough"
    assert dataset.night("shhs1-200001").scorers == ("nsrr", "profusion")
    assert labels(dataset, "shhs1-200001") == "W W N1 N2 N3 N3 R R ? W" == labels(dataset, "shhs1-200001", "profusion")
    found = {"eeg_central": "EEG", "eog_left": "EOG(L)", "emg_chin": "EMG"}
    assert found.items() <= roles(dataset, "shhs2-200001").items()


def test_hmc_takes_the_annotations_and_falls_back_on_their_text(tmp_path: Path) -> None:
    stages = ["W", "N1", "N2", "N3", "R", "W"]
    for number in ("001", "002"):
        trees.write_psg(tmp_path / f"recordings/SN{number}.edf", trees.HMC, 180)
        trees.write_hmc_text(tmp_path / f"recordings/SN{number}_sleepscoring.txt", stages)
    trees.write_annotations(
        tmp_path / "recordings/SN001_sleepscoring.edf", [f"Sleep stage {stage}" for stage in stages]
    )

    dataset = open_dataset("hmc", tmp_path)

    assert dataset.problems == ()
    assert dataset.night("SN001").scorers == ("technician", "technician-txt")
    assert labels(dataset, "SN001") == labels(dataset, "SN002") == "W N1 N2 N3 R W"
    found = {"eeg_central": "C4-M1", "eog_left": "EOG E1-M2", "emg_chin": "EMG chin"}
    assert found.items() <= roles(dataset, "SN001").items()


@pytest.mark.parametrize("unit", ["V", "mV", "uV", ""])
def test_ucddb_counts_of_the_converter_become_microvolt_whatever_unit_the_header_names(
    tmp_path: Path, unit: str
) -> None:
    trees.write_ucddb(tmp_path / "files/ucddb002.rec", 180, unit=unit)
    trees.write_lines(tmp_path / "files/ucddb002_stage.txt", [0, 0, 2, 3, 5, 1])
    trees.write_lines(tmp_path / "files/ucddb002_respevt.txt", ["events"])
    trees.write_lines(tmp_path / "files/ucddb002_lifecard.edf", ["a Holter recording"])

    dataset = open_dataset("ucddb", tmp_path)

    assert dataset.problems == ()
    night = dataset.night("ucddb002")
    assert labels(dataset, "ucddb002") == "W W N1 N2 N3 R"
    recording = night.recording()
    eeg = recording.channel(Role.EEG_CENTRAL)
    assert eeg is not None
    assert eeg.name == "C4-A1"
    samples = recording.samples(eeg)
    assert 19 < np.std(samples) < 21
    assert "calibration-inferred" in {problem.code for problem in recording.problems}
    assert {"eog_left", "eog_right", "emg_chin"} <= set(roles(dataset, "ucddb002"))


def test_ucddb_header_with_a_calibration_of_its_own_is_believed(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "ucddb003.rec", {"C3A2": (128, "uV"), "Lefteye": (128, "uV")}, 60)
    trees.write_lines(tmp_path / "ucddb003_stage.txt", [0, 3])
    recording = open_dataset("ucddb", tmp_path).night("ucddb003").recording()
    assert recording.problems == ()
    assert 19 < np.std(recording.samples(recording.channels[0])) < 21


def test_dreams_has_two_sets_of_rules_in_five_second_codes(tmp_path: Path) -> None:
    aasm = [5] * 12 + [3] * 6 + [2] * 6 + [1] * 6 + [4] * 6 + [-1] * 6
    rk = [5] * 12 + [3] * 6 + [2] * 6 + [0] * 6 + [4] * 6 + [5] * 6
    for name in ("subject1", "patient1"):
        trees.write_psg(tmp_path / f"Database/{name}.edf", trees.DREAMS, 210)
        trees.write_lines(tmp_path / f"Database/HypnogramAASM_{name}.txt", ["[HypnogramAASM]", *aasm])
    trees.write_lines(tmp_path / "Database/HypnogramR&K_subject1.txt", ["[HypnogramR&K]", *rk])
    trees.write_psg(tmp_path / "DatabaseApnea/patient1.edf", trees.DREAMS, 60)

    dataset = open_dataset("dreams", tmp_path)

    assert [(night.name, night.epoch_s) for night in dataset.nights] == [("patient1", 5.0), ("subject1", 5.0)]
    assert labels(dataset, "subject1") == "W W N1 N2 N3 R ?"
    assert labels(dataset, "subject1", "R&K") == "W W N1 N2 N3 R W"
    assert [problem.code for problem in dataset.problems] == ["missing-scorer"]
    assert "patient1 has no scoring by R&K" in dataset.problems[0].message
    found = {"eeg_central": "Cz-A1", "eog_left": "EOG1", "emg_chin": "EMG1"}
    assert found.items() <= roles(dataset, "subject1").items()
    recording = dataset.night("subject1").recording()
    assert 19 < np.std(recording.samples(recording.channels[0])) < 21, "the unit is spelled UV"
