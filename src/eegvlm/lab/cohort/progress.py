"""One line that says how far a cohort is: nights, nights a second, time left."""

from __future__ import annotations

import time
from typing import TextIO

_EVERY_S = 60.0


class ProgressLine:
    """A line that is written over itself on a terminal, and once a minute elsewhere.

    Parameters
    ----------
    stream
        Where to; None says nothing.
    total
        Nights to stage.
    """

    def __init__(self, stream: TextIO | None, total: int) -> None:
        self._stream = stream
        self._total = total
        self._started_s = time.monotonic()
        self._written_s = self._started_s
        self._width = 0

    def tell(self, done: int, failed: int) -> None:
        """Say how many nights are through, the failed ones among them."""
        if self._stream is None:
            return
        is_terminal = self._stream.isatty()
        if not is_terminal and time.monotonic() - self._written_s < _EVERY_S:
            return
        self._written_s = time.monotonic()
        line = progress_text(done, failed, self._total, self._written_s - self._started_s)
        self._stream.write(f"\r{line.ljust(self._width)}" if is_terminal else f"{line}\n")
        self._stream.flush()
        self._width = len(line)

    def close(self, done: int, failed: int) -> None:
        """Leave the last line standing."""
        if self._stream is None:
            return
        line = progress_text(done, failed, self._total, time.monotonic() - self._started_s)
        self._stream.write(f"\r{line.ljust(self._width)}\n" if self._stream.isatty() else f"{line}\n")
        self._stream.flush()


def progress_text(done: int, failed: int, total: int, seconds: float) -> str:
    """Return the line.

    Examples
    --------
    >>> progress_text(120, 2, 500, 60.0)
    '120/500 nights, 2.00 nights/s, 3 min left, 2 failed'
    """
    rate = done / seconds if done and seconds > 0 else 0.0
    parts = [f"{done}/{total} nights", f"{rate:.2f} nights/s" if rate else "- nights/s"]
    if done < total:
        parts.append(f"{duration_text((total - done) / rate)} left" if rate else "time left unknown")
    else:
        parts.append(f"{duration_text(seconds)} in all")
    return ", ".join([*parts, f"{failed} failed"] if failed else parts)


def duration_text(seconds: float) -> str:
    """Return a duration in two figures: ``40 s``, ``3 min``, ``5.2 h``, ``12 d``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} d"
