"""Downloading a data set from PhysioNet, or from any folder on a server that has a list of checksums.

``SHA256SUMS.txt`` is the list of files: a SHA-256 and a path a line. One connection at a time, a pause between files,
a stated user agent; what is there is not fetched again, and an interrupted download goes on where it stopped.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from eegvlm.core.files import make_folder
from eegvlm.lab.datasets.catalogue import DATASETS
from eegvlm.lab.datasets.files import sha256_of
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.transfer import Fetcher, RetryPolicy

LIST = "SHA256SUMS.txt"
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(\S.*)")

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class ListedFile:
    """A line of the list: a path below the address, and its SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Downloaded:
    """What was done: files fetched, files that were there already, and bytes that came over the line."""

    fetched: tuple[str, ...]
    kept: tuple[str, ...]
    n_bytes: int


def parse_list(url: str, text: str) -> tuple[ListedFile, ...]:
    """Read a list of checksums.

    Parameters
    ----------
    url
        Where it comes from, for messages.
    text
        Its content.

    Raises
    ------
    DatasetError
        Where a line is no checksum and path, a path leads out of the folder, or one path has two checksums.
    """
    files: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise DatasetError(
                url, f"line {number}", line, "expected a SHA-256 and a path; is this a PhysioNet project?"
            )
        path, sha256 = match[2], match[1].lower()
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or "\\" in path or ":" in path or not path.isprintable():
            raise DatasetError(url, f"line {number}", path, "a path in the list must stay below its folder")
        if files.setdefault(path, sha256) != sha256:
            raise DatasetError(url, f"line {number}", path, "the list gives two checksums for it")
    if not files:
        raise DatasetError(url, "list of files", "empty", "is this a PhysioNet project?")
    return tuple(ListedFile(path, sha256) for path, sha256 in files.items())


def choose_files(url: str, files: Sequence[ListedFile], patterns: Sequence[str]) -> tuple[ListedFile, ...]:
    """Keep the files whose path or name fits one of the patterns.

    Raises
    ------
    DatasetError
        Where none does.
    """
    chosen = tuple(
        file
        for file in files
        if any(
            fnmatchcase(file.path, pattern) or fnmatchcase(PurePosixPath(file.path).name, pattern)
            for pattern in patterns
        )
    )
    if not chosen:
        hint = f"none of the {len(files)} files fits; they are such as {files[0].path}"
        raise DatasetError(url, "subset", ", ".join(patterns), hint)
    return chosen


def list_remote(
    name: str, *, url: str | None = None, subset: str | None = None, retries: RetryPolicy | None = None
) -> tuple[str, tuple[ListedFile, ...]]:
    """Fetch the list of a data set's files.

    Parameters
    ----------
    name
        One of :data:`eegvlm.lab.datasets.DATASETS` that is open.
    url
        Another address than the data set's own, for a mirror.
    subset
        A pattern for paths or names (``SC40*``, ``sleep-cassette/*``), among the files that hold nights; all of these
        where None.
    retries
        Patience and pauses.

    Returns
    -------
    url, files
        The address used, which ends in a slash, and the files.

    Raises
    ------
    DatasetError
        Where the data set is not open, or its list cannot be had or read.
    """
    info = DATASETS.get(name)
    open_sets = ", ".join(dataset.name for dataset in DATASETS.values() if dataset.download)
    if info is None:
        raise DatasetError("data set", "name", name, f"choose one of {open_sets}")
    if info.download is None:
        hint = f"it cannot be fetched from here ({info.licence}): see {info.where}; open sets are {open_sets}"
        raise DatasetError(name, "download", "not open", hint)
    base = (url or info.download.url).rstrip("/") + "/"
    files = parse_list(base + LIST, Fetcher(retries).text(base + LIST))
    files = choose_files(base + LIST, files, info.download.patterns)
    return base, files if subset is None else choose_files(base + LIST, files, (subset,))


def download(
    base: str,
    files: Sequence[ListedFile],
    out: Path,
    *,
    retries: RetryPolicy | None = None,
    progress: Progress | None = None,
) -> Downloaded:
    """Fetch files that a list names.

    Parameters
    ----------
    base
        The address; paths are below it.
    files
        From :func:`list_remote`.
    out
        The folder; made where it is not there. Paths below it are those of the list.
    retries
        Patience and pauses.
    progress
        Called with a file's path, the bytes that are there, and the bytes of the whole file (None where unknown).

    Returns
    -------
    Downloaded

    Raises
    ------
    DatasetError
        At the first file that cannot be had, does not fit its checksum, or is there already with another content.
    InputError
        Where one cannot be written.
    """
    retries = retries or RetryPolicy()
    fetcher = Fetcher(retries)
    fetched: list[str] = []
    present: list[str] = []
    n_bytes = 0
    with _alone(out):
        for file in files:
            target = out / file.path
            if target.exists():
                _keep(target, file)
                present.append(file.path)
                continue
            if fetched:
                time.sleep(retries.pause_s)
            report = None if progress is None else _naming(progress, file.path)
            make_folder(target.parent)
            n_bytes += fetcher.file(base + quote(file.path), target, file.sha256, report)
            fetched.append(file.path)
    return Downloaded(tuple(fetched), tuple(present), n_bytes)


def _naming(progress: Progress, path: str) -> Callable[[int, int | None], None]:
    return lambda done, total: progress(path, done, total)


def _keep(target: Path, file: ListedFile) -> None:
    if not target.is_file() or sha256_of(target) != file.sha256:
        hint = "it is another file than the listed one: move it away to fetch that one"
        raise DatasetError(target, "checksum", "not the listed one", hint)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep a second download out of the same folder: two writers would mix their bytes."""
    make_folder(out)
    try:
        import fcntl
    except ImportError:
        # Windows lets no two processes rename and write one file, so the second one stops by itself.
        yield
        return
    handle = os.open(out, os.O_RDONLY)
    try:
        # Where a file system knows no locks there is nothing to do; checksums still find mixed bytes.
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "another download is writing there: wait for it, or choose another folder"
            raise DatasetError(out, "folder", "in use", hint) from None
        except OSError:
            pass
        yield
    finally:
        os.close(handle)
