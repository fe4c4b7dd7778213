"""A page of signal as the screen needs it: samples, or the lowest and the highest value of every column of pixels.

A filter gets its full margin from outside the page, so that what is seen of a moment does not depend on the page on
which it is seen. Memory grows with the page, not with the night.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegvlm.review.montage import MontageRow
from eegvlm.review.page_filter import page_filter
from eegvlm.signals import Channel, Recording

MAGIC = b"EPG1"
_SAMPLES_PER_COLUMN = 2  # up to so many, the samples themselves are sent

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Trace:
    """What one row shows of a page.

    Parameters
    ----------
    values
        float32 (n, 2), lowest and highest of each column, or (n, 1), the samples; NaN where there is no signal.
        Microvolt, or the file's own unit where that is no voltage.
    first_s, step_s
        Time of the first column or sample, seconds after the recording's start, and of one more.
    complete
        Share of the page that has been read: below 1 while an overview is being made.
    """

    values: Samples
    first_s: float
    step_s: float
    complete: float = 1.0


def read_trace(recording: Recording, row: MontageRow, start_s: float, stop_s: float, width: int) -> Trace:
    """Read one row of a page.

    Parameters
    ----------
    recording
        The night.
    row
        What to read, and how to filter it.
    start_s, stop_s
        Seconds after the recording's start; outside of it there is no signal.
    width
        Columns of pixels.

    Raises
    ------
    ReviewError
        If the file has no such signal, or its rate cannot hold the filter.
    """
    channel = row.channel(recording)
    rate = float(channel.exact_rate)
    if not rate:
        return Trace(np.full((1, 1), np.nan, np.float32), start_s, stop_s - start_s)
    begin, until = math.floor(start_s * rate), math.ceil(stop_s * rate)
    samples = filtered(recording, channel, row, begin, until)
    if len(samples) <= _SAMPLES_PER_COLUMN * width:
        return Trace(samples[:, None], begin / rate, 1 / rate)
    return Trace(extremes(samples, width), begin / rate, len(samples) / rate / width)


def filtered(recording: Recording, channel: Channel, row: MontageRow, begin: int, until: int) -> Samples:
    """Read samples ``begin`` to ``until`` with the filters of a row: float32 (until - begin,), NaN in gaps."""
    filters = page_filter(row.low, row.high, row.notch, float(channel.exact_rate), channel.name)
    margin = filters.margin
    window = channel.read(recording.source, begin - margin, until + margin)
    if not margin:
        return window
    finite = np.isfinite(window)
    if finite.all():
        return filters.apply(window)
    result = np.full(len(window), np.nan, np.float32)
    edges = np.flatnonzero(np.diff(finite.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    for start, stop in edges.tolist():
        # At a real edge the signal is continued by its mirror image, as everywhere in this project.
        result[start:stop] = filters.apply(np.pad(window[start:stop], margin, mode="symmetric"))
    return result[margin : len(window) - margin]


def extremes(samples: Samples, n_columns: int) -> Samples:
    """Return the lowest and the highest sample of each column: float32 (n_columns, 2), NaN where there is none."""
    firsts = np.arange(n_columns) * len(samples) // n_columns
    lowest, highest = (np.fmin, np.fmax) if np.isnan(samples).any() else (np.minimum, np.maximum)
    return np.stack([lowest.reduceat(samples, firsts), highest.reduceat(samples, firsts)], axis=1)


def pack(rows: Sequence[MontageRow], traces: Sequence[Trace], units: Sequence[str]) -> bytes:
    """Pack a page: ``EPG1``, the length of a JSON header (uint32), the header, blanks up to 4 bytes, then float32.

    The header is a list of ``name``, ``unit``, ``count``, ``columns`` (1: samples, 2: lowest and highest), ``first_s``,
    ``step_s`` and ``complete``, in the order of the numbers. Everything is little-endian.
    """
    header = [
        {
            "name": row.name,
            "unit": unit,
            "count": trace.values.shape[0],
            "columns": trace.values.shape[1],
            "first_s": trace.first_s,
            "step_s": trace.step_s,
            "complete": round(trace.complete, 4),
        }
        for row, trace, unit in zip(rows, traces, units, strict=True)
    ]
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    numbers = [np.ascontiguousarray(trace.values, "<f4").tobytes() for trace in traces]
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *numbers])
