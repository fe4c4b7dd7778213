"""Tensors on a disk that is full: one sentence, and nothing left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from eegvlm.core.files import replacing
from eegvlm.errors import InputError
from eegvlm.lab.training.tensor_files import check_room, system_errors, write_tensors

WEIGHTS = {"weight": torch.arange(300_000.0).reshape(3, -1)}


def test_tensors_come_back_also_those_that_are_not_contiguous(tmp_path):
    write_tensors(tmp_path / "moved.safetensors", {"weight": WEIGHTS["weight"].T.requires_grad_()})
    held = load_file(tmp_path / "moved.safetensors")
    torch.testing.assert_close(held["weight"], WEIGHTS["weight"].T)
    assert [file.name for file in tmp_path.iterdir()] == ["moved.safetensors"]


@pytest.fixture
def short_files() -> Iterator[None]:
    """Let the system refuse files of more than 100 kB, as it refuses all on a full disk."""
    resource = pytest.importorskip("resource", reason="needs limits of POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("save", "said"),
    [
        (save_file, "output: too large for this file system or the limits of this user; choose a place on another"),
        (torch.save, r"output: the weights could not be written as a whole; make sure .* that the disk has room"),
    ],
)
def test_what_the_system_refuses_to_write_is_one_sentence(tmp_path, short_files, save, said):
    with pytest.raises(InputError, match=said), replacing(tmp_path / "weights") as temporary, system_errors():
        save(WEIGHTS, temporary)
    assert not any(tmp_path.iterdir())


def test_a_full_disk_is_told_as_the_system_tells_it(tmp_path):
    told = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    with pytest.raises(InputError, match="no space left on the disk"), replacing(tmp_path / "a"), system_errors():
        raise told


def test_an_error_of_the_model_is_not_told_as_one_of_the_disk(tmp_path):
    with pytest.raises(RuntimeError, match="must match"), replacing(tmp_path / "weights"), system_errors():
        torch.ones(2) + torch.ones(3)


def test_a_checkpoint_that_the_disk_has_no_room_for_is_refused(tmp_path):
    with torch.device("meta"):
        model = torch.nn.Linear(10**7, 10**7)  # 200 TB
    with pytest.raises(InputError, match=r"model: free space: .* MB; 200000020 MB are needed"):
        check_room(model, tmp_path / "model")
    assert not any(tmp_path.iterdir())
