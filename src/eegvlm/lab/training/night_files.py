"""Arrays of training nights on disk: a file a night and version, each computed once however often a run is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import make_folder, replacing

Array = npt.NDArray[Any]


def write_array(file: Path, values: Array) -> None:
    """Write a ``.npy`` file; it appears whole or not at all."""
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, values)


def night_files(
    keys: Sequence[str],
    versions: Sequence[int],
    folder: Path,
    compute: Callable[[int, int], Array],
    *,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> list[list[Path]]:
    """Compute an array for every version of every night, where its file is not there yet.

    Parameters
    ----------
    keys, versions
        The nights' names, and how many versions each has.
    folder
        Made where it does not exist.
    compute
        Called with the places of a night and of a version.
    progress
        Wraps the list of nights.

    Returns
    -------
    list of list of Path
        By night, one file a version.
    """
    make_folder(folder)
    files = [[folder / f"{key}-{k}.npy" for k in range(count)] for key, count in zip(keys, versions, strict=True)]
    for night in progress(list(range(len(files)))):
        for version, file in enumerate(files[night]):
            if not file.is_file():
                write_array(file, compute(night, version))
    return files
