"""Recordings of PhysioNet's WFDB format: a text header (``.hea``) and 16-bit samples of all signals in turn.

Covered is what one data set needs: one file of samples, format 16, one rate, with a byte offset (``16+24``), as the
``.mat`` files of the 2018 challenge have, which are MATLAB matrices with WFDB samples in them. Source: header(5) and
signal(5) of the WFDB Applications Guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.lab.datasets.sampled_source import SampledSource
from eegvlm.lab.datasets.sources import Channels, RecordingClock
from eegvlm.signals import Recording
from eegvlm.signals.arrays import exact_rate
from eegvlm.signals.labels import unique_labels
from eegvlm.signals.source import Signal
from eegvlm.signals.units import read_unit

_FORMAT = re.compile(r"16(?:x\d+)?(?::\d+)?(?:\+(\d+))?")
_GAIN = re.compile(r"(-?[\d.]+(?:e[+-]?\d+)?)(?:\((-?\d+)\))?(?:/(\S+))?", re.IGNORECASE)
_DEFAULT_GAIN = 200.0  # per millivolt, where a header gives none


@dataclass(frozen=True)
class WfdbRecord:
    """A recording, named by its header."""

    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file of samples, which tells one recording from another."""
        return (self.path.with_suffix(".mat"),)

    def clock(self) -> RecordingClock:
        """Read the length from the header; the start is not known."""
        return RecordingClock(None, float(open_wfdb(self.path).duration_s))

    def open(self, channels: Channels | None) -> Recording:
        """Open the recording; samples stay in the file until they are asked for."""
        return Recording.from_source(open_wfdb(self.path), channels)


@dataclass(frozen=True)
class _Line:
    """One signal's line of a header."""

    file: str
    offset: int
    gain: float
    baseline: int
    unit: str
    label: str


def open_wfdb(header: Path) -> SampledSource:
    """Open a record.

    Raises
    ------
    DatasetError
        Where the header or the samples are not of the kind that is covered, or the file of samples is too short.
    """
    try:
        text = header.read_text(encoding="latin-1")
    except OSError as error:
        raise DatasetError(header, "header", error.strerror, "fetch the record again") from error
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        n_signals, rate, n_samples = int(rows[0][1]), exact_rate(float(rows[0][2].split("/")[0])), int(rows[0][3])
        lines = [_line(header, row) for row in rows[1 : n_signals + 1]]
    except (IndexError, ValueError) as error:
        raise DatasetError(
            header, "header", error, "expected record, signals, rate, samples, and a signal a line"
        ) from error
    if len(lines) != n_signals or not lines or rate <= 0 or n_samples <= 0:
        raise DatasetError(header, "signals", len(lines), f"the first line says {n_signals}")
    if len({(line.file, line.offset) for line in lines}) > 1:
        raise DatasetError(header, "files of samples", "several", "only records with one are read")
    samples = header.with_name(lines[0].file)
    expected_bytes = lines[0].offset + 2 * n_signals * n_samples
    n_bytes = samples.stat().st_size if samples.is_file() else 0
    if n_bytes < expected_bytes:
        raise DatasetError(samples, "size", f"{n_bytes} of {expected_bytes} bytes", "fetch the record again")
    labels = unique_labels([line.label for line in lines])
    signals = tuple(
        Signal(label, line.label, rate, line.unit, read_unit(line.unit).factor, n_samples)
        for label, line in zip(labels, lines, strict=True)
    )

    def read(index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        stored = np.memmap(samples, "<i2", "r", lines[0].offset, (n_samples, n_signals))
        line, factor = lines[index], signals[index].factor
        values = (stored[start:stop, index].astype(np.float32) - line.baseline) / np.float32(line.gain)
        return values if factor is None else values * np.float32(factor)

    return SampledSource(str(header), signals, read)


def _line(header: Path, row: list[str]) -> _Line:
    file, form, gain = row[:3]
    match, written = _FORMAT.fullmatch(form), _GAIN.fullmatch(gain)
    if match is None or written is None:
        raise DatasetError(header, "format", f"{form} {gain}", "only 16-bit samples with a gain are read")
    zero = int(row[4]) if len(row) > 4 else 0
    factor = float(written[1])
    return _Line(
        file,
        int(match[1] or 0),
        factor or _DEFAULT_GAIN,
        int(written[2]) if written[2] else zero,
        written[3] or "mV",
        " ".join(row[8:]) or file,
    )
