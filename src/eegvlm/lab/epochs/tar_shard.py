"""A WebDataset shard: a tar whose bytes follow from its contents alone."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from eegvlm.core.files import make_folder, replacing


def write_tar(file: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a tar, whole or not at all.

    Parameters
    ----------
    file
        The tar.
    members
        Name and content, in order. Owner, time and rights are the same for all.
    """
    make_folder(file.parent)
    with replacing(file) as temporary, tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o644, 0
            tar.addfile(member, io.BytesIO(content))
