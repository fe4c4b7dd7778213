"""What a night is made from, as one hash: another one, and the night is read again."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from eegvlm.lab.datasets import Night

_READ_WHOLE = 1 << 22


def source_digest(night: Night, root: Path) -> str:
    """Hash what decides a night's rows: its description, the sizes of its files, and what small files hold.

    Parameters
    ----------
    night
        With its scorer first and its wake crop.
    root
        The data set's folder; it may lie elsewhere the next time.

    Returns
    -------
    str
        64 hexadecimal digits. A recording that was replaced by one of the same size is not told apart.
    """
    described = repr(night).replace(repr(f"{root.as_posix()}/")[1:-1], "")
    digest = sha256(described.encode())
    scorings = [scoring.path for scoring in night.scorings if scoring.path is not None]
    for path in (*night.paths, *scorings):
        digest.update(_content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        return sha256(path.read_bytes()).digest() if size <= _READ_WHOLE else f"{size} bytes".encode()
    except OSError:
        return b"unreadable"
