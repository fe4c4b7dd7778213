"""Exported Parquet shards: what plain readers find in them, by part, and that an interruption changes nothing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset

from eegvlm.errors import InputError
from eegvlm.lab.epochs import EpochStore, StoreError, build_store, export_parquet
from eegvlm.lab.epochs.parts import Parts


def shards(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "data").iterdir())}


def test_plain_hugging_face_reads_the_shards(store, tmp_path):
    from datasets import load_dataset

    exported = export_parquet(store, tmp_path)
    assert (exported.epochs, exported.nights, exported.n_bytes) == (252, 3, sum(map(len, shards(tmp_path).values())))
    files = str(tmp_path / "data/*.parquet")
    rows = load_dataset("parquet", data_files=files, split="train", streaming=True).with_format("numpy")
    row = next(iter(rows))
    assert (row["eeg"].shape, int(row["stage"]), str(row["subject"])) == ((3000,), 0, "simulated:5")
    microvolt = row["eeg"] * row["scale"][0]
    np.testing.assert_array_equal(microvolt.astype(np.float32), store.signals([0])["eeg"][0])
    assert [row["index"] for row in rows] == list(range(84)) * 3


def test_hugging_face_reads_the_folder_by_its_card_and_splits_it_by_node(store, tmp_path):
    from datasets import load_dataset
    from datasets.distributed import split_dataset_by_node

    export_parquet(store, tmp_path)
    rows = load_dataset(str(tmp_path), split="train", streaming=True)
    places = [
        (row["night"], row["index"])
        for rank in range(2)
        for row in split_dataset_by_node(rows, rank=rank, world_size=2).select_columns(["night", "index"])
    ]
    assert sorted(places) == [(f"seed-{seed}", index) for seed in (5, 6, 7) for index in range(84)]


def test_every_column_and_every_count_of_a_row_is_that_of_the_store(tmp_path, nano):
    eeg, chin = noise(1, 5), noise(2, 5)
    eeg[3500:3600] = np.nan
    build_store(dataset_of(night(ArrayNight({"C4-M1": eeg, "EMG chin": chin}, [0, -1, 2, 3, 4]))), nano, tmp_path / "s")
    store = EpochStore(tmp_path / "s")
    export_parquet(store, tmp_path / "p")
    (file,) = (tmp_path / "p/data").iterdir()
    table = pq.read_table(file)
    for name, values in store.fields().items():
        assert table.column(name).to_pylist() == values, name
    rows = table.to_pylist()
    assert [row["eeg"] is None for row in rows] == [False, True, False, False, False]
    assert all(row["eog_left"] is None for row in rows)
    np.testing.assert_array_equal(np.array([row["emg"] for row in rows]), store.nights[0].counts[:, 3])


def test_a_killed_export_goes_on_and_ends_with_the_bytes_of_one_that_was_not(store, tmp_path):
    export_parquet(store, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    first, second, _ = sorted((tmp_path / "killed/data").iterdir())
    second.rename(second.with_name(f".{second.name}.17-0a1b2c.partial"))
    before, progress = first.stat().st_mtime_ns, []
    export_parquet(store, tmp_path / "killed", progress=lambda done, total: progress.append((done, total)))
    assert shards(tmp_path / "killed") == shards(tmp_path / "whole")
    assert first.stat().st_mtime_ns == before
    assert progress == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_more_nights_a_shard_hold_the_same_rows(store, tmp_path):
    export_parquet(store, tmp_path / "one")
    export_parquet(store, tmp_path / "pairs", shard_nights=2)
    assert [*shards(tmp_path / "pairs")] == ["shard-00000-of-00002.parquet", "shard-00001-of-00002.parquet"]
    singles, pairs = (pq.read_table(tmp_path / name / "data") for name in ("one", "pairs"))
    assert singles.equals(pairs)


def test_parts_are_splits_and_a_person_is_in_one_alone(tmp_path, nano):
    from datasets import load_dataset

    build_store(simple_dataset(4, epochs=2), nano, tmp_path / "store")
    parts = Parts("mine", {"train": ("n0", "n3"), "test": ("n2",)})
    exported = export_parquet(EpochStore(tmp_path / "store"), tmp_path / "out", parts=parts)
    assert exported.nights == 3
    rows = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: sorted(set(part["night"])) for split, part in rows.items()} == {
        "train": ["n0", "n3"],
        "test": ["n2"],
    }
    assert "train 2, test 1" in (tmp_path / "out/README.md").read_text()


def test_the_card_says_what_was_exported(store, tmp_path):
    export_parquet(store, tmp_path)
    text = (tmp_path / "README.md").read_text()
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["configs"][0]["data_files"][0] == {"split": "train", "path": ["data/*.parquet"]}
    assert "252 epochs of 30 s from 3 nights of 3 subjects" in text
    assert "keep all of one on one side of a split" in text


@pytest.mark.parametrize("name", ["stage", "subject", "eeg.c4"])
def test_a_panel_whose_name_a_column_cannot_have_is_refused(tmp_path, nano, name):
    layout = replace(nano, panels=(replace(nano.panels[0], name=name), *nano.panels[1:]))
    build_store(simple_dataset(1), layout, tmp_path / "store")
    with pytest.raises(StoreError, match="rename it"):
        export_parquet(EpochStore(tmp_path / "store"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_night_is_not_exported(tmp_path, nano):
    build_store(simple_dataset(2), nano, tmp_path / "store")
    file = tmp_path / "store/nights/n1.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"n1\.npy: night: damaged"):
        export_parquet(EpochStore(tmp_path / "store"), tmp_path / "out")


def test_a_folder_of_another_export_and_shards_of_nothing_are_refused(store, tmp_path):
    export_parquet(store, tmp_path / "out")
    with pytest.raises(StoreError, match="another store, kind, layout or division"):
        export_parquet(store, tmp_path / "out", shard_nights=2)
    with pytest.raises(StoreError, match="shard_nights: 0; give 1 or more"):
        export_parquet(store, tmp_path / "none", shard_nights=0)


def test_without_the_extra_one_sentence_says_what_to_install(store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pyarrow is not installed; pip install 'eeg-vlm\[train\]'"):
        export_parquet(store, tmp_path / "out")
    assert not (tmp_path / "out").exists()
