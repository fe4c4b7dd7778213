"""The original scorings of two public data sets, against independent extracts of the same scorings."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from eegvlm.hypnogram import Stage, agreement, align, read_hypnogram, sleep_statistics, write_hypnogram

pytestmark = pytest.mark.real_data


def test_all_sleep_edf_scorings_read_and_equal_the_labels_of_the_band_powers(real_data):
    files = sorted((real_data / "sleep_edf").glob("*-Hypnogram.edf"))
    assert len(files) == 20
    for file in files:
        hypnogram = read_hypnogram(file)
        assert (len(hypnogram), hypnogram.epoch_s, hypnogram.onset_s) == (2880, 30, 0)
        assert hypnogram.start is not None
        known = np.load(real_data / "sleep_edf_band_powers" / f"{file.name[:6]}E0.npz")
        np.testing.assert_array_equal(hypnogram.stages[known["idx"]], known["y"])
        if not file.name.startswith("SC4011"):  # an extract that stops before the first REM
            others = np.setdiff1d(np.arange(len(hypnogram)), known["idx"])
            assert (hypnogram.stages[others] == Stage.UNSCORED).all()


def test_all_ucddb_scorings_read_and_equal_the_labels_of_the_extracts(real_data):
    files = sorted((real_data / "ucddb").glob("*_stage.txt"))
    assert len(files) == 20
    odd = {}
    for file in files:
        hypnogram = read_hypnogram(file, coding="ucddb")
        known = np.load(file.with_name(file.name.replace("_stage.txt", ".npz")))
        np.testing.assert_array_equal(hypnogram.stages[known["epoch_index"]], known["stage"])
        odd[file.name] = int((hypnogram.stages == Stage.UNSCORED).sum())
    assert {name: n for name, n in odd.items() if n} == {"ucddb008_stage.txt": 11, "ucddb024_stage.txt": 4}


def test_a_scoring_of_a_day_on_a_signal_of_five_minutes_says_what_it_leaves_out(real_data):
    hypnogram = read_hypnogram(real_data / "sleep_edf" / "SC4001EC-Hypnogram.edf")
    aligned = align(hypnogram, duration_s=300, start=hypnogram.start)
    assert aligned.labels == ["W"] * 10
    assert "2870 epochs of 30 s lie after the signal ends and are left out (2640 of them scored)" in aligned.notes


def test_statistics_of_a_night_between_lights_off_and_on(real_data):
    hypnogram = read_hypnogram(real_data / "sleep_edf" / "SC4001EC-Hypnogram.edf")
    numbers = sleep_statistics(hypnogram, lights_off_s=28_800, lights_on_s=55_000)
    # From the annotations: 58 epochs of N1, 250 of N2, 220 of N3 and 125 of REM in the whole record.
    assert (numbers.n1_min, numbers.n2_min, numbers.n3_min, numbers.r_min) == (29.0, 125.0, 110.0, 62.5)
    assert numbers.sol_min == (30_630 - 28_800) / 60
    assert numbers.n1_latency_min == 0


def test_the_noxturnal_table_of_a_french_laboratory_reads(real_data):
    hypnogram = read_hypnogram(real_data / "edf_edge_cases/rsleep_noxturnal/noxturnal_events_example_unicode.csv")
    counts = {stage.label: int((hypnogram.stages == stage).sum()) for stage in Stage}
    assert counts == {"W": 213, "N1": 66, "N2": 466, "N3": 364, "R": 249, "?": 139}
    assert hypnogram.start.isoformat() == "2016-01-15T22:30:00"


def test_edf_and_bdf_of_one_scoring_are_equal(real_data):
    folder = real_data / "edf_edge_cases" / "edfio_tests"
    assert read_hypnogram(folder / "SC4001EC-Hypnogram.edf") == read_hypnogram(folder / "SC4001EC-Hypnogram.bdf")


def test_a_real_night_survives_every_format(real_data, tmp_path):
    hypnogram = read_hypnogram(real_data / "sleep_edf" / "SC4002EC-Hypnogram.edf")
    for name in ("a.edf", "a-nsrr.xml", "a-profusion.xml", "a.json", "a.csv", "a_events.tsv", "a.txt"):
        write_hypnogram(hypnogram, tmp_path / name)
        read = read_hypnogram(tmp_path / name)
        assert read.labels == hypnogram.labels
        assert agreement(hypnogram, read).kappa == 1


def test_convert_and_compare_from_the_shell(real_data, tmp_path):
    source = real_data / "ucddb" / "ucddb024_stage.txt"
    target = tmp_path / "ucddb024.edf"
    run = [sys.executable, "-m", "eegvlm"]
    refused = subprocess.run([*run, "convert", source, target], capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--coding yasa, isruc, ucddb, dreams, aasm" in refused.stderr
    subprocess.run([*run, "convert", source, target, "--coding", "ucddb"], check=True, capture_output=True)
    command = [*run, "compare", source, target, "--coding-a", "ucddb", "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert figures["kappa"] == 1.0
    assert (figures["n_compared"], figures["n_excluded"]) == (904, 4)
