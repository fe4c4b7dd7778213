"""hypnogram.csv, BIDS and JSON as this package writes them, and how files appear on disk."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, lost_in, read_hypnogram, write_hypnogram

W, N2, R, U = Stage.W, Stage.N2, Stage.R, Stage.UNSCORED
START = datetime(2024, 5, 31, 22, 15, 0, 250_000)
PROBABILITIES = np.array([[0.5, 0.25, 0.125, 0.0625, 0.0625], [0.1, 0.2, 0.3, 0.3, 0.1]], dtype=np.float32)
HEADER = "epoch,onset_s,duration_s,stage,p_W,p_N1,p_N2,p_N3,p_R,confidence"


def test_hypnogram_csv_has_the_agreed_columns_and_counts_epochs_from_1(tmp_path):
    write_hypnogram(Hypnogram([W, N2], start=START, probabilities=PROBABILITIES), tmp_path / "hypnogram.csv")
    assert (tmp_path / "hypnogram.csv").read_text().splitlines() == [
        "# start=2024-05-31T22:15:00.250000",
        HEADER,
        "1,0.0,30.0,W,0.5,0.25,0.125,0.0625,0.0625,0.5",
        "2,30.0,30.0,N2,0.1,0.2,0.3,0.3,0.1,0.3",
    ]


def test_hypnogram_csv_without_probabilities_has_empty_cells_and_reads_back(tmp_path):
    write_hypnogram(Hypnogram([W, U]), tmp_path / "hypnogram.csv")
    assert (tmp_path / "hypnogram.csv").read_text().splitlines()[1:] == [
        "1,0.0,30.0,W,,,,,,",
        "2,30.0,30.0,?,,,,,,",
    ]
    assert read_hypnogram(tmp_path / "hypnogram.csv") == Hypnogram([W, U])


def test_notes_cannot_make_a_spreadsheet_execute_anything(tmp_path):
    evil = '=cmd|"/c calc",=1+1\n@SUM(1;2)\t+3'
    for name in ("a.csv", "a_events.tsv", "a.txt"):
        write_hypnogram(Hypnogram([W, N2], notes=(evil, "start=never")), tmp_path / name)
        lines = (tmp_path / name).read_text().splitlines()
        for delimiter in ",;\t":
            for row in csv.reader(lines, delimiter=delimiter):
                assert not any(cell.lstrip().startswith(("=", "+", "@", "-")) for cell in row)
    assert read_hypnogram(tmp_path / "a.csv").start is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3,30.0,30.0,N2,,,,,,", "line 3, epoch: 3; expected 2"),
        ("2,60.0,30.0,N2,,,,,,", "line 3, onset_s and duration_s: 60 and 30; expected 30 and 30"),
        ("2,30.0,20.0,N2,,,,,,", "line 3, onset_s and duration_s"),
        ("2,30.0,30.0,N7,,,,,,", "line 3, stage: N7"),
        ("2,thirty,30.0,N2,,,,,,", "line 3, onset_s: thirty"),
        (
            "2,30.0,30.0,N2,0.5,0.5,0.5,0,0,0.5",
            "line 3, probabilities: 0.5 0.5 0.5 0 0; expected five that sum to 1",
        ),
        ("2,30.0,30.0,N2,1,,,,,", "line 3, probabilities"),
        ("2,nan,30.0,N2,,,,,,", "duration_s"),
    ],
)
def test_a_damaged_hypnogram_csv_is_refused_with_its_line(tmp_path, line, words):
    path = tmp_path / "hypnogram.csv"
    path.write_text(f"{HEADER}\n1,0.0,30.0,W,,,,,,\n{line}\n")
    with pytest.raises(HypnogramError, match=words):
        read_hypnogram(path)


def test_a_hypnogram_csv_that_a_spreadsheet_saved_with_semicolons_is_read(tmp_path):
    path = tmp_path / "hypnogram.csv"
    rows = [f"# start={START.isoformat()};;;;;;;;;", HEADER.replace(",", ";")]
    rows += ["1;0,0;30,0;W;0,5;0,25;0,125;0,0625;0,0625;0,5", "2;30,0;30,0;N2;0,1;0,2;0,3;0,3;0,1;0,3"]
    path.write_text("\ufeff" + "\r\n".join(rows), encoding="utf-8")
    assert read_hypnogram(path) == Hypnogram([W, N2], start=START, probabilities=PROBABILITIES)


def test_bids_events_have_a_sidecar_that_describes_them(tmp_path):
    hypnogram = Hypnogram([W, N2], start=START, onset_s=30, probabilities=PROBABILITIES)
    write_hypnogram(hypnogram, tmp_path / "sub-01_task-sleep_events.tsv")
    lines = (tmp_path / "sub-01_task-sleep_events.tsv").read_text().splitlines()
    assert lines[0] == "onset\tduration\ttrial_type\tp_W\tp_N1\tp_N2\tp_N3\tp_R"
    assert lines[1] == "30.0\t30.0\tW\t0.5\t0.25\t0.125\t0.0625\t0.0625"
    sidecar = json.loads((tmp_path / "sub-01_task-sleep_events.json").read_text())
    assert set(lines[0].split("\t")) < set(sidecar)
    assert sidecar["trial_type"]["Levels"]["N2"] == "NREM stage 2"
    assert sidecar["onset"]["Units"] == "s"
    assert read_hypnogram(tmp_path / "sub-01_task-sleep_events.tsv") == hypnogram


def test_bids_events_of_others_are_read_with_and_without_a_sidecar(tmp_path):
    path = tmp_path / "sub-02_events.tsv"
    path.write_text(
        "onset\tduration\ttrial_type\tvalue\n0\t60\tWake\t1\n60\t30\tn/a\t2\n60\t30\tREM\t5\n75\t1\tarousal\t9\n"
    )
    assert read_hypnogram(path).labels == ["W", "W", "R"]
    (tmp_path / "sub-02_events.json").write_text('{"trial_type": {"Levels": {"Wake": "awake"}}}')
    assert read_hypnogram(path).start is None
    (tmp_path / "sub-02_events.json").write_text("{")
    with pytest.raises(HypnogramError, match=r"sub-02_events\.json"):
        read_hypnogram(path)


@pytest.mark.parametrize("name", ["night.tsv", "sub-01_events.tsv"])
@pytest.mark.parametrize("index", ["", "epoch\t"])
def test_the_events_of_yasa_saved_with_tabs_are_read_by_their_descriptions(tmp_path, name, index):
    stages = [("WAKE", 0)] * 3 + [("N2", 2)] * 4 + [("ART", -1)] + [("REM", 4)] * 2
    rows = [f"{k}\t" * bool(index) + f"{30.0 * k}\t30.0\t{code}\t{text}\n" for k, (text, code) in enumerate(stages)]
    (tmp_path / name).write_text(f"{index}onset\tduration\tvalue\tdescription\n" + "".join(rows))
    assert read_hypnogram(tmp_path / name).labels == ["W"] * 3 + ["N2"] * 4 + ["?"] + ["R"] * 2


def test_events_that_name_no_stage_are_refused_for_that(tmp_path):
    path = tmp_path / "night.events.tsv"
    path.write_text("onset\tduration\ttrial_type\n3.4\t6.2\tspindle\n3.9\t6.2\tblink\n5.2\t0.2\tspindle\n")
    with pytest.raises(HypnogramError, match="none of them a stage: 'spindle'"):
        read_hypnogram(path)


def test_durations_of_bids_are_seconds_whether_events_meet_or_not(tmp_path):
    path = tmp_path / "sub-01_events.tsv"
    rows = [("0", "30", "W"), ("8", "2.5", "blink"), ("60", "30", "N1"), ("120", "30", "N2"), ("200", "1", "arousal")]
    path.write_text("onset\tduration\ttrial_type\n" + "".join("\t".join(row) + "\n" for row in rows))
    assert read_hypnogram(path).labels == ["W", "?", "N1", "?", "N2"]


def test_bids_codes_need_a_coding(tmp_path):
    path = tmp_path / "sub-02_events.tsv"
    path.write_text("onset\tduration\tstage\n0\t30\t0\n30\t30\t4\n")
    with pytest.raises(HypnogramError, match="--coding yasa"):
        read_hypnogram(path)
    assert read_hypnogram(path, coding="yasa").labels == ["W", "R"]


def test_bids_without_stages_is_refused(tmp_path):
    path = tmp_path / "sub-02_events.tsv"
    path.write_text("onset\tduration\ttrial_type\n0\t1\tface\n")
    with pytest.raises(HypnogramError, match="none of them a stage"):
        read_hypnogram(path)
    path.write_text("onset\tduration\tresponse_time\n0\t1\t2\n")
    with pytest.raises(HypnogramError, match="columns"):
        read_hypnogram(path)


def test_json_keeps_everything(tmp_path):
    hypnogram = Hypnogram([W, N2], 20, START, -7.25, PROBABILITIES, notes=("scored twice", "Größe, =1|2"))
    write_hypnogram(hypnogram, tmp_path / "night.json")
    assert read_hypnogram(tmp_path / "night.json") == hypnogram
    assert lost_in(hypnogram, tmp_path / "night.json") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "--coding yasa"),
        ("{}", "stages"),
        ('{"stages": ["W", "N9"]}', "epoch 2: N9"),
        ('{"stages": ["W"], "epoch_s": -30}', "from 0.01 to 3600"),
        ('{"stages": ["W"], "onset_s": 1e999}', "number of seconds"),
        ('{"stages": ["W"], "onset_s": 1' + "0" * 400 + "}", "number of seconds"),
        ('{"stages": ["W"], "epoch_s": true}', "number of seconds"),
        ('{"stages": ["W"], "start": "2024-05-31T22:15:00+02:00"}', "local time"),
        ('{"stages": ["W"], "start": 5}', "local time"),
        ('{"stages": ["W"], "probabilities": [[0.5, 0.5, 0, 0]]}', "five numbers"),
        ('{"stages": ["W"], "probabilities": [[0.5, 0.4, 0, 0, 0]]}', "sum to 1"),
        ('{"stages": ["W"], "probabilities": [[NaN, 0.4, 0, 0, 0]]}', "five numbers"),
        ('{"stages": ["W"], "notes": "one"}', "list of texts"),
        ('{"stages": ["W"], "version": 2}', "version 1"),
        ('{"stages": ' + "[" * 100_000, "well-formed"),
    ],
)
def test_json_that_is_no_scoring_is_refused_with_the_file(tmp_path, text, words):
    path = tmp_path / "night.json"
    path.write_text(text)
    with pytest.raises(HypnogramError, match=words) as caught:
        read_hypnogram(path)
    assert caught.value.path == str(path)


def test_json_keys_that_are_not_read_are_noted(tmp_path):
    (tmp_path / "night.json").write_text('{"stages": ["W"], "scorer": "A"}')
    assert read_hypnogram(tmp_path / "night.json").notes == ("left out: scorer",)


def test_what_a_format_does_not_keep_can_be_asked(tmp_path):
    hypnogram = Hypnogram([W, N2], 20, START, probabilities=PROBABILITIES)
    assert lost_in(hypnogram, "night.txt") == ["start time", "epoch length", "probabilities"]
    assert lost_in(hypnogram, "night.edf") == ["probabilities"]
    assert lost_in(hypnogram, "night.csv") == []


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(tmp_path, monkeypatch):
    path = tmp_path / "hypnogram.csv"
    write_hypnogram(Hypnogram([W]), path)
    before = path.read_bytes()

    def full(self, content):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(InputError, match="no space left on the disk; free space there") as caught:
        write_hypnogram(Hypnogram([R, R]), path)
    assert caught.value.path == str(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["hypnogram.csv"]


def test_files_that_are_to_be_kept_are_kept_the_sidecar_too(tmp_path):
    write_hypnogram(Hypnogram([W]), tmp_path / "night.json")
    with pytest.raises(InputError, match=r"night\.json: output: exists already"):
        write_hypnogram(Hypnogram([R]), tmp_path / "night.tsv", overwrite=False)
    assert read_hypnogram(tmp_path / "night.json").labels == ["W"]
    assert not (tmp_path / "night.tsv").exists()


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match="the folder does not exist; create it first"):
        write_hypnogram(Hypnogram([W]), tmp_path / "nowhere" / "hypnogram.csv")
    with pytest.raises(HypnogramError, match="No such file"):
        read_hypnogram(tmp_path / "nowhere.csv")
    with pytest.raises(HypnogramError):
        read_hypnogram(tmp_path)


def test_a_format_that_can_only_be_read_is_not_written(tmp_path):
    with pytest.raises(HypnogramError, match="only be read"):
        write_hypnogram(Hypnogram([W]), tmp_path / "a.csv", format="noxturnal")
    with pytest.raises(HypnogramError, match="name the format"):
        write_hypnogram(Hypnogram([W]), tmp_path / "a.xls")


def test_the_content_decides_over_the_name_and_the_format_over_both(tmp_path):
    write_hypnogram(Hypnogram([W, R]), tmp_path / "night.json")
    (tmp_path / "night.json").rename(tmp_path / "night.txt")
    assert read_hypnogram(tmp_path / "night.txt").labels == ["W", "R"]
    with pytest.raises(HypnogramError):
        read_hypnogram(tmp_path / "night.txt", format="edf")
