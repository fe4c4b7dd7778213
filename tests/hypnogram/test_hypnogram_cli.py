"""The commands convert and compare."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta

import numpy as np
import pytest

from eegvlm.cli.app import imported_command
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


def random_stages(n, seed=0):
    drawn = np.random.default_rng(seed)
    return np.repeat(drawn.integers(0, 5, n), drawn.integers(2, 30, n))[:n].astype(np.int8)


def test_compare_prints_the_share_of_both_nights_and_what_the_alignment_rests_on(tmp_path, capsys):
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    start = datetime(2024, 5, 31, 22, 30)
    write_hypnogram(Hypnogram(random_stages(240), start=start), whole)
    write_hypnogram(Hypnogram(random_stages(240)[20:], start=start + timedelta(minutes=10)), part)
    compare(whole, part)
    headline, below = capsys.readouterr().out.split("kappa ")[1].splitlines()[:2]
    assert "1.000" in headline
    assert "compared 91.6 % of A, 100 % of B" in headline
    assert below == "220 epochs of 30 s compared, 20 left out, aligned by clock"
    compare(whole, part, as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert figures["share_compared"] == {"a": pytest.approx(220 / 240), "b": 1.0}
    assert (figures["aligned_by"], figures["better_shift"]) == ("clock", None)


def test_compare_names_a_shift_and_applies_none(tmp_path, capsys):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_hypnogram(Hypnogram(random_stages(600)), first)
    write_hypnogram(Hypnogram(random_stages(600)[20:]), second)
    compare(first, second)
    printed = capsys.readouterr().out
    assert "warning: the two would agree far better with B 20 epochs (600 s) later: kappa 1.000 instead of" in printed
    assert "aligned by onset" in printed
    compare(first, second, as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert figures["better_shift"]["epochs"] == 20
    assert figures["kappa"] == pytest.approx(figures["better_shift"]["kappa_in_place"])


def test_compare_gives_no_kappa_for_less_than_half_of_a_night(tmp_path, capsys):
    night, third = tmp_path / "night.csv", tmp_path / "third.csv"
    stages = random_stages(300)
    write_hypnogram(Hypnogram(stages), night)
    named = np.where(np.arange(300) % 3 == 0, stages, U).astype(np.int8)
    write_hypnogram(Hypnogram(named), third)
    for a, b in ((night, third), (third, night), (third, third)):
        with pytest.raises(HypnogramError, match=r"share compared: 33.* % of .*no kappa is given for less than 50 %"):
            compare(a, b)
        with pytest.raises(HypnogramError, match="share compared"):
            compare(a, b, as_json=True)
    assert "kappa" not in capsys.readouterr().out
    compare(night, third, least_share=30)
    assert "compared 33.3 % of A" in capsys.readouterr().out


def test_hours_without_stages_around_a_night_are_not_part_of_it(tmp_path, capsys):
    day, night = tmp_path / "day.csv", tmp_path / "night.csv"
    unscored = np.full(1000, U, np.int8)
    write_hypnogram(Hypnogram(np.concatenate([unscored, random_stages(300), unscored])), day)
    write_hypnogram(Hypnogram(random_stages(300), onset_s=30000.0), night)
    compare(day, night)
    assert "compared 100 % of A, 100 % of B" in capsys.readouterr().out


def test_two_lists_of_stages_are_said_to_be_aligned_by_nothing(tmp_path, capsys):
    stages = tmp_path / "stages.txt"
    stages.write_text("W\nN1\nN2\n")
    compare(stages, stages)
    assert "aligned by nothing (first epoch on first epoch)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("epoch,anna,bert\n1,W,W\n2,N1,N2\n", "--scorer-{}"),
        ("stage\n0\n1\n2\n", "--coding-{}"),
        ("onset,stage\n0,W\n510000,N1\n28800000,N2\n", "--onset-unit-{}"),
        ("W\n" * 60 + "N2\n" * 90 + "W\n" * 30, "--epoch-length-{}"),
    ],
)
def test_hints_of_compare_name_the_options_of_the_file_that_is_wrong(night, tmp_path, text, option):
    (tmp_path / "wrong.csv").write_text(text)
    with pytest.raises(HypnogramError) as of_a:
        compare(tmp_path / "wrong.csv", night)
    with pytest.raises(HypnogramError) as of_b:
        compare(night, tmp_path / "wrong.csv")
    assert (option.format("a") in str(of_a.value), option.format("b") in str(of_b.value)) == (True, True)
    options = {one for parameter in imported_command("compare").params for one in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", f"{of_a.value} {of_b.value}")) <= options


def test_help_is_listed_without_loading_the_commands():
    code = (
        "import sys; from typer.testing import CliRunner; from eegvlm.cli.app import app;"
        "printed = CliRunner().invoke(app, ['--help']).output; assert 'convert' in printed;"
        "CliRunner().invoke(app, ['convert', '--help']); CliRunner().invoke(app, ['compare', '--help']);"
        "print([m for m in ('numpy', 'eegvlm.hypnogram', 'eegvlm.signals') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


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
