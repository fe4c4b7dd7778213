"""The one writer of files: a file is written whole or not at all, and outputs are checked before the work.

Notable
-------
- A file is written under a temporary name in its own folder (:mod:`.temporary_names`), flushed to the disk and then
  renamed. A process that is killed half-way leaves the file that was there before it.
- An output that cannot be made is one :class:`~eegvlm.errors.InputError`, which names the path, the reason and the
  remedy (:mod:`.output_errors`).
- A file that may not be written is not replaced either, although the system would allow it. A link is replaced, not
  what it leads to.

Not covered: files that grow (the journal of a build, a log, a download that goes on where it stopped). Their writers
put :func:`.output_errors.output_errors` around the system calls, so that they say the same things.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from eegvlm.core.output_errors import check_replaceable, output_errors
from eegvlm.core.temporary_names import discard, temporary_path
from eegvlm.errors import InputError


def write_text(file: str | os.PathLike[str], text: str, *, errors: str = "strict") -> None:
    r"""Write a text file in UTF-8 with ``\n`` at the ends of lines, whole or not at all.

    Parameters
    ----------
    file
        In a folder that exists; a file of this name is replaced.
    text
        Its content.
    errors
        What happens to lone surrogates, as in :meth:`str.encode`.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_bytes(file, text.encode("utf-8", errors))


def write_bytes(file: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, whole or not at all.

    Parameters
    ----------
    file
        In a folder that exists; a file of this name is replaced.
    content
        Its bytes.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_together({Path(file): content})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: all are on the disk before the first takes its place.

    Parameters
    ----------
    contents
        Bytes by file, in the order in which the files take their places.

    Raises
    ------
    InputError
        If one cannot be written; those that were there are not changed then.
    """
    temporary = {file: temporary_path(file) for file in contents}
    try:
        for file, content in contents.items():
            with output_errors(file):
                check_replaceable(file)
                temporary[file].write_bytes(content)
                _flush(temporary[file])
        for file in contents:
            with output_errors(file):
                os.replace(temporary[file], file)  # noqa: PTH105 (atomic on every system)
    finally:
        for left in temporary.values():
            discard(left)


@contextmanager
def replacing(file: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a library a temporary path to write to; the file takes its place when the block ends without an error.

    Parameters
    ----------
    file
        In a folder that exists; a file of this name is replaced.

    Yields
    ------
    Path
        It ends in ``.partial``, so a library must not choose the format by the name, or add an ending to it.

    Raises
    ------
    InputError
        If it cannot be written. Any error in the block leaves the file as it was, and nothing beside it.

    Examples
    --------
    >>> with replacing("epochs.npy") as path, path.open("wb") as stream:  # doctest: +SKIP
    ...     np.save(stream, epochs)
    """
    file = Path(file)
    temporary = temporary_path(file)
    with output_errors(file):
        check_replaceable(file)
        try:
            yield temporary
            _flush(temporary)
            os.replace(temporary, file)  # noqa: PTH105 (atomic on every system)
        finally:
            discard(temporary)


@contextmanager
def replacing_folder(folder: str | os.PathLike[str], *, last: str = "") -> Iterator[Path]:
    """Give a temporary folder to fill, which becomes the folder when the block ends without an error.

    Parameters
    ----------
    folder
        Its parent exists. Where it exists itself (it may be a mounted one), the new entries are moved into it and
        replace those of the same name; others stay.
    last
        The entry whose presence says that all are there. It is removed from a folder that exists before the new
        entries come, and moved last.

    Yields
    ------
    Path
        An empty folder.

    Raises
    ------
    InputError
        If it cannot be written. An error in the block leaves the folder as it was, and nothing beside it.
    """
    folder = Path(folder)
    with output_errors(folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
        exists = folder.is_dir()
        temporary = temporary_path(folder / "entries") if exists else temporary_path(folder)
        try:
            discard(temporary)
            temporary.mkdir()
            yield temporary
            if exists:
                _move_entries(temporary, folder, last)
            else:
                os.replace(temporary, folder)  # noqa: PTH105 (atomic on every system)
        finally:
            discard(temporary)


def make_folder(folder: str | os.PathLike[str]) -> Path:
    """Make a folder and those above it, where they do not exist.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    folder = Path(folder)
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_output_file(path: str | os.PathLike[str], *, overwrite: bool = True, needs_bytes: int = 0) -> None:
    """Refuse, before the work, a file that could not be written after it. Nothing stays behind.

    Parameters
    ----------
    path
        The file. Its folder must exist.
    overwrite
        Whether a file of this name may be replaced.
    needs_bytes
        How much room it will take, where that is known.

    Raises
    ------
    InputError
        If it cannot be written, exists and is to be kept, or does not fit on the disk.
    """
    path = Path(path)
    with output_errors(path):
        exists = check_replaceable(path)
        if exists and not overwrite:
            raise InputError(
                path,
                "output",
                "exists already",
                "choose another name, or replace it with --overwrite (in Python, overwrite=True)",
            )
        if not path.parent.is_dir():
            wrong = errno.ENOTDIR if path.parent.exists() else errno.ENOENT
            raise OSError(wrong, os.strerror(wrong), str(path))
        _try_to_write(path, path.parent, path.parent)
        _check_room(path, path.parent, needs_bytes)


def check_output_folder(path: str | os.PathLike[str], *, files: Iterable[str] = (), needs_bytes: int = 0) -> None:
    """Refuse, before the work, a folder that could not be made or filled after it. Nothing stays behind.

    Parameters
    ----------
    path
        The folder; it and those above it need not exist.
    files
        Names of the files that will be written into it.
    needs_bytes
        How much room they will take, where that is known.

    Raises
    ------
    InputError
        If it is a file, lies below a file, cannot be written, holds folders where the files are to be, or the disk has
        too little room.
    """
    path = Path(path)
    with output_errors(path):
        existing = next((ancestor for ancestor in (path, *path.parents) if os.path.lexists(ancestor)), Path())
        if not existing.is_dir():
            wrong = errno.EEXIST if existing == path else errno.ENOTDIR
            raise OSError(wrong, os.strerror(wrong), str(path))
        for file in (path / name for name in files):
            with output_errors(file):
                check_replaceable(file)
        _try_to_write(path, path, existing)
        _check_room(path, existing, needs_bytes)


def _check_room(path: Path, existing: Path, needs_bytes: int) -> None:
    if needs_bytes and (free := shutil.disk_usage(existing).free) < needs_bytes:
        hint = f"{needs_bytes / 1e6:.0f} MB are needed: free space there, or choose a place on another disk"
        raise InputError(path, "free space", f"{free / 1e6:.0f} MB", hint)


def _try_to_write(path: Path, folder: Path, existing: Path) -> None:
    """Write a byte where a folder is to be, under a temporary name: permission bits do not tell all.

    What does not exist yet is made inside a temporary folder, so that another process which needs the same folder
    never finds it there and then gone.
    """
    probe = temporary_path(existing / "probe")
    try:
        if folder == existing:
            probe.write_bytes(b"\n")
        else:
            (probe / folder.relative_to(existing)).mkdir(parents=True)
    except FileNotFoundError as error:  # /proc says so
        raise InputError(path, "output", "nothing can be created there", "choose another folder") from error
    finally:
        discard(probe)


def _move_entries(source: Path, folder: Path, last: str) -> None:
    if last:
        (folder / last).unlink(missing_ok=True)
    for entry in sorted(source.iterdir(), key=lambda entry: (entry.name == last, entry.name)):
        place = folder / entry.name
        if entry.is_dir() and place.is_dir():
            shutil.rmtree(place)
        os.replace(entry, place)  # noqa: PTH105 (atomic on every system)


def _flush(file: Path) -> None:
    """Wait until a file's bytes are on the disk: a rename may reach it earlier."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
