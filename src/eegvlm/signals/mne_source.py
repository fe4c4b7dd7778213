"""MNE's ``Raw`` objects, and through them every format that MNE reads, as a source of samples."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.signals.arrays import exact_rate
from eegvlm.signals.labels import unique_labels
from eegvlm.signals.length import check_length
from eegvlm.signals.lights import LightsMarker, lights_marker
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.source import Segment, Signal

# What MNE reads and this package does not read by itself.
SUFFIXES = tuple(".vhdr .ahdr .fif .fif.gz .set .cnt .gdf .mff .egi .nxe .lay .sqd .con .mef .ds".split())  # noqa: SIM905
# MNE channel types whose samples are volts.
_VOLT_TYPES = ("eeg", "eog", "emg", "ecg", "seeg", "ecog", "dbs", "bio", "misc")


def is_mne_format(path: Path) -> bool:
    """Tell by its name whether a path is of a format that is left to MNE."""
    return path.name.lower().endswith(SUFFIXES)


@dataclass(frozen=True)
class MneSource:
    """A ``Raw`` object; see :class:`eegvlm.signals.source.Source`."""

    name: str
    start: datetime | None
    duration_s: Fraction
    signals: tuple[Signal, ...]
    segments: tuple[Segment, ...]
    problems: tuple[Problem, ...]
    raw: Any = field(repr=False)
    lights_markers: tuple[LightsMarker, ...] = ()

    @classmethod
    def of(cls, raw: Any, name: str = "", problems: tuple[Problem, ...] = ()) -> MneSource:
        """Describe a ``Raw`` object.

        Parameters
        ----------
        raw
            ``mne.io.BaseRaw``, preloaded or not.
        name
            File name for messages.
        problems
            What reading it brought up.
        """
        names = getattr(raw, "filenames", None) or (None,)
        name = name or (str(names[0]) if names[0] else "<mne>")
        frequency = float(raw.info["sfreq"])
        n = int(raw.n_times)
        if n <= 0 or not raw.ch_names:
            raise RecordingError(name, "signals", "none", "give a recording with samples")
        if not 1e-3 <= frequency < 1e6:
            raise RecordingError(name, "sampling rate", f"{frequency:g} Hz", "correct it in the file's header")
        rate = exact_rate(frequency)
        check_length(name, n / rate, n / rate, "number of samples", f"{n} at {frequency:g} Hz")
        types = raw.get_channel_types()
        labels = unique_labels(raw.ch_names)
        signals = tuple(
            Signal(
                label,
                plain,
                rate,
                "V" if kind in _VOLT_TYPES else "",
                _factor(kind),
                n,
                None,
                0.0,
                _faults(label, kind),
            )
            for label, plain, kind in zip(labels, raw.ch_names, types, strict=True)
        )
        start = raw.info["meas_date"]
        if start is not None:
            start = start.replace(tzinfo=None) + timedelta(seconds=float(raw.first_time))
        segments = _segments(name, raw, n, rate)
        if not segments:
            raise RecordingError(name, "signals", "all skipped (BAD_ACQ_SKIP)", "give a recording with samples")
        return cls(name, start, n / rate, signals, segments, problems, raw, _lights_markers(raw))

    def read(self, index: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Read samples ``start`` to ``stop`` of one signal: float32 microvolt."""
        try:
            values = self.raw.get_data(picks=[index], start=start, stop=stop, verbose="error")[0]
        except Exception as error:
            # A header may count more samples than the file holds; which exception that gives is not specified.
            hint = "check that the file is complete, or export it as EDF"
            raise RecordingError(self.name, "data", f"MNE cannot read it: {error}", hint) from error
        if len(values) != stop - start:
            shortfall = f"{len(values)} of {stop - start} samples after sample {start}"
            raise RecordingError(self.name, "data", shortfall, "the file is cut off; copy it again")
        factor = self.signals[index].factor
        return np.asarray(values * (1.0 if factor is None else factor), np.float32)


def open_with_mne(path: Path) -> MneSource:
    """Open a file that is neither EDF nor BDF with MNE.

    Parameters
    ----------
    path
        File or folder.

    Returns
    -------
    MneSource

    Raises
    ------
    RecordingError
        Where MNE is not installed, or cannot read the file.
    """
    try:
        import mne
    except ImportError:
        hint = "install the extra with pip install 'eeg-vlm[mne]', or export the recording as EDF"
        raise RecordingError(
            path, "format", f"{path.suffix} is read through MNE, which is not installed", hint
        ) from None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            raw = mne.io.read_raw(path, preload=False, verbose="warning")
        except Exception as error:
            # Which exceptions a reader raises on a damaged file is not specified; the user's file is the
            # cause.
            hint = "check that the file is complete, with its companion files beside it, or export it as EDF"
            raise RecordingError(path, "content", f"MNE cannot read it: {error}", hint) from error
    problems = tuple(
        Problem("mne-warning", f"MNE says: {' '.join(str(warning.message).split())}") for warning in caught
    )
    return MneSource.of(raw, str(path), tuple(dict.fromkeys(problems)))


def _factor(kind: str) -> float | None:
    return 1e6 if kind in _VOLT_TYPES else None


def _faults(label: str, kind: str) -> tuple[Problem, ...]:
    if kind in _VOLT_TYPES:
        return ()
    return (Problem("not-a-voltage", f"'{label}' is of type '{kind}', which is no voltage", label, "error"),)


def _lights_markers(raw: Any) -> tuple[LightsMarker, ...]:
    offset = _onset_offset(raw)
    annotations = zip(raw.annotations.onset, raw.annotations.description, strict=True)
    markers = (lights_marker(float(onset) - offset, str(text)) for onset, text in annotations)
    return tuple(marker for marker in markers if marker)


def _onset_offset(raw: Any) -> float:
    """Return the onset of the first sample: onsets count from the measurement date where there is one."""
    return float(raw.first_time) if raw.info["meas_date"] is not None else 0.0


def _segments(name: str, raw: Any, n: int, rate: Fraction) -> tuple[Segment, ...]:
    """Return what lies between the stretches annotated ``BAD_ACQ_SKIP``."""
    offset = _onset_offset(raw)
    skipped = []
    for onset, duration, text in zip(
        raw.annotations.onset, raw.annotations.duration, raw.annotations.description, strict=True
    ):
        if not str(text).upper().startswith("BAD_ACQ_SKIP"):
            continue
        begin, end = float(onset) - offset, float(onset) + float(duration) - offset
        if not (math.isfinite(begin) and math.isfinite(end)):
            raise RecordingError(
                name, "annotation BAD_ACQ_SKIP", f"{begin} to {end} s", "give it an onset and a length"
            )
        skipped.append(tuple(min(max(0, round(at * rate)), n) for at in (begin, end)))
    segments, at = [], 0
    for first, stop in [*sorted(skipped), (n, n)]:
        if first > at:
            segments.append(Segment(at / rate, first / rate, at / rate))
        at = max(at, stop)
    return tuple(segments)
