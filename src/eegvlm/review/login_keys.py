"""Keys by which an open window finds its server again: kept for this user alone, outside the results.

One file for each work list and port, in ``eegvlm/review`` of ``$XDG_STATE_HOME``, ``%LOCALAPPDATA%`` or
``~/.local/state`` (folder 0700, file 0600). Results are shared, so nothing of it lies there. *Close* takes the file
away; one that nobody used for a week counts no more. What a key can do, and cannot: :mod:`.relogin`.

Not covered: a home that cannot be written. Review works there, and an open window does not outlive its server.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from eegvlm import __version__
from eegvlm.core.files import make_folder, replacing
from eegvlm.errors import InputError

_KEY_BYTES = 32
_VALID_S = 7 * 86400.0
_SUFFIX = ".key"


class LoginKeys:
    """The keys of one work list, one for each port on which it was served.

    Parameters
    ----------
    folders, scoring, channels
        What is reviewed, as in :func:`.server.serve`. A window shows these nights by number and these rows, so with
        other ones, or another version, it must be opened anew: they have other keys.
    """

    def __init__(
        self, folders: Sequence[Path], scoring: Path | None, channels: Mapping[str, str | Sequence[str]] | None
    ) -> None:
        nights = [str(folder.resolve()) for folder in folders]
        file = None if scoring is None else str(scoring.resolve())
        reviewed = json.dumps([__version__, nights, file, dict(channels or {})], sort_keys=True)
        self._name = sha256(reviewed.encode()).hexdigest()[:32]

    def ports(self) -> list[int]:
        """Return the ports of which there is a key, the last one used first."""
        files = [file for file in _folder().glob(f"{self._name}-*{_SUFFIX}") if _read(file) is not None]
        newest_first = sorted(files, key=lambda file: -file.stat().st_mtime)
        return [int(file.stem.rpartition("-")[2]) for file in newest_first]

    def keep(self, port: int) -> bytes:
        """Return the key of a port, 32 bytes: the one of the server before, or a new one."""
        file = self._file(port)
        key = _read(file) or secrets.token_bytes(_KEY_BYTES)
        try:
            make_folder(file.parent).chmod(0o700)
            with replacing(file) as path:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                    stream.write(key.hex())
        except (InputError, OSError):
            pass  # nothing but a window's life after its server depends on it
        return key

    def void(self, port: int) -> None:
        """Take the key of a port away: its server was ended on purpose."""
        self._file(port).unlink(missing_ok=True)

    def _file(self, port: int) -> Path:
        return _folder() / f"{self._name}-{port}{_SUFFIX}"


def _folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "eegvlm" / "review"


def _read(file: Path) -> bytes | None:
    """Return a key; None where there is none, it is too old, or others can read or could have written it."""
    try:
        status = file.lstat()
        key = bytes.fromhex(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    is_private = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and status.st_mode & 0o177077 == 0o100000)
    is_recent = abs(time.time() - status.st_mtime) < _VALID_S
    return key if is_private and is_recent and len(key) == _KEY_BYTES else None
