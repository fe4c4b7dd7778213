"""On which device and in which precision a model runs, when the user does not say."""

from __future__ import annotations

import torch

from eegvlm.errors import InputError

_MULTIPLY_IN_BFLOAT16 = ("amx_bf16", "avx512_bf16")
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(device: str) -> torch.device:
    """Return the device that a name means; ``"auto"`` is the GPU where there is one.

    Raises
    ------
    InputError
        If the device is unknown or not at hand.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise InputError("arguments", "device", device, "this machine has no such device: use cpu or auto") from error
    return chosen


def choose_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Return the precision that a name means; ``"auto"`` is bfloat16 where the processor computes in it.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    if dtype == "auto":
        if device.type == "cuda":
            return torch.bfloat16
        able = torch.cpu.get_capabilities()
        return torch.bfloat16 if any(able.get(name, False) for name in _MULTIPLY_IN_BFLOAT16) else torch.float32
    if dtype not in _DTYPES:
        raise InputError("arguments", "dtype", dtype, f"use auto or one of {', '.join(_DTYPES)}")
    return _DTYPES[dtype]
