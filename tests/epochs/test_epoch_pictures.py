"""Exported pictures: what the model sees, without a trace of the stage, inside the folder whatever names say."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eegvlm.images import corrected, load_layout, render, signal_corrections
from eegvlm.lab.epochs import EpochStore, StoreError, build_store, export_pictures
from eegvlm.lab.epochs.file_names import folder_names


@pytest.fixture
def small(tmp_path: Path, nano) -> EpochStore:
    build_store(simple_dataset(2, epochs=5), nano, tmp_path / "store")
    return EpochStore(tmp_path / "store")


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def drawn(layout, store: EpochStore, epochs: int) -> np.ndarray:
    """Return the pictures of a store whose nights have so many epochs, each night at its own level."""
    nights = [store.signals(np.arange(first, first + epochs)) for first in range(0, len(store), epochs)]
    shown = [{panel.name: night[panel.name] for panel in layout.panels} for night in nights]
    return np.concatenate(
        [render(layout, corrected(layout, one, signal_corrections(layout, one))).numpy() for one in shown]
    )


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


@pytest.mark.parametrize("name", ["nano", "psg-448x224"])
def test_a_png_holds_the_pixels_that_render_draws(tmp_path, name):
    layout = load_layout(name)
    build_store(simple_dataset(2), layout, tmp_path / "store")
    store = EpochStore(tmp_path / "store")
    made = export_pictures(store, tmp_path / "out")
    expected = drawn(layout, store, 4)
    told = pq.read_table(tmp_path / "out/metadata.parquet").to_pylist()
    assert (made.pictures, made.nights, len(told)) == (8, 2, 8)
    for row, about in enumerate(told):
        with Image.open(tmp_path / "out" / about["file_name"]) as image:
            pixels = np.asarray(image)
        np.testing.assert_array_equal(
            pixels if pixels.ndim == 2 else pixels.transpose(2, 0, 1), expected[row].squeeze()
        )
    pngs = list((tmp_path / "out").rglob("*.png"))
    assert made.n_bytes == sum(file.stat().st_size for file in pngs)
    assert len(pngs) == 8


def test_metadata_tells_whose_epoch_it_is_and_its_stage(tmp_path, small):
    export_pictures(small, tmp_path / "out")
    third = pq.read_table(tmp_path / "out/metadata.parquet").to_pylist()[7]
    digest = third.pop("hash")
    assert len(digest) == 32
    assert third == {
        "file_name": "folder-s1/n1/00002.png",
        "subject": "folder:s1",
        "night": "n1",
        "index": 2,
        "onset_s": 60.0,
        "stage": 2,
        "label": "N2",
    }


def test_a_tar_holds_the_same_pictures_each_with_its_json(tmp_path, small):
    export_pictures(small, tmp_path / "png")
    export_pictures(small, tmp_path / "tars", "webdataset")
    names = [file.name for file in sorted((tmp_path / "tars/data").iterdir())]
    assert names == ["pictures-00000-of-00002.tar", "pictures-00001-of-00002.tar"]
    inside = members(tmp_path / "tars/data" / names[1])
    assert list(inside)[:2] == ["folder-s1/n1/00000.png", "folder-s1/n1/00000.json"]
    for name, content in inside.items():
        if name.endswith(".png"):
            assert content == (tmp_path / "png" / name).read_bytes()
    assert json.loads(inside["folder-s1/n1/00004.json"])["label"] == "R"


def test_tars_are_the_same_bytes_whenever_and_wherever_they_are_made(tmp_path, small):
    export_pictures(small, tmp_path / "one", "webdataset")
    export_pictures(small, tmp_path / "two", "webdataset")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    with tarfile.open(tmp_path / "one/data/pictures-00000-of-00002.tar") as tar:
        told = {(member.mtime, member.uid, member.gid, member.uname, member.mode) for member in tar.getmembers()}
    assert told == {(0, 0, 0, "", 0o644)}


@pytest.mark.parametrize("kind", ["png", "webdataset"])
def test_another_scoring_changes_no_picture_and_no_name(tmp_path, nano, kind):
    pictures = []
    for stages in ([0, 1, 2, 3, 4], [4, 4, -1, 0, 1]):
        folder = tmp_path / str(stages[0])
        build_store(dataset_of(night(ArrayNight({"C4-M1": noise(1, 5)}, stages))), nano, folder / "store")
        export_pictures(EpochStore(folder / "store"), folder / "out", kind)
        found = files(folder / "out") if kind == "png" else members(next((folder / "out/data").iterdir()))
        pictures.append({name: content for name, content in found.items() if name.endswith(".png")})
    assert len(pictures[0]) == 5
    assert pictures[0] == pictures[1]
    for content in pictures[0].values():
        with Image.open(io.BytesIO(content)) as image:
            assert image.info == {}


def test_hugging_face_reads_both_kinds(tmp_path, small):
    from datasets import load_dataset

    expected = drawn(small.layout, small, 5)[:, 0]
    export_pictures(small, tmp_path / "png")
    rows = load_dataset(str(tmp_path / "png"), split="train", cache_dir=str(tmp_path / "cache"))
    at = {(row["night"], row["index"]): row for row in rows}
    np.testing.assert_array_equal(np.asarray(at["n1", 3]["image"]), expected[8])
    assert (at["n1", 3]["label"], len(rows)) == ("N3", 10)
    export_pictures(small, tmp_path / "tars", "webdataset")
    pattern = str(tmp_path / "tars/data/*.tar")
    streamed = list(load_dataset("webdataset", data_files=pattern, split="train", streaming=True))
    np.testing.assert_array_equal(np.asarray(streamed[8]["png"]), expected[8])
    assert streamed[8]["json"]["stage"] == 3


def test_subjects_called_test_and_train_are_no_splits(tmp_path, nano):
    from datasets import load_dataset

    one, two = simple_dataset(2).nights
    dataset = dataset_of(replace(one, subject="test", name="test"), replace(two, subject="validation", name="train"))
    build_store(dataset, nano, tmp_path / "store")
    export_pictures(EpochStore(tmp_path / "store"), tmp_path / "png")
    rows = load_dataset(str(tmp_path / "png"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(part) for split, part in rows.items()} == {"train": 8}


@pytest.mark.parametrize("kind", ["png", "webdataset"])
def test_an_export_goes_on_with_the_nights_that_are_not_there_yet(tmp_path, small, kind):
    export_pictures(small, tmp_path / "out", kind)
    whole = files(tmp_path / "out")
    kept, lost = ("folder-s0/n0/00000.png", "folder-s1/n1") if kind == "png" else sorted(whole)[2:4]
    if kind == "png":
        (tmp_path / "out" / lost).rename(tmp_path / "out/folder-s1/.n1.17-0a1b2c.partial")
        kept_file = tmp_path / "out" / kept
    else:
        kept_file, lost_file = sorted((tmp_path / "out/data").iterdir())
        lost_file.unlink()
    before = kept_file.stat().st_mtime_ns
    export_pictures(small, tmp_path / "out", kind)
    assert files(tmp_path / "out") == whole
    assert kept_file.stat().st_mtime_ns == before


_HOSTILE = ["../../etc/passwd", "/abs", "a/b", "a\\b", "..", ".", "", "CON", "A", "a", "nul.txt", "x" * 300, "ü:?*\n"]


@pytest.mark.parametrize("kind", ["png", "webdataset"])
def test_no_name_leaves_the_folder(tmp_path, nano, kind):
    source = simple_dataset(1, epochs=1).nights[0]
    nights = [replace(source, population="", subject=name, name=name) for name in _HOSTILE]
    build_store(dataset_of(*nights), nano, tmp_path / "store")
    export_pictures(EpochStore(tmp_path / "store"), tmp_path / "deep/er/out", kind)
    assert {path.name for path in tmp_path.iterdir()} == {"store", "deep"}
    assert [path.name for path in (tmp_path / "deep/er").iterdir()] == ["out"]
    names = [name for name in files(tmp_path / "deep/er/out") if name.endswith(".png")]
    for tar in (tmp_path / "deep/er/out").glob("data/*.tar"):
        names += [name for name in members(tar) if name.endswith(".png")]
    assert len(set(names)) == len(_HOSTILE)
    assert all(len(name.split("/")) == 3 and ".." not in name for name in names)


@given(st.lists(st.text(max_size=100), max_size=30))
def test_folder_names_are_plain_and_differ_where_capitals_do_not_count(names):
    given_names = folder_names(names)
    assert set(given_names) == set(names)
    folders = list(given_names.values())
    assert len({folder.lower() for folder in folders}) == len(folders)
    assert all(folder.replace("-", "").replace("_", "").isascii() for folder in folders)
    assert all("." not in folder and "/" not in folder and 0 < len(folder) < 100 for folder in folders)
    assert not {"con", "nul", "aux", "prn"} & {folder.lower() for folder in folders}


def test_another_layout_may_draw_the_stored_panels_and_no_others(tmp_path, small, nano):
    bold = replace(nano, name="bold", line_width=3.0, panels=nano.panels[:1])
    for layout in (bold, load_layout("lossless")):
        export_pictures(small, tmp_path / layout.name, layout=layout)
        expected = drawn(layout, small, 5)[4, 0]
        with Image.open(tmp_path / layout.name / "folder-s0/n0/00004.png") as image:
            np.testing.assert_array_equal(np.asarray(image), expected)
        assert f"layout {layout.name}" in (tmp_path / layout.name / "README.md").read_text()
    wide = replace(nano, panels=(replace(nano.panels[0], band=(0.3, 40.0)), *nano.panels[1:]))
    for layout in (load_layout("psg-336"), replace(nano, panels=(replace(nano.panels[0], name="x"),)), wide):
        with pytest.raises(StoreError, match="build one for this layout"):
            export_pictures(small, tmp_path / "other", layout=layout)
    assert not (tmp_path / "other").exists()


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path, small):
    with pytest.raises(StoreError, match="choose one of png, webdataset, conversations"):
        export_pictures(small, tmp_path / "out", "jpeg")
    export_pictures(small, tmp_path / "out")
    with pytest.raises(StoreError, match="another store, kind, layout or division"):
        export_pictures(small, tmp_path / "out", "webdataset")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/README.md").write_text("mine")
    with pytest.raises(StoreError, match="not empty"):
        export_pictures(small, tmp_path / "mine")
    assert (tmp_path / "mine/README.md").read_text() == "mine"
