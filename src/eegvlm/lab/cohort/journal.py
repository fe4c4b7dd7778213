r"""The journal of a cohort: a line of JSON for every night that was finished or failed, on the disk before it counts.

Notable
-------
- Lines are appended and flushed to the disk; none is ever changed. What a killed process left after the last ``\n``
  never counted, and is cut off by the next run that appends.
- The last line of a night is the one that holds. A line has the night's row of the summary, so that the summary of a
  million nights opens one file and not a million.
- A run writes one file, and reads those of all others beside it: shards that run at once never append to one file,
  which network file systems do not order.

Not covered: a lock where the system has no ``fcntl`` (Windows): there, two runs must not share an output.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from eegvlm.core.output_errors import output_errors
from eegvlm.errors import InputError

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]

PATTERN = "journal*.jsonl"
_DONE, _LASTING, _PASSING = "done", "lasting", "passing"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a night's last line stands, and what it says in short."""

    file: int
    offset: int
    key: bytes
    state: str
    recording_hash: int

    @property
    def is_done(self) -> bool:
        """Whether the night was staged."""
        return self.state == _DONE

    @property
    def is_settled(self) -> bool:
        """Whether the night was staged, or failed for a reason that will not pass."""
        return self.state != _PASSING


class CohortJournal:
    """What earlier runs have finished, and the file to which this run appends.

    Parameters
    ----------
    folder
        It exists, and holds the journals of all runs.
    name
        The file of this run; None only reads those of other runs.
    on_append
        Called with every line after it is on the disk.

    Raises
    ------
    InputError
        If another run appends to the same file, or a line is damaged.
    """

    def __init__(self, folder: Path, name: str | None, on_append: Callable[[bytes], None] | None = None) -> None:
        self.file = folder / (name or "journal.jsonl")
        self._on_append = on_append
        self._positions: dict[str, Position] = {}
        self._files = sorted({*folder.glob(PATTERN), self.file})
        with output_errors(self.file):
            self._stream = None if name is None else self._open()
            try:
                for number, file in enumerate(self._files):
                    if file.exists():
                        self._read(number, file)
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another run append."""
        if self._stream is not None:
            self._stream.close()

    def __len__(self) -> int:
        return len(self._positions)

    def last(self, night: str) -> Position | None:
        """Return where the last line of a night stands; None where there is none."""
        return self._positions.get(night)

    def entry(self, night: str) -> dict[str, Any]:
        """Read the last line of a night.

        Raises
        ------
        KeyError
            If there is none.
        """
        position = self._positions[night]
        with self._files[position.file].open("rb") as stream:
            stream.seek(position.offset)
            entry: dict[str, Any] = json.loads(stream.readline())
        return entry

    def entries(self, nights: Iterator[str]) -> Iterator[dict[str, Any]]:
        """Read the last lines of nights that have one, with every file opened once."""
        with ExitStack() as stack:
            streams = {
                number: stack.enter_context(file.open("rb")) for number, file in enumerate(self._files) if file.exists()
            }
            for night in nights:
                position = self._positions.get(night)
                if position is not None and (stream := streams.get(position.file)) is not None:
                    stream.seek(position.offset)
                    yield json.loads(stream.readline())

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append a line; it is on the disk when this returns.

        Raises
        ------
        InputError
            If it could not be written. The journal is then as it was.
        """
        if self._stream is None:
            raise ValueError("a journal that was opened to be read")
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
        with output_errors(self.file):
            offset = self._stream.seek(0, os.SEEK_END)
            try:
                _write_fully(self._stream, line)
                os.fsync(self._stream.fileno())
            except OSError:
                self._stream.truncate(offset)
                raise
        self._take(self._files.index(self.file), offset, entry)
        if self._on_append is not None:
            self._on_append(line)

    def _open(self) -> FileIO:
        stream = os.fdopen(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644), "rb+", buffering=0)
        if fcntl is not None:
            try:
                fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.close()
                hint = "wait for it, give the two different --shard k/n, or choose another --out"
                raise InputError(self.file, "journal", "another run is writing to it", hint) from None
        return stream

    def _read(self, number: int, file: Path) -> None:
        offset = 0
        with file.open("rb") as stream:
            for count, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    self._take(number, offset, json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError):
                    hint = "restore it from a backup, or move it away: its nights are then staged again"
                    raise InputError(file, "journal", f"line {count} is damaged", hint) from None
                offset += len(line)
        if file == self.file and self._stream is not None:
            self._stream.truncate(offset)

    def _take(self, number: int, offset: int, entry: Mapping[str, Any]) -> None:
        state = _DONE if entry["state"] == "done" else _LASTING if entry["lasting"] else _PASSING
        key = bytes.fromhex(entry["key"])
        self._positions[entry["night"]] = Position(number, offset, key, state, path_hash(entry["recording"]))


def path_hash(recording: str) -> int:
    """Return four bytes of a path, to tell whether results are of a recording that lies elsewhere."""
    return crc32(recording.encode(errors="replace"))


def _write_fully(stream: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]
