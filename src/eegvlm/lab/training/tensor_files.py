"""Tensors on disk: a file of them, whole or not at all, and the room that a checkpoint will take."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from eegvlm.core.files import check_output_folder, replacing

_BFLOAT16 = 2


def write_tensors(file: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a safetensors file.

    Parameters
    ----------
    file
        In a folder that exists.
    tensors
        By name, on any device.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with replacing(file) as temporary, system_errors():
        save_file(contiguous, temporary)


@contextmanager
def system_errors() -> Iterator[None]:
    """Raise what safetensors and ``torch.save`` say of a full disk, in errors of their own, as an ``OSError``."""
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise (OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(str(error))) from error
    except RuntimeError as error:
        if "inline_container" not in str(error):  # torch's writer of files, which does not say why it failed
            raise
        raise OSError("the weights could not be written as a whole") from error


def check_room(model: nn.Module, checkpoint: Path) -> None:
    """Refuse a disk that has no room for a model's weights in bfloat16, as a checkpoint holds them.

    Raises
    ------
    InputError
        If it has too little, or the folder cannot be written.
    """
    check_output_folder(checkpoint, needs_bytes=_BFLOAT16 * sum(parameter.numel() for parameter in model.parameters()))
