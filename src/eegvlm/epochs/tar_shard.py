"""A WebDataset shard: a tar whose bytes follow from its contents alone."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

from eegvlm.epochs.whole_file import partial_of


def write_tar(file: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a tar, whole or not at all.

    Parameters
    ----------
    file
        The tar.
    members
        Name and content, in order. Owner, time and rights are the same for all.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(file)
    try:
        with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in members:
                member = tarfile.TarInfo(name)
                member.size, member.mode, member.mtime = len(content), 0o644, 0
                tar.addfile(member, io.BytesIO(content))
        os.replace(partial, file)  # noqa: PTH105 (atomic on every system)
    finally:
        partial.unlink(missing_ok=True)
