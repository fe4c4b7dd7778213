"""Freed memory goes back to the system."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

from eegvlm.core.memory import give_back


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc"
)
def test_what_lies_freed_between_kept_pieces_is_given_back():
    held = [np.ones(8000) for _ in range(2000)]  # 64 kB each: too small for a mapping of their own
    kept = held[::50]
    del held
    before = resident_bytes()
    give_back()
    assert len(kept) == 40
    assert before - resident_bytes() > 50e6


def test_a_system_without_it_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("asked for a C library"))
    give_back()
