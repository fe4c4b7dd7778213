"""Reading a store: any rows, gaps as they were, every row once over all processes, damage by name."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eegvlm.images import load_layout, panel_signals, render
from eegvlm.lab.datasets import Dataset
from eegvlm.lab.epochs import EpochStore, StoreError, build_store
from eegvlm.lab.epochs.counts import MISSING
from eegvlm.lab.epochs.reading import read_night
from eegvlm.lab.epochs.shard import Shards, group_starts, write_shard


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
    stored = store.huggingface(streaming=False)
    assert [row["eeg"] is None for row in stored] == [False, True, False, False, False]
    assert all(row["eog_left"] is None for row in stored)
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
    file = tmp_path / "shard.parquet"
    assert write_shard(file, [epochs], dict.fromkeys(("eeg", "emg"), 1 / 16), samples=3000) == 4
    counts = Shards([file], [group_starts([4], 60)], ["eeg", "emg"], 3000).counts(0, 0)
    np.testing.assert_array_equal(counts[:, 0], epochs.counts["eeg"])
    np.testing.assert_array_equal(counts[:, 1], epochs.counts["emg"])


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


def test_unpacked_shards_give_the_same_and_are_made_once(tmp_path, store, store_folder):
    rows = np.random.default_rng(0).permutation(len(store))[:40]
    fast = EpochStore(store_folder, unpacked=tmp_path)
    assert same(fast.signals(rows), store.signals(rows))
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    made = [file.stat().st_mtime_ns for file in files]
    assert same(EpochStore(store_folder, unpacked=tmp_path).signals(rows), store.signals(rows))
    assert [file.stat().st_mtime_ns for file in files] == made


def test_a_copy_that_a_full_disk_cut_off_is_unpacked_again(tmp_path, store, store_folder):
    EpochStore(store_folder, unpacked=tmp_path).signals([0])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert same(EpochStore(store_folder, unpacked=tmp_path).signals([0]), store.signals([0]))


def test_a_store_travels_to_a_worker_and_reads_there(tmp_path, store_folder):
    for one in (EpochStore(store_folder), EpochStore(store_folder, unpacked=tmp_path)):
        before = one.signals([7, 100])
        carried = pickle.dumps(one)
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


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    world_size=st.integers(1, 9),
    seed=st.one_of(st.none(), st.integers(0, 2**31)),
    batch=st.integers(1, 300),
    pool=st.integers(1, 7),
    modulus=st.integers(1, 11),
)
def test_all_ranks_together_read_each_row_once(store, world_size, seed, batch, pool, modulus):
    rows = np.arange(0, len(store), modulus)
    shares = []
    for rank in range(world_size):
        stream = store.stream(rows, batch=batch, rank=rank, world_size=world_size, seed=seed, pool=pool)
        batches = list(stream)
        assert all(len(one.rows) == batch for one in batches[:-1])
        shares.append(np.concatenate([np.empty(0, np.int64), *(one.rows for one in batches)]))
    read = np.concatenate(shares)
    np.testing.assert_array_equal(np.sort(read), rows)


def test_a_stream_gives_the_signals_and_stages_of_its_rows(store):
    for one in store.stream(batch=50, rank=1, world_size=2, seed=4):
        assert same(one.signals, store.signals(one.rows))
        np.testing.assert_array_equal(one.stages, store.stages[one.rows])


def test_the_order_of_a_stream_follows_from_its_seed_and_is_stored_order_without(store):
    def order(seed: int | None) -> list[int]:
        return np.concatenate([one.rows for one in store.stream(seed=seed)]).tolist()

    assert order(None) == list(range(len(store)))
    assert order(1) == order(1) != order(2)
    within = np.diff(order(1))
    assert np.count_nonzero(within == 1) < 0.1 * len(store)  # neighbours in the night are apart


@pytest.mark.parametrize("options", [{"rank": 2, "world_size": 2}, {"rank": -1}, {"batch": 0}, {"pool": 0}])
def test_a_stream_that_cannot_be_is_refused(store, options):
    with pytest.raises(StoreError, match="ranks count from 0"):
        next(store.stream(**options))


def test_plain_hugging_face_reads_the_shards(store, store_folder):
    from datasets import load_dataset

    files = str(store_folder / "data/*.parquet")
    rows = load_dataset("parquet", data_files=files, split="train", streaming=True).with_format("numpy")
    row = next(iter(rows))
    assert (row["eeg"].shape, int(row["stage"]), str(row["subject"])) == ((3000,), 0, "simulated:5")
    microvolt = row["eeg"] * row["scale"][0]
    np.testing.assert_array_equal(microvolt.astype(np.float32), store.signals([0])["eeg"][0])
    assert [row["index"] for row in rows] == list(range(84)) * 3


def test_hugging_face_reads_the_folder_by_its_card_and_splits_it_by_node(tmp_path, store_folder):
    from datasets import load_dataset
    from datasets.distributed import split_dataset_by_node

    shutil.copytree(store_folder, tmp_path / "store")
    (tmp_path / "store/pictures-png").mkdir()
    rows = load_dataset(str(tmp_path / "store"), split="train", streaming=True)
    seen = [
        (row["night"], row["index"])
        for rank in range(2)
        for row in split_dataset_by_node(rows, rank=rank, world_size=2).select_columns(["night", "index"])
    ]
    assert sorted(seen) == [(f"seed-{seed}", index) for seed in (5, 6, 7) for index in range(84)]


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


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing", "another"])
def test_a_damaged_shard_is_named_and_the_others_are_read(damaged, damage):
    folder, _ = damaged
    _, second, _ = sorted((folder / "data").iterdir())
    if damage == "flipped":
        flip(second, 0.3)
    elif damage == "cut":
        second.write_bytes(second.read_bytes()[:-100])
    elif damage == "missing":
        second.unlink()
    else:
        build_store(simple_dataset(1, epochs=3), load_layout("nano"), folder.parent / "other")
        shutil.copy(folder.parent / "other/data/shard-00000-of-00001.parquet", second)
    store = EpochStore(folder)
    with pytest.raises(StoreError, match=rf"{second.name}: shard: .*run the same"):
        store.verify()
    store.signals([0, 11])
    with pytest.raises(StoreError, match=rf"{second.name}: shard: .*run the same"):
        store.signals([5])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-30],
        lambda text: "[]",
        lambda text: text.replace('"rows": 4', '"rows": 5', 1),
        lambda text: text.replace("sha256", "sha1"),
        lambda text: text.replace('"rows_per_group": 60', '"rows_per_group": 0'),
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
    file.write_text(file.read_text().replace("eegvlm-epochs-1", "eegvlm-epochs-9"))
    with pytest.raises(StoreError, match="this version reads eegvlm-epochs-1"):
        EpochStore(folder)


def test_a_manifest_cannot_name_files_outside_of_its_folders(damaged, tmp_path):
    folder, _ = damaged
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["shards"][0]["sha256"] = "../../escaped"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="damaged"):
        EpochStore(folder, unpacked=tmp_path / "unpacked")
