"""Data in a page: compressed, and in letters that mean nothing to HTML."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np

LETTERS = "".join(chr(code) for code in range(33, 127) if chr(code) not in "&<\\")
"""The 91 letters: printable, and none that HTML reads."""
BITS = 13
"""Bits in two letters: 91 x 91 is a little more than 2^13."""


def pack_bytes(data: bytes) -> str:
    """Return already compressed bytes in letters, 13 bits in two of them (base64: 12).

    The first letter says how many bytes at the end are padding (``0`` or ``1``).

    Examples
    --------
    >>> pack_bytes(b"EEG"), unpack_bytes(pack_bytes(b"EEG"))
    ('0:C_F', b'EEG')
    """
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    n_pairs = -(-len(bits) // BITS)
    pairs = np.pad(bits, (0, n_pairs * BITS - len(bits))).reshape(-1, BITS) @ (1 << np.arange(BITS)[::-1])
    letters = np.frombuffer(LETTERS.encode(), np.uint8)[np.stack(np.divmod(pairs, len(LETTERS)), axis=1)]
    n_padding = n_pairs * BITS // 8 - len(data)
    return f"{n_padding}{letters.tobytes().decode('ascii')}"


def unpack_bytes(text: str) -> bytes:
    """Return what :func:`pack_bytes` packed."""
    places = np.zeros(128, np.int64)
    places[np.frombuffer(LETTERS.encode(), np.uint8)] = np.arange(len(LETTERS))
    high, low = places[np.frombuffer(text[1:].encode("ascii"), np.uint8)].reshape(-1, 2).T
    pairs = high * len(LETTERS) + low
    bits = (pairs[:, None] >> np.arange(BITS)[::-1] & 1).astype(np.uint8).reshape(-1)
    data = np.packbits(bits[: len(bits) // 8 * 8]).tobytes()
    return data[: len(data) - int(text[0])]


def pack_json(value: Any) -> str:
    """Return JSON, gzipped, in letters; a number that JSON has no word for becomes null."""
    text = json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return pack_bytes(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
