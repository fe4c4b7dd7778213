"""Recordings on what fsspec reaches: listed by their URLs, copied to the worker's disk while they are staged.

Not covered: scorings beside such recordings; they are not compared with.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from posixpath import commonpath
from typing import Any

from eegvlm.errors import InputError
from eegvlm.lab.cohort.night import CohortNight
from eegvlm.lab.cohort.remote_output import file_system, is_url
from eegvlm.lab.datasets.beside import SCORING_ENDING


def remote_nights(url: str, suffixes: tuple[str, ...]) -> list[CohortNight]:
    """List the recordings below a URL, or those that a pattern in it fits.

    Files that are named like an exported scoring (``-Hypnogram.edf``) are left out.

    Raises
    ------
    InputError
        If it cannot be listed.
    """
    system, root = file_system(url)
    is_pattern = any(sign in root for sign in "*?[")
    try:
        listing: dict[str, Any] = (system.glob if is_pattern else system.find)(root, detail=True)
    except Exception as error:  # every store has exceptions of its own
        hint = "check the address, the credentials and that the bucket exists"
        raise InputError(url, "input", error, hint) from error
    files = {
        path: info
        for path, info in listing.items()
        if info.get("type") == "file"
        and path.lower().endswith(suffixes)
        and SCORING_ENDING.fullmatch(PurePosixPath(path).stem) is None
    }
    folder = commonpath([path.rpartition("/")[0] for path in files]) if is_pattern and files else root
    stems = Counter(path.rpartition(".")[0] for path in files)

    def name(path: str) -> str:
        stem = path.rpartition(".")[0]
        return (path if stems[stem] > 1 else stem).removeprefix(folder).lstrip("/")

    return [
        CohortNight(
            name=name(path),
            recording=system.unstrip_protocol(path),
            stamp=f"{info.get('size')} {info.get('ETag') or info.get('mtime') or info.get('LastModified')}",
        )
        for path, info in sorted(files.items())
    ]


@contextmanager
def local_copy(recording: str) -> Iterator[Path]:
    """Give the path of a recording on this machine; a copy of a remote one is removed at the end."""
    if not is_url(recording):
        yield Path(recording)
        return
    system, path = file_system(recording)
    with tempfile.TemporaryDirectory(prefix="eegvlm-") as folder:
        file = Path(folder) / PurePosixPath(path).name
        system.get_file(path, str(file))
        yield file
