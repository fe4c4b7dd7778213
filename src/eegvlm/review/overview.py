"""Long stretches: the lowest and the highest value of every second, read once in the background.

A whole night of 40 signals at 512 Hz is gigabytes, and no screen shows more of it than a few thousand columns. The
seconds of a row are computed when a long page first asks for them, in blocks from the night's start; until they are
there the page shows what exists and says how much that is.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from eegvlm.errors import InputError
from eegvlm.review.montage import MontageRow
from eegvlm.review.traces import Trace, extremes, filtered
from eegvlm.signals import Recording

LONG_S = 600.0
"""Pages longer than this are drawn from the overview."""
_BLOCK_S = 300
_MOST_ROWS = 256  # 0.7 MB each for a day


@dataclass(eq=False)
class _Seconds:
    """The extremes of one row: float32 (seconds, 2), of which the first ``done`` are computed."""

    values: NDArray[np.float32]
    done: int = 0


class Overview:
    """The overviews of a recording's rows.

    Parameters
    ----------
    recording
        The night.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._rows: OrderedDict[tuple[object, ...], _Seconds] = OrderedDict()
        self._lock = Lock()
        self._closed = Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="overview")

    def close(self) -> None:
        """Stop computing."""
        self._closed.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def trace(self, row: MontageRow, start_s: float, stop_s: float, width: int) -> Trace:
        """Return what is known of a row between two times; what is not is asked for.

        Raises
        ------
        ReviewError
            If the file has no such signal.
        """
        row.channel(self._recording)
        seconds = self._of(row)
        first, stop = max(0, math.floor(start_s)), min(len(seconds.values), math.ceil(stop_s))
        if first >= stop:
            return Trace(np.full((1, 2), np.nan, np.float32), start_s, stop_s - start_s)
        part = seconds.values[first:stop]
        complete = min(1.0, max(0.0, (seconds.done - first) / (stop - first)))
        n_columns = min(width, len(part))
        columns = np.stack(
            [extremes(part[:, 0].copy(), n_columns)[:, 0], extremes(part[:, 1].copy(), n_columns)[:, 1]], 1
        )
        return Trace(columns, float(first), len(part) / n_columns, complete)

    def _of(self, row: MontageRow) -> _Seconds:
        key = (row.plus, row.minus, row.low, row.high, row.notch)
        with self._lock:
            seconds = self._rows.get(key)
            if seconds is None:
                n_seconds = math.ceil(self._recording.duration_s)
                seconds = self._rows[key] = _Seconds(np.full((n_seconds, 2), np.nan, np.float32))
                self._worker.submit(self._compute, row, seconds)
                while len(self._rows) > _MOST_ROWS:
                    self._rows.popitem(last=False)
            self._rows.move_to_end(key)
        return seconds

    def _compute(self, row: MontageRow, seconds: _Seconds) -> None:
        channel = row.channel(self._recording)
        rate = channel.exact_rate
        n_seconds = len(seconds.values)
        for first in range(0, n_seconds, _BLOCK_S) if rate >= 1 else ():
            if self._closed.is_set():
                return
            stop = min(n_seconds, first + _BLOCK_S)
            try:
                samples = filtered(self._recording, channel, row, math.floor(first * rate), math.floor(stop * rate))
            except InputError:  # the file went away: the page that asks for its samples says so
                return
            seconds.values[first:stop] = extremes(samples, stop - first)
            seconds.done = stop
        seconds.done = n_seconds
