r"""The journal of one scoring: a line of JSON for everything that was done, on the disk before it is confirmed.

Notable
-------
- A line counts once its ``\n`` is written. What a killed process left after the last ``\n`` was never confirmed to
  anybody, and is cut off when the next line is written.
- Each line holds the SHA-256 of the line before it, so that a line that was changed or removed later is found.
- A lock on the file orders the appends of several processes; whoever appends reads first what others appended.

Not covered: a lock where the system has no ``fcntl`` (Windows): there, two servers must not open one night. Two windows
of one server are in order everywhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from io import FileIO
from pathlib import Path
from threading import RLock
from typing import Any

from eegvlm.core.output_errors import output_errors
from eegvlm.review.problems import ReviewError

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]

Entry = Mapping[str, Any]


class ReviewJournal:
    """Entries of one scoring, in the order in which they were made.

    Parameters
    ----------
    file
        The journal; it need not exist.
    on_entry
        Called with every entry once: those that are in the file, those that another process adds, and our own after
        they are on the disk.

    Raises
    ------
    ReviewError
        If the file holds a line that is damaged or was changed.
    InputError
        If it cannot be read.
    """

    def __init__(self, file: Path, on_entry: Callable[[Entry], None]) -> None:
        self.file = file
        self.n_entries = 0
        self._on_entry = on_entry
        self._end = 0
        self._last_hash = ""
        self._lock = RLock()
        self.catch_up()

    def catch_up(self) -> None:
        """Read what was appended since the last look."""
        with self._lock, output_errors(self.file):
            if not self.file.exists():
                return
            with self.file.open("rb", buffering=0) as stream:
                self._read_new(stream)

    def append(self, make: Callable[[], Entry]) -> Entry:
        """Append one entry.

        Parameters
        ----------
        make
            Makes the entry once everything before it is known; what it raises leaves the journal as it was.

        Returns
        -------
        Mapping
            The entry as it stands in the file: with its number ``n``, and ``previous``.

        Raises
        ------
        InputError
            If it could not be written. The journal is then as it was.
        """
        with self._lock, output_errors(self.file), self._locked() as stream:
            self._read_new(stream)
            entry = {"n": self.n_entries + 1, **make(), "previous": self._last_hash}
            line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode() + b"\n"
            stream.seek(0, os.SEEK_END)
            if stream.tell() != self._end:
                stream.truncate(self._end)
            try:
                stream.seek(self._end)
                _write_fully(stream, line)
                os.fsync(stream.fileno())
            except OSError:
                stream.truncate(self._end)  # a full disk: half a line would be dropped on the next look anyway
                raise
            self._take(line)
        return entry

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        is_new = not self.file.exists()
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "rb+", buffering=0) as stream:
            if fcntl is not None:
                fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
            if is_new:
                _flush_folder(self.file.parent)
            yield stream

    def _read_new(self, stream: FileIO) -> None:
        stream.seek(self._end)
        whole, _, _ = stream.readall().rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            self._take(line + b"\n")

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            is_next = entry["n"] == self.n_entries + 1 and entry["previous"] == self._last_hash
        except (ValueError, KeyError, TypeError):
            is_next = False
        if not is_next:
            value = f"line {self.n_entries + 1} is damaged or was changed"
            raise ReviewError(self.file, "journal", value, "restore it from a backup, or move it away to begin anew")
        self._on_entry(entry)
        self.n_entries += 1
        self._end += len(line)
        self._last_hash = sha256(line).hexdigest()


def _write_fully(stream: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


def _flush_folder(folder: Path) -> None:
    """Wait until a new file's name is on the disk, where the system can say so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
