"""Tables of a folder whose stages have names of their own, or whose times have a unit that only the user knows."""

from __future__ import annotations

import dataset_trees as trees
import numpy as np
import pytest

from eegvlm.cli.compare import compare
from eegvlm.errors import InputError
from eegvlm.lab.datasets import FolderRules, open_dataset


def test_names_of_the_scorers_own_are_mapped_for_a_folder_and_in_compare(tmp_path, capsys):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 300)
    names = ["Up", "Up", "Flat", "Flat", "Flat", "Flat", "Hills", "Hills", "Up", "Up"]
    rows = [f"{k + 1};{name}" for k, name in enumerate(names)]
    path = trees.write_lines(tmp_path / "a_scoring.csv", ["Epoch;Stage", *rows])
    refused = open_dataset("folder", tmp_path)
    assert not refused.nights
    mapped = "Up=W,Flat=N2,Hills=R"
    (night,) = open_dataset("folder", tmp_path, rules=FolderRules(stage_map=mapped)).nights
    assert night.hypnogram().labels == ["W", "W", "N2", "N2", "N2", "N2", "R", "R", "W", "W"]
    compare(path, path, stage_map=mapped)
    assert "compared 100 % of A, 100 % of B" in capsys.readouterr().out


def test_the_length_of_the_recording_tells_what_times_count(tmp_path):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 300)
    rows = [f"{30_000 * k},30000,{'W' if k < 4 else 'N2'}" for k in range(10)]
    trees.write_lines(tmp_path / "a_scoring.csv", ["onset,duration,stage", *rows])
    (night,) = open_dataset("folder", tmp_path).nights
    np.testing.assert_array_equal(night.hypnogram().stages, [0] * 4 + [2] * 6)


A, B = ["W", "W", "N2", "N2", "N2", "N2", "R", "R", "W", "W"], ["W", "N1", "N2", "N2", "N3", "N3", "R", "R", "W", "W"]


def two_scorers(folder, *, form):
    trees.write_psg(folder / "a.edf", trees.HMC, 300)
    if form == "wide":
        lines = ["epoch,anna,bert", *(f"{k},{a},{b}" for k, (a, b) in enumerate(zip(A, B, strict=True), start=1))]
    else:
        blocks = (("anna", A), ("bert", B))
        lines = ["scorer,epoch,stage", *(f"{who},{k},{s}" for who, of in blocks for k, s in enumerate(of, start=1))]
    return trees.write_lines(folder / "a_scoring.csv", lines)


@pytest.mark.parametrize("form", ["wide", "long"])
def test_of_a_table_of_two_scorers_the_one_who_is_asked_for_is_used(tmp_path, form):
    two_scorers(tmp_path, form=form)
    dataset = open_dataset("folder", tmp_path, scorer="bert")
    (night,) = dataset.nights
    assert night.scorers == ("bert", "anna")
    assert night.hypnogram().labels == B
    assert night.hypnogram("anna").labels == A
    assert not [problem for problem in dataset.problems if problem.severity == "error"]


def test_a_table_of_two_scorers_is_refused_where_nobody_says_whom_to_read(tmp_path):
    two_scorers(tmp_path, form="long")
    dataset = open_dataset("folder", tmp_path)
    assert not dataset.nights
    assert any('--scorer "anna"' in problem.message for problem in dataset.problems)
    with pytest.raises(InputError, match="choose one of anna, bert"):
        open_dataset("folder", tmp_path, scorer="carl")


def test_two_recordings_with_a_table_of_two_scorers_each_are_two_nights(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        two_scorers(tmp_path / name, form="wide")
    trees.write_psg(tmp_path / "y" / "a.edf", trees.HMC, 300, seed=1)
    dataset = open_dataset("folder", tmp_path, scorer="anna")
    assert [night.name for night in dataset.nights] == ["x/a", "y/a"]


def test_hints_name_options_that_the_commands_of_data_sets_have(tmp_path):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 300)
    trees.write_lines(tmp_path / "a_scoring.txt", [stage for stage in A for _ in range(30)])
    (problem,) = [p for p in open_dataset("folder", tmp_path).problems if p.code == "unreadable-scoring"]
    assert "--epoch-length 1" in problem.message
    assert "--in-epoch-length" not in problem.message
    (night,) = open_dataset("folder", tmp_path, rules=FolderRules(epoch_s=1)).nights
    assert night.hypnogram().labels == A
