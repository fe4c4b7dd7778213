"""``eegvlm cohort`` with the packaged model: files, exit statuses, agreement, layouts."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eegvlm.lab.simulation import simulate_night

pytestmark = pytest.mark.slow

FAST = ("--explain", "none", "--formats", "csv,bids")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eegvlm", "cohort", *map(str, arguments)]
    # sums of one thread and of two differ in their last digits, and nights of several processes have one thread each
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=environment)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two nights of one name, one of them scored, and a file that is no recording."""
    folder = tmp_path_factory.mktemp("nights")
    for seed, site in enumerate(("a", "b")):
        (folder / site).mkdir()
        night = simulate_night(hours=0.1, seed=seed, rate=100)
        night.write(folder / site / "night.edf")
        if site == "a":
            labels = night.hypnogram().labels
            (folder / site / "night.txt").write_text("\n".join(labels) + "\n")
    (folder / "a" / "page.edf").write_text("<!DOCTYPE html><html>Not found</html>")
    return folder


@pytest.fixture(scope="module")
def staged(nights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("staged") / "out"
    return out, run(nights, "--out", out, *FAST)


def test_two_nights_of_one_name_are_staged_and_the_page_is_written_down(staged) -> None:
    out, done = staged
    assert done.returncode == 1, done.stderr
    assert done.stdout == "3 nights: 2 staged, 0 before, 1 failed\n"
    assert len(done.stderr.splitlines()) == 1
    assert "3/3 nights" in done.stderr
    for site in ("a", "b"):
        names = {file.name for file in (out / site / "night").iterdir()}
        assert names == {"cohort.json", "events.json", "events.tsv", "hypnogram.csv", "staging.json"}
    with (out / "failures.csv").open(newline="") as stream:
        (failure,) = csv.DictReader(stream)
    assert failure["night"] == "a/page"
    assert "web page" in failure["reason"]
    assert failure["tried_again"] == "no"


def test_the_summary_holds_statistics_channels_versions_and_the_agreement_with_a_scoring(staged) -> None:
    out, _ = staged
    with (out / "summary.csv").open(newline="") as stream:
        first, second = csv.DictReader(stream)
    staging = json.loads((out / "a" / "night" / "staging.json").read_text())
    assert float(first["tst_min"]) == staging["statistics"]["tst_min"]
    assert "eeg=C4-M1" in first["channels"]
    assert first["weights_sha256"] == staging["weights_sha256"]
    assert (first["scoring_file"], first["agreement_epochs"]) == ("night.txt", "12")
    assert second["agreement_epochs"] == ""
    assert "short-recording" in first["problems"]


def test_a_second_run_stages_nothing_and_says_so(staged, nights: Path) -> None:
    out, _ = staged
    before = (out / "a" / "night" / "staging.json").stat().st_mtime_ns
    done = run(nights, "--out", out, *FAST)
    assert done.stdout == "3 nights: 0 staged, 2 before, 1 failed\n"
    assert (out / "a" / "night" / "staging.json").stat().st_mtime_ns == before
    shown = run(nights, "--out", out, *FAST, "--dry-run")
    assert shown.returncode == 0
    assert shown.stdout.endswith("3 nights, 0 to stage\n")


def test_processes_and_the_bids_layout_give_the_stages_of_one_process(staged, nights: Path, tmp_path: Path) -> None:
    out, _ = staged
    done = run(
        nights / "a" / "night.edf", nights / "b", "--out", tmp_path, "--jobs", 2, *FAST, "--layout=bids-derivatives"
    )
    assert done.returncode == 0, done.stderr
    for site in ("a", "b"):
        events = tmp_path / f"sub-{site}night" / "eeg" / f"sub-{site}night_task-sleep_desc-eegvlm_events.tsv"
        assert events.read_bytes() == (out / site / "night" / "events.tsv").read_bytes()
        assert events.with_suffix(".json").is_file()
        hypnogram = tmp_path / "nights" / site / "night" / "hypnogram.csv"
        assert hypnogram.read_bytes() == (out / site / "night" / "hypnogram.csv").read_bytes()
    assert json.loads((tmp_path / "dataset_description.json").read_text())["DatasetType"] == "derivative"


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(nights: Path, tmp_path: Path) -> None:
    done = run(nights, "--out", tmp_path / "out", "--dry-run")
    assert done.returncode == 0
    assert f"{nights / 'a' / 'night.edf'} -> a/night  scoring night.txt\n" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["nowhere"], "nowhere"),
        ([".", "--shard", "3/2"], "3/2"),
        ([".", "--model", "giga"], "giga"),
        ([".", "--formats", "docx"], "docx"),
        ([".", "--out", "gopher://x"], "gopher"),
        ([".", "--jobs", "2", "--ray"], "--ray"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_exit_status_two(arguments: list[str], fault: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert fault in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_slurm_recipe_repeats_the_arguments(nights: Path) -> None:
    done = run(nights, "--out", "/shared/out", "--print-slurm", "50", "--explain", "none")
    assert done.returncode == 0
    assert f"eegvlm cohort {nights} --out /shared/out --explain none --shard" in done.stdout
