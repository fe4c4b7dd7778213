"""Tables of a folder whose stages have names of their own, or whose times have a unit that only the user knows."""

from __future__ import annotations

import dataset_trees as trees
import numpy as np

from eegvlm.cli.compare import compare
from eegvlm.datasets import FolderRules, open_dataset


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
