"""Damage to EDF and BDF files, as transfers, converters and hands do it: seeded, and named.

A mutation changes bytes of the header, whole fields, the order of fields, the annotations, or the bytes, records and
length of the data. What it was is told with the field, so that a finding can be read without the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAIN_FIELDS = (
    ("version", 8),
    ("patient", 80),
    ("identification", 80),
    ("date", 8),
    ("time", 8),
    ("header bytes", 8),
    ("reserved", 44),
    ("records", 8),
    ("record duration", 8),
    ("signals", 4),
)
SIGNAL_FIELDS = (
    ("label", 16),
    ("transducer", 80),
    ("unit", 8),
    ("physical min", 8),
    ("physical max", 8),
    ("digital min", 8),
    ("digital max", 8),
    ("prefilter", 80),
    ("samples", 8),
    ("signal reserved", 32),
)
NUMBERS = ("records", "record duration", "physical min", "physical max", "digital min", "digital max", "samples")
# What staging rests on, hit more often than the rest.
VITAL = ("label", "unit", "date", "time", "reserved", "signals", "header bytes", *NUMBERS)
_NASTY = (
    b"", b"0", b"-0", b"-1", b"1", b"nan", b"inf", b"-inf", b"1e300", b"9E307", b"1e-300", b"1e-99999", b"99999999",
    b"-9999999", b"1e-9", b"2147483", b"65536", b"32768", b"-32768", b"1_000", b"0x10", b"1,5", b"1.234,5", b"1/2",
    b"--1", b"+5", b".5", b"5.", b"1 0", b"\xff\xff", b"\xc3\xa9", b"\xb5V", b"\0\0\0", b"\r\n1", b"12\n", b"None",
    b"#REF!", b"10000000", b"0.001", b"604800", b"1209600", b"3600", b"2", b"10", b"100", b"1000",
)  # fmt: skip
_UNITS = (
    b"uV",
    b"mV",
    b"V",
    b"nV",
    b"%",
    b"",
    b"\xb5V",
    b"\xc2\xb5V",
    b"uv",
    b"?V",
    b"Ohm",
    b"kV",
    b"degC",
    b"UV ",
    b"U",
)
_LABELS = (
    b"EEG C4-M1", b"EEG C3-M2", b"C4", b"M1", b"EOG E1-M2", b"EMG chin", b"ECG", b"SpO2", b"EEG", b"X", b"",
    b"EDF Annotations", b"BDF Annotations", b"EEG D4", b"C4-W1", b"\xff\xfe", b"EEG C4\x1b[31m", b"Status",
)  # fmt: skip
_ONSETS = (
    b"+0", b"-5", b"+1e9", b"+999999999", b"+86400", b"+1209601", b"+0.5", b"+3,5", b"nan", b"+", b"", b"0", b"+00.0.1",
    b"+7\x150.5", b"+12.999999999", b"+2147483648", b"-999999999", b"\xff", b"+4\x14", b"+90", b"+41",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A field of the header and where it lies; ``signal`` counts from 0, -1 in the main header."""

    name: str
    signal: int
    start: int
    width: int

    def __str__(self) -> str:
        return self.name if self.signal < 0 else f"{self.name} of signal {self.signal + 1}"


@dataclass(frozen=True)
class Mutation:
    """What was done: the kind of damage, and where and how."""

    kind: str
    detail: str


class Damaged:
    """A file that is being damaged; the places of its fields are those of the whole file."""

    def __init__(self, base: bytes, rng: np.random.Generator) -> None:
        self.content, self.rng = bytearray(base), rng
        self.count = int(base[252:256])
        self.header_bytes = 256 * (self.count + 1)
        self.fields = _fields(self.count)
        width = 3 if base[0] == 0xFF else 2
        by_name = [f for f in self.fields if f.name == "samples"]
        samples = [int(base[f.start : f.start + f.width]) for f in by_name]
        self.record_bytes = width * sum(samples)
        labels = [base[f.start : f.start + f.width].strip() for f in self.fields if f.name == "label"]
        offsets = np.concatenate([[0], np.cumsum(samples)]) * width
        self.annotations = [
            (int(offsets[i]), int(offsets[i + 1])) for i, label in enumerate(labels) if label.endswith(b"Annotations")
        ]
        self.n_records = (len(base) - self.header_bytes) // self.record_bytes

    def pick(self, *names: str) -> Field:
        fields = [field for field in self.fields if not names or field.name in names]
        return fields[self.rng.integers(len(fields))]

    def choice(self, values: tuple[bytes, ...]) -> bytes:
        return values[self.rng.integers(len(values))]

    def get(self, field: Field) -> bytes:
        return bytes(self.content[field.start : field.start + field.width])

    def put(self, field: Field, value: bytes) -> str:
        before = self.get(field)
        self.content[field.start : field.start + field.width] = value.ljust(field.width)[: field.width]
        return f"{field}: {before.strip()!r} -> {value.strip()!r}"

    def record(self, index: int) -> slice:
        start = self.header_bytes + index * self.record_bytes
        return slice(start, start + self.record_bytes)


def _fields(count: int) -> list[Field]:
    fields, at = [], 0
    for name, width in MAIN_FIELDS:
        fields.append(Field(name, -1, at, width))
        at += width
    for name, width in SIGNAL_FIELDS:
        for signal in range(count):
            fields.append(Field(name, signal, at, width))
            at += width
    return fields


def header_bytes_changed(file: Damaged) -> str:
    """Replace single bytes of the header."""
    told = []
    for _ in range(file.rng.integers(1, 4)):
        field = file.pick(*VITAL) if file.rng.random() < 0.7 else file.pick()
        at = field.start + int(file.rng.integers(field.width))
        value = int(file.rng.integers(256))
        if file.rng.random() < 0.6:
            value = int(file.rng.choice(list(b"0123456789.-+eE ,_nai\n\0")))
        told.append(f"{field}: byte {at - field.start} {bytes(file.content[at : at + 1])!r} -> {bytes([value])!r}")
        file.content[at] = value
    return ", ".join(told)


def field_replaced(file: Damaged) -> str:
    """Replace a whole field by what is no number, no length, no size."""
    return file.put(file.pick(*VITAL), file.choice(_NASTY))


def number_changed(file: Damaged) -> str:
    """Change a number into another one of its kind."""
    field = file.pick(*NUMBERS)
    text = file.get(field).strip()
    digits = [match.start() for match in re.finditer(rb"\d", text)]
    number = re.fullmatch(rb"[-+]?\d*\.?\d+(e[-+]?\d\d?)?", text.replace(b",", b"."))
    if not number:
        return file.put(field, b"7")
    at = digits[file.rng.integers(len(digits))]
    digit = str(file.rng.integers(10)).encode()
    value = float(number[0])
    options = (
        text[:at] + digit + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + digit + text[at:],
        text[1:] if text[:1] == b"-" else b"-" + text,
        text.replace(b".", b","),
        text.replace(b".", b""),
        text[:at] + b"." + text[at:],
        text[:at] + b"," + text[at:],
        f"{value * 10.0 ** file.rng.integers(-6, 7):.6g}".encode(),
        f"{value * file.rng.uniform(0.5, 2):.6g}".encode(),
        f"{value * file.rng.integers(2, 6):.6g}".encode(),
        f"{value:.2e}".encode(),
    )
    return file.put(field, options[file.rng.integers(len(options))])


def unit_changed(file: Damaged) -> str:
    """Give a signal another unit."""
    return file.put(file.pick("unit"), file.choice(_UNITS))


def label_changed(file: Damaged) -> str:
    """Give a signal another label."""
    return file.put(file.pick("label"), file.choice(_LABELS))


def fields_swapped(file: Damaged) -> str:
    """Swap two fields of one width."""
    first = file.pick(*VITAL)
    others = [f for f in file.fields if f.width == first.width and f != first]
    same = [f for f in others if f.name == first.name]
    others = same if same and file.rng.random() < 0.5 else others
    if not others:
        return field_replaced(file)
    second = others[file.rng.integers(len(others))]
    one, other = file.get(first), file.get(second)
    file.put(first, other)
    file.put(second, one)
    return f"{first} {one.strip()!r} <-> {second} {other.strip()!r}"


def signals_swapped(file: Damaged) -> str:
    """Swap all fields of one name, or of a calibration, between two signals."""
    names = (("label",), ("physical min", "physical max"), ("samples",), ("unit",), tuple(n for n, _ in SIGNAL_FIELDS))
    group = names[file.rng.integers(len(names))]
    one, other = (int(n) for n in file.rng.choice(file.count, 2, replace=False))
    for name in group:
        first, second = (next(f for f in file.fields if f.name == name and f.signal == n) for n in (one, other))
        a, b = file.get(first), file.get(second)
        file.put(first, b)
        file.put(second, a)
    return f"{', '.join(group) if len(group) < 5 else 'all fields'} of signals {one + 1} and {other + 1}"


def field_copied(file: Damaged) -> str:
    """Write a field over another one of the same width."""
    first = file.pick(*VITAL)
    others = [f for f in file.fields if f.width == first.width]
    return file.put(first, file.get(others[file.rng.integers(len(others))]))


def limits_turned(file: Damaged) -> str:
    """Swap minimum and maximum of a signal."""
    kind = ("physical", "digital")[file.rng.integers(2)]
    low = file.pick(f"{kind} min")
    high = next(f for f in file.fields if f.name == f"{kind} max" and f.signal == low.signal)
    a, b = file.get(low), file.get(high)
    file.put(low, b)
    file.put(high, a)
    return f"{kind} limits of signal {low.signal + 1}"


def text_damaged(file: Damaged) -> str:
    """Put bytes of another encoding, or control characters, into a field."""
    field = file.pick("label", "unit", "reserved", "identification", "patient", "prefilter", "transducer")
    at = field.start + int(file.rng.integers(field.width - 1))
    value = file.choice((b"\xc3\xa9", b"\xb5", b"\x1b[", b"\0", b"\xff", b"\xf0\x9f", b"\n", b"\x85", b"\xe2\x80"))
    file.content[at : at + len(value)] = value
    return f"{field}: {value!r} at byte {at - field.start}"


def date_changed(file: Damaged) -> str:
    """Give another date or time, valid or not."""
    field = file.pick("date", "time")
    limits = (32, 13, 100) if field.name == "date" else (24, 60, 60)
    parts = [str(file.rng.integers(limit)).zfill(2).encode() for limit in limits]
    if file.rng.random() < 0.2:
        return file.put(field, file.choice((b"", b"99.99.99", b"yy.mm.dd", b"1.1.1")))
    return file.put(field, file.choice((b".", b":", b"/", b" ")).join(parts))


def kind_changed(file: Damaged) -> str:
    """Call the file another kind of EDF."""
    kinds = (b"", b"EDF+C", b"EDF+D", b"BDF+C", b"BDF+D", b"EDF+", b"EDF C", b"24BIT", b"edf+d")
    return file.put(file.pick("reserved"), file.choice(kinds))


def header_shifted(file: Damaged) -> str:
    """Insert or lose bytes inside the header."""
    at, count = int(file.rng.integers(8, file.header_bytes)), int(file.rng.integers(1, 9))
    if file.rng.random() < 0.5:
        file.content[at:at] = b" " * count
        return f"{count} blanks inserted at {at}"
    del file.content[at : at + count]
    return f"{count} bytes lost at {at}"


def truncated(file: Damaged) -> str:
    """Cut the file off."""
    at = int(file.rng.integers(0, file.header_bytes if file.rng.random() < 0.3 else len(file.content)))
    del file.content[at:]
    return f"at byte {at}"


def bytes_moved(file: Damaged) -> str:
    """Insert or lose bytes inside the data."""
    at, count = int(file.rng.integers(file.header_bytes, len(file.content))), int(file.rng.integers(1, 5000))
    count = count if file.rng.random() < 0.5 else int(file.rng.integers(1, 4))
    if file.rng.random() < 0.5:
        file.content[at:at] = file.rng.bytes(count)
        return f"{count} bytes inserted at {at}"
    del file.content[at : at + count]
    return f"{count} bytes lost at {at}"


def data_changed(file: Damaged) -> str:
    """Overwrite bytes of the data."""
    at, count = int(file.rng.integers(file.header_bytes, len(file.content))), int(file.rng.integers(1, 20000))
    count = min(count, len(file.content) - at)
    filling = file.choice((b"\0", b"\xff", b"\x80", b"\x7f", b"?", b"random"))
    file.content[at : at + count] = file.rng.bytes(count) if filling == b"random" else filling * count
    return f"{count} bytes at {at} -> {filling!r}"


def line_ends_changed(file: Damaged) -> str:
    """Transfer the file in text mode, all of it or from some place on."""
    at = 0 if file.rng.random() < 0.5 else int(file.rng.integers(len(file.content)))
    old, new = ((b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\r", b"\n"), (b"\x1a", b""), (b"\0", b""))[file.rng.integers(5)]
    file.content[at:] = file.content[at:].replace(old, new)
    return f"{old!r} -> {new!r} from byte {at}"


def records_changed(file: Damaged) -> str:
    """Duplicate, remove or swap data records, and count them anew or not."""
    one, other = (int(n) for n in file.rng.integers(file.n_records, size=2))
    first, second = bytes(file.content[file.record(one)]), bytes(file.content[file.record(other)])
    what = ("duplicated", "removed", "swapped")[file.rng.integers(3)]
    if what == "duplicated":
        file.content[file.record(one).start : file.record(one).start] = first
    elif what == "removed":
        del file.content[file.record(one)]
    else:
        file.content[file.record(one)], file.content[file.record(other)] = second, first
    counted = what != "swapped" and file.rng.random() < 0.5
    if counted:
        file.put(file.pick("records"), str(file.n_records + (1 if what == "duplicated" else -1)).encode())
    partner = f" with {other + 1}" if what == "swapped" else ""
    return f"record {one + 1} {what}{partner}{', counted anew' if counted else ''}"


def onset_changed(file: Damaged) -> str:
    """Change the time-keeping annotation of one data record, or of all from one on."""
    start, stop = file.annotations[0]
    one, value = int(file.rng.integers(file.n_records)), file.choice(_ONSETS)
    ending = file.choice((b"\x14\x14\0", b"\x14\x14\0", b"\x14\x14", b"\x14", b"", b"\0"))
    last = file.n_records if file.rng.random() < 0.15 else one + 1
    for record in range(one, last):
        at = file.record(record).start + start
        file.content[at : at + stop - start] = (value + ending).ljust(stop - start, b"\0")[: stop - start]
    return f"onset of records {one + 1} to {last} -> {value + ending!r}"


def annotation_damaged(file: Damaged) -> str:
    """Overwrite bytes of an annotation signal."""
    start, stop = file.annotations[0]
    one = int(file.rng.integers(file.n_records))
    at = file.record(one).start + start + int(file.rng.integers(stop - start))
    before = bytes(file.content[at : at + 1])
    value = file.choice(tuple(bytes([byte]) for byte in b"0123456789+-.\x14\x15\0\xff"))
    file.content[at : at + 1] = value
    return f"record {one + 1}, byte {at - file.record(one).start - start}: {before!r} -> {value!r}"


def doubled(file: Damaged) -> str:
    """Append something behind the file, or put it ahead."""
    where, what = file.rng.integers(2), file.rng.integers(3)
    added = (bytes(file.content), b"\0" * int(file.rng.integers(1, 5000)), b"\xef\xbb\xbf")[what]
    file.content[0 if where else len(file.content) : 0 if where else len(file.content)] = added
    return f"{('itself', 'zero bytes', 'a byte-order mark')[what]} {'ahead' if where else 'behind'}"


MUTATIONS: tuple[tuple[Callable[[Damaged], str], float], ...] = (
    (header_bytes_changed, 5),
    (field_replaced, 5),
    (number_changed, 8),
    (unit_changed, 2),
    (label_changed, 2),
    (fields_swapped, 3),
    (signals_swapped, 3),
    (field_copied, 2),
    (limits_turned, 1),
    (text_damaged, 2),
    (date_changed, 1.5),
    (kind_changed, 1),
    (header_shifted, 2),
    (truncated, 2),
    (bytes_moved, 2),
    (data_changed, 2),
    (line_ends_changed, 1.5),
    (records_changed, 2),
    (onset_changed, 3),
    (annotation_damaged, 2),
    (doubled, 0.5),
)


def mutate(base: bytes, seed: int) -> tuple[bytes, tuple[Mutation, ...]]:
    """Damage a file.

    Parameters
    ----------
    base
        A readable EDF or BDF file.
    seed
        Decides everything; about four in five seeds do a single damage, the others two or three.

    Returns
    -------
    content, mutations
    """
    rng = np.random.default_rng(seed)
    weights = np.array([weight for _, weight in MUTATIONS])
    count = int(rng.choice((1, 2, 3), p=(0.8, 0.15, 0.05)))
    file, done = Damaged(base, rng), []
    for number in rng.choice(len(MUTATIONS), count, p=weights / weights.sum()):
        if len(file.content) != len(base):
            # The places of the fields are no longer known.
            break
        change = MUTATIONS[number][0]
        if not file.annotations and change in (onset_changed, annotation_damaged):
            change = number_changed
        done.append(Mutation(change.__name__.replace("_", " "), change(file)))
    return bytes(file.content), tuple(done)
