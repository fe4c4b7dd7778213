"""Reading a store: any rows, gaps as they were, copies, damage by name."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset

from eegvlm.errors import InputError
from eegvlm.images import load_layout, panel_signals, render
from eegvlm.lab.datasets import Dataset
from eegvlm.lab.epochs import EpochStore, StoreError, build_store
from eegvlm.lab.epochs.counts import MISSING
from eegvlm.lab.epochs.night_file import NightFile, labels_file, write_counts
from eegvlm.lab.epochs.reading import read_night


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[key], other[key], equal_nan=True) for key in one)


def test_a_gap_and_an_absent_panel_come_back_as_they_were(tmp_path, nano):
    eeg, chin = noise(1, 5), noise(2, 5)
    eeg[3500:3600] = np.nan  # in epoch 1; filters leave the other epochs alone
    chin[-700:] = np.nan
    one = night(ArrayNight({"C4-M1": eeg, "EMG chin": chin}, [0, 1, 2, 3, 4]))
    build_store(dataset_of(one), nano, tmp_path)
    store = EpochStore(tmp_path)
    back = store.signals(np.arange(5))
    shown = panel_signals(nano, one.recording())
    for panel in ("eeg", "emg"):
        np.testing.assert_array_equal(np.isnan(back[panel]), np.isnan(shown[panel]))
    assert np.isnan(back["eeg"][1]).all()
    assert np.isnan(back["eog_left"]).all()
    assert store.fields(["roles"])["roles"][0] == ["eeg_central", None, None, "emg_chin"]
    (entry,) = store.manifest.nights
    assert entry.channels["eog_left"] is None
    assert entry.channels["eeg"] == {"name": "C4-M1", "role": "eeg_central"}
    assert entry.missing == 0


def test_an_epoch_without_any_signal_is_counted_and_drawn_empty(tmp_path, nano):
    eeg = noise(1, 4)
    eeg[3000:6000] = np.nan
    manifest = build_store(dataset_of(night(ArrayNight({"C4-M1": eeg}, [0, 1, 2, 3]))), nano, tmp_path)
    assert manifest.nights[0].missing == 1
    store = EpochStore(tmp_path)
    assert store.stages.tolist() == [0, 1, 2, 3]
    picture = render(nano, store.signals([1]))
    assert int(picture.max()) == 0
    assert store.fields(["hash"])["hash"][1] is None


def test_a_sample_that_is_missing_inside_an_epoch_stays_missing(tmp_path, nano):
    epochs = read_night(simple_dataset(1).nights[0], nano)
    epochs.counts["eeg"][2, 100:200] = MISSING
    write_counts(tmp_path / "night.npy", epochs.counts, {"eeg": 1 / 16, "emg": 1 / 4}, epochs.labels)
    stored = NightFile(tmp_path / "night.npy")
    np.testing.assert_array_equal(stored.counts[:, 0], epochs.counts["eeg"])
    np.testing.assert_array_equal(np.isnan(stored.microvolt(2)[0]), epochs.counts["eeg"][2] == MISSING)
    np.testing.assert_array_equal(stored.microvolt(slice(None))[:, 1], epochs.counts["emg"] / np.float32(4))


def test_a_night_whose_file_states_no_scale_has_sixteenths_of_a_microvolt(tmp_path, nano):
    epochs = read_night(simple_dataset(1).nights[0], nano)
    file = tmp_path / "night.npy"
    write_counts(file, epochs.counts, {"eeg": 1 / 16, "emg": 1 / 16}, epochs.labels)
    stated = NightFile(file).microvolt(slice(None))
    labels = epochs.labels
    fields = {"person": labels.person, "stages": labels.stages, "targets": labels.targets, "allowed": labels.allowed}
    np.savez(tmp_path / "night.labels.npz", **fields)
    before = NightFile(file)
    np.testing.assert_array_equal(before.microvolt(slice(None)), stated)
    np.testing.assert_array_equal(before.labels.stages, epochs.stages)


def test_a_night_shows_the_panels_that_are_asked_for_in_their_order(tmp_path, nano):
    epochs = read_night(simple_dataset(1).nights[0], nano)
    write_counts(tmp_path / "night.npy", epochs.counts, {"eog": 1 / 16, "eeg": 1 / 16, "emg": 1 / 4}, epochs.labels)
    night = NightFile(tmp_path / "night.npy")
    chosen = night.showing([2, 1])
    for epochs_read in (1, slice(1, 3)):
        np.testing.assert_array_equal(
            chosen.microvolt(epochs_read), np.take(night.microvolt(epochs_read), [2, 1], axis=-2)
        )
    assert night.showing([1]).heard().all()
    assert not night.showing([0]).heard().any()


def test_rows_are_read_in_any_order_and_also_twice(store):
    whole = store.signals(np.arange(len(store)))
    rows = np.array([200, 3, 3, 83, 84, 251, 0])
    assert same(store.signals(rows), {panel: microvolt[rows] for panel, microvolt in whole.items()})
    mask = np.zeros(len(store), bool)
    mask[[5, 90]] = True
    assert same(store.signals(mask), store.signals([5, 90]))
    assert store.signals([])["eeg"].shape == (0, 3000)


@pytest.mark.parametrize("rows", [[-1], [252], [0, 10**9], np.ones(3, bool)])
def test_rows_that_do_not_exist_are_refused(store, rows):
    with pytest.raises(StoreError, match="give"):
        store.signals(rows)


def test_a_store_travels_to_a_worker_and_reads_there(store):
    before = store.signals([7, 100])
    carried = pickle.dumps(store)
    assert len(carried) < 100_000  # no signals
    assert same(pickle.loads(carried).signals([7, 100]), before)


def test_subjects_nights_and_scored_epochs_are_selected(tmp_path, store, nano):
    assert store.rows().tolist() == list(range(252))
    assert store.rows(subjects=["simulated:6"]).tolist() == list(range(84, 168))
    assert store.rows(nights=["seed-5", "seed-7"], subjects=["simulated:7"]).tolist() == list(range(168, 252))
    assert store.rows(subjects=[]).tolist() == []
    with pytest.raises(StoreError, match="not in the store; it has 3, such as seed-5, seed-6, seed-7"):
        store.rows(nights=["seed-8"])
    build_store(dataset_of(night(ArrayNight({"C4-M1": noise(1)}, [0, -1, 2, -1]))), nano, tmp_path)
    unscored = EpochStore(tmp_path)
    assert unscored.stages.tolist() == [0, -1, 2, -1]
    assert unscored.rows(scored=True).tolist() == [0, 2]
    assert unscored.manifest.stages == {"W": 1, "N1": 0, "N2": 1, "N3": 0, "R": 0, "?": 2}


def test_one_recording_under_two_names_is_found_whatever_the_layout_shows(tmp_path, nano):
    copied = {"C4-M1": noise(1), "EMG chin": noise(2)}
    longer = {"C4-M1": np.concatenate([noise(9, 1), copied["C4-M1"]])}
    longer["EMG chin"] = np.concatenate([noise(8, 1), copied["EMG chin"]])
    dataset = dataset_of(
        night(ArrayNight(copied, [0, 1, 2, 3]), "a", "s1"), night(ArrayNight(longer, [0, 0, 1, 2, 3]), "b", "s2")
    )
    for layout in (nano, replace(nano, panels=nano.panels[::-1]), load_layout("psg-336")):
        build_store(dataset, layout, tmp_path / layout.panels[0].name)
        groups = EpochStore(tmp_path / layout.panels[0].name).duplicates()
        assert [group.tolist() for group in groups] == [[0, 5], [1, 6], [2, 7], [3, 8]]


def test_flat_epochs_are_no_copies_of_each_other(tmp_path, nano):
    eeg = noise(1, 6)
    eeg[6000:12000] = 0
    build_store(dataset_of(night(ArrayNight({"C4-M1": eeg}, [0] * 6))), nano, tmp_path)
    store = EpochStore(tmp_path)
    assert [digest is None for digest in store.fields(["hash"])["hash"]] == [False, False, True, True, False, False]
    assert store.duplicates() == []


@pytest.fixture
def damaged(tmp_path: Path, nano) -> tuple[Path, Dataset]:
    dataset = simple_dataset(3)
    build_store(dataset, nano, tmp_path / "store")
    return tmp_path / "store", dataset


def flip(file: Path, at: float) -> None:
    content = bytearray(file.read_bytes())
    content[int(len(content) * at)] ^= 0x10
    file.write_bytes(content)


@pytest.mark.parametrize("damage", ["cut", "missing", "another", "labels"])
def test_a_damaged_night_is_named_and_the_others_are_read(damaged, damage):
    folder, _ = damaged
    _, second, _ = sorted((folder / "nights").glob("*.npy"))
    if damage == "cut":
        second.write_bytes(second.read_bytes()[:-100])
    elif damage == "missing":
        second.unlink()
    elif damage == "labels":
        labels_file(second).write_bytes(b"PK")
    else:
        build_store(simple_dataset(1, epochs=3), load_layout("nano"), folder.parent / "other")
        shutil.copy(folder.parent / "other/nights/n0.npy", second)
    store = EpochStore(folder)
    with pytest.raises(StoreError, match=rf"{second.name}: night: .*run the same"):
        store.verify()
    store.signals([0, 11])
    with pytest.raises(InputError, match=rf"{second.stem}\.(npy: signals|labels\.npz: labels): .*run the same"):
        store.signals([5])


def test_a_flipped_bit_is_found_by_the_digest(damaged):
    folder, _ = damaged
    flip(sorted((folder / "nights").glob("*.npy"))[2], 0.3)
    EpochStore(folder).verify([0, 1])
    with pytest.raises(StoreError, match=r"n2\.npy: night: damaged; run the same"):
        EpochStore(folder).verify()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-30],
        lambda text: "[]",
        lambda text: text.replace('"rows": 4', '"rows": 5', 1),
        lambda text: text.replace("sha256", "sha1"),
        lambda text: text.replace('"number": 1', '"number": 2'),
        lambda text: json.dumps({**json.loads(text), "microvolt_per_count": {}}),
    ],
)
def test_a_damaged_manifest_is_one_sentence(damaged, damage):
    folder, _ = damaged
    file = folder / "manifest.json"
    text = file.read_text()
    assert damage(text) != text
    file.write_text(damage(text))
    with pytest.raises(StoreError, match="it is damaged; build the store again"):
        EpochStore(folder)


def test_a_manifest_of_a_later_format_is_told(damaged):
    folder, _ = damaged
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace("eegvlm-epochs-2", "eegvlm-epochs-9"))
    with pytest.raises(StoreError, match="this version reads eegvlm-epochs-2"):
        EpochStore(folder)


def test_a_manifest_cannot_name_files_outside_of_its_folder(damaged):
    folder, _ = damaged
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace('"n0"', '"../../n0"'))
    (night, *_) = EpochStore(folder).nights
    assert night.file == folder / "nights" / "n0.npy"
