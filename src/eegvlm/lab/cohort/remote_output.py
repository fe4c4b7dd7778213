"""Results on what fsspec reaches: ``s3://``, ``gs://``, ``sftp://`` and the like.

Such stores cannot append to a file. A journal there is a folder of small objects, one a line, whose names sort in the
order of writing; a run that ends puts those of its own into one. Reading begins with a copy of all lines on this
machine, so that a run, its summary included, works as with a folder.

Not covered: a lock. Two runs on one URL at once must be two shards.
"""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eegvlm.errors import InputError
from eegvlm.lab.cohort.journal import CohortJournal
from eegvlm.lab.cohort.output import MARKER, parsed_marker
from eegvlm.staging.result_files import FILES, result_files

_JOURNAL = "journal"
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_url(place: str) -> bool:
    """Tell whether a place is a URL and not a path."""
    return _URL.match(place) is not None


def file_system(url: str) -> tuple[Any, str]:
    """Return the file system that a URL names, and the path in it.

    Raises
    ------
    InputError
        If there is none of that scheme, or what it needs is not installed.
    """
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        hint = "install what it names (s3fs for s3://, gcsfs for gs://, paramiko for sftp://)"
        raise InputError(url, "address", error, hint) from error
    return system, str(path).rstrip("/")


@dataclass(frozen=True)
class RemoteOutput:
    """A folder on a file system of fsspec; see :class:`eegvlm.lab.cohort.output.Output`.

    Parameters
    ----------
    url
        The folder.
    """

    url: str

    @classmethod
    def of(cls, url: str) -> RemoteOutput:
        """Return it where its scheme is known; raise :class:`InputError` otherwise."""
        file_system(url)
        return cls(url)

    def check(self, files: Iterable[str]) -> None:
        """Ask the store for nothing yet: :meth:`prepare`, before the first night, writes to it."""

    def prepare(self) -> None:
        """Refuse a place that cannot be written.

        Raises
        ------
        InputError
            Naming the URL and what the store says.
        """
        system, root = file_system(self.url)
        probe = f"{root}/.{secrets.token_hex(4)}.partial"
        try:
            system.makedirs(root, exist_ok=True)
            system.pipe_file(probe, b"\n")
            system.rm_file(probe)
        except Exception as error:  # every store has exceptions of its own
            hint = "check the address, the credentials and that the bucket exists"
            raise InputError(self.url, "output", error, hint) from error

    @contextmanager
    def night_folder(self, name: str) -> Iterator[Path]:
        """Give a local folder whose files are sent when the block ends well, the marker last."""
        system, root = file_system(self.url)
        place = f"{root}/{name}"
        with tempfile.TemporaryDirectory(prefix="eegvlm-") as temporary:
            folder = Path(temporary)
            yield folder
            files = sorted(folder.iterdir(), key=lambda file: (file.name == MARKER, file.name))
            with suppress(FileNotFoundError):
                system.rm_file(f"{place}/{MARKER}")
            system.makedirs(place, exist_ok=True)
            present = {Path(path).name for path in _listed(system, place)}
            for stale in present & (set(result_files(tuple(FILES))) - {file.name for file in files}):
                system.rm_file(f"{place}/{stale}")
            for file in files:
                _put(system, file, f"{place}/{file.name}")

    def marker(self, name: str) -> dict[str, Any] | None:
        """Read the marker of a night's folder; None where it is not finished."""
        system, root = file_system(self.url)
        return parsed_marker(lambda: bytes(system.cat_file(f"{root}/{name}/{MARKER}")))

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write objects."""
        system, root = file_system(self.url)
        for name, content in contents.items():
            system.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
            system.pipe_file(f"{root}/{name}", content)

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Give a local path, which is sent when the block ends well."""
        system, root = file_system(self.url)
        with tempfile.TemporaryDirectory(prefix="eegvlm-") as temporary:
            file = Path(temporary) / Path(name).name
            yield file
            _put(system, file, f"{root}/{name}")

    @contextmanager
    def journal(self, name: str | None) -> Iterator[CohortJournal]:
        """Copy all lines to this machine, and send each that is appended."""
        system, root = file_system(self.url)
        folder = f"{root}/{_JOURNAL}"
        with tempfile.TemporaryDirectory(prefix="eegvlm-") as temporary:
            mirror = Path(temporary)
            _copy_lines(system, folder, mirror)
            if name is None:
                yield CohortJournal(mirror, None)
                return
            stem = Path(name).stem
            system.makedirs(folder, exist_ok=True)
            sent = [path for path in _listed(system, folder) if Path(path).name.startswith(f"{stem}.")]

            def send(line: bytes) -> None:
                path = f"{folder}/{stem}.{time.time_ns():020d}-{secrets.token_hex(3)}.jsonl"
                system.pipe_file(path, line)
                sent.append(path)

            with CohortJournal(mirror, name, send) as journal:
                yield journal
            if len(sent) > 1:
                # Sorts first among the objects of its journal, and holds them all.
                system.pipe_file(f"{folder}/{stem}.{0:020d}-all.jsonl", (mirror / name).read_bytes())
                for path in sent:
                    if not path.endswith("-all.jsonl"):
                        system.rm_file(path)


def _copy_lines(system: Any, folder: str, mirror: Path) -> None:
    """Write the objects of each journal as one file; a line that was being written is whole or not there."""
    paths = sorted(path for path in _listed(system, folder) if path.endswith(".jsonl"))
    for path in paths:
        journal = Path(path).name.partition(".")[0]
        with (mirror / f"{journal}.jsonl").open("ab") as file:
            file.write(system.cat_file(path))


def _listed(system: Any, folder: str) -> list[str]:
    system.invalidate_cache()
    try:
        return [str(path) for path in system.ls(folder, detail=False)]
    except FileNotFoundError:
        return []


def _put(system: Any, file: Path, place: str) -> None:
    """Send a file; sftp and the like get it under a temporary name first, objects are whole or not there anyway."""
    if "s3" in system.protocol or "gs" in system.protocol:
        system.put_file(str(file), place)
        return
    temporary = f"{place}.partial"
    system.put_file(str(file), temporary)
    system.mv(temporary, place)
