"""The NSRR's family, CAP, PhysioNet 2018, DCSM, the Dreem Open Datasets and older ISRUC trees, in small."""

from __future__ import annotations

import json
from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram.consensus import consensus, soft_agreements
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.datasets.nsrr import STUDIES
from eegvlm.signals import Role

CODES = [0, 0, 1, 2, 3, 4, 5, 5, 9, 0]
LABELS = "W W N1 N2 N3 N3 R R ? W"
ONE, TWO = "095d6e40-5f19-55b6-a0ec-6e0ad3793da0", "1fa6c401-d819-50f5-8146-a0bb9e2b2516"
PATIENT = "tpdbf4cda5_e571_4f0e_be9a_1a48306b1247"


def labels(dataset, night: str, scorer: str | None = None) -> str:
    return " ".join(dataset.night(night).hypnogram(scorer).labels)


def roles(dataset, night: str) -> dict[str, str]:
    channels = dataset.night(night).recording().channels
    return {channel.role.value: channel.name for channel in channels if channel.role is not Role.OTHER}


NSRR = {
    "mesa": (["mesa-sleep-0001"], {"0001"}),
    "mros": (["mros-visit1-aa0001", "mros-visit2-aa0001"], {"aa0001"}),
    "ccshs": (["ccshs-trec-1800001"], {"1800001"}),
    "cfs": (["cfs-visit5-800002"], {"800002"}),
    "chat": (["chat-baseline-300001", "chat-followup-300001", "chat-nonrandomized-300004"], {"300001", "300004"}),
    "homepap": (["homepap-lab-full-1600001", "homepap-lab-split-1600041"], {"1600001", "1600041"}),
    "sof": (["sof-visit-8-00001"], {"00001"}),
    "abc": (["abc-baseline-900001", "abc-month09-900001"], {"900001"}),
}


@pytest.mark.parametrize("study", NSRR)
def test_nsrr_studies_pair_folders_of_recordings_and_scorings_and_keep_visits_of_a_person_together(
    tmp_path: Path, study: str
) -> None:
    nights, persons = NSRR[study]
    for name in nights:
        trees.write_psg(tmp_path / f"polysomnography/edfs/{name}.edf", trees.SHHS, 300)
        trees.write_nsrr(tmp_path / f"polysomnography/annotations-events-nsrr/{name}-nsrr.xml", CODES)
        folder = tmp_path / "polysomnography/annotations-events-profusion"
        trees.write_profusion(folder / f"{name}-profusion.xml", CODES)

    dataset = open_dataset(study, tmp_path)

    assert dataset.problems == ()
    assert [night.name for night in dataset.nights] == nights
    assert {night.person for night in dataset.nights} == {f"{study}:{person}" for person in persons}
    assert labels(dataset, nights[0]) == LABELS == labels(dataset, nights[0], "profusion")


def test_every_study_is_a_data_set_of_its_own(tmp_path: Path) -> None:
    assert {study.name for study in STUDIES} >= {*NSRR, "shhs", "wsc", "stages", "nch"}
    trees.write_psg(tmp_path / "mesa-sleep-0001.edf", trees.SHHS, 60)
    assert [problem.code for problem in open_dataset("cfs", tmp_path).problems] == ["unknown-file"]


def test_homepap_nights_at_home_hold_no_eeg_and_are_passed_over(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "homepap-home-1600002.edf", {"ECG": (100, "mV")}, 60)
    dataset = open_dataset("homepap", tmp_path)
    assert len(dataset) == 0
    assert dataset.problems == ()


def test_wsc_reads_the_texts_of_both_recorders(tmp_path: Path) -> None:
    for visit in (1, 2):
        trees.write_psg(tmp_path / f"wsc-visit{visit}-10119-nsrr.edf", trees.MASS, 300, start=trees.START)
    rows = [f"{k}\t{code}\t{code}" for k, code in enumerate([0, 0, 1, 2, 3, 4, 5, 5, 7, 0], start=1)]
    head = "Epoch\tUser-Defined Stage\tCAST-Defined Stage"
    trees.write_lines(tmp_path / "wsc-visit1-10119-nsrr.stg.txt", [head, *rows])
    trees.write_lines(tmp_path / "wsc-visit1-10119-nsrr.sco.txt", ["Epoch\tNum"])
    stages = ["W", "W", "N1", "N2", "N3", "N3", "R", "R", "NO STAGE", "W"]
    clocks = [f"16:{13 + k // 2:02d}:{30 * (k % 2):02d}.00" for k in range(10)]
    text = [f"{clock}\tSTAGE - {stage}" for clock, stage in zip(clocks, stages, strict=True)]
    text.insert(4, f"{clocks[3][:6]}40.00\tRESPIRATORY EVENT - DUR: 12.4 SEC. - HYPOPNEA - DESAT 4.0 %")
    trees.write_lines(tmp_path / "wsc-visit2-10119-nsrr.allscore.txt", text)

    dataset = open_dataset("wsc", tmp_path)

    assert dataset.problems == ()
    assert [night.name for night in dataset.nights] == ["wsc-visit1-10119", "wsc-visit2-10119"]
    assert dataset.subjects == ("10119",)
    assert labels(dataset, "wsc-visit1-10119") == LABELS == labels(dataset, "wsc-visit2-10119")


def test_stages_lays_its_clock_times_on_the_recording(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / "STAGES/BOGN/BOGN00004.edf", trees.HMC, 300)
    words = ["Wake", "Wake", "Stage1", "Stage2", "Stage3", "Stage3", "REM", "REM", "UnknownStage", "Wake"]
    rows = [f"16:{13 + k // 2:02d}:{30 * (k % 2):02d},30,{word}" for k, word in enumerate(words)]
    rows.insert(3, "16:14:10,10,Arousal")
    trees.write_lines(tmp_path / "STAGES/BOGN/BOGN00004.csv", ["Start Time,Duration (seconds),Event", *rows])
    dataset = open_dataset("stages", tmp_path)
    assert dataset.subjects == ("BOGN00004",)
    assert labels(dataset, "BOGN00004") == LABELS


def test_nch_names_a_patient_and_a_study(tmp_path: Path) -> None:
    words = ["W", "W", "N1", "N2", "N3", "N3", "R", "R", "?", "W"]
    rows = [f"{30.0 * k}\t30.0\tSleep stage {word}" for k, word in enumerate(words)]
    rows.insert(4, "100.2\t12.0\tObstructive Hypopnea")
    for study in ("17728", "20000"):
        trees.write_psg(tmp_path / f"Sleep_Data/10000_{study}.edf", trees.HMC, 300)
        trees.write_lines(tmp_path / f"Sleep_Data/10000_{study}.tsv", ["onset\tduration\tdescription", *rows])
    dataset = open_dataset("nch", tmp_path)
    assert dataset.problems == ()
    assert dataset.subjects == ("10000",)
    assert labels(dataset, "10000_20000") == LABELS


def test_cap_reads_event_lists_of_each_group(tmp_path: Path) -> None:
    head = ["Patient:\tn1", "Recording Date:\t24/04/1989", "Sleep Stage\tPosition\tTime [hh:mm:ss]\tEvent\tDuration[s]"]
    words = ["S0", "S0", "S1", "S2", "S3", "S4", "REM", "REM", "MT", "S0"]
    rows = [f"{w}\tUnknown\t16:{13 + k // 2:02d}:{30 * (k % 2):02d}\tSLEEP-{w}\t30" for k, w in enumerate(words)]
    rows.insert(4, "S2\tUnknown\t16:14:35\tMCAP-A1\t4")
    for name in ("n1", "rbd12", "nfle3"):
        trees.write_psg(tmp_path / f"{name}.edf", trees.HMC, 300)
        trees.write_lines(tmp_path / f"{name}.txt", [*head, *rows])
        (tmp_path / f"{name}.edf.st").write_bytes(b"")
    dataset = open_dataset("cap", tmp_path)
    assert dataset.problems == ()
    assert [night.name for night in dataset.nights] == ["n1", "nfle3", "rbd12"]
    assert labels(dataset, "rbd12") == LABELS


CHALLENGE = ("F3-M2", "C3-M2", "C4-M1", "O1-M2", "E1-M2", "Chin1-Chin2", "ECG")


def test_physionet_2018_reads_samples_by_their_gain_and_stages_among_arousals(tmp_path: Path) -> None:
    header = trees.write_wfdb(tmp_path / "training/tr03-0005/tr03-0005.hea", CHALLENGE, 300)
    words = ["W", "W", "N1", "N2", "N3", "N3", "R", "R", "W", "W"]
    texts = [(6000 * k, word) for k, word in enumerate(words) if k == 0 or words[k - 1] != word]
    trees.write_wfdb_annotations(
        header.with_suffix(".arousal"), sorted([*texts, (14_000, "(arousal_rera"), (14_400, "arousal_rera)")])
    )
    trees.write_wfdb(tmp_path / "test/te03-0001/te03-0001.hea", CHALLENGE, 60)

    dataset = open_dataset("physionet-2018", tmp_path)

    assert dataset.problems == ()
    assert dataset.subjects == ("tr03-0005",)
    assert labels(dataset, "tr03-0005") == "W W N1 N2 N3 N3 R R W W"
    recording = dataset.night("tr03-0005").recording({"eeg": "F3-M2"})
    stored = np.frombuffer(header.with_suffix(".mat").read_bytes()[24:], "<i2").reshape(-1, len(CHALLENGE))
    frontal = next(channel for channel in recording.channels if channel.name == "F3-M2")
    np.testing.assert_allclose(recording.samples(frontal), (stored[:, 0] - 5) / 2)
    assert roles(dataset, "tr03-0005")["emg_chin"] == "Chin1-Chin2"


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda header: header.with_suffix(".mat").write_bytes(b"short"), "size: 5 of .* bytes"),
        (lambda header: header.write_text("tr03-0005\n"), "header"),
        (lambda header: header.write_text(header.read_text().replace("16+24", "212")), "only 16-bit samples"),
    ],
)
def test_a_damaged_wfdb_record_is_named(tmp_path: Path, damage, fault: str) -> None:
    header = trees.write_wfdb(tmp_path / "tr03-0005.hea", CHALLENGE, 60)
    trees.write_wfdb_annotations(header.with_suffix(".arousal"), [(0, "W")])
    damage(header)
    dataset = open_dataset("physionet-2018", tmp_path)
    assert [problem.code for problem in dataset.problems] == ["unreadable-recording"]
    with pytest.raises(InputError, match=fault):
        open_dataset("physionet-2018", tmp_path, look_inside=False).nights[0].recording()


@pytest.mark.parametrize("volts", [True, False])
def test_dcsm_reads_its_own_files_and_says_which_unit_was_inferred(tmp_path: Path, volts: bool) -> None:
    h5py = pytest.importorskip("h5py")
    folder = tmp_path / "dcsm" / PATIENT
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0).normal(0, 20e-6 if volts else 20, 256 * 300)
    with h5py.File(folder / "psg.h5", "w") as file:
        for name in ("C3-M2", "F3-M2", "E1-M2", "E2-M2", "CHIN", "ECG-II", "SPO2"):
            file[f"channels/{name}"] = draw
        file.attrs["sample_rate"] = 256
    trees.write_lines(folder / "hypnogram.ids", ["0,60,W", "60,30,N1", "90,120,N2", "210,30,N3", "240,60,REM"])

    dataset = open_dataset("dcsm", tmp_path)

    assert dataset.problems == ()
    assert dataset.subjects == (PATIENT,)
    assert labels(dataset, PATIENT) == "W W N1 N2 N2 N2 N2 N3 R R"
    recording = dataset.night(PATIENT).recording()
    central = next(channel for channel in recording.channels if channel.name == "C3-M2")
    assert np.std(recording.samples(central)) == pytest.approx(20, rel=0.05)
    told = [problem.message for problem in recording.problems if problem.code == "calibration-inferred"]
    assert f"read as {'volts' if volts else 'microvolts'}" in told[0]


def scored(root: Path, name: str, letter: str, stages: dict[int, list[int]]) -> None:
    for scorer, given in stages.items():
        trees.write_lines(root / f"scorers/dod{letter}/scorer_{scorer}/{name}.json", [json.dumps(given)])


def test_dreem_sets_have_five_scorers_and_their_consensus_first(tmp_path: Path) -> None:
    trees.write_psg(tmp_path / f"dodh/{ONE}.edf", trees.HMC, 180)
    trees.write_psg(tmp_path / f"dodo/{TWO}.edf", trees.HMC, 180)
    agreed = [-1, 0, 1, 2, 3, 4]
    scored(tmp_path, ONE, "h", dict.fromkeys((1, 2, 3, 4), agreed) | {5: [-1, 0, 2, 3, 3, 4]})
    scored(tmp_path, TWO, "o", dict.fromkeys((1, 2, 3, 4, 5), agreed))

    dataset = open_dataset("dod-h", tmp_path)

    assert dataset.problems == ()
    assert [night.name for night in dataset.nights] == [ONE]
    assert dataset.nights[0].scorers == ("consensus", *(f"scorer-{k}" for k in range(1, 6)))
    assert labels(dataset, ONE) == "? W N1 N2 N3 R"
    assert labels(dataset, ONE, "scorer-5") == "? W N2 N3 N3 R"
    assert "soft agreement with the others: scorer-1" in " ".join(dataset.nights[0].hypnogram().notes)
    assert [night.name for night in open_dataset("dod-o", tmp_path).nights] == [TWO]


def test_dreem_files_hold_signals_at_stated_rates_and_stages(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "dodh").mkdir()
    names = {"eeg": ("C3_M2", "F3_M2", "O1_M2"), "eog": ("EOG1", "EOG2"), "emg": ("EMG", "ECG")}
    places = [f"signals/{group}/{name}" for group, some in names.items() for name in some]
    with h5py.File(tmp_path / f"dodh/{ONE}.h5", "w") as file:
        for place in places:
            file[place] = np.random.default_rng(0).normal(0, 20, 250 * 180).astype(np.float32)
        file["hypnogram"] = np.array([-1, 0, 1, 2, 3, 4])
        file.attrs["description"] = json.dumps([{"path": place, "fs": 250.0} for place in places])
    dataset = open_dataset("dod-h", tmp_path / "dodh")
    assert dataset.problems == ()
    assert labels(dataset, ONE) == "? W N1 N2 N3 R"
    assert {"eeg_central": "C3-M2", "eog_left": "EOG1", "emg_chin": "EMG"}.items() <= roles(dataset, ONE).items()


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    (tmp_path / f"{ONE}.h5").write_bytes(b"x")
    assert "eeg-vlm[hdf5]" in open_dataset("dod-h", tmp_path).problems[0].message


@pytest.mark.real_data
def test_consensus_of_five_real_scorers_agrees_with_each_of_them_better_than_they_with_each_other(real_data) -> None:
    with np.load(real_data / "dod_scorers/five_scorers.npz") as arrays:
        stages, lengths = arrays["stage"], arrays["n_epochs"]
    with_consensus, between = [], []
    for of_night, length in zip(stages, lengths, strict=True):
        scorings = of_night[:, :length]
        agreed = consensus(scorings)
        assert set(np.unique(agreed)) <= set(range(-1, 5))
        with_consensus.append(np.mean([(scoring == agreed).mean() for scoring in scorings]))
        between.append(np.mean([(scorings[a] == scorings[b]).mean() for a in range(5) for b in range(a)]))
    assert np.mean(with_consensus) > np.mean(between) + 0.05
    assert np.mean(np.array(with_consensus) > np.array(between)) == 1


def test_the_scorer_who_agrees_least_has_no_vote_and_the_one_who_agrees_most_decides_ties() -> None:
    stages = np.array(
        [[0, 0, 1, 2, 4, 4], [0, 0, 1, 2, 3, 4], [0, 0, 1, 3, 4, 4], [0, 0, 1, 3, 3, 4], [4] * 6], np.int8
    )
    ranks = soft_agreements(stages)
    assert ranks.argmin() == 4
    assert consensus(stages).tolist() == [0, 0, 1, *stages[ranks.argmax()][3:5], 4]


OLDER = {
    "ISRUC_S1/subject1/1.rec": "I-1",
    "ISRUC_S1/subject1/1/1.rec": "I-1",
    "ISRUC_S3/RawData/4/4.rec": "III-4",
    "ISRUC-Sleep-S1/Subject_07/7.rec": "I-7",
    "isruc_1/12/12.rec": "I-12",
    "subgroupI/3.rec": "I-3",
    "ISRUC_S2/subject3/2/2.rec": "II-3",
    "ISRUC_S2/subject3/session2/2.rec": "II-3",
}


@pytest.mark.parametrize("place", OLDER)
def test_isruc_older_spellings_and_flat_folders_are_read(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    trees.isruc_night(file.parent, int(file.stem))
    dataset = open_dataset("isruc", tmp_path)
    assert dataset.problems == ()
    assert [night.subject for night in dataset.nights] == [OLDER[place]]


def test_isruc_flat_files_without_a_subgroup_are_not_guessed(tmp_path: Path) -> None:
    trees.isruc_night(tmp_path, 3)
    assert [problem.code for problem in open_dataset("isruc", tmp_path).problems] == ["unknown-file"]
