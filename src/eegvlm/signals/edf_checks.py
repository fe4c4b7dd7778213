"""What a file really is, and whether the bytes of an EDF file are all there and in their places."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

import numpy as np

from eegvlm.signals.edf_header import EdfHeader
from eegvlm.signals.problems import Problem, RecordingError

_AGAIN = "download or copy the recording itself"
# First bytes -> what it is; the remedy.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the recording",
        "run 'git lfs pull' in its repository",
    ),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first, for example with gunzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive", "unpack it first"),
    (b"Rar!", "a rar archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it first"),
    (b"%PDF", "a PDF document", "give the recording instead"),
    (b"\x89PNG", "a PNG picture", "give the recording instead"),
    (b"\x89HDF", "an HDF5 or MATLAB 7.3 file", "export the recording as EDF"),
    (b"MATLAB", "a MATLAB file", "export the recording as EDF"),
    (b"SQLite", "a database", "export the recording as EDF"),
    (b"GDF ", "a GDF file", "install the mne extra (pip install 'eeg-vlm[mne]') and name it .gdf"),
)
_PROBED_BYTES = 1 << 19


def explain_foreign(path: str, head: bytes) -> RecordingError:
    """Say what a file that is no EDF is.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes.

    Returns
    -------
    RecordingError
        To be raised.
    """
    if not head:
        return RecordingError(path, "file", "empty (0 bytes)", "copy it again from its origin")
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            return RecordingError(path, "content", what, remedy)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start[:512]:
        what = "a web page, saved instead of the recording"
        return RecordingError(path, "content", what, f"{_AGAIN} (a log-in or an error page was saved)")
    if start.startswith(b"<?xml"):
        return RecordingError(path, "content", "an XML file, perhaps a scoring", "give the recording instead")
    if not any(head):
        return RecordingError(path, "content", "nothing but zero bytes", _AGAIN)
    if _is_text(head):
        return RecordingError(path, "content", "plain text, no signals", "give the recording (EDF, BDF) instead")
    return RecordingError(
        path,
        "content",
        "no EDF or BDF header",
        "give an EDF or BDF file, or another format under its usual name with the mne extra installed",
    )


def explain_missing(path: Path) -> RecordingError | None:
    """Say why a path is no readable file, or None if it is one."""
    if path.is_dir():
        return RecordingError(path, "file", "a directory", "give one recording file in it")
    if not path.exists():
        return RecordingError(path, "file", "not found", "check the path")
    if not path.is_file():
        return RecordingError(path, "file", "no regular file", "give a recording file")
    if not os.access(path, os.R_OK):
        return RecordingError(path, "file", "not readable", "ask for permission to read it")
    return None


def count_records(path: str, file: FileIO, header: EdfHeader, size: int) -> tuple[int, list[Problem]]:
    """Compare the file's size with its header and decide how many data records are used.

    Parameters
    ----------
    path, file, size
        The file, open, and its size in bytes.
    header
        What its header says.

    Returns
    -------
    records, problems
        Number of whole data records; what to tell the user.

    Raises
    ------
    RecordingError
        Where bytes were inserted or lost inside the data, or no whole record is there.
    """
    data_bytes = size - header.header_bytes
    whole, rest = divmod(data_bytes, header.record_bytes)
    stated = header.n_records
    if rest or (stated > 0 and whole != stated):
        _refuse_damage(path, file, header, size)
    if whole == 0:
        raise RecordingError(
            path,
            "data records",
            f"{data_bytes} of {header.record_bytes} bytes of the first",
            "the file is cut off before its first data record ends; copy it again",
        )
    if stated == whole and not rest:
        return whole, []
    minutes = float(whole * header.record_s / 60)
    incomplete = "; an incomplete last one is not used" if rest else ""
    if stated <= 0:
        message = f"the recorder did not write the number of data records: {whole} are there{incomplete}"
        return whole, [Problem("record-count-unknown", message)]
    if whole < stated:
        missing = float((stated - whole) * header.record_s / 60)
        message = (
            f"the file is cut off: {whole} of the {stated} data records in its header are there, "
            f"{minutes:.1f} min; {missing:.1f} min are missing{incomplete}"
        )
        return whole, [Problem("truncated-file", message)]
    if rest:
        message = f"{data_bytes - stated * header.record_bytes} bytes follow the last data record; they are not read"
        return stated, [Problem("trailing-bytes", message)]
    message = f"the header counts {stated} data records, the file holds {whole}; all of them are read"
    return whole, [Problem("more-records", message)]


def _is_text(head: bytes) -> bool:
    try:
        text = head[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head[:4096]) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(char.isprintable() or char in "\r\n\t\f" for char in text)


def _refuse_damage(path: str, file: FileIO, header: EdfHeader, size: int) -> None:
    hint = "a transfer in text mode changes line ends; transfer it again in binary mode"
    line_ends = pairs = 0
    for start in {header.header_bytes, max(header.header_bytes, size - _PROBED_BYTES)}:
        file.seek(start)
        chunk = file.read(_PROBED_BYTES)
        line_ends += chunk.count(b"\n")
        pairs += chunk.count(b"\r\n")
    # In samples a CR stands before an LF by chance only, about once in 256.
    if line_ends >= 64 and pairs == line_ends:
        raise RecordingError(path, "data", "every LF byte has become CR LF", hint)
    shifted, probed = _count_shifted(file, header, size)
    if shifted >= 3 and shifted >= 0.1 * probed:
        raise RecordingError(
            path, "data", f"bytes are missing or added: {shifted} of {probed} places are out of step", hint
        )


def _count_shifted(file: FileIO, header: EdfHeader, size: int) -> tuple[int, int]:
    """Count the places where samples become much smoother when read one byte later."""
    width = header.sample_bytes
    signal = max((s for s in header.signals if not s.is_annotation), key=lambda s: s.samples)
    records = (size - header.header_bytes) // header.record_bytes
    shifted = probed = 0
    for record in np.unique(np.linspace(0, max(0, records - 1), 64).astype(int)):
        file.seek(header.header_bytes + int(record) * header.record_bytes + signal.offset * width)
        chunk = file.read(min(signal.samples, 1000) * width)
        usable = len(chunk) // width - 2
        if usable < 16:
            continue
        roughness = []
        for shift in range(width):
            grid = np.frombuffer(chunk, np.uint8, usable * width, offset=shift).reshape(usable, width)
            # The two upper bytes decide; the third one of BDF is below the noise.
            pair = np.ascontiguousarray(grid[:, -2:]).view("<i2").ravel().astype(np.int32)
            roughness.append(float(np.median(np.abs(np.diff(pair)))))
        probed += 1
        shifted += 4 * min(roughness[1:]) + 8 < roughness[0]
    return shifted, probed
