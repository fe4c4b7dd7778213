"""``eegvlm evaluate`` from the shell's side: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta

import numpy as np
import pytest
import typer
from evaluation_nights import loudness_recording, staircase
from typer.testing import CliRunner

from eegvlm.cli.evaluate import evaluate
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, write_hypnogram

pytestmark = pytest.mark.slow

NIGHTS = "simulated:nights=2,seed=1000000,hours=0.25,rate=64"


def run(*arguments) -> str:
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_model_and_both_baselines_on_simulated_nights(random_checkpoint, tmp_path):
    baselines = (
        "--baseline",
        "enhancement",
        "--baseline",
        "logistic",
        "--fit-on",
        "simulated:nights=2,hours=1,rate=64",
    )
    printed = run(random_checkpoint, NIGHTS, "--out", tmp_path, "--dtype", "float32", *baselines)
    for said in (
        "model: random",
        "weights_sha256: ",
        "data set: simulated nights=2,seed=1000000,hours=0.25,rate=64",
        "wake: not cropped",
        "modalities: eeg, eog, emg",
        "folds: none, one model for all nights",
        "channels read: eeg C4-M1 (2); eog_left EOG E1-M2 (2)",
        "2 subjects, 2 nights, 60 scored epochs, 0 without a valid answer",
        "baseline logistic: logistic regression on band powers of one EEG channel; fitted on simulated nights=2",
        "model minus enhancement",
        "model minus logistic",
        "Research use",
    ):
        assert said in printed, said
    read = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert set(read["baselines"]) == {"enhancement", "logistic"}
    assert len(read["about"]["weights_sha256"]) == 64
    assert read["overall"]["epochs"] == 60
    assert (tmp_path / "evaluation.md").read_text(encoding="utf-8").startswith("# Evaluation")


def test_the_regression_can_be_cross_validated_on_the_same_nights(random_checkpoint):
    nights = "simulated:nights=2,seed=3,hours=0.75,rate=64"
    printed = run(random_checkpoint, nights, "--baseline", "logistic", "--fit-on", "self")
    assert "fitted on the same data set, other subjects, folds 2 by subject" in printed


def test_only_the_modalities_asked_for_are_read(random_checkpoint):
    printed = run(random_checkpoint, "simulated:nights=1,hours=0.1", "--modalities", "eeg")
    assert "channels read: eeg C4-M1 (1); eog_left none (1); eog_right none (1); emg none (1)" in printed


def test_a_folder_of_scored_nights_with_the_wake_cropped_and_robustness(random_checkpoint, tmp_path):
    import edfio

    stages = np.concatenate([np.zeros(12, int), staircase(20), np.zeros(12, int)])
    samples = loudness_recording(stages, 128.0).samples(loudness_recording(stages, 128.0).channels[0])
    signal = edfio.EdfSignal(
        samples.clip(-500, 500).astype(float), 128, label="C4-M1", physical_dimension="uV", physical_range=(-500, 500)
    )
    edfio.Edf([signal]).write(tmp_path / "night.edf")
    (tmp_path / "night.txt").write_text("".join(f"{[0, 1, 2, 3, 5][stage]}\n" for stage in stages))
    options = ("--coding", "isruc", "--wake-crop", "2")
    printed = run(random_checkpoint, "folder", tmp_path, *options, "--robustness", "--out", tmp_path / "out")
    assert "wake: cropped to 2 min around sleep" in printed
    assert "polarity" in printed
    read = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    asleep = np.flatnonzero(stages)
    assert read["overall"]["epochs"] == asleep[-1] - asleep[0] + 1 + 8
    assert {row["name"] for row in read["robustness"]} >= {"gain x0.5", "polarity", "13-s shift", "missing minutes"}


def night_in_a_folder(folder, stages):
    """Write a recording with a loudness for each stage, and return when it began."""
    import edfio

    recording = loudness_recording(stages, 128.0)
    samples = recording.samples(recording.channels[0]).clip(-500, 500).astype(float)
    signal = edfio.EdfSignal(samples, 128, label="C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    begun = datetime(2024, 5, 31, 22, 30)
    about = edfio.Recording(startdate=begun.date())
    edfio.Edf([signal], recording=about, starttime=begun.time()).write(folder / "night.edf")
    return begun


def test_a_scoring_with_a_clock_is_judged_where_the_clock_lays_it(random_checkpoint, tmp_path):
    stages = staircase(60)
    begun = night_in_a_folder(tmp_path, stages)
    later = Hypnogram(stages[20:], start=begun + timedelta(minutes=10))
    write_hypnogram(later, tmp_path / "night_scoring.edf")
    printed = run(random_checkpoint, "folder", tmp_path, "--out", tmp_path / "out")
    assert "scorings laid on their recordings by: clock (1 night)" in printed
    assert "its clock starts +600 s from the signal's, and it is moved by that" in printed
    read = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert read["overall"]["epochs"] == 40
    assert "+600 s" in read["scoring_doubts"][0]


def test_extended_epochs_are_judged_one_by_one(random_checkpoint, tmp_path):
    stages = staircase(40)
    begun = night_in_a_folder(tmp_path, stages)
    write_hypnogram(Hypnogram(stages[:36], 20.0, begun, 11.3), tmp_path / "night_scoring.edf")
    printed = run(random_checkpoint, "folder", tmp_path, "--extend-20s", "--out", tmp_path / "out")
    assert "36 scored epochs, 0 without a valid answer" in printed
    with pytest.raises(InputError, match="leave one of the two out"):
        run(random_checkpoint, "folder", tmp_path, "--extend-20s", "--robustness")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulated:1", "--baseline", "yasa"], "choose from enhancement, night, logistic"),
        (["simulated:1", "--modalities", "eeg,gsr"], "choose from eeg, eog, emg, ecg"),
        (["no-such-set"], "no-such-set"),
        (["simulated:nights=0"], "nights"),
        (["simulated:1", "--inputs", "both,signal"], "--inputs: signal; choose from both, picture, evidence"),
        (["simulated:1", "--inputs", ""], "--inputs.*choose from both, picture, evidence"),
        (
            ["simulated:nights=1,hours=0.1", "--inputs", "picture"],
            "inputs: picture; this checkpoint reads pictures alone",
        ),
        (["simulated:1", "--channels", "eeg"], "eeg=LABEL"),
        (
            ["simulated:nights=1,hours=0.1", "--baseline", "logistic", "--fit-on", "simulated:nights=2,hours=0.1"],
            "fit on other subjects",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(random_checkpoint, arguments, said):
    with pytest.raises(InputError, match=said) as error:
        run(random_checkpoint, *arguments)
    assert "\n" not in str(error.value)


def test_picture_and_evidence_are_judged_beside_both(measuring_checkpoint, tmp_path):
    options = ("--dtype", "float32", "--smooth", "none", "--inputs", "both,picture,evidence,both")
    printed = run(measuring_checkpoint, NIGHTS, *options, "--out", tmp_path)
    for said in (
        "baseline inputs: picture: the model, of its inputs: picture",
        "baseline inputs: evidence: the model, of its inputs: evidence",
        "model minus inputs: picture",
        "model minus inputs: evidence",
    ):
        assert said in printed, said
    read = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert list(read["baselines"]) == ["inputs: picture", "inputs: evidence"]
    assert "inputs" not in read["about"]
    columns = [read, *read["baselines"].values()]
    assert len({json.dumps(column["overall"]["confusion"]) for column in columns}) == 3
    (header,) = [line for line in (tmp_path / "evaluation.md").read_text().splitlines() if "| inputs: picture" in line]
    assert header.index("| model") < header.index("| inputs: picture") < header.index("| inputs: evidence")


def test_the_first_of_several_inputs_is_judged_in_full(measuring_checkpoint, tmp_path):
    for folder, inputs in (("alone", "evidence"), ("first", "evidence,picture"), ("second", "picture,evidence")):
        options = ("--dtype", "float32", "--smooth", "none", "--inputs", inputs)
        printed = run(
            measuring_checkpoint, "simulated:nights=1,hours=0.25,rate=64", *options, "--out", tmp_path / folder
        )
        assert f"\ninputs: {inputs.partition(',')[0]}\n" in printed
    alone, first, second = (
        json.loads((tmp_path / folder / "evaluation.json").read_text(encoding="utf-8"))
        for folder in ("alone", "first", "second")
    )
    assert alone["baselines"] == {}
    assert alone["overall"] == first["overall"] == second["baselines"]["inputs: evidence"]["overall"]
    assert first["baselines"]["inputs: picture"]["overall"] == second["overall"]


def test_wrong_inputs_end_with_exit_status_2_and_one_sentence():
    command = [sys.executable, "-m", "eegvlm", "evaluate", "nano", "simulated:nights=1", "--inputs", "eyes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "--inputs: eyes; choose from both, picture, evidence" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(InputError, match="no-such-model"):
        run("no-such-model", "simulated:nights=1,hours=0.1")


@pytest.fixture
def trained_on_one(random_checkpoint, tmp_path):
    """A checkpoint that says it was trained on the first of two simulated subjects."""
    import shutil

    from eegvlm.lab.datasets import TrainingRecord
    from eegvlm.lab.training.record import write_record

    folder = tmp_path / "trained"
    shutil.copytree(random_checkpoint, folder)
    write_record(folder, TrainingRecord.of(["simulated:1000000"], []))
    return folder


def test_a_person_that_was_trained_on_is_left_out_and_counted(trained_on_one):
    printed = run(trained_on_one, NIGHTS)
    assert "persons known to the model: 1 of 2 persons (1 trained on) are left out" in printed
    assert "1 subjects, 1 nights, 30 scored epochs" in printed


def test_a_person_that_was_trained_on_is_judged_where_that_is_asked_for_and_the_report_says_so(trained_on_one):
    printed = run(trained_on_one, NIGHTS, "--judge-known")
    assert "1 of 2 persons (1 trained on) are judged all the same" in printed
    assert "2 subjects, 2 nights" in printed


def test_nobody_left_to_judge_is_refused(trained_on_one):
    with pytest.raises(InputError, match=r"1 of 1 persons \(1 trained on\) are known to the model"):
        run(trained_on_one, "simulated:nights=1,seed=1000000,hours=0.25,rate=64")


def test_a_checkpoint_that_says_nothing_of_its_persons_is_judged_with_that_remark(random_checkpoint):
    printed = run(random_checkpoint, "simulated:nights=1,hours=0.1")
    assert "persons known to the model: not known: the checkpoint does not say" in printed
