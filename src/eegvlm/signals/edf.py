"""EDF, EDF+C, EDF+D and BDF files as a source of samples, read a stretch of one signal at a time.

Only the bytes asked for are read, with plain reads. A memory map counts as resident memory as it is walked (one
channel of 24 hours, 40 channels, 512 Hz: 3.4 GB, against 32 MB here), and BDF has no 24-bit type to map. No
file stays open between reads, so a source can be copied to worker processes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from io import FileIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.signals.edf_annotations import lights_markers_in
from eegvlm.signals.edf_checks import count_records, explain_foreign, explain_missing
from eegvlm.signals.edf_clock import EdfClock, read_clock, without_annotations
from eegvlm.signals.edf_header import MAIN_BYTES, EdfHeader, is_edf, parse_header
from eegvlm.signals.edf_scaling import ScalingPlace, scale
from eegvlm.signals.edf_siblings import compare_siblings
from eegvlm.signals.labels import unique_labels
from eegvlm.signals.lights import LightsMarker
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.source import Segment, Signal

_BLOCK_BYTES = 1 << 24
# Above this, a small part of each record is fetched alone; below, reading all of it is faster.
_WIDE_RECORD = 1 << 13
# An onset takes at most 24 characters; the rest of the annotations is not read here.
_ONSET_BYTES = 32


@dataclass(frozen=True)
class _AnnotationPlace:
    """Where an annotation signal lies in a data record, in bytes."""

    offset: int
    width: int


@dataclass(frozen=True)
class EdfSource:
    """An EDF or BDF file; see :class:`eegvlm.signals.source.Source`."""

    path: Path
    start: datetime | None
    signals: tuple[Signal, ...]
    segments: tuple[Segment, ...]
    problems: tuple[Problem, ...]
    header_bytes: int
    record_bytes: int
    sample_bytes: int
    n_records: int
    places: tuple[ScalingPlace, ...] = field(repr=False)
    annotations: tuple[_AnnotationPlace, ...] = ()
    onset_s: Fraction = Fraction(0)

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def duration_s(self) -> Fraction:
        """From the first record to the end of the last."""
        return max(segment.stop_s for segment in self.segments)

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read stored samples ``start`` to ``stop`` of one signal: float32 (stop - start,), microvolt."""
        place = self.places[index]
        if not 0 <= start <= stop <= self.n_records * place.samples:
            raise IndexError(f"samples {start} to {stop} of {self.n_records * place.samples}")
        if start == stop:
            return np.empty(0, np.float32)
        first, last = start // place.samples, (stop - 1) // place.samples + 1
        try:
            with self.path.open("rb", buffering=0) as file:
                raw = self._read_records(file, place, first, last)
        except OSError as error:
            raise RecordingError(self.path, "data", error.strerror or error, "it cannot be read any more") from None
        digital = _to_integers(raw, self.sample_bytes)
        samples = digital[start - first * place.samples : stop - first * place.samples].astype(np.float32)
        samples *= np.float32(place.gain)
        samples += np.float32(place.shift)
        return samples

    @cached_property
    def lights_markers(self) -> tuple[LightsMarker, ...]:
        """Annotations about lights, read from the file on first use and then kept."""
        markers = []
        try:
            with self.path.open("rb", buffering=0) as file:
                for place in self.annotations:
                    step = max(1, _BLOCK_BYTES // place.width)
                    for first in range(0, self.n_records, step):
                        count = min(step, self.n_records - first)
                        start = self.header_bytes + first * self.record_bytes
                        raw = _read_columns(file, start, self.record_bytes, count, place.offset, place.width)
                        markers += lights_markers_in(raw.tobytes(), float(self.onset_s))
        except OSError as error:
            raise RecordingError(self.path, "annotations", error.strerror or error, "they cannot be read") from None
        return tuple(markers)

    def _read_records(self, file: FileIO, place: ScalingPlace, first: int, last: int) -> npt.NDArray[np.uint8]:
        return _read_columns(
            file,
            self.header_bytes + first * self.record_bytes,
            self.record_bytes,
            last - first,
            place.offset * self.sample_bytes,
            place.samples * self.sample_bytes,
        )


def open_edf(path: Path) -> EdfSource:
    """Open an EDF or BDF file.

    Parameters
    ----------
    path
        The file, under any name.

    Returns
    -------
    EdfSource

    Raises
    ------
    RecordingError
        Where it is no EDF, holds no signal, or is damaged.
    """
    wrong = explain_missing(path)
    if wrong:
        raise wrong
    name = str(path)
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(4096)
            if not is_edf(head):
                raise explain_foreign(name, head)
            count = head[252:MAIN_BYTES].strip(b" \0")
            if count.isdigit():
                head += file.read(max(0, MAIN_BYTES * (int(count) + 1) - len(head)))
            header = parse_header(name, head, size)
            if all(signal.is_annotation for signal in header.signals):
                raise RecordingError(
                    path,
                    "signals",
                    "none, only annotations: this is a scoring, not a recording",
                    "give the recording that belongs to it",
                )
            n_records, problems = count_records(name, file, header, size)
            clock = _clock(name, file, header, n_records)
    except OSError as error:
        raise RecordingError(path, "file", error.strerror or error, "it cannot be read") from None
    return _build(path, header, n_records, clock, problems)


def _build(path: Path, header: EdfHeader, n_records: int, clock: EdfClock, problems: list[Problem]) -> EdfSource:
    ordinary = [s for s in header.signals if not s.is_annotation and s.samples > 0]
    labels = unique_labels([signal.label for signal in ordinary])
    for label, edf_signal in zip(labels, ordinary, strict=True):
        if edf_signal.label and label != edf_signal.label:
            message = f"the label '{edf_signal.label}' occurs again; this signal is called '{label}'"
            problems.append(Problem("duplicate-label", message, label))
    differing = compare_siblings(ordinary, labels)
    signals, places = [], []
    for index, (label, edf_signal) in enumerate(zip(labels, ordinary, strict=True)):
        signal, place = scale(header, edf_signal, label, n_records)
        signals.append(replace(signal, faults=(*signal.faults, *differing.get(index, ()))))
        places.append(place)
    return EdfSource(
        path,
        header.start and header.start + timedelta(microseconds=round(clock.offset_s * 1_000_000)),
        tuple(signals),
        clock.segments,
        (*header.problems, *problems, *clock.problems),
        header.header_bytes,
        header.record_bytes,
        header.sample_bytes,
        n_records,
        tuple(places),
        tuple(
            _AnnotationPlace(s.offset * header.sample_bytes, s.samples * header.sample_bytes)
            for s in header.signals
            if s.is_annotation and s.samples > 0
        ),
        clock.offset_s,
    )


def _clock(path: str, file: FileIO, header: EdfHeader, n_records: int) -> EdfClock:
    keeper = next((signal for signal in header.signals if signal.is_annotation and signal.samples), None)
    if keeper is None:
        return without_annotations(path, header, n_records)
    width = min(_ONSET_BYTES, keeper.samples * header.sample_bytes)
    raw = _read_columns(
        file, header.header_bytes, header.record_bytes, n_records, keeper.offset * header.sample_bytes, width
    )
    return read_clock(path, header, raw.reshape(n_records, width))


def _read_columns(
    file: FileIO, start: int, record_bytes: int, n_records: int, offset: int, width: int
) -> npt.NDArray[np.uint8]:
    """Read ``width`` bytes at ``offset`` of each of ``n_records`` records: uint8 (n_records * width,)."""
    columns = np.empty((n_records, width), np.uint8)
    if record_bytes > _WIDE_RECORD and width * 16 < record_bytes:
        view = columns.reshape(-1).data
        for i in range(n_records):
            file.seek(start + i * record_bytes + offset)
            _read_fully(file, view[i * width : (i + 1) * width])
    else:
        step = max(1, _BLOCK_BYTES // record_bytes)
        block = np.empty((min(step, n_records), record_bytes), np.uint8)
        for i in range(0, n_records, step):
            count = min(step, n_records - i)
            file.seek(start + i * record_bytes)
            _read_fully(file, block[:count].reshape(-1).data)
            columns[i : i + count] = block[:count, offset : offset + width]
    return columns.reshape(-1)


def _read_fully(file: FileIO, view: memoryview) -> None:
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise OSError(5, "the file became shorter while it was read")
        done += count


def _to_integers(raw: npt.NDArray[np.uint8], sample_bytes: int) -> npt.NDArray[np.int16] | npt.NDArray[np.int32]:
    if sample_bytes == 2:
        return raw.view("<i2")
    # A 24-bit number becomes the upper three bytes of 32; shifting back keeps its sign.
    wide = np.zeros((raw.size // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.reshape(-1).view("<i4") >> 8
