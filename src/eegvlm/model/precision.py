"""Whether this processor gains from bfloat16."""

from __future__ import annotations

import torch


def multiplies_bfloat16() -> bool:
    """Say whether the processor has instructions that multiply bfloat16: AMX, or AVX-512's own.

    With either, the packaged model stages and trains about one and a half times as fast as in float32.
    """
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16", False) or capabilities.get("avx512_bf16", False))
