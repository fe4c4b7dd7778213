"""The one rule for temporary names: ``.<name>.<process>.partial``.

They are hidden and different in every process, also in two containers that share a folder and count processes from 1.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

SUFFIX = ".partial"
_LONGEST_NAME = 200  # bytes; the rest of the 255 that file systems allow is for what a temporary name adds
_PROCESS = secrets.token_hex(3)


def temporary_path(path: Path) -> Path:
    """Return the name that a file or folder has while this process writes it."""
    name = path.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = sha256(os.fsencode(name)).hexdigest()[:16]
    return path.with_name(f".{name}.{os.getpid()}-{_PROCESS}{SUFFIX}")


def remove_unfinished(path: Path) -> None:
    """Remove what killed processes left of a file or folder. Only for one that no other process writes now."""
    if path.parent.is_dir():
        left = re.compile(rf"\.{re.escape(path.name)}\.\d+-[0-9a-f]+{re.escape(SUFFIX)}")
        for entry in path.parent.iterdir():
            if left.fullmatch(entry.name):
                discard(entry)


def holds_nothing(folder: Path, *but: str) -> bool:
    """Tell whether a folder has no entry other than these and what killed processes left unfinished."""
    return all(entry.name in but or entry.name.endswith(SUFFIX) for entry in folder.iterdir())


def discard(path: Path) -> None:
    """Remove a file, or a folder with its contents, if it exists and can be removed."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
