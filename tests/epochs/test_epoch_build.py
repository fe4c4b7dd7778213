"""Building a store: what is in it, what is said of it, and that an interruption changes nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from epoch_nights import ArrayNight, dataset_of, night, noise, simple_dataset

from eegvlm.errors import InputError
from eegvlm.images import load_layout, panel_signals
from eegvlm.lab.datasets import DatasetProblem, open_dataset
from eegvlm.lab.epochs import EpochStore, StoreError, build_store


def nights_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "nights").iterdir())}


def test_rows_are_the_epochs_of_the_nights_in_their_order(store, simulated):
    assert len(store) == 3 * 84
    fields = store.fields(["dataset", "subject", "night", "index", "onset_s", "stage", "roles", "scale", "saturated"])
    for number, one in enumerate(simulated.nights):
        rows = slice(84 * number, 84 * (number + 1))
        assert set(fields["dataset"][rows]) == {"simulated"}
        assert set(fields["subject"][rows]) == {one.person}
        assert set(fields["night"][rows]) == {one.name}
        assert fields["index"][rows] == list(range(84))
        assert fields["onset_s"][rows] == [30.0 * k for k in range(84)]
        assert fields["stage"][rows] == one.hypnogram().stages.tolist()
    assert fields["roles"][0] == ["eeg_central", "eog_left", "eog_right", "emg_chin"]
    assert fields["scale"][0] == [1 / 16] * 4


def test_signals_come_back_as_the_panels_show_them_within_half_a_count(store, simulated, nano):
    for number, one in enumerate(simulated.nights):
        shown = panel_signals(nano, one.recording())
        back = store.signals(np.arange(84 * number, 84 * (number + 1)))
        assert list(back) == [panel.name for panel in nano.panels]
        for panel, microvolt in shown.items():
            assert np.abs(back[panel] - microvolt).max() <= 1 / 32


def test_a_cropped_night_counts_its_epochs_from_the_crop_and_keeps_its_onsets(tmp_path, nano):
    stages = [0] * 6 + [2, 2] + [0] * 6
    one = night(ArrayNight({"C4-M1": noise(1, 14)}, stages), crop=1.0)
    build_store(dataset_of(one), nano, tmp_path)
    fields = EpochStore(tmp_path).fields(["index", "onset_s", "stage"])
    assert fields["index"] == [0, 1, 2, 3, 4, 5]
    assert fields["onset_s"] == [120.0, 150.0, 180.0, 210.0, 240.0, 270.0]
    assert fields["stage"] == [0, 0, 2, 2, 0, 0]


def test_a_night_that_cannot_be_read_is_named_counted_and_tried_again(tmp_path, nano):
    mark = tmp_path / "data set" / "n1.edf"
    mark.parent.mkdir()
    mark.touch()
    whole = simple_dataset().nights[0]
    broken = night(ArrayNight({"C4-M1": noise(7)}, [0, 1, 2, 3], broken=mark), "n1", "s1")
    dataset = dataset_of(whole, broken, root=str(mark.parent))

    manifest = build_store(dataset, nano, tmp_path / "store")

    assert [one.name for one in manifest.nights] == ["n0"]
    (problem,) = manifest.all_problems
    assert (problem.code, problem.night, problem.severity) == ("unreadable-night", "n1", "error")
    assert problem.message == "n1.edf: header: garbage; copy it again"
    written = json.loads((tmp_path / "store/manifest.json").read_text())
    assert (written["totals"]["nights"], written["totals"]["nights_left_out"]) == (1, 1)
    assert "n1.edf: header: garbage" in (tmp_path / "store/README.md").read_text()
    assert str(tmp_path) not in (tmp_path / "store/manifest.json").read_text()
    assert len(EpochStore(tmp_path / "store")) == 4

    mark.unlink()
    manifest = build_store(dataset, nano, tmp_path / "store")
    assert [one.name for one in manifest.nights] == ["n0", "n1"]
    assert len(EpochStore(tmp_path / "store")) == 8


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (ArrayNight({"C4-M1": noise(1)}, [0, 1]), "2 stages for 4 epochs"),
        (ArrayNight({"SpO2": noise(1)}, [0, 1, 2, 3]), "none found; it shows eeg_central"),
    ],
)
def test_a_scoring_of_another_length_and_a_night_without_channels_are_named(tmp_path, nano, source, said, monkeypatch):
    # Night.hypnogram lays a scoring on the recording; here it does not.
    monkeypatch.setattr("eegvlm.lab.datasets.night.laid_on", lambda scoring, hypnogram, *rest: hypnogram)
    manifest = build_store(dataset_of(*simple_dataset(1).nights, night(source, "odd")), nano, tmp_path)
    (problem,) = manifest.all_problems
    assert problem.night == "odd"
    assert said in problem.message


def test_a_disk_that_fails_while_a_night_is_read_costs_that_night(tmp_path, nano):
    failing = night(ArrayNight({"C4-M1": noise(1)}, [0] * 4, fault=OSError(5, "Input/output error")), "failing")
    manifest = build_store(dataset_of(failing, *simple_dataset(1).nights), nano, tmp_path)
    assert [one.name for one in manifest.nights] == ["n0"]
    (problem,) = manifest.all_problems
    assert problem.message == "failing: reading failed: Input/output error"


def test_an_incomplete_last_epoch_is_kept_unscored_and_without_signal(tmp_path, nano):
    build_store(dataset_of(night(ArrayNight({"C4-M1": noise(1, 4)[:-500]}, [0, 1, 2]))), nano, tmp_path)
    store = EpochStore(tmp_path)
    assert store.stages.tolist() == [0, 1, 2, -1]
    assert np.isnan(store.signals([2, 3])["eeg"]).all(axis=1).tolist() == [False, True]


def test_problems_of_the_data_set_and_of_recordings_are_in_the_manifest_and_on_the_card(tmp_path, nano):
    told = DatasetProblem("missing-scoring", "x.edf: no <b>scoring</b> | of night x is there", "x")
    cropped = night(ArrayNight({"C4-M1": noise(1, 8)}, [0, 0, 0, 2, 2, 0, 0, 0]), crop=0.5)
    manifest = build_store(dataset_of(cropped, problems=[told]), nano, tmp_path)
    assert {problem.code for problem in manifest.all_problems} >= {"missing-scoring", "wake-cropped"}
    assert EpochStore(tmp_path).manifest.all_problems == manifest.all_problems
    card = (tmp_path / "README.md").read_text()
    assert "missing-scoring: x.edf: no &lt;b>scoring&lt;/b> \\| of night x is there" in card
    assert "wake-cropped 1" in card


def test_saturated_samples_are_counted_by_row_night_and_panel(tmp_path, nano):
    eeg = noise(3)
    eeg[1000:1500] = np.where(np.arange(500) % 20 < 10, 9000, -9000)
    manifest = build_store(dataset_of(night(ArrayNight({"C4-M1": eeg}, [0, 0, 0, 0]))), nano, tmp_path)
    store = EpochStore(tmp_path)
    by_row = store.fields(["saturated"])["saturated"]
    assert by_row[0] > 100
    assert by_row[2:] == [0, 0]
    assert manifest.saturated == {"eeg": sum(by_row)}
    assert np.abs(store.signals([0])["eeg"]).max() == np.float32(32767 / 16)


def test_the_card_is_one_that_hugging_face_reads(store_folder):
    text = (store_folder / "README.md").read_text()
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["license"] == "apache-2.0"
    assert "configs" not in header, "no file of a store is one that it reads"
    assert "nights=3,hours=0.7,seed=5" in text
    assert "252 epochs of 30 s from 3 nights of 3 subjects" in text


def test_a_licence_without_an_identifier_is_written_out(tmp_path, nano):
    build_store(simple_dataset(1), nano, tmp_path)
    header = yaml.safe_load((tmp_path / "README.md").read_text().split("---\n")[1])
    assert (header["license"], header["license_name"]) == ("other", "yours")


_CHILD = """
import os, sys, time
from eegvlm.lab.datasets import open_dataset
from eegvlm.lab.epochs import build_store
from eegvlm.images import load_layout

replace = os.replace

def stuck(source, target):
    if str(target).endswith("seed-2.npy"):
        print("writing", flush=True)
        time.sleep(600)
    replace(source, target)

os.replace = stuck
build_store(open_dataset("simulated", "nights=4,hours=0.1"), load_layout("nano"), sys.argv[1])
"""


def test_a_killed_build_goes_on_and_ends_with_the_bytes_of_one_that_was_not(tmp_path, nano):
    dataset = open_dataset("simulated", "nights=4,hours=0.1")
    build_store(dataset, nano, tmp_path / "whole")
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "writing\n"
        child.send_signal(signal.SIGKILL)
    left = sorted((tmp_path / "killed/nights").iterdir())
    assert [file.suffix for file in left] == [".partial", *[".npz", ".npy"] * 2, ".npz"]
    before = {file: file.stat().st_mtime_ns for file in left[1:5]}
    with pytest.raises(StoreError, match="no finished store lies here"):
        EpochStore(tmp_path / "killed")

    seen = []
    build_store(dataset, nano, tmp_path / "killed", progress=lambda done, total: seen.append((done, total)))

    assert seen == [(2, 4), (3, 4), (4, 4)]
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert nights_in(tmp_path / "killed") == nights_in(tmp_path / "whole")
    assert (tmp_path / "killed/README.md").read_bytes() == (tmp_path / "whole/README.md").read_bytes()


def test_a_line_that_a_kill_cut_off_is_made_again(tmp_path, nano):
    dataset = simple_dataset(3)
    build_store(dataset, nano, tmp_path)
    whole = nights_in(tmp_path)
    journal = tmp_path / "build.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    seen = []
    build_store(dataset, nano, tmp_path, progress=lambda done, total: seen.append(done))
    assert seen == [2, 3]
    assert nights_in(tmp_path) == whole
    build_store(dataset, nano, tmp_path, progress=lambda done, total: seen.append(done))
    assert seen == [2, 3, 3]
    EpochStore(tmp_path).verify()


def test_a_damaged_or_missing_night_is_made_again_and_the_others_are_not(tmp_path, nano):
    dataset = simple_dataset(3)
    build_store(dataset, nano, tmp_path)
    whole = nights_in(tmp_path)
    first, second, third = sorted((tmp_path / "nights").glob("*.npy"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    second.unlink()
    before = third.stat().st_mtime_ns
    build_store(dataset, nano, tmp_path)
    assert nights_in(tmp_path) == whole
    assert third.stat().st_mtime_ns == before


def test_a_night_whose_scoring_changed_is_read_again(tmp_path, nano):
    dataset = simple_dataset(2)
    build_store(dataset, nano, tmp_path)
    changed = night(replace(dataset.nights[1].signals, stages=(4, 4, 4, 4)), "n1", "s1")
    seen = []
    again = dataset_of(dataset.nights[0], changed)
    build_store(again, nano, tmp_path, progress=lambda done, total: seen.append(done))
    assert seen == [1, 2]
    assert EpochStore(tmp_path).stages.tolist() == [0, 1, 2, 3, 4, 4, 4, 4]


@pytest.mark.slow
def test_processes_beside_each_other_give_the_same_bytes(tmp_path, nano):
    dataset = open_dataset("simulated", "nights=3,hours=0.1")
    build_store(dataset, nano, tmp_path / "one")
    build_store(dataset, nano, tmp_path / "two", workers=2)
    assert nights_in(tmp_path / "one") == nights_in(tmp_path / "two")


def test_another_plan_in_the_same_folder_is_refused_by_what_differs(tmp_path, nano):
    build_store(simple_dataset(2), nano, tmp_path)
    with pytest.raises(StoreError, match=r"nights: differs .*name another folder"):
        build_store(simple_dataset(3), nano, tmp_path)
    with pytest.raises(StoreError, match="layout"):
        build_store(simple_dataset(2), load_layout("psg-336"), tmp_path)


def test_a_folder_that_holds_anything_else_is_left_alone(tmp_path, nano):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(StoreError, match="files that no build wrote"):
        build_store(simple_dataset(1), nano, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    with pytest.raises(InputError, match="a part of this path is a file"):
        build_store(simple_dataset(1), nano, tmp_path / "README.md" / "store")


def test_nothing_to_store_is_one_sentence(tmp_path, nano):
    with pytest.raises(StoreError, match="none can be used: no file of this data set is there; `eegvlm dataset check`"):
        build_store(dataset_of(), nano, tmp_path)
    why = (
        DatasetProblem("subjects-assumed", "assumed", None, "warning"),
        DatasetProblem("missing-scoring", "a.edf: none"),
    )
    with pytest.raises(StoreError, match=r"none can be used: a\.edf: none"):
        build_store(replace(dataset_of(), problems=why), nano, tmp_path)
    silent = dataset_of(night(ArrayNight({"SpO2": noise(1)}, [0, 1, 2, 3])))
    with pytest.raises(StoreError, match="none could be read"):
        build_store(silent, nano, tmp_path)
    with pytest.raises(StoreError, match="give 1 or more"):
        build_store(simple_dataset(1), nano, tmp_path, workers=0)


def test_a_folder_of_the_format_before_is_refused_with_the_remedy(tmp_path, nano):
    build_store(simple_dataset(2), nano, tmp_path)
    for name in ("manifest.json", "build.jsonl"):
        file = tmp_path / name
        file.write_text(file.read_text().replace("eegvlm-epochs-2", "eegvlm-epochs-1"))
    for refused in (lambda: EpochStore(tmp_path), lambda: build_store(simple_dataset(2), nano, tmp_path)):
        with pytest.raises(StoreError, match=r"format: eegvlm-epochs-1; .*`eegvlm dataset build` into a new folder"):
            refused()


def test_a_store_needs_no_package_of_the_extra(tmp_path, nano, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    build_store(simple_dataset(1), nano, tmp_path)
    assert EpochStore(tmp_path).signals([0])["eeg"].shape == (1, 3000)


def test_a_store_may_be_moved(tmp_path, store_folder):
    shutil.copytree(store_folder, tmp_path / "elsewhere")
    EpochStore(tmp_path / "elsewhere").verify()


@pytest.mark.real_data
def test_real_eeg_is_stored_with_its_gaps_and_stages(tmp_path, nano, real_data):
    dataset = open_dataset("ucddb-epochs", real_data / "ucddb", only="ucddb0[01]*")
    subset = replace(dataset, nights=tuple(one for one in dataset.nights if one.name in ("ucddb002", "ucddb018")))
    manifest = build_store(subset, nano, tmp_path)
    store = EpochStore(tmp_path)
    assert manifest.subjects == ("ucddb:002", "ucddb:018")
    for one in subset.nights:
        rows = store.rows(nights=[one.name])
        with np.load(one.paths[0]) as archive:
            index, stage = archive["epoch_index"], archive["stage"]
        np.testing.assert_array_equal(store.stages[rows[index]], stage)
        signals = store.signals(rows)
        shown = panel_signals(nano, one.recording())["eeg"]
        np.testing.assert_array_equal(np.isnan(signals["eeg"]), np.isnan(shown))
        assert np.nanmax(np.abs(signals["eeg"] - shown)) <= 1 / 32
        assert np.isnan(signals["emg"]).all()
    assert any(code == "derivation-unknown" for one in manifest.nights for code, _ in one.problems)
    assert store.duplicates() == []
