"""One more signal of annotations in a copy of an EDF or BDF file, record by record.

Every byte of the other signals is copied. A file that has no annotations becomes EDF+C or BDF+C, whose patient and
recording fields have subfields (EDF+ 2.1.3.3); what stood there is kept as the last of them. edfio is not used for
this: it refuses records of some lengths with annotations, and leaves a plain header plain. Not covered: files with
gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from edfio import EdfAnnotation

_FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # widths of a signal's header fields, in their order
_BLOCK_BYTES = 1 << 24
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class RecordLayout:
    """How the bytes of a file lie.

    Attributes
    ----------
    header
        The whole header.
    samples
        Samples of each signal in a record.
    sample_bytes
        2 in EDF, 3 in BDF.
    n_records
        Whole records in the file.
    has_annotations
        Whether it has a signal of annotations.
    """

    header: bytes
    samples: tuple[int, ...]
    sample_bytes: int
    n_records: int
    has_annotations: bool

    @property
    def record_bytes(self) -> int:
        """Bytes of a record."""
        return sum(self.samples) * self.sample_bytes

    @property
    def record_s(self) -> float:
        """Seconds of a record."""
        return float(self.header[244:252])

    @classmethod
    def of(cls, file: BinaryIO, size: int) -> RecordLayout:
        """Read the layout of an open file of a known size in bytes.

        Raises
        ------
        ValueError
            If a number in the header is none.
        """
        main = file.read(256)
        count = int(main[252:256])
        header = main + file.read(256 * count)
        at = 256 + count * sum(_FIELDS[:8])
        samples = tuple(int(header[at + 8 * k : at + 8 * k + 8]) for k in range(count))
        sample_bytes = 3 if main.startswith(b"\xff") else 2
        labels = [header[256 + 16 * k : 272 + 16 * k].strip() for k in range(count)]
        annotated = any(label in (b"EDF Annotations", b"BDF Annotations") for label in labels)
        n_records = (size - len(header)) // (sum(samples) * sample_bytes)
        return cls(header, samples, sample_bytes, n_records, annotated)


def write_with_annotations(
    recording: Path, target: Path, annotations: Sequence[EdfAnnotation], *, day: date | None
) -> None:
    """Write a copy of a recording that has one more signal, of these annotations.

    Parameters
    ----------
    recording
        An EDF or BDF file without gaps.
    target
        The copy.
    annotations
        Onsets in seconds after the time in the header.
    day
        The recording's date for the recording field, where the file has none of EDF+; None if it is not known.

    Raises
    ------
    ValueError
        If a number in the header is none, or the file holds no record.
    """
    with recording.open("rb") as source, target.open("wb") as copy:
        layout = RecordLayout.of(source, recording.stat().st_size)
        if layout.n_records < 1 or layout.record_s <= 0:
            raise ValueError("no data record")
        chunks = _chunks(layout, annotations)
        copy.write(_header(layout, len(chunks[0]) // layout.sample_bytes, day))
        step = max(1, _BLOCK_BYTES // layout.record_bytes)
        for first in range(0, layout.n_records, step):
            count = min(step, layout.n_records - first)
            records = np.frombuffer(source.read(count * layout.record_bytes), np.uint8).reshape(count, -1)
            added = np.frombuffer(b"".join(chunks[first : first + count]), np.uint8).reshape(count, -1)
            copy.write(np.concatenate([records, added], axis=1).tobytes())


def _chunks(layout: RecordLayout, annotations: Iterable[EdfAnnotation]) -> list[bytes]:
    """Return the bytes of the new signal in each record, all equally many."""
    texts = [b"" if layout.has_annotations else _timekeeping(k, layout.record_s) for k in range(layout.n_records)]
    for annotation in annotations:
        record = min(max(0, int(annotation.onset // layout.record_s)), layout.n_records - 1)
        texts[record] += _list(annotation)
    width = -(-max(1, *map(len, texts)) // layout.sample_bytes) * layout.sample_bytes
    return [text.ljust(width, b"\0") for text in texts]


def _timekeeping(record: int, record_s: float) -> bytes:
    return f"+{_decimal(record * record_s)}\x14\x14\0".encode()


def _list(annotation: EdfAnnotation) -> bytes:
    """Return a time-stamped annotations list (EDF+ 2.2.2)."""
    sign = "+" if annotation.onset >= 0 else "-"
    length = "" if annotation.duration is None else f"\x15{_decimal(annotation.duration)}"
    return f"{sign}{_decimal(abs(annotation.onset))}{length}\x14{annotation.text}\x14\0".encode()


def _decimal(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _header(layout: RecordLayout, samples: int, day: date | None) -> bytes:
    """Return the header of the copy: one more signal, and the marks of EDF+ where they are missing."""
    main, count = bytearray(layout.header[:256]), len(layout.samples)
    is_bdf = layout.sample_bytes == 3
    main[184:192] = str(256 * (count + 2)).encode().ljust(8)
    main[236:244] = str(layout.n_records).encode().ljust(8)
    main[252:256] = str(count + 1).encode().ljust(4)
    if not layout.has_annotations:
        main[8:88] = _patient(bytes(main[8:88]))
        main[88:168] = _recording(bytes(main[88:168]), day)
        main[192:236] = (b"BDF+C" if is_bdf else b"EDF+C").ljust(44)
    low, high = (b"-8388608", b"8388607") if is_bdf else (b"-32768", b"32767")
    label = b"BDF Annotations" if is_bdf else b"EDF Annotations"
    values = (label, b"", b"", b"-1", b"1", low, high, b"", str(samples).encode(), b"")
    fields, at = [], 256
    for width, value in zip(_FIELDS, values, strict=True):
        fields.append(layout.header[at : at + width * count] + value.ljust(width))
        at += width * count
    return bytes(main) + b"".join(fields)


def _patient(field: bytes) -> bytes:
    """Return the patient field with the subfields code, sex, birthdate and name."""
    words = field.split()
    if len(words) >= 4 and words[1] in (b"M", b"F", b"X"):
        return field
    return (b"X X X " + (b"_".join(words) or b"X"))[:80].ljust(80)


def _recording(field: bytes, day: date | None) -> bytes:
    """Return the recording field with the subfields Startdate, date, code, technician and equipment."""
    words = field.split()
    if len(words) >= 5 and words[0] == b"Startdate":
        return field
    text = b"X" if day is None else f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year}".encode()
    return (b"Startdate " + text + b" X X " + (b"_".join(words) or b"X"))[:80].ljust(80)
