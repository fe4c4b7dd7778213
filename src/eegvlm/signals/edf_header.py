"""The header of EDF and BDF, field by field.

The header is read here rather than by edfio because every field may be wrong in a way that must be named:
edfio (which stands behind writing, and behind the tests of this reader) refuses or repairs some and lets
others through. The patient's identification is skipped, not read.

Sources: Kemp et al. 1992, Electroencephalogr. Clin. Neurophysiol. 82:391-393; Kemp & Olivan 2003, Clin.
Neurophysiol. 114:1755-1761 (EDF+); BioSemi's description of BDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from eegvlm.signals.edf_numbers import read_duration, read_integer, read_number
from eegvlm.signals.edf_start import parse_start
from eegvlm.signals.labels import decode_field
from eegvlm.signals.length import LONGEST_S, check_length
from eegvlm.signals.problems import Problem, RecordingError

MAIN_BYTES = 256
_SIGNAL_FIELDS = (
    ("label", 16),
    ("transducer", 80),
    ("unit", 8),
    ("physical_min", 8),
    ("physical_max", 8),
    ("digital_min", 8),
    ("digital_max", 8),
    ("prefilter", 80),
    ("samples", 8),
    ("reserved", 32),
)
# The header has eight characters for it.
_MOST_RECORDS = 99_999_999


@dataclass(frozen=True)
class EdfSignal:
    """One signal's fields; a number that cannot be read is None."""

    label: str
    unit: str
    physical_min: float | None
    physical_max: float | None
    digital_min: int | None
    digital_max: int | None
    prefilter: str
    samples: int
    offset: int

    @property
    def is_annotation(self) -> bool:
        """Whether it holds EDF+ annotations instead of samples."""
        return self.label.upper() in ("EDF ANNOTATIONS", "BDF ANNOTATIONS")


@dataclass(frozen=True)
class EdfHeader:
    """What the header says.

    Parameters
    ----------
    kind
        ``"EDF"`` or ``"BDF"``.
    plus
        ``"C"`` (continuous), ``"D"`` (discontinuous) or ``""`` (no EDF+).
    start
        Naive local time to the second, or None.
    header_bytes
        Where the data begin.
    n_records
        Number of data records; -1 where the recorder never filled it in.
    record_s
        Duration of a data record.
    signals
        In file order, annotations included.
    problems
        What was odd.
    """

    kind: str
    plus: str
    start: datetime | None
    header_bytes: int
    n_records: int
    record_s: Fraction
    signals: tuple[EdfSignal, ...]
    problems: tuple[Problem, ...]

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample: 2 in EDF, 3 in BDF."""
        return 2 if self.kind == "EDF" else 3

    @property
    def record_bytes(self) -> int:
        """Bytes of a data record."""
        return sum(signal.samples for signal in self.signals) * self.sample_bytes


def is_edf(head: bytes) -> bool:
    """Tell by the first eight bytes whether a file claims to be EDF or BDF."""
    return head[:8].rstrip(b" \0") == b"0" or head[:8] == b"\xffBIOSEMI"


def parse_header(path: str, head: bytes, size: int) -> EdfHeader:
    """Read a header.

    Parameters
    ----------
    path
        For messages.
    head
        The file's first bytes, at least as many as the header has (or all there are).
    size
        Size of the file in bytes.

    Returns
    -------
    EdfHeader

    Raises
    ------
    RecordingError
        Where a field without which the samples cannot be found is wrong.
    """
    if len(head) < MAIN_BYTES:
        raise RecordingError(
            path,
            "header",
            f"{size} bytes",
            "an EDF header has at least 256; copy the file again from its origin",
        )
    kind = "BDF" if head[0] == 0xFF else "EDF"
    count = read_integer(head[252:256])
    if count is None or not 1 <= count <= 9999:
        raise _broken(path, "number of signals", head[252:256])
    header_bytes = MAIN_BYTES * (count + 1)
    if len(head) < header_bytes:
        raise RecordingError(
            path,
            "header",
            f"{size} bytes",
            f"the header of {count} signals alone takes {header_bytes}: the file is cut off; copy it again",
        )
    problems: list[Problem] = []
    if read_integer(head[184:192]) != header_bytes:
        message = f"the header gives its own length as '{decode_field(head[184:192])}', not {header_bytes} bytes"
        problems.append(Problem("header-length", message))
    signals = _parse_signals(path, head[MAIN_BYTES:header_bytes], count)
    only_annotations = all(signal.is_annotation for signal in signals)
    reserved = decode_field(head[192:236]).upper()
    plus = reserved[4] if reserved[:5] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D") else ""
    start, odd_start = parse_start(head)
    problems += odd_start
    n_records = read_integer(head[236:244])
    if n_records is None or not -1 <= n_records <= _MOST_RECORDS:
        raise _broken(path, "number of data records", head[236:244])
    record_s = read_duration(head[244:252])
    if only_annotations:
        record_s = record_s or Fraction(1)
    elif record_s is None or not Fraction(1, 10**6) <= record_s <= LONGEST_S:
        raise _broken(path, "duration of a data record", head[244:252])
    header = EdfHeader(kind, plus, start, header_bytes, n_records, record_s, signals, tuple(problems))
    stored = (size - header_bytes) // header.record_bytes * record_s
    if not only_annotations:
        check_length(path, stored, stored, "duration of a data record", f"'{decode_field(head[244:252])}' s")
    return header


def _parse_signals(path: str, block: bytes, count: int) -> tuple[EdfSignal, ...]:
    columns: dict[str, list[bytes]] = {}
    at = 0
    for name, width in _SIGNAL_FIELDS:
        columns[name] = [block[at + i * width : at + (i + 1) * width] for i in range(count)]
        at += width * count
    signals, offset = [], 0
    for i in range(count):
        label = decode_field(columns["label"][i])
        samples = read_integer(columns["samples"][i])
        if samples is None or not 0 <= samples <= 10**7:
            raise _broken(path, f"samples per data record of '{label}'", columns["samples"][i])
        signals.append(
            EdfSignal(
                label,
                decode_field(columns["unit"][i]),
                read_number(columns["physical_min"][i]),
                read_number(columns["physical_max"][i]),
                read_integer(columns["digital_min"][i]),
                read_integer(columns["digital_max"][i]),
                decode_field(columns["prefilter"][i]),
                samples,
                offset,
            )
        )
        offset += samples
    if offset == 0:
        raise _broken(path, "samples per data record", b"0")
    return tuple(signals)


def _broken(path: str, field: str, raw: bytes) -> RecordingError:
    hint = "the EDF header is damaged here; export the recording again"
    return RecordingError(path, field, f"'{decode_field(raw)}'", hint)
