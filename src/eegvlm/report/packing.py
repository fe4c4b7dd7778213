"""Data in a page: compressed, and in letters that mean nothing to HTML."""

from __future__ import annotations

import base64
import gzip
import json
import math
from typing import Any


def pack_bytes(data: bytes) -> str:
    """Return already compressed bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def pack_json(value: Any) -> str:
    """Return JSON, gzipped, as base64; a number that JSON has no word for becomes null."""
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
