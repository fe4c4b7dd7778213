"""Text files that are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from eegvlm.epochs.problems import StoreError

DISK = "free space, or name a folder that can be written; then run it again"


def write_whole(file: Path, text: str) -> None:
    """Write a text file under another name and give it its own when it is complete.

    Raises
    ------
    StoreError
        Where it cannot be written.
    """
    partial = partial_of(file)
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)  # noqa: PTH105 (atomic on every system)
    except OSError as error:
        raise StoreError(file, "writing", error.strerror or error, DISK) from error


def partial_of(file: Path) -> Path:
    """Return the name that a file has while this process writes it."""
    return file.with_name(f".{file.name}.{os.getpid()}.partial")


def holds_nothing(folder: Path, *but: str) -> bool:
    """Tell whether a folder has no entry other than these and what a killed run left unfinished."""
    return all(entry.name in but or entry.name.endswith(".partial") for entry in folder.iterdir())
