"""What was measured in an epoch as a short text, for a language model to read beside the picture.

    Measured in this epoch (×: times the recording's median):
    EEG: 96 µV peak to peak (×1.4); µV rms: delta 24 (×1.6), theta 8.1 (×1.1), ...; delta stands out ...
    EEG events: slow waves fill 34 % of the epoch; 2 spindles (13.1 Hz, up to 41 µV, first at 4 s); no K-complexes, ...
    Eyes: no rapid eye movements, slow eye movements or blinks.
    Chin EMG: 6.1 µV rms (×0.8).

Values are in physical units. Amplitudes, which electrodes and amplifiers change, stand beside the recording's median,
too. Panels are called by the region that the layout asks for, never by a recording's own labels, so that training and
staging speak of the same signal in the same words. What the channels do not show is said to be not measured.

Not covered: what lies in neighbouring epochs, and which stage any of it speaks for (:mod:`eegvlm.scoring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.evidence.event_table import EventTable
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.rhythms import BAND_NAMES, Rhythms
from eegvlm.images import PreparedNight
from eegvlm.scoring import TABLE, Kind
from eegvlm.scoring.limits import EPOCH_S

Floats = npt.NDArray[np.float64]

NOTHING_MEASURED = "Measured in this epoch: nothing."
"""The text where no measurements are given at all."""

LEAST_EPOCHS = 20
"""Epochs with a value that a median needs; of fewer it says little of a sleeper, and values stand alone."""

_HEADING = "Measured in this epoch (×: times the recording's median):"
_LEAST_PART_S = 0.1  # a shorter part of an event in an epoch is not worth a word
_NOT_MEASURED = "not measured"
_EVENTS = [kind for kind in TABLE.kinds if not kind.is_whole and (kind.counted or kind.unit == "s")]
_COUNTED = [kind for kind in _EVENTS if kind.counted and kind.modality == "eeg"]
_TIMED = [kind for kind in _EVENTS if not kind.counted and kind.modality == "eeg"]
_EYES = [kind for kind in _EVENTS if kind.counted and kind.modality == "eog"]


@dataclass(frozen=True)
class RecordingMedians:
    """Medians over a recording's epochs, NaN where fewer than :data:`LEAST_EPOCHS` hold a value.

    Parameters
    ----------
    eeg
        By channel name, float64 (6,) in µV: the peak-to-peak amplitude and the rms of every band.
    chin_uv
        The rms of the chin tone in µV.
    """

    eeg: Mapping[str, Floats]
    chin_uv: float

    @classmethod
    def of(cls, evidence: Evidence) -> RecordingMedians:
        """Take those of a night."""
        eeg = {name: _medians(_amplitudes(rhythms)) for name, rhythms in evidence.rhythms.items()}
        chin = np.full((1, 1), np.nan) if evidence.chin is None else evidence.chin.rms_uv[:, None]
        return cls(eeg, float(_medians(chin)[0]))


def epoch_texts(
    night: PreparedNight,
    evidence: Evidence,
    *,
    medians: RecordingMedians | None = None,
    rows: Iterable[int] | None = None,
) -> list[str]:
    """Describe what was measured in epochs.

    Parameters
    ----------
    night
        The night as the model sees it.
    evidence
        Measured on it (:func:`.measuring.measure_night`).
    medians
        Beside which amplitudes are put; the night's own where None.
    rows
        The epochs, from 0; all where None.

    Returns
    -------
    list of str
        One text of several lines an epoch.
    """
    describer = _Describer(night, evidence, RecordingMedians.of(evidence) if medians is None else medians)
    return [describer.text(row) for row in (range(night.n_epochs) if rows is None else rows)]


class _Describer:
    """Texts of one night."""

    def __init__(self, night: PreparedNight, evidence: Evidence, medians: RecordingMedians) -> None:
        self.night, self.evidence, self.medians = night, evidence, medians
        self._panels = {panel.name: panel.roles[0] for panel in night.layout.panels if panel.shows_eeg}
        self._amplitudes = {name: _amplitudes(rhythms) for name, rhythms in evidence.rhythms.items()}
        self._seconds = {
            (kind.name, name): EPOCH_S * events.share(night.n_epochs)
            for kind in _TIMED
            for name, events in self._events(kind).items()
        }

    def text(self, epoch: int) -> str:
        rhythms = [self._rhythms(panel, epoch) for panel in self._panels]
        return "\n".join([_HEADING, *rhythms, self._eeg_events(epoch), self._eyes(epoch), self._chin(epoch)])

    def _rhythms(self, panel: str, epoch: int) -> str:
        title, channel = self._title(panel), self.night.shown_in(panel, epoch)
        rhythms = None if channel is None else self.evidence.rhythms.get(channel.name)
        if channel is None or rhythms is None or rhythms.dominant[epoch] < 0:
            return f"{title}: {_NOT_MEASURED}."
        values = self._amplitudes[channel.name][epoch]
        usual = self.medians.eeg.get(channel.name, np.full(len(values), np.nan))
        beside = [_beside(value, median) for value, median in zip(values, usual, strict=True)]
        bands = zip(BAND_NAMES, values[1:], beside[1:], strict=True)
        sizes = ", ".join(f"{name} {_number(value)}{ratio}" for name, value, ratio in bands)
        main = int(rhythms.dominant[epoch])
        most = f"{rhythms.dominant_hz[epoch]:.1f} Hz, {100 * rhythms.time[epoch, main]:.0f} % of the time"
        height = f"{_number(values[0])} µV peak to peak{beside[0]}"
        return f"{title}: {height}; µV rms: {sizes}; {BAND_NAMES[main]} stands out most ({most})."

    def _title(self, panel: str) -> str:
        """Return a panel's region; where it is the only one, derivations stand in for each other, and it is the EEG."""
        if len(self._panels) == 1:
            return "EEG"
        return f"{self._panels[panel].value.removeprefix('eeg_').capitalize()} EEG"

    def _eeg_events(self, epoch: int) -> str:
        line = _EventLine("EEG events")
        shares = [share[epoch] for share in self.evidence.slow_wave_share.values() if np.isfinite(share[epoch])]
        line.add("slow waves", f"slow waves fill {100 * shares[0]:.0f} % of the epoch" if shares else None)
        for kind in _COUNTED:
            names = self._measured_on(kind, epoch)
            line.add(_one_and_several(kind)[1], _counted(self._events(kind)[names[0]], epoch, kind) if names else None)
        for kind in _TIMED:
            # of several electrodes, the worst
            seconds = [float(self._seconds[kind.name, name][epoch]) for name in self._measured_on(kind, epoch)]
            line.add(kind.words, _lasting(kind.words, max(seconds)) if seconds else None)
        return str(line)

    def _eyes(self, epoch: int) -> str:
        line = _EventLine("Eyes")
        present = all(self._is_present(name, epoch) for name in self.evidence.eyes)
        for kind in _EYES:
            tables = list(self._events(kind).values())
            line.add(_one_and_several(kind)[1], _counted(tables[0], epoch, kind) if tables and present else None)
        return str(line)

    def _chin(self, epoch: int) -> str:
        chin = self.evidence.chin
        rms = np.nan if chin is None else float(chin.rms_uv[epoch])
        if not np.isfinite(rms):
            return f"Chin EMG: {_NOT_MEASURED}."
        return f"Chin EMG: {_number(rms)} µV rms{_beside(rms, self.medians.chin_uv)}."

    def _events(self, kind: Kind) -> Mapping[str, EventTable]:
        return self.evidence.events.get(kind.name, {})

    def _measured_on(self, kind: Kind, epoch: int) -> list[str]:
        """Return the channels on which a kind was measured in an epoch, the preferred one first."""
        return [name for name in self._events(kind) if self._is_present(name, epoch)]

    def _is_present(self, name: str, epoch: int) -> bool:
        present = self.evidence.present.get(name)
        return present is None or bool(present[epoch])


class _EventLine:
    """A line that tells events that were found from those that were looked for in vain and those that were not."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.found: list[str] = []
        self.none: list[str] = []
        self.unknown: list[str] = []

    def add(self, name: str, text: str | None) -> None:
        """Add a kind: what was found of it, nothing (``""``), or None where it was not measured."""
        if text is None:
            self.unknown.append(name)
        elif text:
            self.found.append(text)
        else:
            self.none.append(name)

    def __str__(self) -> str:
        parts = list(self.found)
        if self.none:
            parts.append(f"no {_enumerated(self.none)}")
        if not parts:
            return f"{self.title}: {_NOT_MEASURED}."
        if self.unknown:
            parts.append(f"{_enumerated(self.unknown)} {_NOT_MEASURED}")
        return f"{self.title}: {'; '.join(parts)}."


def _one_and_several(kind: Kind) -> tuple[str, str]:
    return kind.counted or (kind.words, kind.words)


def _counted(events: EventTable, epoch: int, kind: Kind) -> str:
    """Say how many events begin in an epoch, how large they are and when the first one comes; nothing of none."""
    first, last = np.searchsorted(events.onset_s, (epoch * EPOCH_S, (epoch + 1) * EPOCH_S))
    count = int(last - first)
    if not count:
        return ""
    singular, plural = _one_and_several(kind)
    at = f"{events.onset_s[first] - epoch * EPOCH_S:.0f} s"
    size = f"{_number(float(events.amplitude_uv[first:last].max()))} µV"
    rate = f"{events.frequency_hz[first:last].mean():.1f} Hz, " if kind.unit == "Hz" else ""
    if count == 1:
        return f"1 {singular} ({rate}{size}, at {at})"
    return f"{count} {plural} ({rate}up to {size}, first at {at})"


def _lasting(word: str, seconds: float) -> str:
    """Say for how long something lasts in an epoch; nothing of a part that is rounding."""
    return f"{word} for {max(1, round(seconds))} s" if seconds >= _LEAST_PART_S else ""


def _enumerated(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _number(value: float) -> str:
    """Return a number with one decimal below 10, and none above."""
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _beside(value: float, median: float) -> str:
    """Return a value beside a median; nothing where there is none."""
    if not median > 0:
        return ""
    return f" (×{_number(value / median)})"


def _amplitudes(rhythms: Rhythms) -> Floats:
    """Return the peak-to-peak amplitude and the rms of every band, (epochs, 6) µV."""
    return np.concatenate([rhythms.peak_to_peak_uv[:, None], rhythms.rms_uv], axis=1)


def _medians(values: Floats) -> Floats:
    """Return the median of each column, NaN where too few epochs hold a value."""
    complete = values[np.isfinite(values).all(axis=1)]
    return np.median(complete, axis=0) if len(complete) >= LEAST_EPOCHS else np.full(values.shape[1], np.nan)
