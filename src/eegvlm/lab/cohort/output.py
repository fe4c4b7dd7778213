"""Where the results of a cohort go: a folder, or what fsspec reaches by a URL (:mod:`.remote_output`).

A night's folder is filled elsewhere and comes to its place as a whole. :data:`MARKER` is written last and says that
all files are there and of which key they are; it is read where a run was killed between a night's results and its line
in the journal, so that no night is staged twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eegvlm.core.files import check_output_folder, make_folder, replacing, replacing_folder, write_together
from eegvlm.core.temporary_names import remove_unfinished
from eegvlm.lab.cohort.journal import CohortJournal
from eegvlm.staging.result_files import FILES, result_files

MARKER = "cohort.json"
_ROOM_BYTES = 20_000_000


class Output(Protocol):
    """Where results go. Objects are sent to other processes: they hold no open files."""

    def check(self, files: Iterable[str]) -> None:
        """Refuse one that cannot be written, before anything is loaded; nothing stays behind.

        Parameters
        ----------
        files
            Names of the files of the whole cohort.
        """

    def prepare(self) -> None:
        """Make it, and refuse one that cannot be written."""

    def night_folder(self, name: str) -> AbstractContextManager[Path]:
        """Give an empty folder, whose files come to ``name`` with :data:`MARKER` last when the block ends well."""

    def marker(self, name: str) -> dict[str, Any] | None:
        """Read the marker of a night's folder; None where it is not finished."""

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write files by their names relative to the output, each whole or not at all."""

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """Give a local path to write to, whose content becomes the file ``name`` when the block ends well."""

    def journal(self, name: str | None) -> AbstractContextManager[CohortJournal]:
        """Open the journals: ``name`` to be appended to, None to read alone."""


@dataclass(frozen=True)
class LocalOutput:
    """A folder.

    Parameters
    ----------
    root
        It need not exist.
    """

    root: Path

    def check(self, files: Iterable[str]) -> None:
        """Refuse a folder that could not be made or filled; see :class:`Output`."""
        check_output_folder(self.root, files=files, needs_bytes=_ROOM_BYTES)

    def prepare(self) -> None:
        """Make the folder.

        Raises
        ------
        InputError
            If it cannot be made or written.
        """
        check_output_folder(self.root, needs_bytes=_ROOM_BYTES)
        make_folder(self.root)

    @contextmanager
    def night_folder(self, name: str) -> Iterator[Path]:
        """Give a temporary folder beside the night's; see :class:`Output`.

        Files of other programs in the night's folder, a reviewer's among them, stay.
        """
        folder = self.root / name
        make_folder(folder.parent)
        remove_unfinished(folder)
        remove_unfinished(folder / "entries")
        with replacing_folder(folder, last=MARKER) as temporary:
            yield temporary
            for stale in {*result_files(tuple(FILES)), MARKER} - {entry.name for entry in temporary.iterdir()}:
                (folder / stale).unlink(missing_ok=True)

    def marker(self, name: str) -> dict[str, Any] | None:
        """Read the marker of a night's folder; None where it is not finished."""
        return parsed_marker(lambda: (self.root / name / MARKER).read_bytes())

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write files together."""
        files = {self.root / name: content for name, content in contents.items()}
        for file in files:
            make_folder(file.parent)
        write_together(files)

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """Give a temporary path; see :class:`Output`."""
        return replacing(self.root / name)

    def journal(self, name: str | None) -> CohortJournal:
        """Open the journals in the folder; see :class:`Output`."""
        return CohortJournal(self.root, name)


def open_output(place: str) -> Output:
    """Return where results go.

    Parameters
    ----------
    place
        A folder, or a URL such as ``s3://bucket/folder``.

    Raises
    ------
    InputError
        If a URL's scheme is not known, or what it needs is not installed.
    """
    from eegvlm.lab.cohort.remote_output import RemoteOutput, is_url

    return RemoteOutput.of(place) if is_url(place) else LocalOutput(Path(place))


def parsed_marker(read: Callable[[], bytes]) -> dict[str, Any] | None:
    """Read a marker; one that is missing or damaged is none."""
    try:
        marker = json.loads(read())
    except (OSError, ValueError):
        return None
    return marker if isinstance(marker, dict) and {"key", "row"} <= marker.keys() else None
