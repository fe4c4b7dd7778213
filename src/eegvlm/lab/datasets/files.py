"""The files under a data set's root."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from eegvlm.lab.datasets.problems import DatasetError, DatasetProblem

PARTIAL_SUFFIX = ".part"


@dataclass(frozen=True)
class Listing:
    """The files under a root, and what there could not be looked at."""

    files: tuple[Path, ...]
    problems: tuple[DatasetProblem, ...]


def list_files(root: Path) -> Listing:
    """List every file under a folder, through links, in the order of their names with numbers counted.

    Hidden files and the ``._`` twins that macOS writes are left out. Folders that cannot be read, and pipes, sockets
    and devices, at which a reader would wait for ever, are among the problems.

    Raises
    ------
    DatasetError
        Where there is no such folder, or it cannot be read.
    """
    if not root.is_dir():
        reason = "not a folder" if root.exists() else "not found"
        raise DatasetError(root, "data set's root", reason, "give the folder into which the data set was unpacked")
    files: list[Path] = []
    problems: list[DatasetProblem] = []
    visited: set[str] = set()

    def cannot_read(error: OSError) -> None:
        folder = Path(error.filename)
        if folder == root:
            raise DatasetError(root, "data set's root", error.strerror, "make it readable") from error
        message = f"{shown(folder, root)}: {error.strerror}: nothing in this folder is used; make it readable"
        problems.append(DatasetProblem("unreadable-folder", message))

    for folder, folders, names in os.walk(root, onerror=cannot_read, followlinks=True):
        # A link to a folder above would lead round for ever.
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            if _is_special(path):
                message = f"{shown(path, root)}: a pipe, socket or device and no file; it is not used"
                problems.append(DatasetProblem("no-file", message, None, "warning"))
            else:
                files.append(path)
    return Listing(tuple(sorted(files, key=lambda path: natural(path.as_posix()))), tuple(problems))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``night 9`` before ``night 10``."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def shown(path: Path, root: Path) -> str:
    """Write a path as messages do: relative to the data set's root."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def fingerprint(path: Path) -> str:
    """Hash a file's size and three pieces of it: equal where two files hold the same recording.

    A file that cannot be read equals no other.
    """
    piece = 1 << 16
    try:
        size = path.stat().st_size
        digest = hashlib.blake2b(str(size).encode(), digest_size=16)
        with path.open("rb") as file:
            for start in (0, size // 2, max(0, size - piece)):
                file.seek(start)
                digest.update(file.read(piece))
    except OSError:
        return f"unreadable {path}"
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Hash a whole file: 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # a link that leads nowhere is a file that is missing: whoever opens it says so
    return not stat.S_ISREG(mode)
