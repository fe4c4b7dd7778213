"""Conversations: what trainers of vision-language models read, divided by person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset

from eegvlm.lab.epochs import EpochStore, StoreError, build_store, export_pictures
from eegvlm.lab.epochs.parts import Parts, divided_by_person
from eegvlm.lab.training.night_texts import composed_rationales
from eegvlm.reasoning import parse

PARTS = Parts("mine", {"train": ("n0", "n3"), "validation": ("n1",), "test": ("n2",)})


def exported(folder: Path, dataset, layout, parts: Parts | None = PARTS) -> Path:
    build_store(dataset, layout, folder / "store")

    def rationales(signals, stages):
        return composed_rationales(dict(signals), layout, stages)

    export_pictures(EpochStore(folder / "store"), folder / "out", "conversations", parts=parts, rationales=rationales)
    return folder / "out"


def read(file: Path) -> list[dict]:
    return json.loads(file.read_text(encoding="utf-8"))


def test_both_forms_hold_question_answer_and_rationale_of_every_scored_epoch(tmp_path, nano):
    out = exported(tmp_path, simple_dataset(4, epochs=5), nano)
    for part, nights in PARTS.nights.items():
        llava, sharegpt = read(out / f"llava-{part}.json"), read(out / f"sharegpt-{part}.json")
        assert len(llava) == len(sharegpt) == 5 * len(nights)
        assert {one["night"] for one in llava} == set(nights)
        for row, sharegpt_row in zip(llava, sharegpt, strict=True):
            texts = [turn["value"] for turn in row["conversations"]]
            assert [turn["from"] for turn in row["conversations"]] == ["human", "gpt", "human", "gpt"]
            assert texts[0].startswith("<image>\n")
            label = ("W", "N1", "N2", "N3", "R")[row["index"]]
            assert texts[1] == label
            assert texts[3].endswith(f"Stage: {label}.")
            assert not parse(texts[3]).unread
            assert [turn["content"] for turn in sharegpt_row["messages"]][1:] == texts[1:]
            assert sharegpt_row["images"] == [row["image"]]
            assert (out / row["image"]).is_file()


def test_a_person_is_in_one_part_alone(tmp_path, nano):
    dataset = simple_dataset(10, epochs=1)
    parts = divided_by_person(dataset.nights, test=0.2, validation=0.25)
    assert {part: len(nights) for part, nights in parts.nights.items()} == {"train": 6, "validation": 2, "test": 2}
    out = exported(tmp_path, dataset, nano, parts)
    persons = {part: {one["person"] for one in read(out / f"llava-{part}.json")} for part in parts.nights}
    assert sum(map(len, persons.values())) == len(set().union(*persons.values())) == 10


def test_shares_of_nothing_divide_nothing_and_validation_alone_is_a_part():
    nights = simple_dataset(4, epochs=1).nights
    assert divided_by_person(nights, test=0, validation=0) is None
    parts = divided_by_person(nights, test=0, validation=0.25)
    assert {part: len(names) for part, names in parts.nights.items()} == {"train": 3, "validation": 1}


def test_unscored_epochs_and_those_without_signal_are_left_out(tmp_path, nano):
    signal = noise(1, 4)
    signal[3000:6000] = np.nan
    out = exported(tmp_path, dataset_of(night(ArrayNight({"C4-M1": signal}, [2, 2, -1, 3]))), nano, None)
    assert [one["index"] for one in read(out / "llava-train.json")] == [0, 3]
    assert len(list(out.rglob("*.png"))) == 4


def test_hugging_face_reads_the_parts(tmp_path, nano):
    from datasets import load_dataset

    out = exported(tmp_path, simple_dataset(4, epochs=2), nano)
    rows = load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert {split: len(part) for split, part in rows.items()} == {"train": 4, "validation": 2, "test": 2}
    assert rows["test"][1]["messages"][1]["content"] == "N1"


def test_pictures_have_the_same_parts_and_named_stages(tmp_path, nano):
    from datasets import load_dataset

    build_store(simple_dataset(4, epochs=2), nano, tmp_path / "store")
    export_pictures(EpochStore(tmp_path / "store"), tmp_path / "png", parts=PARTS)
    rows = load_dataset(str(tmp_path / "png"), cache_dir=str(tmp_path / "cache"))
    assert {split: sorted(set(part["night"])) for split, part in rows.items()} == {
        "train": ["n0", "n3"],
        "validation": ["n1"],
        "test": ["n2"],
    }
    assert rows["train"].features["stage"].names == ["W", "N1", "N2", "N3", "R"]
    assert rows["train"]["label"] == [rows["train"].features["stage"].int2str(one) for one in rows["train"]["stage"]]
    export_pictures(EpochStore(tmp_path / "store"), tmp_path / "tars", "webdataset", parts=PARTS)
    names = [file.name for file in sorted((tmp_path / "tars/data").iterdir())]
    assert names == [
        "test-00000-of-00001.tar",
        "train-00000-of-00002.tar",
        "train-00001-of-00002.tar",
        "validation-00000-of-00001.tar",
    ]


def test_nights_of_no_part_are_not_drawn(tmp_path, nano):
    out = exported(tmp_path, simple_dataset(2, epochs=1), nano, Parts("one", {"train": ("n1",)}))
    assert [file.parent.name for file in out.rglob("*.png")] == ["n1"]


def test_a_killed_export_ends_in_the_same_files(tmp_path, nano):
    import shutil

    out = exported(tmp_path, simple_dataset(4, epochs=2), nano)
    whole = {file.name: file.read_bytes() for file in out.rglob("*.json")}
    shutil.rmtree(next(out.glob("test/*/*")))
    (out / "llava-test.json").unlink()
    assert exported(tmp_path, simple_dataset(4, epochs=2), nano) == out
    assert {file.name: file.read_bytes() for file in out.rglob("*.json")} == whole


def test_conversations_without_reasons_and_parts_of_other_nights_are_refused(tmp_path, nano):
    build_store(simple_dataset(1), nano, tmp_path / "store")
    store = EpochStore(tmp_path / "store")
    with pytest.raises(StoreError, match="conversations give reasons"):
        export_pictures(store, tmp_path / "out", "conversations")
    with pytest.raises(StoreError, match="nights of mine: none; divide the nights that the store holds"):
        export_pictures(store, tmp_path / "out", parts=Parts("mine", {"train": ("elsewhere",)}))
    assert not (tmp_path / "out").exists()
