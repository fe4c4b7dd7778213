"""Checkpoints on the Hub, from a server on this machine: by name and revision, from the cache, and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import COMMIT, hub_of

from eegvlm.errors import InputError
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import checkpoint_path
from eegvlm.model.hub import HubModel, commit_of

pytestmark = pytest.mark.slow

REPOSITORY = "sleep-lab/nano"


def run(*arguments: str, hub: str, cache: Path, offline: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(cache), "HF_HUB_OFFLINE": str(int(offline))}
    environment |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "NO_PROXY": "*"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)


_LOAD = "from eegvlm.model import checkpoint_path; print(checkpoint_path({name!r}, {revision!r}))"


def test_a_model_of_the_hub_stages_a_night_and_its_commit_is_kept(tmp_path):
    simulate_night(hours=0.05, seed=3, rate=100, channels=["EEG C4-M1"]).write(tmp_path / "night.edf")
    with hub_of(checkpoint_path("nano"), REPOSITORY) as (address, _):
        staged = ("-m", "eegvlm", "stage", str(tmp_path / "night.edf"), "--out", str(tmp_path / "out"), "--quiet")
        more = ("--explain", "none", "--formats", "csv", "--model", f"{REPOSITORY}@v1")
        done = run(*staged, *more, hub=address, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "out" / "night" / "staging.json").read_text())
    assert said["commit"] == COMMIT


def test_what_was_fetched_is_read_from_the_cache_without_the_network(tmp_path):
    with hub_of(checkpoint_path("nano"), REPOSITORY) as (address, requests):
        first = run("-c", _LOAD.format(name=REPOSITORY, revision=None), hub=address, cache=tmp_path)
        assert first.returncode == 0, first.stderr
        assert commit_of(Path(first.stdout.strip())) == COMMIT
        assert any("/resolve/" in line and "model.safetensors" in line for line in requests)
        del requests[:]
        again = run("-c", _LOAD.format(name=REPOSITORY, revision=None), hub=address, cache=tmp_path, offline=True)
        assert again.stdout == first.stdout
        assert requests == []


@pytest.mark.parametrize(
    ("name", "revision", "sentence"),
    [
        ("sleep-lab/other", None, "hf://sleep-lab/other: model: no such repository; check its name"),
        (REPOSITORY, "v9", "no revision v9; use a branch, a tag or a commit of it"),
    ],
)
def test_what_the_hub_does_not_have_is_said_in_one_sentence(tmp_path, name, revision, sentence):
    with hub_of(checkpoint_path("nano"), REPOSITORY) as (address, _):
        done = run("-c", _LOAD.format(name=name, revision=revision), hub=address, cache=tmp_path)
    assert sentence in done.stderr


def test_a_hub_that_is_out_of_reach_is_said_so(tmp_path):
    done = run(
        "-c", _LOAD.format(name=REPOSITORY, revision=None), hub="http://127.0.0.1:9", cache=tmp_path, offline=True
    )
    assert "the Hub is out of reach, and it is not in the cache" in done.stderr


def test_names_of_the_hub_are_told_from_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert HubModel.parse("owner/name") == HubModel("owner/name")
    assert HubModel.parse("owner/name@v1") == HubModel.parse("hf://owner/name", "v1") == HubModel("owner/name", "v1")
    for path in ("nano", "a/b/c", "./owner/name", "/owner/name", "owner/", "..", "owner/name@", "~/model"):
        assert HubModel.parse(path) is None
    (tmp_path / "runs").mkdir()
    assert HubModel.parse("runs/mine") is None  # a misspelt path is not asked for on the network
    assert HubModel.parse("hf://runs/mine") == HubModel("runs/mine")
    with pytest.raises(InputError, match="leave one of them out"):
        HubModel.parse("owner/name@v1", "v2")
    with pytest.raises(InputError, match=r"hf://owner/name@revision"):
        HubModel.parse("hf://one")


def test_a_folder_has_no_revision():
    with pytest.raises(InputError, match="only the Hub has revisions"):
        checkpoint_path("nano", "v1")
