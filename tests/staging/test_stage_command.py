"""``eegvlm stage`` with a model that gives reasons: its files, its defaults, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from staging_models import untrained

from eegvlm.lab.simulation import simulate_night

pytestmark = pytest.mark.slow


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eegvlm", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with a night and two models, of which one gives reasons."""
    folder = tmp_path_factory.mktemp("commands")
    simulate_night(hours=0.25, seed=3, rate=100).write(folder / "night.edf")
    model, processor = untrained()
    model.save_pretrained(folder / "reasons")
    processor.save_pretrained(folder / "reasons")
    del processor.prompts["reasoned"]
    model.save_pretrained(folder / "silent")
    processor.save_pretrained(folder / "silent")
    return folder


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "rationales.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_least_certain_epochs_are_explained_unless_more_is_asked_for(folder, tmp_path):
    done = run("stage", folder / "night.edf", "--model", folder / "reasons", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(lines(tmp_path / "night")) == 5  # 15 % of 30 epochs, rounded up
    assert "rationales.jsonl" in done.stdout
    assert "report.html" in done.stdout
    review = json.loads((tmp_path / "night" / "staging.json").read_text())["review"]
    assert review["shares"][1]["epochs"] == 2
    assert review["shares"][1]["rest"] is None
    assert "how many epochs are right is not known: the recording lasts 15 min" in done.stdout
    assert "expected to be right" not in done.stdout


def test_a_finished_night_is_skipped_only_where_it_holds_what_is_asked_for(folder, tmp_path):
    asked = ["stage", folder / "night.edf", "--model", folder / "reasons", "--out", tmp_path, "--resume"]
    assert run(*asked, "--explain", "none", "--formats", "csv").returncode == 0
    assert {file.name for file in (tmp_path / "night").iterdir()} == {"hypnogram.csv", "staging.json"}
    first = (tmp_path / "night" / "hypnogram.csv").read_bytes()
    done = run(*asked, "--explain", "all", "--formats", "csv,report")
    assert done.returncode == 0, done.stderr
    assert "skipped" not in done.stdout
    assert len(lines(tmp_path / "night")) == 30
    assert (tmp_path / "night" / "hypnogram.csv").read_bytes() == first
    assert "finished before, skipped" in run(*asked, "--explain", "all", "--formats", "csv,report").stdout


def test_reasons_asked_of_a_model_that_gives_none_are_refused_in_one_sentence(folder, tmp_path):
    asked = ["stage", folder / "night.edf", "--model", folder / "silent", "--out", tmp_path / "out"]
    done = run(*asked, "--explain", "all")
    assert done.returncode == 2
    assert "no reasoned prompt: use --explain none" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
    assert run(*asked, "--formats", "csv").returncode == 0
    assert {file.name for file in (tmp_path / "out" / "night").iterdir()} == {"hypnogram.csv", "staging.json"}


def test_the_demo_ends_by_naming_its_page(tmp_path):
    done = run("demo", "--out", tmp_path / "demo", "--hours", "0.2")
    assert done.returncode == 0, done.stderr
    page = tmp_path / "demo" / "night" / "report.html"
    assert done.stdout.rstrip().splitlines()[-1] == f"open {page}"
    assert page.is_file()
