"""A file into a folder of results: whose the folder is, what counts as the night, what nights after a bad one get."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import edfio
import numpy as np
import pytest
from staging_models import untrained
from staging_nights import write_edf

from eegvlm.errors import InputError
from eegvlm.hypnogram import read_hypnogram
from eegvlm.lab.simulation import simulate_night
from eegvlm.signals import Recording
from eegvlm.staging import Stager, stage_file

CSV = {"explain": "none", "formats": ("csv",)}


@pytest.fixture(scope="module")
def two_persons(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two recordings of one name, start and length, as headbands write them."""
    files = []
    for person, seed in (("sub-01", 3), ("sub-02", 4)):
        folder = tmp_path_factory.mktemp(person)
        simulate_night(hours=1 / 12, seed=seed, rate=100).write(folder / "night.edf")
        files.append(folder / "night.edf")
    return files


def test_results_of_another_recording_of_the_same_name_are_refused_and_left_as_they_were(stager, two_persons, tmp_path):
    stage_file(two_persons[0], tmp_path, stager=stager, explain="none", formats=("csv", "json", "bids"))
    before = {file.name: file.read_bytes() for file in (tmp_path / "night").iterdir()}
    with pytest.raises(InputError, match="are of another recording: stage this one with another --out"):
        stage_file(two_persons[1], tmp_path, stager=stager, **CSV)
    assert {file.name: file.read_bytes() for file in (tmp_path / "night").iterdir()} == before


def test_a_copy_of_the_recording_under_the_same_name_is_the_same_recording(stager, two_persons, tmp_path):
    (tmp_path / "copy").mkdir()
    shutil.copy(two_persons[0], tmp_path / "copy" / "night.edf")
    stage_file(two_persons[0], tmp_path, stager=stager, **CSV)
    stage_file(tmp_path / "copy" / "night.edf", tmp_path, stager=stager, **CSV)


def test_files_of_an_earlier_run_in_formats_not_asked_for_now_are_removed(stager, two_persons, tmp_path):
    stage_file(two_persons[0], tmp_path, stager=stager, explain="none")
    (tmp_path / "night" / "notes.txt").write_text("mine")
    stage_file(two_persons[0], tmp_path, stager=stager, **CSV)
    assert {file.name for file in (tmp_path / "night").iterdir()} == {"hypnogram.csv", "staging.json", "notes.txt"}


def with_lights(path: Path, off_s: float, on_s: float) -> Path:
    simulate_night(hours=0.5, seed=7, rate=100).write(path)
    night = edfio.read_edf(path)
    marks = [edfio.EdfAnnotation(off_s, None, "Lights Off"), edfio.EdfAnnotation(on_s, None, "Lights On")]
    edfio.Edf(list(night.signals), annotations=marks, starttime=night.starttime).write(path)
    return path


@pytest.mark.slow
def test_statistics_count_between_the_recordings_own_markers_or_the_users_times(stager, tmp_path):
    file = with_lights(tmp_path / "night.edf", 300.0, 1500.0)
    night = stage_file(file, tmp_path / "out", stager=stager, **CSV)
    assert night.counted.statistics.tib_min == pytest.approx(20.0)
    assert "'Lights Off'" in night.counted.basis
    given = stage_file(file, tmp_path / "out", stager=stager, lights_off="600", **CSV)
    assert given.counted.statistics.tib_min == pytest.approx(15.0)
    summary = json.loads((tmp_path / "out" / "night" / "staging.json").read_text())
    assert summary["statistics"]["tib_min"] == pytest.approx(15.0)
    assert summary["counted"]["lights_off_s"] == 600.0
    assert summary["counted"]["whole"]["tib_min"] == pytest.approx(30.0)
    with pytest.raises(InputError, match="--lights-off"):
        stage_file(file, tmp_path / "out", stager=stager, lights_off="99999", **CSV)


def test_a_recording_of_a_day_has_its_main_sleep_period_found_and_stated():
    from eegvlm.hypnogram import Hypnogram, count_sleep

    day = Hypnogram(np.repeat(np.array([0, 2, 0], np.int8), [1200, 840, 300]))
    counted = count_sleep(day)
    assert "main sleep period" in counted.basis
    assert counted.statistics.tst_min == pytest.approx(420)
    assert counted.whole.tib_min == pytest.approx(1170)


def test_the_limits_of_a_short_file_travel_with_the_result(stager, two_persons, tmp_path):
    night = stage_file(two_persons[0], tmp_path, stager=stager, **CSV)
    codes = {limit.code for limit in night.limits}
    assert {"short-recording", "little-sleep"} <= codes
    assert "expected to be right" not in night.review.sentence()
    problems = json.loads((tmp_path / "night" / "staging.json").read_text())["problems"]
    assert codes <= {problem["code"] for problem in problems}


@pytest.mark.slow
def test_one_eeg_without_eyes_and_chin_is_told_and_keeps_its_figure(stager):
    one = simulate_night(hours=1.5, seed=5, rate=100, channels=["EEG C4-M1"]).recording()
    night = stager.stage(one)
    assert {"no-eog", "no-chin"} <= {limit.code for limit in night.limits}
    if all(limit.validated for limit in night.limits):
        assert "expected to be right" in night.review.sentence()


def test_an_amplitude_far_from_the_usual_is_told(stager):
    signal = simulate_night(hours=0.5, seed=5, rate=100, channels=["EEG C4-M1"]).signals["EEG C4-M1"]
    loud = stager.stage(Recording.from_arrays({"C4-M1": (6 * signal, 100.0)}))
    assert "unusual-level" in {limit.code for limit in loud.limits}


def test_a_night_that_fails_does_not_stop_the_nights_after_it(tmp_path, monkeypatch, capsys):
    import sys

    from eegvlm.cli import main

    model, processor = untrained()
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    for name in ("first", "second", "third"):
        write_edf(tmp_path / f"{name}.edf", minutes=3)
    staged, failed = Stager.stage, []

    def fail_once(self, recording, **more):
        if recording.path.stem == "second":
            failed.append(recording)
            raise MemoryError("44.7 GiB")
        return staged(self, recording, **more)

    monkeypatch.setattr(Stager, "stage", fail_once)
    files = [str(tmp_path / f"{name}.edf") for name in ("first", "second", "third")]
    arguments = ["eegvlm", "stage", *files, "--model", str(tmp_path / "model"), "--out", str(tmp_path / "out"), "-q"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--explain", "none", "--formats", "csv"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert failed
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("eegvlm:")]
    assert "second.edf: staging: 44.7 GiB" in line
    for name in ("first", "third"):
        assert len(read_hypnogram(tmp_path / "out" / name / "hypnogram.csv")) == 6


def test_a_second_reader_is_written_beside_ours_and_can_be_pooled(stager, two_persons, tmp_path):
    class Constant:
        name, version = "constant", "1"

        def stage(self, recording: Recording):
            from eegvlm.hypnogram import Hypnogram

            shares = np.tile(np.array([0.1, 0.1, 0.6, 0.1, 0.1], np.float32), (recording.n_epochs, 1))
            return Hypnogram(np.full(recording.n_epochs, 2, np.int8), start=recording.start, probabilities=shares)

    night = stage_file(two_persons[0], tmp_path, stager=stager, second_reader=Constant(), **CSV)
    assert (tmp_path / "night" / "second_reader.csv").is_file()
    assert night.second.agreement is not None
    assert set(night.review.order[: len(night.second.differing)]) == set(night.second.differing)
    both = stage_file(two_persons[0], tmp_path, stager=stager, second_reader=Constant(), pool=True, **CSV)
    assert not np.allclose(both.hypnogram.probabilities, night.hypnogram.probabilities)
    assert both.provenance["pooled"] is True
    stage_file(two_persons[0], tmp_path, stager=stager, **CSV)
    assert not (tmp_path / "night" / "second_reader.csv").exists()
    with pytest.raises(InputError, match="no second reader"):
        stage_file(two_persons[0], tmp_path, stager=stager, pool=True, **CSV)
