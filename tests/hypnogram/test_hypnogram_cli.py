"""The commands convert and compare."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from eegvlm.cli.compare import compare
from eegvlm.cli.convert import convert
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, HypnogramError, Stage, read_hypnogram, write_hypnogram

W, N1, N2, R, U = Stage.W, Stage.N1, Stage.N2, Stage.R, Stage.UNSCORED


@pytest.fixture
def night(tmp_path):
    path = tmp_path / "night.csv"
    write_hypnogram(Hypnogram([W, W, N1, N2, N2, R, U]), path)
    return path


def test_convert_says_what_it_read_assumed_and_lost(night, tmp_path, capsys):
    codes = tmp_path / "codes.txt"
    codes.write_text("0\n8\n3\n")
    convert(codes, tmp_path / "codes.edf", coding="ucddb", in_epoch_length=20)
    printed = capsys.readouterr().out
    assert "3 epochs of 20 s" in printed
    assert "undocumented code 8" in printed
    convert(tmp_path / "codes.edf", tmp_path / "back.txt", out_coding="yasa")
    assert "does not keep: epoch length" in capsys.readouterr().out
    assert (tmp_path / "back.txt").read_text() == "0\n-2\n2\n"


def test_convert_resamples_to_the_length_asked_for(night, tmp_path):
    convert(night, tmp_path / "short.json", epoch_length=5)
    convert(tmp_path / "short.json", tmp_path / "long.json", epoch_length=30)
    assert read_hypnogram(tmp_path / "short.json").epoch_s == 5
    assert read_hypnogram(tmp_path / "long.json").labels == read_hypnogram(night).labels


def test_convert_replaces_a_file_only_when_told(night, tmp_path):
    target = tmp_path / "recording.edf"
    target.write_bytes(b"a recording")
    with pytest.raises(InputError, match="exists already"):
        convert(night, target)
    assert target.read_bytes() == b"a recording"
    convert(night, target, overwrite=True)
    assert read_hypnogram(target).labels == read_hypnogram(night).labels


def test_compare_prints_the_matrix_the_figures_and_what_was_left_out(night, tmp_path, capsys):
    other = tmp_path / "other.json"
    write_hypnogram(Hypnogram([W, N1, N1, N2, N2, R, R]), other)
    compare(night, other)
    printed = capsys.readouterr().out
    assert "6 epochs of 30 s compared, 1 left out" in printed
    assert "left out: 1 epoch (unscored by the first only)" in printed
    assert "accuracy 0.833" in printed
    row = next(line for line in printed.splitlines() if line.strip("│ ").startswith("W "))
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "W",
        "1",
        "1",
        "0",
        "0",
        "0",
        "2",
        "1.000",
        "0.500",
        "0.667",
    ]


def test_compare_prints_json_for_programs(night, capsys):
    compare(night, night, as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert (figures["kappa"], figures["n_compared"], figures["n_excluded"]) == (1.0, 6, 1)


def test_compare_refuses_an_unknown_alignment(night):
    with pytest.raises(HypnogramError, match="clock or onset"):
        compare(night, night, align="guess")


def test_the_room_and_its_commands_load_no_heavy_library():
    code = (
        "import sys, eegvlm.hypnogram, eegvlm.cli.convert, eegvlm.cli.compare;"
        "print([m for m in ('torch', 'scipy', 'mne', 'edfio', 'transformers') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_wrong_file_ends_with_status_2_and_one_line(tmp_path):
    command = [sys.executable, "-m", "eegvlm", "compare", tmp_path / "a.csv", tmp_path / "b.csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "a.csv: file: No such file or directory" in done.stderr
