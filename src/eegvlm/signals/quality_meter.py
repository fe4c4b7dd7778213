"""Measures the quality of a recording while it is read, a few epochs at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from eegvlm.signals import quality_limits as limits
from eegvlm.signals.channel import Channel, as_recorded
from eegvlm.signals.quality import ChannelQuality, Quality, QualityKind, QualityLevel
from eegvlm.signals.quality_judgement import judge_channel
from eegvlm.signals.quality_limits import MODALITIES
from eegvlm.signals.quality_measures import MEASURES, ChannelMeter
from eegvlm.signals.quality_repeats import EpochPieces, pieces_of, repeated_shares
from eegvlm.signals.quality_transients import locked_height, peak_times, r_waves, regular_beats, sharpness
from eegvlm.signals.recording import Recording
from eegvlm.signals.roles import Role
from eegvlm.signals.source import EPOCH_S, Source

Samples = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]

_BLOCK_EPOCHS = 16
# Below this rate an R wave is not resolved.
_LEAST_BEAT_RATE = 50.0


class QualityMeter:
    """Judges epochs that are handed over in order; memory grows with the number of epochs, not of samples.

    Parameters
    ----------
    channels
        Channels to judge; those of role ``OTHER`` are not looked at. An ECG among them shows what leaks from it.
    source
        Where they come from: quantisation and limits.
    n_epochs
        Epochs of the recording.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 20, 12000)
    >>> recording = Recording.from_arrays({"C4-M1": (noise, 200.0)})
    >>> meter = QualityMeter(recording.channels, recording.source, 2)
    >>> meter.add(0, {"C4-M1": noise.reshape(2, 6000).astype(np.float32)})
    >>> [(s.kind.value, s.level.name, s.first, s.last) for s in meter.finish().stretches()]
    [('open-input', 'UNUSABLE', 0, 1)]
    """

    def __init__(self, channels: Sequence[Channel], source: Source, n_epochs: int) -> None:
        judged = [channel for channel in channels if channel.role is not Role.OTHER]
        self._channels = {channel.name: channel for channel in judged}
        self._leads = {lead.name: lead for lead in _leads(judged, source)}
        everything = {**self._channels, **self._leads}
        self._steps = {name: _step(channel, source) for name, channel in everything.items()}
        self._meters = {
            name: ChannelMeter(
                channel.rate, MODALITIES[channel.role.modality], self._steps[name], _storage_limits(channel, source)
            )
            for name, channel in everything.items()
        }
        self._rows = {name: np.zeros(n_epochs, MEASURES) for name in everything}
        self._n_epochs = n_epochs
        self._ecg = next((name for name, channel in self._channels.items() if _shows_beats(channel)), None)
        self._beats: dict[str, list[Times]] = {}
        eeg = [name for name, channel in self._channels.items() if channel.role.modality == "eeg"]
        self._pieces: dict[str, list[EpochPieces | None]] = {name: [None] * n_epochs for name in eeg}
        self._compared = _distant_sites(list(self._channels.values()))

    @property
    def leads(self) -> tuple[Channel, ...]:
        """Leads of derived channels; epochs of them are welcome in :meth:`add`, and show a dead or clipped lead."""
        return tuple(self._leads.values())

    def add(self, first: int, epochs: Mapping[str, Samples]) -> None:
        """Measure consecutive epochs.

        Parameters
        ----------
        first
            Number of the first one, from 0.
        epochs
            Name of a channel -> float32 (k, samples) in µV at the channel's own rate, unfiltered; NaN in gaps. All
            channels of one epoch come in one call; other names are ignored.

        Raises
        ------
        ValueError
            Where the epochs do not exist.
        """
        blocks = {name: np.asarray(block, np.float32) for name, block in epochs.items() if name in self._meters}
        rows = {}
        for name, block in blocks.items():
            if first < 0 or first + len(block) > self._n_epochs:
                raise ValueError(f"epochs {first} to {first + len(block)} of {self._n_epochs}")
            rows[name] = self._rows[name][first : first + len(block)]
            rows[name][:] = self._meters[name].measure(block)
            if name in self._pieces:
                moving = np.flatnonzero(rows[name]["present"] & (rows[name]["flat"] < 1))
                for k, pieces in zip(moving, pieces_of(block[moving], self._meters[name].rate), strict=True):
                    self._pieces[name][first + int(k)] = pieces
        self._measure_beats(first, blocks, rows)
        self._compare(blocks, rows)

    def finish(self) -> Quality:
        """Judge all epochs that were added; others count as gaps."""
        for name, pieces in self._pieces.items():
            self._rows[name]["repeated"] = repeated_shares(pieces)
        levels = {
            name: judge_channel(self._rows[name], meter.modality, self._steps[name])
            for name, meter in self._meters.items()
        }
        for name, channel in self._channels.items():
            if not channel.derived:
                continue
            for lead in self._leads.values():
                weight = next((w for index, w in channel.terms if (index, 1.0) in lead.terms), 0.0)
                if not weight:
                    continue
                for kind in (QualityKind.FLAT, QualityKind.CLIPPED):
                    worst = levels[lead.name][kind]
                    # Without its reference lead a derivation is still EEG, against the recorder's reference.
                    if weight < 0:
                        worst = np.minimum(worst, QualityLevel.DOUBTFUL).astype(np.int8)
                    levels[name][kind] = np.maximum(levels[name][kind], worst)
        judged = {
            name: ChannelQuality(name, levels[name], np.zeros(0) if name == self._ecg else self._beats_in(name))
            for name in self._channels
        }
        return Quality(judged, self._n_epochs, self._beats_in(self._ecg))

    def _beats_in(self, name: str | None) -> Times:
        """Return the beats that one channel shows, in seconds after the recording's start."""
        return np.concatenate([np.zeros(0), *self._beats.get(name or "", ())])

    def _measure_beats(
        self, first: int, blocks: Mapping[str, Samples], rows: Mapping[str, npt.NDArray[np.void]]
    ) -> None:
        times = self._heart(blocks, rows)
        for epoch, beats in times.items():
            self._beats.setdefault(self._ecg or "", []).append(EPOCH_S * (first + epoch) + beats)
        for name, block in blocks.items():
            channel = self._channels.get(name)
            if channel is None or channel.role is Role.ECG or channel.rate < _LEAST_BEAT_RATE:
                continue
            for k in np.flatnonzero(rows[name]["present"] & (rows[name]["flat"] < 1)):
                channel_beats = _measure_leak(block[k], rows[name][k : k + 1], channel.rate, times.get(int(k)))
                if len(channel_beats):
                    self._beats.setdefault(name, []).append(EPOCH_S * (first + int(k)) + channel_beats)

    def _heart(self, blocks: Mapping[str, Samples], rows: Mapping[str, npt.NDArray[np.void]]) -> dict[int, Times]:
        """Return the times of the beats in seconds for the epochs in which an ECG channel shows them."""
        if self._ecg is None or self._ecg not in blocks:
            return {}
        rate = self._channels[self._ecg].rate
        epochs = np.flatnonzero(rows[self._ecg]["present"])
        times = {int(k): _times(blocks[self._ecg][k], r_waves(blocks[self._ecg][k], rate), rate) for k in epochs}
        return {k: of_epoch for k, of_epoch in times.items() if len(of_epoch)}

    def _compare(self, blocks: Mapping[str, Samples], rows: Mapping[str, npt.NDArray[np.void]]) -> None:
        names = [name for name in self._compared if name in blocks]
        if len(names) < 2:
            return
        fast = [_without_slow(blocks[name]) for name in names]
        alive = np.stack([rows[name]["present"] & (rows[name]["quiet"] + rows[name]["flat"] < 1) for name in names])
        power = np.stack([(signal**2).sum(axis=1) for signal in fast])
        for k in range(alive.shape[1]):
            members = np.flatnonzero(alive[:, k] & (power[:, k] > 0))
            if len(members) < 2:
                continue
            base = members[0]
            cross = np.array([(fast[base][k] * fast[m][k]).sum() for m in members[1:]])
            correlation = cross / np.sqrt(power[base, k] * power[members[1:], k])
            gain = cross / power[base, k]
            low, high = limits.ALIKE_GAIN
            if (correlation > limits.ALIKE_CORRELATION).all() and (gain > low).all() and (gain < high).all():
                for m in members:
                    rows[names[m]]["alike"][k] = True


def _measure_leak(epoch: Samples, row: npt.NDArray[np.void], rate: float, of_ecg: Times | None) -> Times:
    """Measure the beats in an epoch; return those that it shows itself, where no ECG shows them."""
    channel_beats = _times(epoch, regular_beats(epoch, rate), rate) if of_ecg is None else np.zeros(0)
    times = channel_beats if of_ecg is None else of_ecg
    height, errors = locked_height(epoch, rate, times, limits.LEAK_UV)
    if errors < limits.LEAK_STANDARD_ERRORS or height < limits.LEAK_UV:
        return np.zeros(0)
    row["beat_uv"] = height
    row["beat_rest"] = np.subtract(*np.quantile(epoch, (0.84, 0.16))) / 2
    row["beat_rate"] = 60 / float(np.median(np.diff(times)))
    return channel_beats


def _times(epoch: Samples, peaks: npt.NDArray[np.intp], rate: float) -> Times:
    return peak_times(sharpness(epoch, rate), peaks, rate)


def measure_quality(recording: Recording, channels: Sequence[Channel] | None = None) -> Quality:
    """Judge the quality of every epoch and channel of a recording; reads each of its channels once.

    Parameters
    ----------
    recording
        Any recording.
    channels
        Which channels to judge; by default all that play a role.

    Returns
    -------
    Quality

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.4, 9000)
    >>> quality = measure_quality(Recording.from_arrays({"C4-M1": (noise, 100.0), "ECG": (100 * noise, 100.0)}))
    >>> quality.channels["C4-M1"].usable.tolist()
    [False, False, False]
    """
    offered = recording.channels if channels is None else channels
    chosen = [channel for channel in offered if channel.role is not Role.OTHER]
    meter = QualityMeter(chosen, recording.source, recording.n_epochs)
    readable = [channel for channel in (*chosen, *meter.leads) if channel.exact_rate]
    for first in range(0, recording.n_epochs, _BLOCK_EPOCHS):
        count = min(_BLOCK_EPOCHS, recording.n_epochs - first)
        meter.add(first, {channel.name: recording.raw_epochs(channel, first, count) for channel in readable})
    return meter.finish()


def _leads(channels: Sequence[Channel], source: Source) -> list[Channel]:
    """Return the signals that derived channels are made of, as far as none of the channels is called like them."""
    names = {channel.name for channel in channels}
    leads: dict[str, Channel] = {}
    for channel in channels:
        for index, _ in channel.terms if channel.derived else ():
            label = source.signals[index].label
            if label not in names:
                leads.setdefault(label, as_recorded(source, index, channel.role))
    return list(leads.values())


def _step(channel: Channel, source: Source) -> float:
    return min(abs(weight) * source.signals[index].step for index, weight in channel.terms)


def _storage_limits(channel: Channel, source: Source) -> tuple[float, float] | None:
    (index, weight), *more = channel.terms
    limits_of = source.signals[index].limits
    if more or limits_of is None:
        return None
    low, high = sorted(weight * limit for limit in limits_of)
    return low, high


def _shows_beats(channel: Channel) -> bool:
    return channel.role is Role.ECG and channel.rate >= _LEAST_BEAT_RATE


def _distant_sites(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Return one EEG channel a site, all at the rate that most of them have."""
    eeg = [channel for channel in channels if channel.role.modality == "eeg"]
    if not eeg:
        return ()
    rates = [channel.exact_rate for channel in eeg]
    common = max(rates, key=rates.count)
    sites: dict[str, str] = {}
    for channel in eeg:
        if channel.exact_rate == common:
            sites.setdefault(channel.name.partition("-")[0].strip(), channel.name)
    return tuple(sites.values())


def _without_slow(block: Samples) -> Samples:
    """Remove the mean of each second: offsets and drift would make any two channels alike."""
    pieces = round(EPOCH_S)
    width = block.shape[1] // pieces
    if width < 2:
        return np.zeros_like(block)
    seconds = block[:, : pieces * width].reshape(len(block), pieces, width)
    return np.asarray((seconds - seconds.mean(axis=2, keepdims=True)).reshape(len(block), -1), np.float32)
