"""Whole numbers in few bytes: several small ones share a byte, before deflate sees them.

A row (one frequency of all epochs of a chunk) whose largest number is 1 has room for five of them in a byte, up to 2
for three, up to 7 for two. Deflate's Huffman codes spend at least a bit a symbol, and most numbers of high frequencies
are zero: of a simulated night this takes 6 % off (``benchmarks/report_size.py``). Rows of one kind stand together, so
that symbols of one block mean the same.

Layout of n rows of m numbers: n bytes, the kind of each row (0 to 4); then, kind by kind and row by row, the symbols:
kinds 0 to 2 ``ceil(m / per)`` bytes a row, the first number the most significant digit; kind 3 one byte a number, the
sign in the lowest bit; kind 4 all low bytes of such, then all high bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARED = ((1, 5), (2, 3), (7, 2))
"""Largest number, and how many share a byte, of kinds 0, 1 and 2."""
_BYTE = 127


def pack_numbers(numbers: NDArray[np.int16]) -> bytes:
    """Pack whole numbers (rows, columns)."""
    largest = np.abs(numbers.astype(np.int32)).max(axis=1, initial=0)
    kinds = np.searchsorted([limit for limit, _ in SHARED] + [_BYTE], largest).astype(np.uint8)
    parts = [kinds.tobytes()]
    for kind, (limit, per) in enumerate(SHARED):
        digits = numbers[kinds == kind].astype(np.int32) + limit
        digits = np.pad(digits, ((0, 0), (0, -digits.shape[1] % per)), constant_values=limit)
        powers = (2 * limit + 1) ** np.arange(per)[::-1]
        parts.append((digits.reshape(len(digits), digits.shape[1] // per, per) @ powers).astype(np.uint8).tobytes())
    parts.append(_folded(numbers[kinds == len(SHARED)]).astype(np.uint8).tobytes())
    wide = _folded(numbers[kinds > len(SHARED)])
    return b"".join([*parts, (wide & 255).astype(np.uint8).tobytes(), (wide >> 8).astype(np.uint8).tobytes()])


def unpack_numbers(data: bytes, rows: int, columns: int) -> NDArray[np.int16]:
    """Return the whole numbers (rows, columns) that :func:`pack_numbers` packed, as the page's script does."""
    kinds = np.frombuffer(data, np.uint8, rows)
    numbers, at = np.zeros((rows, columns), np.int32), rows
    for kind, (limit, per) in enumerate(SHARED):
        n_rows, width = int((kinds == kind).sum()), -(-columns // per)
        symbols = np.frombuffer(data, np.uint8, n_rows * width, at).reshape(n_rows, width, 1).astype(np.int32)
        digits = symbols // (2 * limit + 1) ** np.arange(per)[::-1] % (2 * limit + 1)
        numbers[kinds == kind] = digits.reshape(n_rows, width * per)[:, :columns] - limit
        at += n_rows * width
    n_bytes = int((kinds == len(SHARED)).sum()) * columns
    n_wide = int((kinds > len(SHARED)).sum()) * columns
    single, low, high = np.split(np.frombuffer(data, np.uint8, n_bytes + 2 * n_wide, at), [n_bytes, n_bytes + n_wide])
    numbers[kinds == len(SHARED)] = _unfolded(single.astype(np.int32)).reshape(-1, columns)
    numbers[kinds > len(SHARED)] = _unfolded(low | high.astype(np.int32) << 8).reshape(-1, columns)
    return numbers.astype(np.int16)


def _folded(numbers: NDArray[np.int16]) -> NDArray[np.int32]:
    """Put the sign into the lowest bit, so that small numbers stay small."""
    wide = numbers.astype(np.int32)
    return (wide << 1) ^ (wide >> 31)


def _unfolded(folded: NDArray[np.int32]) -> NDArray[np.int32]:
    return (folded >> 1) ^ -(folded & 1)
