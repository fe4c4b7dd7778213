"""UCDDB, the sleep apnoea database of St. Vincent's University Hospital and University College Dublin.

``ucddb002.rec`` (EDF under another name) with ``ucddb002_stage.txt``. The recorder's converter spans 8 units over
4095 counts; where a header gives that span, one unit is 100 microvolt, which was inferred from the size of the EEG of
all patients and is said with every recording. Heneghan et al., doi:10.13026/C26C7D; Goldberger et al. 2000,
Circulation 101(23):e215-e220.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from eegvlm.lab.datasets.pairing import DatasetLayout, Name, OtherName, RecordingName, ScoringName
from eegvlm.lab.datasets.rescaled import RescaledSource
from eegvlm.lab.datasets.sources import Channels, RecordingClock, RecordingFile
from eegvlm.signals import Problem, Recording
from eegvlm.signals.source import Source

SCORER = "expert"
SPAN_UNITS, SPAN_COUNTS, MICROVOLT_PER_UNIT = 8.0, 4095, 100.0
_BODY_SURFACE = ("c3a2", "c4a1", "lefteye", "righteye", "emg")
_RECORDING = re.compile(r"(ucddb(\d{3}))\.(?:rec(?:\.edf)?|edf)", re.IGNORECASE)
_SCORING = re.compile(r"(ucddb(\d{3}))_stage\.txt", re.IGNORECASE)
_OTHER = re.compile(r"ucddb\d{3}(_respevt\.txt|_lifecard\.edf)|SubjectDetails\.xls", re.IGNORECASE)


@dataclass(frozen=True)
class UcddbRecording:
    """A recording whose converter's unit is read as 100 microvolt."""

    path: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    def clock(self) -> RecordingClock:
        """Read start and length from the header."""
        return RecordingFile(self.path).clock()

    def open(self, channels: Channels | None) -> Recording:
        """Open the file; a replaced calibration is among the recording's problems."""
        from eegvlm.signals.edf import open_edf

        source = open_edf(self.path)
        factors = converter_factors(source)
        return Recording.from_source(
            RescaledSource(source, factors, {index: _told(source, index) for index in factors}), channels
        )


def converter_factors(source: Source) -> Mapping[int, float]:
    """Find the signals that are stored in the converter's unit, and what makes them microvolt."""
    factors = {}
    for index, signal in enumerate(source.signals):
        if signal.limits is None or not signal.step or re.sub(r"\W", "", signal.raw_label.lower()) not in _BODY_SURFACE:
            continue
        per_unit = signal.factor or 1.0
        span = (signal.limits[1] - signal.limits[0]) / per_unit
        counts = (signal.limits[1] - signal.limits[0]) / signal.step
        if abs(span - SPAN_UNITS) < 0.01 * SPAN_UNITS and abs(counts - SPAN_COUNTS) <= 1:
            factors[index] = MICROVOLT_PER_UNIT / per_unit
    return factors


def _told(source: Source, index: int) -> Problem:
    signal = source.signals[index]
    message = (
        f"'{signal.label}' is stored in the recorder's converter unit (8 of them over 4095 counts, "
        f"unit '{signal.unit}'); one is read as 100 µV, which is inferred from the size of the EEG"
    )
    return Problem("calibration-inferred", message, signal.label)


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name."""
    if match := _RECORDING.fullmatch(path.name):
        return RecordingName(match[1].lower(), match[2])
    if match := _SCORING.fullmatch(path.name):
        return ScoringName(match[1].lower(), SCORER, coding="ucddb")
    return OtherName() if _OTHER.fullmatch(path.name) else None


LAYOUT = DatasetLayout("ucddb", "ucddb", read_name, (SCORER,), signals=UcddbRecording)
