"""Nights cut on the scorer's own epochs, on the recording's, or on 20-s epochs that are extended."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from eegvlm.cli.dataset import dataset
from eegvlm.hypnogram import Hypnogram, agreement, write_hypnogram
from eegvlm.hypnogram.timing import Timing
from eegvlm.lab.datasets import DatasetError, Night, open_dataset
from eegvlm.signals import ExtendedRecording, Lights

SUBJECT = "01-03-0001"
LETTERS = "WWW1122RR?WW" * 4


def mass_night(
    root: Path, *, onset_s: float, epoch_s: float = 30.0, letters: str = LETTERS, subject: str = SUBJECT
) -> Path:
    seconds = int(onset_s + epoch_s * len(letters)) + 40
    trees.write_psg(root / f"{subject} PSG.edf", trees.MASS, seconds)
    stages = trees.sleep_stages(letters)
    trees.write_annotations(root / f"{subject} Base.edf", stages, epoch_s=epoch_s, onset_s=onset_s)
    return root


def night_of(root: Path, **options: object) -> Night:
    (night,) = open_dataset("mass", root, **options).nights  # type: ignore[arg-type]
    return night


@pytest.mark.parametrize("onset_s", [11.3, 29.5, 71.25])
def test_no_epoch_is_mixed_where_a_scoring_starts_between_two_epochs(tmp_path, onset_s):
    night = night_of(mass_night(tmp_path, onset_s=onset_s))
    hypnogram, recording = night.hypnogram(), night.recording()
    lead = int(onset_s // 30)
    expected = ["?"] * lead + [f"N{letter}" if letter in "12" else letter for letter in LETTERS]
    assert hypnogram.labels[: len(expected)] == expected
    assert not any("mixed" in note for note in hypnogram.notes)
    assert recording.n_epochs == len(hypnogram)
    assert float(recording.origin_s) == pytest.approx(onset_s % 30)
    assert hypnogram.start == recording.start == trees.START + timedelta(seconds=onset_s % 30)
    messages = [problem.message for problem in recording.problems if problem.code == "scoring-grid"]
    assert messages == [f"epochs are the scorer's own, so the first {onset_s % 30:g} s belong to none"]


def test_the_recordings_own_epochs_stay_possible(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=11.3), grid="recording")
    hypnogram, recording = night.hypnogram(), night.recording()
    assert float(recording.origin_s) == 0
    assert recording.n_epochs == len(hypnogram)
    assert any("laid on epochs that start 18.7 s after its own" in note for note in hypnogram.notes)


def test_epochs_that_are_the_recordings_own_are_not_moved(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=60.02))
    assert float(night.recording().origin_s) == 0
    assert night.recording().problems == night_of(tmp_path, grid="recording").recording().problems


def test_a_wake_crop_stays_on_the_scorers_epochs(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=11.3, letters="W" * 10 + "1223" + "W" * 10), wake_crop_min=1)
    hypnogram, recording = night.hypnogram(), night.recording()
    assert hypnogram.labels == ["W", "W", "N1", "N2", "N2", "N3", "W", "W"]
    assert recording.n_epochs == len(hypnogram)
    assert float(recording.origin_s) == pytest.approx(11.3 + 8 * 30)
    assert hypnogram.start == recording.start


def test_lights_count_from_the_first_epoch_as_stages_do(tmp_path):
    mass_night(tmp_path, onset_s=11.3)
    marked = Hypnogram([0, 0, 1, 2], start=trees.START, onset_s=11.3, lights=Lights(41.3, 131.3, "scoring"))
    write_hypnogram(marked, tmp_path / f"{SUBJECT} Base.edf")
    lights = night_of(tmp_path).hypnogram().lights
    assert lights is not None
    assert (lights.off_s, lights.on_s) == pytest.approx((30.0, 120.0))


def test_20_s_epochs_are_extended_on_both_sides(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=11.3, epoch_s=20.0, subject="01-02-0001"), extend_20s=True)
    hypnogram, recording = night.hypnogram(), night.recording()
    expected = [f"N{letter}" if letter in "12" else letter for letter in LETTERS]
    assert hypnogram.epoch_s == 20
    assert hypnogram.labels[: len(expected)] == expected
    assert isinstance(recording, ExtendedRecording)
    assert recording.n_epochs == len(hypnogram)
    assert not any("mixed" in note or "resampled" in note for note in hypnogram.notes)
    channel = recording.channels[0]
    windows = recording.raw_epochs(channel)
    assert windows.shape == (len(hypnogram), 30 * 256)
    whole = night.signals.open(None)
    np.testing.assert_array_equal(windows[3], whole.samples(channel, 66.3, 96.3))
    assert [problem.message for problem in recording.problems if problem.code == "epochs-extended"] == [
        "epochs of 20 s, each with 5 s of signal added on both sides"
    ]


def test_20_s_epochs_are_resampled_where_they_are_not_to_be_extended(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=0.0, epoch_s=20.0, subject="01-02-0001"))
    assert night.hypnogram().epoch_s == 30
    assert night.recording().n_epochs == len(night.hypnogram())


def test_30_s_epochs_need_no_extension(tmp_path):
    night = night_of(mass_night(tmp_path, onset_s=11.3), extend_20s=True)
    assert night.hypnogram().epoch_s == 30
    assert not isinstance(night.recording(), ExtendedRecording)


def test_a_wake_crop_of_extended_epochs_keeps_signal_and_stages_together(tmp_path):
    letters = "W" * 12 + "1223" + "W" * 12
    root = mass_night(tmp_path, onset_s=11.3, epoch_s=20.0, letters=letters, subject="01-02-0001")
    night = night_of(root, extend_20s=True, wake_crop_min=1)
    assert night.hypnogram().labels == [*"WWW", "N1", "N2", "N2", "N3", *"WWW"]
    recording = night.recording()
    assert recording.n_epochs == 10
    assert recording.scorable.all()
    assert recording.onsets_s[0] == pytest.approx(11.3 + 9 * 20)


def test_the_default_scorer_decides_the_epochs_of_all(tmp_path):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 400)
    stages = trees.sleep_stages("WW1122RRWW")
    trees.write_annotations(tmp_path / "a_scorer1.edf", stages, onset_s=12.0)
    trees.write_annotations(tmp_path / "a_scorer2.edf", stages, onset_s=0.0)
    (night,) = open_dataset("folder", tmp_path).nights
    assert float(night.recording().origin_s) == 12
    first, second = night.hypnogram("scorer1"), night.hypnogram("scorer2")
    assert len(first) == len(second) == night.recording().n_epochs
    assert any("mixed" in note for note in second.notes)
    assert not any("mixed" in note for note in first.notes)


def test_an_unknown_grid_and_a_contradiction_are_refused(tmp_path):
    mass_night(tmp_path, onset_s=0.0)
    with pytest.raises(DatasetError, match="choose scoring or recording"):
        open_dataset("mass", tmp_path, grid="own")  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="leave --grid out"):
        open_dataset("mass", tmp_path, grid="recording", extend_20s=True)


def test_a_scoring_that_starts_later_by_its_clock_is_laid_there_and_said(tmp_path):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 900)
    later = trees.START + timedelta(minutes=10)
    trees.write_annotations(tmp_path / "a_scoring.edf", trees.sleep_stages("1122RRWW"), start=later)
    opened = open_dataset("folder", tmp_path)
    (night,) = opened.nights
    assert night.hypnogram().labels[20:28] == ["N1", "N1", "N2", "N2", "R", "R", "W", "W"]
    assert night.hypnogram().timing is Timing.CLOCK
    assert opened.aligned_by_in_words == "clock (1 night)"
    (moved,) = (problem for problem in opened.problems if problem.code == "other-start")
    assert "its clock starts +600 s from the signal's, and it is moved by that" in moved.message


def test_a_list_of_stages_of_another_length_than_its_signal_is_warned_of(tmp_path):
    trees.write_psg(tmp_path / "a.edf", trees.HMC, 900)
    trees.write_lines(tmp_path / "a.txt", ["W", "N1", "N2", "N2"] * 5)
    trees.write_psg(tmp_path / "b.edf", trees.HMC, 600, seed=1)
    trees.write_lines(tmp_path / "b.txt", ["W", "N1", "N2", "N2"] * 5)
    opened = open_dataset("folder", tmp_path)
    assert opened.aligned_by_in_words == "nothing (2 nights)"
    (warned,) = (problem for problem in opened.problems if problem.code == "no-times")
    assert (warned.night, warned.severity) == ("a", "warning")
    assert "its first epoch is taken as the recording's first" in warned.message


def test_scorers_who_seem_to_be_shifted_are_warned_of(tmp_path):
    rng = np.random.default_rng(0)
    letters = "".join(np.repeat(rng.permutation(list("W123R" * 6)), 6))
    trees.write_psg(tmp_path / "a.edf", {"EEG C4-M1": (64, "uV")}, 30 * len(letters))
    for scorer, onset_s in (("1", 0.0), ("2", 600.0)):
        path = tmp_path / f"a_scorer{scorer}.edf"
        trees.write_annotations(path, trees.sleep_stages(letters), onset_s=onset_s)
    opened = open_dataset("folder", tmp_path)
    (warned,) = (problem for problem in opened.problems if problem.code == "scorers-shifted")
    assert "with scorer scorer2 20 epochs (600 s) earlier" in warned.message
    (night,) = opened.nights
    assert agreement(night.hypnogram("scorer1"), night.hypnogram("scorer2")).kappa != 1.0


def run(*arguments: object) -> Result:
    return CliRunner().invoke(dataset, [str(argument) for argument in arguments])


def test_check_prints_what_the_alignments_rest_on_and_takes_the_grid(tmp_path):
    mass_night(tmp_path, onset_s=11.3)
    printed = run("check", "mass", tmp_path).stdout
    assert "scorings laid on their recordings by: clock (1 night)" in printed
    assert "grid scoring" in printed
    found = json.loads(run("check", "mass", tmp_path, "--grid", "recording", "--json").stdout)
    assert found["aligned_by"] == {"clock": 1}
    assert found["options"]["grid"] == "recording"
    wrong = run("check", "mass", tmp_path, "--grid", "mine")
    assert "--grid: mine; choose scoring or recording" in str(wrong.exception)
