"""Epochs of UCDDB as arrays: counts to microvolt, gaps where epochs are missing, and what the file does not say."""

from __future__ import annotations

from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest

from eegvlm.hypnogram import agreement
from eegvlm.lab.datasets import DatasetError, open_dataset
from eegvlm.lab.datasets.ucddb_epochs import EpochArchive
from eegvlm.signals import Role


def test_missing_epochs_are_gaps_in_the_signal_and_unscored_in_the_stages(tmp_path: Path) -> None:
    path = trees.write_epochs(tmp_path / "ucddb002.npz", [0, 1, 4, 6], [0, 0, 3, 3])
    night = open_dataset("ucddb-epochs", tmp_path).nights[0]
    recording, hypnogram = night.recording(), night.hypnogram()

    assert (night.subject, night.person) == ("002", "ucddb:002")
    assert recording.path == path
    assert recording.gaps == ((60.0, 120.0), (150.0, 180.0))
    assert hypnogram.labels == ["W", "W", "?", "?", "N3", "?", "N3"]
    np.testing.assert_array_equal(recording.scorable, hypnogram.scored)
    assert "3 of 7 epochs are not in the file" in hypnogram.notes[0]


def test_counts_become_microvolt_without_their_offset(tmp_path: Path) -> None:
    path = trees.write_epochs(tmp_path / "ucddb002.npz", [0, 1], [0, 3])
    recording = EpochArchive(path).open(None)
    eeg = recording.channel(Role.EEG_CENTRAL)
    assert eeg is not None
    samples = recording.samples(eeg)
    with np.load(path) as archive:
        counts = archive["eeg_counts"].reshape(-1)
    np.testing.assert_allclose(samples, (counts - 0.55 / 8 * 4095) * 0.1953602, rtol=1e-4, atol=1e-3)
    assert abs(samples.mean()) < 1
    assert recording.epochs(eeg, rate=100, band=(0.3, 35.0)).shape == (2, 3000)


def test_the_derivation_is_said_to_be_unknown(tmp_path: Path) -> None:
    recording = EpochArchive(trees.write_epochs(tmp_path / "ucddb002.npz", [0], [0])).open(None)
    eeg = recording.channel(Role.EEG_CENTRAL)
    assert eeg is not None
    assert eeg.name == "C3-A2 or C4-A1"
    assert "does not say" in eeg.note
    assert [problem.code for problem in recording.problems] == ["derivation-unknown"]


def test_the_original_scoring_beside_it_is_a_second_scorer_and_may_be_missing(tmp_path: Path) -> None:
    trees.write_epochs(tmp_path / "ucddb002.npz", [0, 1, 4], [0, 0, 3])
    trees.write_epochs(tmp_path / "ucddb005.npz", [0, 1], [0, 3])
    trees.write_lines(tmp_path / "ucddb002_stage.txt", [0, 0, 2, 1, 5])
    dataset = open_dataset("ucddb-epochs", tmp_path)
    assert dataset.night("ucddb002").scorers == ("epochs", "whole-night")
    assert dataset.night("ucddb002").hypnogram("whole-night").labels == ["W", "W", "N1", "R", "N3"]
    assert dataset.night("ucddb005").scorers == ("epochs",)
    assert [(p.code, p.night) for p in dataset.problems] == [("missing-scorer", "ucddb005")]


def save(path: Path, **changes: object) -> None:
    arrays: dict[str, object] = {
        "eeg_counts": np.zeros((2, 3840), np.int16),
        "stage": np.array([0, 3], np.int8),
        "epoch_index": np.array([0, 1], np.int32),
        "sampling_rate_hz": np.int32(128),
    } | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stage": None}, "arrays"),
        ({"stage": np.array([0, 5])}, "stage"),
        ({"stage": np.array([0])}, "epoch_index"),
        ({"stage": np.array([{}, {}], dtype=object)}, "content"),
        ({"epoch_index": np.array([1, 0])}, "epoch_index"),
        ({"epoch_index": np.array([-1, 0])}, "epoch_index"),
        ({"epoch_index": np.array([0, 10**9])}, "epoch_index"),
        ({"epoch_index": np.array([0.0, 1.5])}, "epoch_index"),
        ({"sampling_rate_hz": np.int32(100)}, "sampling_rate_hz"),
    ],
)
def test_an_archive_of_another_kind_is_named_with_the_array_that_is_wrong(
    tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    save(tmp_path / "ucddb002.npz", **changes)
    dataset = open_dataset("ucddb-epochs", tmp_path)
    assert [problem.code for problem in dataset.problems] == ["unreadable-recording"]
    assert f"ucddb002.npz: {field}" in dataset.problems[0].message


def test_samples_of_another_shape_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.npz", eeg_counts=np.zeros((2, 3000), np.int16))
    with pytest.raises(DatasetError, match=r"eeg_counts.*\(2, 3840\)"):
        EpochArchive(tmp_path / "a.npz").open(None)
    np.save(tmp_path / "b.npy", np.zeros(3))
    with pytest.raises(DatasetError, match="a single array"):
        EpochArchive(tmp_path / "b.npy").clock()
    save(tmp_path / "c.npz")
    content = (tmp_path / "c.npz").read_bytes()
    (tmp_path / "c.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match="it is damaged"):
        EpochArchive(tmp_path / "c.npz").clock()


@pytest.mark.real_data
def test_twenty_real_patients_have_plausible_eeg_and_stages_that_agree_with_the_original_scoring(
    real_data: Path,
) -> None:
    dataset = open_dataset("ucddb-epochs", real_data / "ucddb")
    assert len(dataset) == 20
    assert [(p.code, p.night) for p in dataset.problems] == [("scoring-longer", "ucddb010")]
    totals = np.sum([dataset.contents[night.name].epochs["epochs"] for night in dataset.nights], axis=0)
    assert totals.tolist() == [3560, 58, 280, 2151, 19, 10506]
    for night in dataset.nights:
        figures = agreement(night.hypnogram("whole-night"), night.hypnogram("epochs"))
        assert figures.accuracy == 1.0, night.name
        assert figures.n_compared == int(night.hypnogram().scored.sum())


@pytest.mark.real_data
def test_patient_018_is_a_complete_real_night_at_microvolt(real_data: Path) -> None:
    night = open_dataset("ucddb-epochs", real_data / "ucddb", only="ucddb018").nights[0]
    recording = night.recording()
    assert recording.gaps == ()
    assert recording.n_epochs == 822
    eeg = recording.channel(Role.EEG_CENTRAL)
    assert eeg is not None
    epochs = recording.epochs(eeg, rate=100, band=(0.3, 35.0))
    by_stage = [float(np.median(epochs[night.hypnogram().stages == stage].std(axis=1))) for stage in (0, 2, 3)]
    assert 5 < by_stage[0] < 60
    assert by_stage[2] > 1.5 * by_stage[1], "slow waves are larger than N2"
