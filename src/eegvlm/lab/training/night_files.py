"""Files of training nights: one a night and version, each computed once however often a run is killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.files import make_folder, replacing, write_text


def write_array(file: Path, values: npt.NDArray[Any]) -> None:
    """Write a ``.npy`` file; it appears whole or not at all."""
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, values)


def write_texts(file: Path, texts: list[str]) -> None:
    """Write a ``.json`` file of one text an epoch; it appears whole or not at all."""
    write_text(file, json.dumps(texts))


def read_texts(file: Path) -> list[str]:
    """Return what :func:`write_texts` wrote."""
    texts: list[str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


def version_names(keys: Sequence[str], versions: int | Sequence[int], suffix: str = ".npy") -> list[list[str]]:
    """Name the files of nights: by night, one a version.

    Parameters
    ----------
    keys
        The nights' names.
    versions
        How many each has, or all of them have.
    suffix
        Of the files.
    """
    counts = [versions] * len(keys) if isinstance(versions, int) else versions
    return [[f"{key}-{k}{suffix}" for k in range(count)] for key, count in zip(keys, counts, strict=True)]


def night_files(
    folder: Path,
    names: Sequence[Sequence[str]],
    compute: Callable[[int, int], Any],
    *,
    write: Callable[[Path, Any], None] = write_array,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
) -> list[list[Path]]:
    """Compute the file of every version of every night that does not exist yet.

    Parameters
    ----------
    folder
        Made where it does not exist.
    names
        By night, that of the file of each version.
    compute
        Called with the places of a night and of a version.
    write
        Writes what was computed.
    progress
        Wraps the list of nights.

    Returns
    -------
    list of list of Path
        By night, one file a version.
    """
    make_folder(folder)
    files = [[folder / name for name in versions] for versions in names]
    for night in progress(list(range(len(files)))):
        for version, file in enumerate(files[night]):
            if not file.is_file():
                write(file, compute(night, version))
    return files
