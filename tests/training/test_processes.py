"""Two processes train what one does: the same epochs, the same losses, the same checkpoint."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_run import PHASES, losses

from eegvlm.errors import InputError
from eegvlm.lab.training import read_recipe, train
from eegvlm.lab.training.checkpoints import check_kind
from eegvlm.lab.training.packaged_recipes import RECIPES
from eegvlm.lab.training.processes import Processes, Share

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
CONFIGURATIONS = RECIPES / "accelerate"
FSDP2 = {
    "ACCELERATE_USE_FSDP": "true",
    "FSDP_VERSION": "2",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT",
    "FSDP_RESHARD_AFTER_FORWARD": "true",
}


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def in_two_processes(arguments: list[str], **environment: str) -> list[str]:
    """Start what ``accelerate launch`` and ``torchrun`` start: two processes that know of each other; what they say."""
    shared = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "ACCELERATE_USE_CPU": "true",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        **environment,
    }
    started = [
        subprocess.Popen(
            [sys.executable, *arguments],
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)
    return said


def assert_alike(run: Path, alone: Path) -> None:
    for phase in PHASES:
        ours, theirs = losses(run, phase), losses(alone, phase)
        assert [step for step, _ in ours] == [step for step, _ in theirs]
        np.testing.assert_allclose([loss for _, loss in ours], [loss for _, loss in theirs], rtol=1e-4)
        moved = load_file(run / phase / "weights" / "moved.safetensors")
        expected = load_file(alone / phase / "weights" / "moved.safetensors")
        assert moved.keys() == expected.keys()
        for name, weight in expected.items():
            away = (moved[name].float() - weight.float()).abs().mean() / (weight.float().abs().mean() + 1e-3)
            assert away < (2e-2 if ".night." in name else 5e-3), name  # its dropout is drawn by each process for itself
    ours, theirs = (load_file(one / "model" / "model.safetensors") for one in (run, alone))
    assert {name: weight.shape for name, weight in ours.items()} == {name: one.shape for name, one in theirs.items()}


def test_two_processes_train_as_one_does(small_recipe, undisturbed_run, tmp_path):
    in_two_processes(["-m", "eegvlm", "train", str(small_recipe), "--out", str(tmp_path / "run")])
    assert_alike(tmp_path / "run", undisturbed_run)


def test_weights_that_fsdp2_divides_train_as_whole_ones_do_and_end_in_the_same_checkpoint(
    small_recipe, undisturbed_run, tmp_path
):
    program = str(HERE / "fsdp_on_cpu.py")
    in_two_processes([program, "train", str(small_recipe), "--out", str(tmp_path / "run")], **FSDP2)
    assert_alike(tmp_path / "run", undisturbed_run)


@pytest.mark.skipif(sys.platform != "linux", reason="names of threads are read from /proc")
def test_no_thread_of_the_processes_meeting_is_left_when_the_interpreter_ends():
    # Such a thread wants the interpreter once more for the tensor that it sent, and without one kills the process.
    meet = """
import atexit
from pathlib import Path

def threads():
    return sorted(one.read_text().strip() for one in Path("/proc/self/task").glob("*/comm"))

atexit.register(lambda: print("at the end", threads()))
from eegvlm.lab.training.processes import Processes

processes = Processes.join()
processes.on_main(lambda: None)
assert Processes.join().gather([processes.index]) == [0, 1]
print("under way", threads())
"""
    for said in in_two_processes(["-c", meet]):
        under_way, at_the_end = said[said.index("under way") :].split("at the end")
        assert "gloo" in under_way
        assert "gloo" not in at_the_end


def under_zero3(recipe: Path, out: Path, *changes: str) -> None:
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--main_process_port", free_port()]
    program = ["--config_file", str(CONFIGURATIONS / "zero3.yaml"), "-m", "eegvlm", "train", str(recipe)]
    settings = [part for change in changes for part in ("--set", change)]
    done = subprocess.run(
        [*launch, *program, "--out", str(out), *settings],
        env={**os.environ, "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


with_deepspeed = pytest.mark.skipif(importlib.util.find_spec("deepspeed") is None, reason="DeepSpeed is not installed")


@with_deepspeed
def test_weights_that_zero3_divides_train_as_whole_ones_do(small_recipe, undisturbed_run, tmp_path):
    under_zero3(small_recipe, tmp_path / "run")
    assert_alike(tmp_path / "run", undisturbed_run)


@with_deepspeed
def test_adapters_beside_frozen_bfloat16_weights_that_zero3_divides_train_as_beside_whole_ones(small_recipe, tmp_path):
    how = "steps: 3, batch_size: 4, lora: {rank: 2, dropout: 0.0}"
    phases = f"[{{name: reason, objective: reason, trains: [projector, language], {how}}}]"
    changes = ("precision=bfloat16", "frozen_in=bfloat16", "model.night_epochs=0", f"phases={phases}")
    under_zero3(small_recipe, tmp_path / "run", *changes)
    train(read_recipe(small_recipe, changes), tmp_path / "alone")
    ours, theirs = (losses(tmp_path / run, "reason") for run in ("run", "alone"))
    np.testing.assert_allclose([loss for _, loss in ours], [loss for _, loss in theirs], rtol=2e-3)


@pytest.mark.parametrize("kind", ["", "FSDP", "DeepSpeed"])
def test_a_checkpoint_is_gone_on_from_by_what_wrote_it_alone(tmp_path, kind):
    written = {"": "optimizer.pt", "FSDP": "optimizer.bin", "DeepSpeed": "latest"}
    (tmp_path / written[kind]).touch()
    check_kind(tmp_path, sharded=kind)
    for other in written.keys() - {kind}:
        with pytest.raises(InputError, match="configuration file that the run began with"):
            check_kind(tmp_path, sharded=other)


def test_a_batch_that_cannot_be_divided_is_refused(small_recipe):
    phase = read_recipe(small_recipe).phases[0]
    assert Processes(2, 1).rows_of(phase) == 2
    with pytest.raises(InputError, match="multiple of the 3 processes"):
        Processes(3, 0).rows_of(phase)


def test_shares_of_a_batch_are_the_batch():
    def collate(rows: list[int]) -> dict[str, torch.Tensor]:
        return {"rows": torch.tensor(rows), "seen": torch.tensor(rows) + sum(rows)}

    shares = [Share(collate, Processes(3, index))([4, 1, 7, 7, 0, 2]) for index in range(3)]
    for name, whole in collate([4, 1, 7, 7, 0, 2]).items():
        assert torch.cat([share[name] for share in shares]).tolist() == whole.tolist()


@pytest.mark.parametrize("file", ["ddp.yaml", "fsdp2.yaml", "zero3.yaml"])
def test_accelerate_reads_its_configuration_files(file):
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(CONFIGURATIONS / file))
    assert config.num_processes == 2
    assert config.mixed_precision == "no"
