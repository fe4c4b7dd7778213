"""The files of a staged night: complete, consistent with each other, and silent about the patient."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from staging_nights import noise_recording

from eegvlm.errors import InputError
from eegvlm.hypnogram import read_hypnogram


@pytest.fixture
def staged(stager):
    return stager.stage(noise_recording(minutes=10, gap=slice(95, 130)))


def test_every_format_says_the_same_night(staged, tmp_path):
    files = staged.write(tmp_path / "night")
    names = {file.name for file in files}
    assert names == {"hypnogram.csv", "hypnogram.edf", "hypnogram.json", "events.tsv", "staging.json"}
    assert (tmp_path / "night" / "events.json").is_file()
    for name in ("hypnogram.csv", "hypnogram.edf", "hypnogram.json", "events.tsv"):
        read = read_hypnogram(tmp_path / "night" / name)
        assert np.array_equal(read.stages, staged.hypnogram.stages), name


def test_the_csv_has_the_documented_columns_and_counts_epochs_from_one(staged, tmp_path):
    staged.write(tmp_path)
    lines = [line for line in (tmp_path / "hypnogram.csv").read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert list(rows[0]) == [
        "epoch",
        "onset_s",
        "duration_s",
        "stage",
        "p_W",
        "p_N1",
        "p_N2",
        "p_N3",
        "p_R",
        "confidence",
        "quality",
    ]
    assert [int(row["epoch"]) for row in rows] == list(range(1, 21))
    scored = [row for row in rows if row["stage"] != "?"]
    assert len(scored) == 18
    for row in scored:
        assert sum(float(row[f"p_{s}"]) for s in ("W", "N1", "N2", "N3", "R")) == pytest.approx(1, abs=1e-3)


def test_the_summary_says_where_the_night_came_from(staged, stager, tmp_path):
    staged.write(tmp_path)
    summary = json.loads((tmp_path / "staging.json").read_text())
    assert summary["weights_sha256"] == stager.provenance["weights_sha256"]
    assert len(summary["weights_sha256"]) == 64
    assert summary["panels"] == {"eeg": "C4-M1", "eog_left": "EOG E1-M2", "eog_right": None, "emg": None}
    assert summary["epochs"] == 20
    assert "verify by a trained scorer" in summary["notice"]


def test_only_the_formats_asked_for_are_written(staged, tmp_path):
    staged.write(tmp_path, formats=["csv"])
    assert {file.name for file in tmp_path.iterdir()} == {"hypnogram.csv", "staging.json"}


def test_an_unknown_format_is_refused_before_anything_is_written(staged, tmp_path):
    with pytest.raises(InputError, match="use any of csv, edf, bids, json"):
        staged.write(tmp_path / "new", formats=["csv", "xlsx"])
    assert not (tmp_path / "new").exists()
