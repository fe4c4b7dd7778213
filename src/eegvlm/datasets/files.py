"""The files under a data set's root."""

from __future__ import annotations

import os
import re
from pathlib import Path

from eegvlm.datasets.problems import DatasetError

PARTIAL_SUFFIX = ".part"


def list_files(root: Path) -> tuple[Path, ...]:
    """List every file under a folder, through links, in the order of their names with numbers counted.

    Hidden files and the ``._`` twins that macOS writes are left out.

    Raises
    ------
    DatasetError
        Where there is no such folder.
    """
    if not root.is_dir():
        found = "not a folder" if root.exists() else "not found"
        raise DatasetError(root, "data set's root", found, "give the folder into which the data set was unpacked")
    found_files = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        # A link to a folder above would lead round for ever.
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found_files += [Path(folder, name) for name in names if not name.startswith(".")]
    return tuple(sorted(found_files, key=lambda path: natural(path.as_posix())))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``night 9`` before ``night 10``."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
