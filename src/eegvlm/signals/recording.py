"""A recording: channels in microvolt on one clock, cut into 30-s epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from eegvlm.signals.channel import Channel
from eegvlm.signals.epochs import Conditioner, samples_per_epoch
from eegvlm.signals.lights import Lights, ReadLights, lights_of_markers
from eegvlm.signals.montage import Montage, match
from eegvlm.signals.problems import Problem, RecordingError
from eegvlm.signals.roles import Role
from eegvlm.signals.source import EPOCH_S, Source

_EPOCH = Fraction(EPOCH_S)


@dataclass(frozen=True)
class Recording:
    """A polysomnogram, opened but not loaded.

    Make one with :func:`eegvlm.signals.read_recording`, :meth:`from_arrays` or :meth:`from_mne`. Samples are
    read when they are asked for, in float32 microvolt, with NaN where there is no signal.

    Parameters
    ----------
    source
        Where the samples come from.
    montage
        The channels and how they were matched.
    origin_s, length_s
        The part of the source that this recording is, see :meth:`crop`.
    """

    source: Source
    montage: Montage
    origin_s: Fraction
    length_s: Fraction

    @classmethod
    def from_source(cls, source: Source, channels: Mapping[str, str | Sequence[str]] | None = None) -> Self:
        """Match the channels of an opened source; ``channels`` as in :func:`read_recording`."""
        return cls(source, match(source, channels), Fraction(0), source.duration_s)

    @classmethod
    def from_arrays(
        cls,
        signals: Mapping[str, tuple[npt.ArrayLike, float]],
        start: datetime | None = None,
        channels: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Self:
        """Make a recording of arrays.

        Parameters
        ----------
        signals
            Label -> (samples (n,) in microvolt, rate in Hz). NaN marks a gap.
        start
            Naive local time of the first sample.
        channels
            As in :func:`eegvlm.signals.read_recording`.

        Returns
        -------
        Recording

        Raises
        ------
        RecordingError
            Where an array is empty, not one-dimensional, infinite, or its rate is not positive.

        Examples
        --------
        >>> noise = np.random.default_rng(0).normal(0, 20, 6000)
        >>> recording = Recording.from_arrays({"C4-M1": (noise, 100.0)})
        >>> recording.n_epochs, recording.channel(Role.EEG_CENTRAL).name
        (2, 'C4-M1')
        """
        from eegvlm.signals.arrays import ArraySource

        return cls.from_source(ArraySource.of(signals, start), channels)

    @classmethod
    def from_mne(cls, raw: Any, channels: Mapping[str, str | Sequence[str]] | None = None) -> Self:
        """Make a recording of an MNE ``Raw`` object; its data are read when needed.

        Parameters
        ----------
        raw
            ``mne.io.BaseRaw``. Stretches annotated ``BAD_ACQ_SKIP`` are gaps. A start time loses its time
            zone.
        channels
            As in :func:`eegvlm.signals.read_recording`.
        """
        from eegvlm.signals.mne_source import MneSource

        return cls.from_source(MneSource.of(raw), channels)

    @property
    def path(self) -> Path:
        """The file; for arrays a name in angle brackets."""
        return Path(self.source.name)

    @property
    def start(self) -> datetime | None:
        """Naive local time at which epoch 0 begins, to the microsecond; None where unknown."""
        if self.source.start is None:
            return None
        return self.source.start + timedelta(microseconds=round(self.origin_s * 1_000_000))

    @property
    def duration_s(self) -> float:
        """Length in seconds, gaps included."""
        return float(self.length_s)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that play a role, best first, then all other signals with the role ``OTHER``."""
        return self.montage.channels

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that a reader of the result must know."""
        return (*self.source.problems, *self.montage.problems, *self._read_lights().problems)

    @property
    def lights(self) -> Lights | None:
        """Lights off and on as the recording's own annotations mark them; None where they do not.

        Read from the file on first use. Where a part was cut out by :meth:`crop`, times count from the start
        of that part, and what was marked outside of it is not known.
        """
        lights = self._read_lights().lights
        return lights and lights.within(float(self.origin_s), float(self.origin_s + self.length_s))

    @property
    def n_epochs(self) -> int:
        """Number of 30-s epochs, an incomplete last one included."""
        return math.ceil(self.length_s / _EPOCH)

    @property
    def onsets_s(self) -> npt.NDArray[np.float64]:
        """Start of each epoch in seconds after the source's first sample: float64 (n_epochs,)."""
        return float(self.origin_s) + EPOCH_S * np.arange(self.n_epochs, dtype=np.float64)

    @property
    def partial_last_s(self) -> float:
        """Length of an incomplete last epoch in seconds; 0.0 where the last one is complete."""
        return float(self.length_s % _EPOCH)

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Stretches without any signal: (start, stop) in seconds after :attr:`start`."""
        gaps = []
        at = self.origin_s
        end = self.origin_s + self.length_s
        for segment in self.source.segments:
            if segment.start_s > at:
                gaps.append((at, min(segment.start_s, end)))
            at = max(at, segment.stop_s)
        if at < end:
            gaps.append((at, end))
        return tuple((float(a - self.origin_s), float(b - self.origin_s)) for a, b in gaps if a < b)

    @property
    def scorable(self) -> npt.NDArray[np.bool_]:
        """Which epochs are complete and free of gaps: bool (n_epochs,)."""
        scorable = np.ones(self.n_epochs, np.bool_)
        if self.length_s % _EPOCH:
            scorable[-1] = False
        for start, stop in self.gaps:
            scorable[int(start // EPOCH_S) : math.ceil(stop / EPOCH_S)] = False
        return scorable

    def channel(self, role: Role) -> Channel | None:
        """Return the channel that plays a role, or None where the recording has none.

        Raises
        ------
        RecordingError
            Where an EEG role is asked for and every EEG channel of the recording is unusable.
        """
        return self.pick((role,))

    def pick(self, roles: Sequence[Role]) -> Channel | None:
        """Return the channel of the first role that is present.

        Parameters
        ----------
        roles
            In order of preference.

        Returns
        -------
        Channel or None
            Where it is not of the first role, its note says for what it stands in.

        Raises
        ------
        RecordingError
            Where an EEG role is asked for and every EEG channel of the recording is unusable.
        """
        for role in roles:
            for channel in self.channels:
                if channel.role is role:
                    if role is roles[0]:
                        return channel
                    reason = f"{role.place} {role.modality.upper()} stands in for {roles[0].place}"
                    return replace(channel, note="; ".join(filter(None, (channel.note, reason))))
        for role in roles:
            reasons = self.montage.unusable.get(role.modality) if role.modality == "eeg" else None
            if reasons:
                more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
                raise RecordingError(
                    self.source.name,
                    "EEG channels",
                    f"{reasons[0]}{more}",
                    "none can be used: choose another with --channels eeg=LABEL, or correct the file",
                )
        return None

    def derivations(self, role: Role) -> tuple[Channel, ...]:
        """Return every usable channel that can play a role, best first; the user's own choice alone where there is one.

        The first is :meth:`channel`'s. Others are what an epoch is read from where the first one holds no signal.
        """
        return self.montage.derivations(self.source, role)

    def samples(self, channel: Channel, start_s: float = 0.0, stop_s: float | None = None) -> npt.NDArray[np.float32]:
        """Read a stretch at the channel's own rate, unfiltered.

        Parameters
        ----------
        channel
            One of :attr:`channels`.
        start_s, stop_s
            Seconds after :attr:`start`; to the end where ``stop_s`` is None.

        Returns
        -------
        float32 (n,)
            Microvolt; NaN in gaps and outside of the file.
        """
        rate = channel.exact_rate
        origin = self._origin(channel)
        begin = origin + round(Fraction(start_s) * rate)
        until = origin + round((self.length_s if stop_s is None else Fraction(stop_s)) * rate)
        return channel.read(self.source, begin, until)

    def epochs(
        self,
        channel: Channel,
        *,
        rate: float,
        band: tuple[float | None, float | None] = (None, None),
        first: int = 0,
        count: int | None = None,
    ) -> npt.NDArray[np.float32]:
        """Read epochs, band-filtered and resampled.

        Parameters
        ----------
        channel
            One of :attr:`channels`.
        rate
            Samples per second wanted; an epoch has ``round(30 * rate)`` of them.
        band
            Lower and upper edge in Hz (gain one half); None leaves a side open.
        first, count
            Epochs to read; to the end where ``count`` is None. Memory grows with ``count``, not with the
            night.

        Returns
        -------
        float32 (count, round(30 * rate))
            Microvolt; NaN in an epoch that is incomplete or touches a gap.

        Raises
        ------
        ValueError
            Where the epochs do not exist or the channel's rate cannot hold the band.
        """
        count = self._count(first, count)
        origin = self._origin(channel)
        end = origin + math.ceil(self.length_s * channel.exact_rate)
        per_epoch = samples_per_epoch(rate)
        conditioner = Conditioner(self.source, channel, origin, end, per_epoch, band)
        return conditioner.epochs(first, count)

    def raw_epochs(self, channel: Channel, first: int = 0, count: int | None = None) -> npt.NDArray[np.float32]:
        """Read epochs at the channel's own rate, unfiltered: what quality is judged by.

        Parameters
        ----------
        channel
            One of :attr:`channels`.
        first, count
            Epochs to read; to the end where ``count`` is None.

        Returns
        -------
        float32 (count, floor(30 * rate))
            Microvolt; NaN where there is no signal. Where 30 s hold no whole number of samples, the last part of one is
            left out.
        """
        count = self.n_epochs - first if count is None else count
        size, origin = _EPOCH * channel.exact_rate, self._origin(channel)
        begins = [origin + math.floor((first + k) * size) for k in range(count)]
        if not begins:
            return np.empty((0, math.floor(size)), np.float32)
        end = min(begins[-1] + math.floor(size), origin + math.ceil(self.length_s * channel.exact_rate))
        window = channel.read(self.source, begins[0], end)
        window = np.pad(window, (0, begins[-1] + math.floor(size) - end), constant_values=np.nan)
        if size.denominator == 1:
            return window.reshape(count, int(size))
        return np.stack([window[begin - begins[0] :][: math.floor(size)] for begin in begins])

    def crop(self, start_s: float, stop_s: float) -> Recording:
        """Return a part of the recording; it reads from the same source.

        Epochs of the part that coincide with epochs of the whole hold the same numbers: filters still see
        the signal on the other side of the cut. A cut between two samples moves to the nearer one.

        Parameters
        ----------
        start_s, stop_s
            Seconds after :attr:`start`.
        """
        if not 0 <= start_s < stop_s <= self.duration_s:
            raise ValueError(f"{start_s} to {stop_s} s is no part of {self.duration_s} s")
        origin = self.origin_s + Fraction(start_s).limit_denominator(1_000_000)
        stop = self.length_s if stop_s == self.duration_s else Fraction(stop_s).limit_denominator(1_000_000)
        return replace(self, origin_s=origin, length_s=self.origin_s + stop - origin)

    def describe(self) -> dict[str, Any]:
        """Describe the recording for JSON: channels, times, gaps, problems; no patient fields, no folders."""
        from eegvlm.signals.description import describe

        return describe(self)

    def _read_lights(self) -> ReadLights:
        return lights_of_markers(self.source.lights_markers, 0.0, float(self.source.duration_s), whose="recording")

    def _count(self, first: int, count: int | None) -> int:
        """Return how many epochs are asked for, to the end where None; refuse those that do not exist."""
        count = self.n_epochs - first if count is None else count
        if first < 0 or count < 0 or first + count > self.n_epochs:
            raise ValueError(f"epochs {first} to {first + count} of {self.n_epochs}")
        return count

    def _origin(self, channel: Channel) -> int:
        return round(self.origin_s * channel.exact_rate)
