"""Evidence: everything that was measured in a night, as tables and as findings per epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eegvlm.evidence.chin import ChinTone
from eegvlm.evidence.event_table import Bools, EventTable, Floats
from eegvlm.evidence.rhythms import BAND_NAMES, Rhythms
from eegvlm.evidence.tables import events_annotations, events_table
from eegvlm.scoring import TABLE, Finding, FindingKind
from eegvlm.scoring.limits import EPOCH_S

if TYPE_CHECKING:
    import mne
    import pandas as pd

K = FindingKind
_LEAST_PART_S = 0.02  # a shorter part of an event in an epoch is rounding, not a finding


@dataclass(frozen=True)
class Evidence:
    """The measurements of a night.

    Attributes
    ----------
    n_epochs
        Number of 30-s epochs.
    events
        Events by kind and channel name; a kind that could not be measured is missing, one that was measured and never
        found is an empty table. The name is ``""`` where an event belongs to several channels.
    rhythms
        By channel name.
    slow_wave_share
        Part of each epoch (n,) that slow waves fill, by channel name; NaN where there is no signal.
    chin
        Chin tone, None where it could not be measured.
    present
        Channel name -> bool (n,): epochs in which it holds a signal. What a channel cannot show there is neither
        present nor absent. A channel that is missing here holds one everywhere.
    eyes
        Names of the channels that eye movements were looked for in, all of which are needed.
    """

    n_epochs: int
    events: Mapping[str, Mapping[str, EventTable]]
    rhythms: Mapping[str, Rhythms]
    slow_wave_share: Mapping[str, Floats]
    chin: ChinTone | None
    present: Mapping[str, Bools] = field(default_factory=dict)
    eyes: tuple[str, ...] = ()

    @property
    def measurable(self) -> frozenset[str]:
        """The kinds for which the channels were there; a finding of any other kind cannot exist."""
        kinds: set[str] = set(self.events)
        if self.rhythms:
            kinds |= {K.DOMINANT_RHYTHM, K.BAND_SHARE, K.AMPLITUDE}
        if self.slow_wave_share:
            kinds.add(K.SLOW_WAVE_SHARE)
        if self.chin is not None:
            kinds.add(K.CHIN_TONE)
        return frozenset(kinds)

    @property
    def spindles(self) -> pd.DataFrame:
        """Sleep spindles, as :meth:`to_dataframe` has them."""
        return self.to_dataframe([K.SPINDLE])

    @property
    def slow_waves(self) -> pd.DataFrame:
        """Slow waves, as :meth:`to_dataframe` has them."""
        return self.to_dataframe([K.SLOW_WAVE])

    @property
    def k_complexes(self) -> pd.DataFrame:
        """K-complexes, as :meth:`to_dataframe` has them."""
        return self.to_dataframe([K.K_COMPLEX])

    def to_dataframe(self, kinds: Iterable[str] | None = None) -> pd.DataFrame:
        """Return one row an event, in order of onset.

        Parameters
        ----------
        kinds
            Which events, such as ``["spindle", "arousal"]``; all that were measured where not given.

        Returns
        -------
        pandas.DataFrame
            ``kind``, ``channel`` ("" where several were needed), ``epoch`` (from 1), ``onset_s`` (seconds after the
            start of epoch 1), ``duration_s``, ``frequency_hz`` (NaN where it has no meaning), ``amplitude_uv`` (peak
            to peak).

        Raises
        ------
        InputError
            If a kind could not be measured: no channel shows it.
        MissingExtraError
            If pandas is not installed.
        """
        return events_table(self, kinds)

    def to_annotations(self, start: datetime | None = None, kinds: Iterable[str] | None = None) -> mne.Annotations:
        """Return one ``mne`` annotation an event, with channel, amplitude and frequency as extras.

        Parameters
        ----------
        start
            Clock time of the recording's start, naive local time, where the ``Raw`` has one.
        kinds
            As in :meth:`to_dataframe`.

        Raises
        ------
        InputError
            If a kind could not be measured.
        MissingExtraError
            If MNE is not installed.
        """
        return events_annotations(self, start, kinds)

    def channels_of(self, kind: str) -> tuple[str, ...]:
        """Return the names of the channels on which a kind was measured."""
        if TABLE.kind(kind).modality == "eog":
            return self.eyes
        if kind in self.events:
            return tuple(self.events[kind])
        if kind == K.SLOW_WAVE_SHARE:
            return tuple(self.slow_wave_share)
        if kind == K.CHIN_TONE:
            return () if self.chin is None else (self.chin.name,)
        return tuple(self.rhythms)

    def present_in(self, epoch: int) -> frozenset[str]:
        """Return the names of the channels that hold a signal in an epoch."""
        everywhere = np.ones(self.n_epochs, np.bool_)
        names = {name for kind in self.measurable for name in self.channels_of(kind)}
        return frozenset(name for name in names if self.present.get(name, everywhere)[epoch])

    def joined(self, other: Evidence) -> Evidence:
        """Return what was measured on the channels of both, of one night; none is in both."""
        events = {
            kind: {**self.events.get(kind, {}), **other.events.get(kind, {})}
            for kind in {**self.events, **other.events}
        }
        return Evidence(
            self.n_epochs,
            events,
            {**self.rhythms, **other.rhythms},
            {**self.slow_wave_share, **other.slow_wave_share},
            other.chin if self.chin is None else self.chin,
            {**self.present, **other.present},
            self.eyes or other.eyes,
        )

    @cached_property
    def findings(self) -> list[list[Finding]]:
        """The findings of each epoch: what describes all of it first, then events in order of onset."""
        by_epoch: list[list[Finding]] = [[] for _ in range(self.n_epochs)]
        for name, rhythms in self.rhythms.items():
            _add_rhythms(by_epoch, name, rhythms)
        for name, share in self.slow_wave_share.items():
            for epoch in np.flatnonzero(np.isfinite(share)).tolist():
                by_epoch[epoch].append(Finding(K.SLOW_WAVE_SHARE, name, 0.0, EPOCH_S, 100 * float(share[epoch]), "%"))
        if self.chin is not None:
            for epoch in np.flatnonzero(np.isfinite(self.chin.relative)).tolist():
                tone, rms = 100 * float(self.chin.relative[epoch]), float(self.chin.rms_uv[epoch])
                by_epoch[epoch].append(Finding(K.CHIN_TONE, self.chin.name, 0.0, EPOCH_S, tone, "%", amplitude_uv=rms))
        event_findings: list[list[Finding]] = [[] for _ in range(self.n_epochs)]
        for kind, tables in self.events.items():
            for name, events in tables.items():
                _add_events(event_findings, kind, name or None, events)
        for of_epoch, events_of_epoch in zip(by_epoch, event_findings, strict=True):
            of_epoch.extend(sorted(events_of_epoch, key=lambda finding: (finding.start_s, finding.end_s)))
        return by_epoch


def _add_rhythms(by_epoch: list[list[Finding]], name: str, rhythms: Rhythms) -> None:
    share, time = (100 * rhythms.share).tolist(), (100 * rhythms.time).tolist()
    rms = rhythms.rms_uv.tolist()
    for epoch in np.flatnonzero(rhythms.dominant >= 0).tolist():
        main = int(rhythms.dominant[epoch])
        # an rms of 1 is a peak-to-peak amplitude of 2 sqrt 2 in a sine
        height = [2 * np.sqrt(2) * value for value in rms[epoch]]
        hz = float(rhythms.dominant_hz[epoch])
        by_epoch[epoch].append(
            Finding(
                K.DOMINANT_RHYTHM,
                name,
                0.0,
                EPOCH_S,
                hz,
                "Hz",
                amplitude_uv=height[main],
                band=BAND_NAMES[main],
                time_percent=time[epoch][main],
            )
        )
        for k, band in enumerate(BAND_NAMES):
            by_epoch[epoch].append(
                Finding(
                    K.BAND_SHARE,
                    name,
                    0.0,
                    EPOCH_S,
                    share[epoch][k],
                    "%",
                    amplitude_uv=height[k],
                    band=band,
                    time_percent=time[epoch][k],
                )
            )
        amplitude = float(rhythms.peak_to_peak_uv[epoch])
        by_epoch[epoch].append(Finding(K.AMPLITUDE, name, 0.0, EPOCH_S, amplitude, "uV"))


def _add_events(event_findings: list[list[Finding]], kind: str, name: str | None, events: EventTable) -> None:
    unit_of_kind = TABLE.kind(kind).unit
    rows = (events.onset_s.tolist(), events.end_s.tolist(), events.amplitude_uv.tolist(), events.frequency_hz.tolist())
    for onset, end, amplitude, hz in zip(*rows, strict=True):
        frequency = hz if hz == hz else None
        for epoch in range(max(0, int(onset // EPOCH_S)), min(len(event_findings) - 1, int(end // EPOCH_S)) + 1):
            start, stop = max(onset - epoch * EPOCH_S, 0.0), min(end - epoch * EPOCH_S, EPOCH_S)
            if stop - start < _LEAST_PART_S:
                continue
            if unit_of_kind == "s":
                value, unit = end - onset, "s"
            elif unit_of_kind == "Hz" and frequency is not None:
                value, unit = frequency, "Hz"
            else:
                value, unit = amplitude, "uV"
            event_findings[epoch].append(
                Finding(
                    kind,
                    name,
                    start,
                    stop,
                    value,
                    unit,
                    amplitude_uv=None if unit == "uV" else amplitude,
                    frequency_hz=None if unit == "Hz" else frequency,
                    duration_s=end - onset,
                )
            )
