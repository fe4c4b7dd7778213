"""What the system says about an output that cannot be written, as one sentence with a remedy."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eegvlm.core.temporary_names import SUFFIX
from eegvlm.errors import InputError

_REMEDIES = {
    errno.EACCES: ("permission denied", "choose a place where you may write"),
    errno.EPERM: ("permission denied", "choose a place where you may write"),
    errno.EROFS: ("the file system is read-only", "choose a place on another one"),
    errno.ENOSPC: ("no space left on the disk", "free space there, or choose a place on another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free space there, or choose a place on another disk"),
    errno.EFBIG: ("too large for this file system or the limits of this user", "choose a place on another disk"),
    errno.ENOTDIR: ("a part of this path is a file, not a folder", "choose another path"),
    errno.EISDIR: ("there is a folder of this name", "name a file"),
    errno.EEXIST: ("there is a file of this name", "name a folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.ENOENT: ("the folder does not exist", "create it first"),
}


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn what the system says while an output is written into one sentence.

    Parameters
    ----------
    path
        The output. An error that names a file elsewhere is not about it and passes.

    Raises
    ------
    InputError
        In place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        if not _is_about(error, path):
            raise
        value, hint = _REMEDIES.get(
            error.errno or 0, (error.strerror or error, "make sure that it can be written and that the disk has room")
        )
        if error.errno == errno.ENOENT and path.parent.is_dir():
            value, hint = "nothing can be created there", "choose another folder"
        raise InputError(path, "output", value, hint) from error


def check_replaceable(file: Path) -> bool:
    """Return whether a file exists; refuse a folder, a device and a file that may not be written."""
    try:
        mode = os.lstat(file).st_mode
    except FileNotFoundError:
        return False
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise InputError(file, "output", "a device, pipe or socket", "name a file")
    if stat.S_ISREG(mode) and not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
    return True


def _is_about(error: OSError, path: Path) -> bool:
    """Tell whether an error names the output or a part of it, what lies in it, a folder above it, or no file."""
    if error.filename is None or isinstance(error.filename, int):
        return True
    named, output = (Path(os.path.abspath(os.fsdecode(name))) for name in (error.filename, path))  # noqa: PTH100
    return (
        output.is_relative_to(named)
        or named.is_relative_to(output)
        or any(part.endswith(SUFFIX) for part in named.parts)
        or (named.parent == output.parent and named.name.startswith(output.name))  # a download's .part
    )
