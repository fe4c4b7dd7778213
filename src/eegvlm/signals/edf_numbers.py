r"""Numbers in the header of EDF, as recorders write them and no more loosely.

Python's own ``float`` takes ``1_000`` and ``12\n`` for numbers. In a header these are damage, and would pass as a
calibration of another size.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_number(raw: bytes) -> float | None:
    """Read a number; a comma may stand for the point, zero bytes for padding. None where it is none."""
    text = _text(raw)
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    # 1e-99999 is zero only because it is too small for a float.
    lost = value == 0 and re.search(rb"[1-9]", re.split(rb"[eE]", text)[0])
    return value if math.isfinite(value) and not lost else None


def read_integer(raw: bytes) -> int | None:
    """Read a whole number; ``4.0`` is one."""
    value = read_number(raw)
    return int(value) if value is not None and value == int(value) else None


def read_duration(raw: bytes) -> Fraction | None:
    """Read a duration exactly; ``3.333333`` is 10/3, cut off by the eight characters of the field."""
    value = read_number(raw)
    if value is None:
        return None
    if not 1e-9 < abs(value) < 1e12:
        # Ten to the power of 99999 fits into the field; as a fraction it would be long arithmetic.
        return Fraction(value)
    text = _text(raw).decode("ascii")
    exact = Fraction(text)
    simple = exact.limit_denominator(1000)
    decimals = len(text.partition(".")[2])
    return simple if decimals >= 5 and abs(simple - exact) < Fraction(1, 10**decimals) else exact


def _text(raw: bytes) -> bytes:
    return raw.strip(b" \0").replace(b",", b".")
