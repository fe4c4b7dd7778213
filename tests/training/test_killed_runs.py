"""A run that is killed (SIGKILL) goes on as if it had not been."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from small_run import PHASES, losses

from eegvlm.lab.training.checkpoints import last_checkpoint, read_log

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).resolve().with_name("killed_run.py")


@pytest.fixture(scope="module")
def killed_run(small_recipe, tmp_path_factory) -> Path:
    """Killed in the nights, twice in a checkpoint, in three steps and between two phases."""
    out = tmp_path_factory.mktemp("runs") / "killed"
    command = [sys.executable, str(PROGRAM), str(small_recipe), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch_threads())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    ended = [
        line.rpartition(" ")[2]
        for line in done.stdout.splitlines()
        if line.startswith(("while", "in ", "when", "between", "before", "among"))
    ]
    assert ended == ["-9"] * 7, done.stdout
    return out


def torch_threads() -> int:
    """Sums are added in another order by another number of threads."""
    import torch

    return torch.get_num_threads()


def test_losses_and_weights_are_those_of_a_run_that_was_not_killed(killed_run, undisturbed_run):
    for phase in PHASES:
        assert losses(killed_run, phase) == losses(undisturbed_run, phase)
        moved = load_file(killed_run / phase / "weights" / "moved.safetensors")
        expected = load_file(undisturbed_run / phase / "weights" / "moved.safetensors")
        assert moved.keys() == expected.keys()
        assert all((moved[name] == weight).all() for name, weight in expected.items())
    card = (killed_run / "model" / "README.md").read_text()
    assert card == (undisturbed_run / "model" / "README.md").read_text()


def test_the_log_shows_each_step_once(killed_run):
    for phase in PHASES:
        trained = [entry["step"] for entry in read_log(killed_run / phase) if "loss" in entry]
        assert trained == sorted(set(trained))
        assert trained


def test_only_a_whole_checkpoint_counts(tmp_path):
    (tmp_path / "unfinished" / "checkpoint-30").mkdir(parents=True)
    assert last_checkpoint(tmp_path) is None
    for steps in (9, 10):
        (tmp_path / f"checkpoint-{steps}").mkdir()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
