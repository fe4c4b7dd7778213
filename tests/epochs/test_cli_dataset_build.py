"""``eegvlm dataset build`` on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from eegvlm.cli.dataset_build import build
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram, write_hypnogram
from eegvlm.lab.epochs import EpochStore
from eegvlm.lab.simulation import simulate_night
from eegvlm.lab.simulation.writing import write_night

app = typer.Typer()
app.command()(build)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_build_ends_with_nights_epochs_bytes_and_seconds(tmp_path):
    result = run("simulated", "nights=2,hours=0.1", "--out", tmp_path / "store")
    assert result.exit_code == 0, result.output
    store = EpochStore(tmp_path / "store")
    manifest = store.manifest
    lines = result.stdout.splitlines()
    assert "2 nights of 2 subjects, 24 epochs (W " in lines[0]
    assert lines[1].startswith(f"layout nano: {manifest.n_bytes / 2e6:.2f} MB and ")
    assert lines[1].endswith(" s a night")
    assert lines[2] == "No problems found."
    again = run("simulated", "nights=2,hours=0.1", "--out", tmp_path / "store")
    assert again.stdout == result.stdout


@pytest.mark.parametrize("kind", ["png", "webdataset"])
def test_pictures_are_drawn_beside_the_nights(tmp_path, kind):
    options = ("--layout", "psg-336", "--export", kind)
    result = run("simulated", "nights=1,hours=0.1", "--out", tmp_path / "store", *options)
    assert result.exit_code == 0, result.output
    assert f"pictures-{kind}: 12 pictures, " in result.stdout.splitlines()[-1]
    assert (tmp_path / "store" / f"pictures-{kind}" / "README.md").is_file()
    assert len(EpochStore(tmp_path / "store")) == 12


def test_parquet_is_exported_beside_the_nights(tmp_path):
    options = ("--export", "parquet", "--shard-nights", 2, "--test", 0.34)
    result = run("simulated", "nights=3,hours=0.1", "--out", tmp_path / "store", *options)
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / 'store/parquet'}: 36 epochs, " in result.stdout.splitlines()[-2]
    assert result.stdout.splitlines()[-1].endswith("train 2, validation 0, test 1")
    names = sorted(file.name for file in (tmp_path / "store/parquet/data").iterdir())
    assert names == ["test-00000-of-00001.parquet", "train-00000-of-00001.parquet"]


def test_shards_without_parquet_are_told_to_have_no_effect(tmp_path):
    result = run("simulated", "nights=1,hours=0.1", "--out", tmp_path / "store", "--shard-nights", 4)
    assert result.exit_code == 0, result.output
    assert "--shard-nights 4 has no effect" in result.stdout


def test_options_decide_what_is_stored_and_problems_are_printed(tmp_path):
    options = ("--only", "seed-1?", "--wake-crop", "0.5", "--out", tmp_path / "store")
    result = run("simulated", "nights=12,hours=1,seed=1", *options)
    assert result.exit_code == 0, result.output
    store = EpochStore(tmp_path / "store")
    assert [night.name for night in store.manifest.nights] == ["seed-10", "seed-11", "seed-12"]
    assert store.manifest.plan["dataset"]["options"]["wake_crop_min"] == 0.5
    assert "warning wake-cropped: 3" in result.stdout
    assert "seed-10: wake cropped to 0.5 min around sleep" in result.stdout
    assert len(store) < 360


def test_a_folder_of_recordings_is_stored_by_the_users_rules_and_can_be_moved(tmp_path):
    root = tmp_path / "here"
    root.mkdir()
    for seed in (1, 2):
        write_night(simulate_night(hours=0.1, seed=seed, rate=100), root / f"S{seed}_a.edf")
    (root / "S3_a.edf").write_bytes(b"<html>not found</html>")
    arguments = ("folder", "--subject", r"(S\d+)_.*", "--out", tmp_path / "store")
    result = run(arguments[0], root, *arguments[1:])
    assert result.exit_code == 0, result.output
    store = EpochStore(tmp_path / "store")
    assert store.manifest.subjects == ("folder:S1", "folder:S2")
    assert "S3_a.edf" in result.stdout
    assert "S3_a.edf" in (tmp_path / "store/README.md").read_text()
    for file in (tmp_path / "store").rglob("*.*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes()

    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "store/nights").iterdir()}
    root.rename(tmp_path / "there")
    assert run(arguments[0], tmp_path / "there", *arguments[1:]).exit_code == 0
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_recording_without_a_channel_for_the_layout_is_reported(tmp_path):
    root = tmp_path / "here"
    root.mkdir()
    write_night(simulate_night(hours=0.1, seed=1, rate=100), root / "1.edf")
    write_night(simulate_night(hours=0.1, seed=2, rate=100, channels=("ECG",)), root / "2.edf")
    result = run("folder", root, "--layout", "lossless", "--out", tmp_path / "store")
    assert result.exit_code == 0, result.output
    assert "1 nights of 1 subjects" in result.stdout
    assert "error unreadable-night: 1" in result.stdout
    assert "channels for layout lossless: none found" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "x"), "choose one of sleep-edf"),
        (("hmc",), "root: not given"),
        (("simulated", "1", "--layout", "nono"), "give a JSON file or one of"),
        (("simulated", "1", "--wake-crop", "0.7"), "steps of 0.5"),
    ],
)
def test_wrong_arguments_are_input_errors_of_one_sentence(tmp_path: Path, arguments, said):
    exception = run(*arguments, "--out", tmp_path / "store").exception
    assert isinstance(exception, InputError)
    assert said in str(exception)
    assert not (tmp_path / "store").exists()


def scored_folder(folder: Path, *, epoch_s: float) -> None:
    night = simulate_night(hours=0.1, seed=3, rate=64)
    write_night(night, folder / "night.edf")
    scored = Hypnogram([0, 0, 1, 2, 2, 3, 4, 2, 0, 0], epoch_s, night.start, 11.3)
    write_hypnogram(scored, folder / "night_scoring.edf")


def test_epochs_are_stored_where_the_scorer_cut_them(tmp_path):
    scored_folder(tmp_path, epoch_s=30.0)
    result = run("folder", tmp_path, "--out", tmp_path / "store")
    assert result.exit_code == 0, result.output
    store = EpochStore(tmp_path / "store")
    onsets = store.fields(["onset_s"])["onset_s"]
    assert onsets[:3] == pytest.approx([11.3, 41.3, 71.3])
    assert store.stages[:10].tolist() == [0, 0, 1, 2, 2, 3, 4, 2, 0, 0]
    assert "scorings laid on their recordings by: clock (1 night)" in result.stdout
    assert "epochs are the scorer's own, so the first 11.3 s belong to none" in result.stdout
    other = run("folder", tmp_path, "--out", tmp_path / "other", "--grid", "recording")
    assert other.exit_code == 0, other.output
    assert EpochStore(tmp_path / "other").fields(["onset_s"])["onset_s"][:2] == [0, 30]


def test_extended_epochs_are_stored_with_their_own_onsets(tmp_path):
    scored_folder(tmp_path, epoch_s=20.0)
    result = run("folder", tmp_path, "--out", tmp_path / "store", "--extend-20s")
    assert result.exit_code == 0, result.output
    store = EpochStore(tmp_path / "store")
    assert store.fields(["onset_s"])["onset_s"][:3] == pytest.approx([11.3, 31.3, 51.3])
    assert store.stages[:10].tolist() == [0, 0, 1, 2, 2, 3, 4, 2, 0, 0]
    assert len(set(store.fields(["hash"])["hash"][:10])) == 10
    assert store.manifest.plan["dataset"]["options"]["extend_20s"] is True


def test_conversations_are_divided_by_person(tmp_path):
    result = run("simulated", "nights=5,hours=0.05", "--out", tmp_path / "store", "--export", "conversations")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == (
        "nights by part (20% of subjects held out, seed 0): train 3, validation 1, test 1"
    )
    assert (tmp_path / "store/pictures-conversations/llava-validation.json").is_file()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--split", "mass", "--test", "0.2"), "leave --test and --validation out"),
        (("--split", "no-such"), "choose one of"),
        (("--split", "5x80-20", "--fold", "6"), "5x80-20 has 5 folds"),
    ],
)
def test_a_division_that_cannot_be_is_refused_before_the_work(tmp_path, options, fault):
    result = run("simulated", "nights=2,hours=0.05", "--out", tmp_path / "store", "--export", "png", *options)
    assert isinstance(result.exception, InputError)
    assert fault in str(result.exception)
    assert not (tmp_path / "store").exists()
