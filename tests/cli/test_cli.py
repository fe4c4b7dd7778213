"""The command line as a user meets it: exit statuses, one sentence for bad input, files where they should be."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest

from eegvlm import __version__
from eegvlm.cli.collection import collection_paused
from eegvlm.lab.simulation import simulate_night


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eegvlm", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=300)


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("night") / "night.edf"
    simulate_night(hours=0.2, seed=3, rate=100).write(file)
    return file


def test_help_names_every_command():
    done = run("--help")
    assert done.returncode == 0
    for command in ("stage", "demo", "inspect", "render", "simulate", "train", "convert", "compare"):
        assert command in done.stdout
    assert run("--version").stdout.strip() == f"eegvlm {__version__}"


@pytest.mark.slow
def test_stage_writes_every_file_and_says_what_it_matched(night, tmp_path):
    done = run("stage", night, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "out" / "night"
    names = {file.name for file in folder.iterdir()}
    names.discard("rationales.jsonl")  # written where the packaged model gives reasons
    hypnograms = {"hypnogram.csv", "hypnogram.edf", "hypnogram.json", "events.tsv", "events.json"}
    assert names == {*hypnograms, "report.html", "staging.json"}
    assert "how many epochs are right is not known" in done.stdout
    assert "C4-M1" in done.stdout
    assert "verify by a trained scorer" in done.stdout
    said = json.loads((folder / "staging.json").read_text())
    assert said["epochs"] == 24
    assert set(said["gains"]) == {"eeg", "eog_left", "eog_right", "emg"}


@pytest.mark.slow
def test_a_name_that_looks_like_markup_is_printed_as_it_is(tmp_path):
    file = tmp_path / "a[red]b[" / "n[link=x].edf"
    file.parent.mkdir()
    simulate_night(hours=0.05, seed=4, rate=100).write(file)
    arguments = ("stage", file, "--out", file.parent / "out", "--explain", "none", "--formats", "csv")
    for said, more in (("n[link=x]", ()), ("n[link=x]", ("--resume",))):
        done = run(*arguments, *more)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout.replace("\n", "")


@pytest.mark.slow
def test_stage_twice_gives_the_same_hypnogram_and_resume_skips_what_is_finished(night, tmp_path):
    assert run("stage", night, "--out", tmp_path).returncode == 0
    first = (tmp_path / "night" / "hypnogram.csv").read_bytes()
    again = run("stage", night, "--out", tmp_path, "--resume")
    assert "finished before, skipped" in again.stdout.replace("\n", "")
    assert run("stage", night, "--out", tmp_path).returncode == 0
    assert (tmp_path / "night" / "hypnogram.csv").read_bytes() == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stage", "nowhere.edf"], "nowhere.edf"),
        (["stage", "page.edf"], "page.edf"),
        (["stage", "night.edf", "other/night.edf"], "same name"),
        (["stage", "night.edf", "--channels", "eeg"], "eeg"),
        (["stage", "night.edf", "--channels", "eeg=Nose"], "Nose"),
        (["stage", "night.edf", "--model", "giga"], "giga"),
        (["stage", "night.edf", "--formats", "docx"], "docx"),
        (["stage", "night.edf", "--device", "tpu"], "tpu"),
        (["train", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_two(night, tmp_path, arguments, said):
    (tmp_path / "night.edf").write_bytes(night.read_bytes())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "night.edf").write_bytes(night.read_bytes())
    (tmp_path / "page.edf").write_text("<!DOCTYPE html><html>Not found</html>")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "staged").exists()


@pytest.mark.parametrize("name", ["nowhere.edf", "page.edf"])
def test_a_recording_that_cannot_be_read_is_told_before_torch_is_imported(tmp_path, name):
    (tmp_path / "page.edf").write_text("<!DOCTYPE html><html>Not found</html>")
    program = (
        "import sys\nfrom eegvlm.cli import main\n"
        f"sys.argv = ['eegvlm', 'stage', '{name}']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.split() == ["2", "False"]
    assert name in done.stderr


@pytest.mark.slow
def test_one_bad_recording_among_many_is_said_and_the_others_are_staged(night, tmp_path):
    empty = tmp_path / "empty.edf"
    empty.touch()
    done = run("stage", empty, night, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "empty.edf" in done.stderr
    assert (tmp_path / "out" / "night" / "staging.json").is_file()
    assert not (tmp_path / "out" / "empty").exists()


def test_what_a_command_loads_is_left_out_of_garbage_collection():
    frozen = gc.get_freeze_count()
    try:
        with collection_paused():
            assert not gc.isenabled()
            loaded = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= frozen + len(loaded)
    finally:
        gc.unfreeze()
