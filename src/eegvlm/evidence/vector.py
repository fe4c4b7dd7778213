"""What was measured in an epoch, as numbers for a network: each entry has a name and a meaning.

An entry is absent (NaN) where the channel that it needs is absent or not usable. Absolute entries are in physical
units, logarithms natural. Beside many of them stands the same relative to the recording: the difference to the median
over its usable epochs, times n / (n + 60) for n of them, for the median of a few epochs says little of a sleeper.
Amplifiers, electrodes and skulls change the first kind and leave the second; what half an hour holds changes the
second and leaves the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import fft

from eegvlm.evidence.event_table import EventTable
from eegvlm.evidence.evidence import Evidence
from eegvlm.evidence.rhythms import BAND_NAMES
from eegvlm.images import PreparedNight
from eegvlm.images.epoch_file import EpochFile
from eegvlm.scoring import TABLE
from eegvlm.scoring.limits import BANDS, EPOCH_S

Floats = npt.NDArray[np.float32]

FEW_EPOCHS = 60
_FLOOR_UV = 0.05
_EVENTS = [kind for kind in TABLE.kinds if not kind.is_whole]
_EEG_EVENTS = [str(kind.name) for kind in _EVENTS if kind.modality == "eeg"]
_EYE_EVENTS = [str(kind.name) for kind in _EVENTS if kind.modality == "eog"]


@dataclass(frozen=True)
class Entry:
    """One number of the vector.

    Parameters
    ----------
    name
        ``eeg_rms_delta``; a relative one ends in ``_relative``.
    meaning
        What it is, in which unit.
    group
        ``eeg``, ``eog`` or ``chin``: entries that are absent together.
    relative
        Whether it is the difference to the recording's median.
    """

    name: str
    meaning: str
    group: str
    relative: bool = False


_SHAPE = {
    "slope": "slope of the log-log spectrum from 2 to 30 Hz",
    "mobility": "log of Hjorth's mobility: the mean frequency, Hz",
    "complexity": "log of Hjorth's complexity: the bandwidth beside a sine's",
}


@cache
def entries() -> tuple[Entry, ...]:
    """Return what each place of the vector means."""
    eeg = [
        *(Entry(f"eeg_rms_{band}", f"log rms of {band}, µV", "eeg") for band in BAND_NAMES),
        *(Entry(f"eeg_share_{band}", f"log share of {band} in the power of 0.5-30 Hz", "eeg") for band in BAND_NAMES),
        *(Entry(f"eeg_time_{band}", f"share of the epoch in which {band} stands out", "eeg") for band in BAND_NAMES),
        Entry("eeg_peak_to_peak", "log median peak-to-peak amplitude of 1 s, µV", "eeg"),
        Entry("eeg_slow_wave_share", "share of the epoch that slow waves fill", "eeg"),
        *(Entry(f"eeg_{name}", meaning, "eeg") for name, meaning in _SHAPE.items()),
    ]
    eog = [Entry(f"eog_rms_{band}", f"log rms of {band} in the eyes' channels, µV", "eog") for band in BAND_NAMES]
    eog.append(Entry("eog_opposition", "correlation of both eyes below 2 Hz; absent with one", "eog"))
    chin = [Entry("chin_rms", "log tone of the chin, µV", "chin")]
    events = [
        Entry(f"{kind}_{what}", meaning, "eog" if kind in _EYE_EVENTS else "eeg")
        for kind in (*_EEG_EVENTS, *_EYE_EVENTS)
        for what, meaning in (
            ("count", "log of 1 + how many begin in the epoch"),
            ("seconds", "seconds that they fill, by 30"),
            ("largest", "log of 1 + the largest amplitude, µV"),
        )
    ]
    measured = [*eeg, *eog, *chin]
    relative = [
        Entry(f"{entry.name}_relative", f"{entry.meaning}, beside the recording's", entry.group, relative=True)
        for entry in measured
    ]
    return (
        *measured,
        *events,
        Entry("eeg_dominant_hz", "log of the dominant rhythm's frequency, Hz", "eeg"),
        *relative,
    )


@cache
def entry_places() -> Mapping[str, int]:
    """Return the place of each entry in the vector, by its name."""
    return MappingProxyType({entry.name: place for place, entry in enumerate(entries())})


def evidence_vectors(night: PreparedNight, evidence: Evidence) -> Floats:
    """Return the vectors of a night.

    Parameters
    ----------
    night
        The night as the model sees it.
    evidence
        Measured on it (:func:`.measuring.measure_night`).

    Returns
    -------
    numpy.ndarray
        float32 (n_epochs, len(entries())), NaN where an entry is absent: those of the eyes where an artefact fills a
        band of theirs for hours, and all of an epoch where one fills the EEG's (:mod:`eegvlm.images.corrections`).
    """
    columns: dict[str, npt.NDArray[np.float64]] = {}
    eeg = _names(night, "eeg")
    everywhere = _names(night, "eeg", once=False)  # events are marked on the derivation that shows them best
    columns |= _of_eeg(night, evidence, eeg)
    columns |= _of_eyes(night, evidence)
    chin = evidence.chin
    columns["chin_rms"] = _absent(night) if chin is None else np.log(np.maximum(chin.rms_uv, _FLOOR_UV))
    for kind in _EEG_EVENTS:
        columns |= _counted(night, kind, evidence.events.get(kind), everywhere)
    eyes = {name: _looked_at(night, evidence) for name in ("", *evidence.eyes)}
    for kind in _EYE_EVENTS:
        columns |= _counted(night, kind, evidence.events.get(kind), eyes)
    for entry in entries():
        if entry.relative:
            columns[entry.name] = columns[entry.name.removesuffix("_relative")]
    vectors = np.stack([columns[entry.name] for entry in entries()], axis=1).astype(np.float32)
    # what an artefact fills says nothing of sleep: of two eyes neither does the mean, without the EEG nothing does
    vectors[np.ix_(_hidden(night, "eog"), np.array([entry.group == "eog" for entry in entries()]))] = np.nan
    vectors[_hidden(night, "eeg")] = np.nan
    vectors[~night.usable] = np.nan
    return beside_median(vectors)


def beside_median(vectors: Floats, *, of: Floats | None = None) -> Floats:
    """Return vectors whose relative entries are beside the median of these epochs: of a whole recording, or a piece.

    Parameters
    ----------
    vectors
        float32 (n_epochs, len(entries())). Relative entries are found from the absolute ones beside them; where these
        are absent throughout, from what the relative entries hold: the same up to a constant.
    of
        The epochs whose medians count; these themselves where None.
    """
    relative, of = vectors.copy(), vectors if of is None else of
    places = entry_places()
    for name, place in places.items():
        if not entries()[place].relative:
            continue
        absolute = places[name.removesuffix("_relative")]
        source = absolute if np.isfinite(of[:, absolute]).any() else place
        values, present = vectors[:, source], of[:, source][np.isfinite(of[:, source])]
        if len(present):
            relative[:, place] = (values - np.median(present)) * (len(present) / (len(present) + FEW_EPOCHS))
        else:
            relative[:, place] = np.nan
    return relative


def _names(night: PreparedNight, modality: str, *, once: bool = True) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the channels that panels of a modality show, each with its epochs; once: those in which it comes first."""
    taken = np.zeros(night.n_epochs, np.bool_)
    epochs_of: dict[str, npt.NDArray[np.bool_]] = {}
    for panel in night.layout.panels:
        if panel.roles[0].modality != modality or panel.name not in night.panels:
            continue
        for place, channel in enumerate(night.panels[panel.name]):
            visible = night.shown[panel.name] == place
            if once:
                visible = visible & ~taken
                taken |= visible
            epochs_of[channel.name] = epochs_of.get(channel.name, np.zeros(night.n_epochs, np.bool_)) | visible
    return epochs_of


def _hidden(night: PreparedNight, modality: str) -> npt.NDArray[np.bool_]:
    """Return the epochs in which an artefact fills a band of a channel that a panel of a modality shows."""
    panels = [panel.name for panel in night.layout.panels if panel.roles[0].modality == modality]
    return np.asarray(np.any([np.zeros(night.n_epochs, np.bool_), *map(night.narrowed, panels)], axis=0))


def _absent(night: PreparedNight) -> npt.NDArray[np.float64]:
    return np.full(night.n_epochs, np.nan)


def _of_eeg(
    night: PreparedNight, evidence: Evidence, epochs_of: Mapping[str, npt.NDArray[np.bool_]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return rhythms, amplitude, slow waves and the spectrum's shape of the EEG that each epoch shows."""
    names = [
        entry.name
        for entry in entries()
        if entry.group == "eeg" and entry.name.startswith("eeg_") and not entry.relative
    ]
    columns = {name: _absent(night) for name in names}
    for name, epochs in epochs_of.items():
        rhythms = evidence.rhythms.get(name)
        if rhythms is None or not epochs.any():
            continue
        measures = {
            "eeg_peak_to_peak": np.log(np.maximum(rhythms.peak_to_peak_uv, _FLOOR_UV)),
            "eeg_dominant_hz": np.log(np.maximum(rhythms.dominant_hz, 0.5)),
            "eeg_slow_wave_share": evidence.slow_wave_share.get(name, _absent(night)),
        }
        for k, band in enumerate(BAND_NAMES):
            measures[f"eeg_rms_{band}"] = np.log(np.maximum(rhythms.rms_uv[:, k], _FLOOR_UV))
            measures[f"eeg_share_{band}"] = np.log(np.maximum(rhythms.share[:, k], 1e-4))
            measures[f"eeg_time_{band}"] = rhythms.time[:, k]
        for key, values in measures.items():
            columns[key][epochs] = values[epochs]
        samples = _samples_of(night, name)
        rows = np.flatnonzero(epochs)
        for begin in range(0, len(rows), 128):
            block = rows[begin : begin + 128]
            for key, values in _shape(samples[block], night.layout.rate).items():
                columns[f"eeg_{key}"][block] = values
    return columns


def _samples_of(night: PreparedNight, name: str) -> Floats | EpochFile:
    return next(channel.signals for channels in night.panels.values() for channel in channels if channel.name == name)


def _spectra(epochs: Floats) -> npt.NDArray[np.complex64]:
    """Return the spectra of epochs (n, samples) under a Hann window: (n, samples // 2 + 1)."""
    window = np.hanning(epochs.shape[1]).astype(np.float32)
    spectra: npt.NDArray[np.complex64] = fft.rfft(epochs * window, axis=1)
    return spectra


def _shape(epochs: Floats, rate: float) -> dict[str, npt.NDArray[np.float64]]:
    """Return slope, mobility and complexity of epochs (n, samples), from their spectra between 0.5 and 30 Hz."""
    power = np.abs(_spectra(epochs)) ** 2
    hz = fft.rfftfreq(epochs.shape[1], 1 / rate)
    inside = (hz >= 0.5) & (hz <= 30)
    power, hz = power[:, inside].astype(np.float64) + 1e-9, hz[inside]
    moments = [np.sqrt((power * hz**order).sum(axis=1)) for order in (0, 2, 4)]
    mobility = moments[1] / moments[0]
    complexity = moments[2] / moments[1] / mobility
    edges = np.geomspace(2, 30, 15)
    member = (hz[:, None] >= edges[:-1]) & (hz[:, None] < edges[1:])
    level = np.log((power @ member) / member.sum(axis=0))
    x = np.log(np.sqrt(edges[1:] * edges[:-1]))
    x -= x.mean()
    return {"slope": level @ x / (x @ x), "mobility": np.log(mobility), "complexity": np.log(complexity)}


def _of_eyes(night: PreparedNight, evidence: Evidence) -> dict[str, npt.NDArray[np.float64]]:
    """Return the power in the eyes' channels, the mean of both in the logarithm, and how far they move opposed."""
    columns = {
        entry.name: _absent(night) for entry in entries() if entry.name.startswith("eog_") and not entry.relative
    }
    channels = [
        night.panels[panel.name][0].signals
        for panel in night.layout.panels
        if panel.roles[0].modality == "eog" and panel.name in night.panels
    ]
    if not channels:
        return columns
    window = np.hanning(channels[0].shape[1])
    hz = fft.rfftfreq(len(window), 1 / night.layout.rate)
    scale = 2 / (len(window) * np.square(window).sum())
    for begin in range(0, night.n_epochs, 128):
        rows = slice(begin, begin + 128)
        spectra = [_spectra(epochs[rows]) for epochs in channels]
        for band, (low, high) in BANDS.items():
            inside = (hz >= low) & (hz < high)
            rms = [np.sqrt(scale * (np.abs(spectrum[:, inside]) ** 2).sum(axis=1)) for spectrum in spectra]
            logs = np.log(np.maximum(np.stack(rms), _FLOOR_UV))
            columns[f"eog_rms_{band}"][rows] = _mean_present(logs)
        if len(spectra) == 2:
            slow = (hz >= 0.3) & (hz < 2)
            left, right = (spectrum[:, slow] for spectrum in spectra)
            shared = (left * right.conj()).real.sum(axis=1)
            size = np.sqrt((np.abs(left) ** 2).sum(axis=1) * (np.abs(right) ** 2).sum(axis=1))
            columns["eog_opposition"][rows] = shared / np.maximum(size, 1e-9)
    return columns


def _looked_at(night: PreparedNight, evidence: Evidence) -> npt.NDArray[np.bool_]:
    """Return the epochs in which every channel that eye movements are looked for in holds a signal: (n_epochs,)."""
    everywhere = np.ones(night.n_epochs, np.bool_)
    present = [everywhere, *(evidence.present.get(name, everywhere) for name in evidence.eyes)]
    return np.asarray(np.all(present, axis=0))


def _mean_present(logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean over channels of those that have a value."""
    mean: npt.NDArray[np.float64] = np.ma.masked_invalid(logs).mean(axis=0).filled(np.nan)
    return mean


def _counted(
    night: PreparedNight,
    kind: str,
    tables: Mapping[str, EventTable] | None,
    epochs_of: Mapping[str, npt.NDArray[np.bool_]],
) -> dict[str, npt.NDArray[np.float64]]:
    """Return how many events of a kind an epoch holds, how much of it they fill, and how large they are.

    Where several channels show an epoch, the one with the most, the longest and the largest counts.
    """
    columns = {f"{kind}_{what}": _absent(night) for what in ("count", "seconds", "largest")}
    for name, events in (tables or {}).items():
        epochs = epochs_of.get(name, np.zeros(night.n_epochs, np.bool_))
        n = night.n_epochs
        first = np.clip((events.onset_s // EPOCH_S).astype(int), 0, n - 1)
        count, largest = np.bincount(first, minlength=n).astype(np.float64), np.zeros(n)
        np.maximum.at(largest, first, events.amplitude_uv)
        measures = {"count": np.log1p(count), "seconds": events.share(n), "largest": np.log1p(largest)}
        for measure, values in measures.items():
            column = columns[f"{kind}_{measure}"]
            column[epochs] = np.fmax(column[epochs], values[epochs])
    return columns
