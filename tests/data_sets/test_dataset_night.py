"""A night: recording and stages epoch by epoch, whoever scored it and however its wake is cropped."""

from __future__ import annotations

import pickle
from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest

from eegvlm.lab.datasets import Night, open_dataset
from eegvlm.signals import RecordingError, Role

STAGES = "W" * 8 + "1223R" + "W" * 12


@pytest.fixture
def root(tmp_path: Path) -> Path:
    trees.sleep_edf_night(tmp_path, stages=STAGES)
    return tmp_path


def only_night(root: Path, wake_crop_min: float | None = None) -> Night:
    return open_dataset("sleep-edf", root, wake_crop_min=wake_crop_min).nights[0]


def test_the_whole_night_is_kept_where_no_crop_is_asked_for(root: Path) -> None:
    night = only_night(root)
    recording, hypnogram = night.recording(), night.hypnogram()
    assert recording.n_epochs == len(hypnogram) == len(STAGES)
    assert hypnogram.start == recording.start == trees.START
    assert not any("crop" in note for note in hypnogram.notes)


def test_a_wake_crop_keeps_signal_and_stages_together_and_is_recorded_in_both(root: Path) -> None:
    whole, night = only_night(root), only_night(root, wake_crop_min=2)
    recording, hypnogram = night.recording(), night.hypnogram()

    assert hypnogram.labels == ["W"] * 4 + ["N1", "N2", "N2", "N3", "R"] + ["W"] * 4
    assert recording.n_epochs == len(hypnogram)
    assert hypnogram.start == recording.start
    assert hypnogram.onset_s == 0
    said = "wake cropped to 2 min around sleep (scorer technician): epochs 5 to 17 of 25 are kept"
    assert said in hypnogram.notes
    assert [problem.message for problem in recording.problems if problem.code == "wake-cropped"] == [said]

    eeg = recording.channel(Role.EEG_FRONTAL)
    assert eeg is not None
    cropped = recording.epochs(eeg, rate=100, band=(0.3, 35.0))
    uncropped = whole.recording().epochs(eeg, rate=100, band=(0.3, 35.0))
    np.testing.assert_allclose(cropped, uncropped[4:17], atol=1e-4)


def test_a_wake_crop_wider_than_the_night_keeps_all_of_it(root: Path) -> None:
    assert len(only_night(root, wake_crop_min=30).hypnogram()) == len(STAGES)


def test_a_night_without_sleep_is_not_cropped_away(tmp_path: Path) -> None:
    trees.sleep_edf_night(tmp_path, stages="WWWW?")
    assert only_night(tmp_path, wake_crop_min=0).hypnogram().labels == ["W", "W", "W", "W", "?"]


def test_the_default_scorer_decides_the_crop_whoever_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "subgroupI/1"
    trees.isruc_night(folder, 1)
    trees.write_lines(folder / "1_2.txt", [0, 0, 0, 0, 0, 3, 0, 0, 0, 0])
    for scorer, first, stop in (("1", 2, 9), ("2", 5, 6)):
        night = open_dataset("isruc", tmp_path, scorer=scorer, wake_crop_min=0).nights[0]
        one = {"1": ["W", "W", "N1", "N2", "N2", "N3", "N3", "R", "R", "W"], "2": [*["W"] * 5, "N3", *["W"] * 4]}
        assert night.recording().n_epochs == stop - first
        assert night.hypnogram("1").labels == one["1"][first:stop]
        assert night.hypnogram("2").labels == one["2"][first:stop]


def test_a_partial_last_epoch_is_there_and_cannot_be_scored(tmp_path: Path) -> None:
    folder = trees.sleep_edf_night(tmp_path, stages="WW12")
    trees.write_psg(folder / "SC4001E0-PSG.edf", trees.SLEEP_EDF, 110)
    night = only_night(tmp_path)
    assert night.recording().n_epochs == len(night.hypnogram()) == 4
    assert night.recording().scorable.tolist() == [True, True, True, False]
    assert only_night(tmp_path, wake_crop_min=0).recording().duration_s == 50


def test_channels_of_the_users_choice_reach_the_recording(root: Path) -> None:
    recording = only_night(root).recording({"eeg": "EEG Pz-Oz"})
    assert [channel.name for channel in recording.channels if channel.role.modality == "eeg"] == ["EEG Pz-Oz"]
    with pytest.raises(RecordingError, match="choose from the labels"):
        only_night(root).recording({"eeg": "C4-M1"})


def test_nights_travel_to_worker_processes(root: Path) -> None:
    night = only_night(root, wake_crop_min=2)
    assert pickle.loads(pickle.dumps(night)) == night


def test_nothing_is_read_before_it_is_asked_for(root: Path) -> None:
    night = open_dataset("sleep-edf", root, look_inside=False).nights[0]
    for path in (*night.paths, night.scoring().path):
        assert path is not None
        path.unlink()
    with pytest.raises(RecordingError, match="not found"):
        night.recording()


def test_what_was_asked_for_is_recorded_without_folders(root: Path) -> None:
    described = open_dataset("sleep-edf", root, wake_crop_min=30, only="SC4*").describe()
    assert described == {
        "name": "sleep-edf",
        "options": {"scorer": None, "wake_crop_min": 30, "only": "SC4*", "grid": "scoring", "extend_20s": None},
        "subjects": 1,
        "nights": 1,
        "problems": {},
    }
