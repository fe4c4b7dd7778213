"""Lists of stages in one line or as JSON: their rate, what stands beside them, several nights; codes; other files."""

from __future__ import annotations

import json

import pytest
from eight_hours import CODES, LABELS

from eegvlm.hypnogram import HypnogramError, read_hypnogram

CODED = [CODES[label] for label in LABELS]
CHARACTERS = "".join({"N1": "1", "N2": "2", "N3": "3"}.get(label, label) for label in LABELS)


def written(folder, content, name="night.json"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("form", ["json", "object", "blanks", "characters"])
@pytest.mark.parametrize(("n", "rate"), [(960, 30), (120, 30), (120, 120)])
def test_a_list_of_one_code_a_second_is_refused(tmp_path, form, n, rate):
    codes = [code for code in CODED[:n] for _ in range(rate)]
    text = {
        "json": json.dumps(codes),
        "object": json.dumps({"hypnogram": codes}),
        "blanks": " ".join(map(str, codes)),
        "characters": "".join(map(str, codes)),
    }[form]
    path = written(tmp_path, text, "night.json" if form in ("json", "object") else "night.txt")
    with pytest.raises(HypnogramError, match=rf"stages: {len(codes)}, which is .*--in-epoch-length"):
        read_hypnogram(path, coding="yasa")
    read = read_hypnogram(path, coding="yasa", epoch_s=30 / rate)
    assert read.resample_to(30).labels == LABELS[:n]


@pytest.mark.parametrize("key", ["epoch_s", "epoch_length", "epochLength", "epoch_duration_s", "Epoch Len"])
@pytest.mark.parametrize("stages", ["hypnogram", "sleep_stages", "stages"])
def test_the_length_of_an_epoch_beside_the_stages_is_read(tmp_path, key, stages):
    path = written(tmp_path, json.dumps({"subject": "1", key: 20, stages: LABELS}))
    read = read_hypnogram(path)
    assert (read.epoch_s, read.labels) == (20, LABELS)
    assert "left out: subject" in read.notes


@pytest.mark.parametrize("stages", ["hypnogram", "stages"])
@pytest.mark.parametrize(
    ("key", "value"), [("rate_hz", 1), ("fs", 256), ("resolution", "20 s"), ("epochs", 20), ("n_epochs", 480)]
)
def test_a_key_that_may_say_the_length_of_an_epoch_refuses_the_file(tmp_path, stages, key, value):
    path = written(tmp_path, json.dumps({stages: LABELS, key: value}))
    with pytest.raises(HypnogramError, match=rf"{key}: {value}; .*epoch_s"):
        read_hypnogram(path)
    assert read_hypnogram(path, epoch_s=30).labels == LABELS


def test_two_lengths_of_an_epoch_are_refused(tmp_path):
    path = written(tmp_path, json.dumps({"hypnogram": LABELS, "epoch_s": 20, "epoch_length": 30}))
    with pytest.raises(HypnogramError, match="20, 30; name one length"):
        read_hypnogram(path)


def test_the_number_of_epochs_beside_the_stages_says_nothing_new(tmp_path):
    assert read_hypnogram(written(tmp_path, json.dumps({"hypnogram": LABELS, "n_epochs": 960}))).labels == LABELS


@pytest.mark.parametrize("text", [CHARACTERS, " ".join(LABELS)])
def test_a_night_a_line_is_refused(tmp_path, text):
    with pytest.raises(HypnogramError, match=r"lines: 2, of 960 stages each; .*a file for each"):
        read_hypnogram(written(tmp_path, f"{text}\n{text}\n", "night.txt"))


@pytest.mark.parametrize(
    "names",
    [
        {"R": "4"},  # no R: 4 may be REM
        {"W": "4"},  # no W: 4 may be wake
        {"N3": "N3"},  # 1 and 2 beside N3 are something else
    ],
)
@pytest.mark.parametrize("between", ["\n", " "])
def test_digits_among_letters_that_may_mean_two_things_are_refused(tmp_path, names, between):
    spelled = {"W": "W", "N1": "1", "N2": "2", "N3": "3", "R": "R"} | names
    path = written(tmp_path, between.join(spelled[label] for label in LABELS), "night.txt")
    with pytest.raises(HypnogramError):
        read_hypnogram(path)


@pytest.mark.parametrize("between", ["\n", " "])
def test_digits_beside_w_and_r_are_those_of_1968(tmp_path, between):
    path = written(tmp_path, between.join({"N1": "1", "N2": "2", "N3": "4"}.get(k, k) for k in LABELS), "night.txt")
    assert read_hypnogram(path).labels == LABELS


def test_codes_of_ones_own_are_read_by_a_map_without_talk_of_1968(tmp_path):
    path = written(tmp_path, "\n".join(str(code + 1) for code in CODED), "night.txt")
    read = read_hypnogram(path, stage_map="1=W,2=N1,3=N2,4=N3,5=R")
    assert read.labels == LABELS
    assert not any("R&K" in note for note in read.notes)


@pytest.mark.parametrize("between", ["\n", " "])
def test_a_night_without_wake_by_a_coding_is_said(tmp_path, between):
    shifted = between.join(str(code + 1) for code in CODED)
    read = read_hypnogram(written(tmp_path, shifted, "night.txt"), coding="profusion")
    assert any("by the coding profusion (0 W," in note and "no epoch is W" in note for note in read.notes)
    right = read_hypnogram(written(tmp_path, between.join(map(str, CODED)), "night.txt"), coding="yasa")
    assert not any("no epoch is W" in note for note in right.notes)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK\x03\x04" + bytes(60), "night.xlsx", "a spreadsheet; save the sheet .* as CSV"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "night.csv", "a spreadsheet; save the sheet .* as CSV"),
        (b"PK\x03\x04" + bytes(60), "night.zip", "an archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "night.xls", "Excel or Word 97; save the sheet"),
        (b"<table><tr><td>1</td></tr></table>", "night.xls", "a table of a web page; open it in a spreadsheet"),
        (b"{\\rtf1\\ansi Stage W}", "night.txt", "an RTF document"),
        (b"%PDF-1.4\n", "night.txt", "a PDF document"),
        (b"\x93NUMPY\x01\x00v\x00", "night.npy", "an array of NumPy; write its stages as text"),
        (b"MATLAB 5.0 MAT-file, Platform" + bytes(60), "night.mat", "a MATLAB file; write its stages as text"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "night.mat", "an HDF5 file"),
        (b"PAR1" + bytes(60), "night.parquet", "a Parquet file"),
        (b"SQLite format 3\0" + bytes(60), "night.sqlite", "a database"),
        (b"\x1f\x8b\x08" + bytes(60), "night.csv.gz", "a compressed file"),
        ("W\nN1\n".encode("utf-16-le"), "night.txt", "UTF-16 without the mark"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(tmp_path, content, name, words):
    with pytest.raises(HypnogramError, match=words):
        read_hypnogram(written(tmp_path, content, name))
