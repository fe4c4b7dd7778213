"""The night as the model sees it: read once, judged once, corrected once; pictures by rows.

A panel of the layout shows one channel, and in epochs in which that one holds no usable signal the best other
derivation that can stand for it, stretch by stretch. Where the electrode of the preferred EEG pops in most epochs,
another one is preferred for the whole night. Every channel has a correction of its own (its level, its band), found
from its usable epochs alone. Staging, reasons and the report all take from this object, so that what was measured,
drawn and told belongs to the same samples. Those of a long night lie in temporary files.

Not covered: what a picture is (:mod:`.raster`), what makes a signal unusable (:mod:`eegvlm.signals.quality`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eegvlm.images.corrections import Correction, apply_correction, panel_correction
from eegvlm.images.epoch_file import EpochFile
from eegvlm.images.layout import ImageLayout
from eegvlm.images.panels import panel_channels, panel_derivations
from eegvlm.images.sampling import sampled_rows
from eegvlm.images.shown_channel import ShownChannel, pops_in_most, shown_places, without_pops
from eegvlm.signals import Channel, Quality, QualityKind, QualityMeter, Recording, Role
from eegvlm.signals.heartbeat import HeartLeak, without_heart
from eegvlm.signals.read_once import ReadOnce
from eegvlm.signals.tone_removal import RemovedTone, without_tones

if TYPE_CHECKING:
    import torch

__all__ = ["PreparedNight", "ShownChannel"]

Samples = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp] | slice

_BLOCK = 32  # epochs that are read at a time
_MOST_BYTES = 1 << 26  # of signals in memory: those of a night of eight hours, not of a day
_CLEANED = ("eeg", "eog")  # in the chin, scorers are used to it, and tone is read between the beats


@dataclass(frozen=True, eq=False)
class PreparedNight:
    """What a model sees of a recording; make one with :meth:`read` or :meth:`of_signals`.

    Parameters
    ----------
    layout
        How it is drawn.
    n_epochs
        Number of 30-s epochs.
    panels
        Panel's name -> the channels that it shows, the preferred one first; panels without any are missing.
    shown
        Panel's name -> int8 (n_epochs,): the place in ``panels`` of the channel that each epoch is read from, -1 where
        none holds a usable signal.
    scorable
        bool (n_epochs,): epochs that are complete and in no gap, whatever their quality.
    quality
        Of every channel that was judged; None where none was.
    """

    layout: ImageLayout
    n_epochs: int
    panels: Mapping[str, tuple[ShownChannel, ...]]
    shown: Mapping[str, npt.NDArray[np.int8]]
    scorable: Bools
    quality: Quality | None = None

    @classmethod
    def read(cls, recording: Recording, layout: ImageLayout, *, every_derivation: bool = False) -> PreparedNight:
        """Read a recording.

        Every channel is read once, from the first epoch to the last. Where the EEG of a panel has epochs that are not
        usable, or pops in most of them, the recording's other derivations for it are read, too.

        Parameters
        ----------
        recording
            The night.
        layout
            Its panels' roles say which channels are looked for.
        every_derivation
            Whether to read the other derivations in any case, so that each can be staged (:meth:`through`).

        Raises
        ------
        RecordingError
            Where the recording has EEG channels and none can be used.
        """
        first = {name: channel for name, channel in panel_channels(layout, recording).items() if channel is not None}
        preferred = list(first.items())
        beside = [candidate for candidate in recording.channels if candidate.role is not Role.OTHER]
        signals, quality = _read(recording, layout, preferred, beside)
        first_shown = {
            name: (_shown(layout, name, channel, signals[name, channel.name], quality),) for name, channel in preferred
        }
        panels: dict[str, tuple[ShownChannel, ...]] = dict(first_shown)
        scorable = recording.scorable
        lacking = [
            name
            for name, (shown_channel,) in first_shown.items()
            if layout.panel(name).shows_eeg
            and (
                every_derivation
                or not shown_channel.usable[scorable].all()
                or pops_in_most(shown_channel, quality, scorable)
            )
        ]
        others = [
            (name, channel)
            for name in lacking
            for channel in panel_derivations(layout, recording, name)
            if channel.terms != first[name].terms
        ]
        if others:
            ecg = [candidate for candidate in beside if candidate.role is Role.ECG]
            more, judged = _read(recording, layout, others, [*(channel for _, channel in others), *ecg])
            quality = quality.joined(judged)
            for name, channel in others:
                panels[name] = (*panels[name], _shown(layout, name, channel, more[name, channel.name], quality))
            panels |= {name: without_pops(panels[name], quality, scorable) for name in lacking}
        return cls._of(layout, recording.n_epochs, panels, scorable, quality)

    @classmethod
    def of_signals(
        cls,
        layout: ImageLayout,
        signals: Mapping[str, Samples],
        corrections: Mapping[str, Correction] | None = None,
    ) -> PreparedNight:
        """Make a night of signals that were read before, as training keeps them.

        Parameters
        ----------
        layout
            How it is drawn.
        signals
            Panel's name -> float32 (n_epochs, samples) microvolt at the layout's rate, in the panel's band; NaN where
            there is no signal.
        corrections
            By panel; found from the signals where None.
        """
        if corrections is None:
            corrections = {
                name: panel_correction(layout.panel(name), values, layout.rate) for name, values in signals.items()
            }
        panels = {
            name: (ShownChannel(name, layout.panel(name).roles[0], values, corrections.get(name, Correction())),)
            for name, values in signals.items()
        }
        present = np.any([channel.usable for (channel,) in panels.values()], axis=0)
        return cls._of(layout, len(present), panels, present, None)

    @classmethod
    def _of(
        cls,
        layout: ImageLayout,
        n_epochs: int,
        panels: Mapping[str, tuple[ShownChannel, ...]],
        scorable: Bools,
        quality: Quality | None,
    ) -> PreparedNight:
        places = {name: shown_places(channels) for name, channels in panels.items()}
        return cls(layout, n_epochs, panels, places, scorable, quality)

    @property
    def usable(self) -> Bools:
        """Which epochs hold something to stage: bool (n_epochs,).

        Where the layout has EEG panels, one of them has a usable channel; otherwise any panel has.
        """
        eeg = [name for name in self.shown if self.layout.panel(name).shows_eeg]
        read = [self.shown[name] >= 0 for name in (eeg or self.shown)]
        return np.asarray(self.scorable & np.any(read, axis=0)) if read else np.zeros(self.n_epochs, np.bool_)

    @property
    def corrections(self) -> dict[str, Correction]:
        """Of the preferred channel of each panel that has a level or a floor."""
        return {
            name: channels[0].correction for name, channels in self.panels.items() if self.layout.panel(name).corrects
        }

    @property
    def tones(self) -> dict[str, RemovedTone]:
        """Which tones of a machine were taken out of which channel, by its name."""
        return {channel.name: channel.tone for channel in self._shown_channels if channel.tone is not None}

    @property
    def heart(self) -> dict[str, HeartLeak]:
        """What of the heart was taken out of which channel, by its name."""
        return {channel.name: channel.heart for channel in self._shown_channels if channel.heart is not None}

    @property
    def _shown_channels(self) -> list[ShownChannel]:
        return [channel for channels in self.panels.values() for channel in channels]

    def signals(self, rows: Rows) -> dict[str, Samples]:
        """Return what was read of some epochs: panel's name -> float32 (len(rows), samples) microvolt.

        Not corrected; NaN where a panel shows nothing.
        """
        return {name: self._of_rows(name, rows, corrected=False) for name in self.panels}

    def drawn_signals(self, rows: Rows) -> dict[str, Samples]:
        """Return what is drawn of some epochs, each from its channel, at that channel's level: as :meth:`signals`."""
        return {name: self._of_rows(name, rows, corrected=True) for name in self.panels}

    def pictures(self, rows: Rows, *, device: torch.device | str | None = None) -> torch.Tensor:
        """Draw epochs: uint8 (len(rows), channels, height, width)."""
        from eegvlm.images.raster import render

        return render(self.layout, self.drawn_signals(rows), device=device)

    def sampled(self, among: Bools | None = None, most: int | None = None) -> npt.NDArray[np.intp]:
        """Return usable epochs from all over the night, which stand for the whole of it: at most 240.

        Parameters
        ----------
        among
            bool (n_epochs,): those that may be taken; None: all usable ones.
        most
            How many suffice, where that is fewer.
        """
        rows = sampled_rows(self.usable if among is None else among)
        return rows if most is None else rows[:: max(1, -(-len(rows) // most))]

    def with_signals(self, rows: Rows, signals: Mapping[str, Samples]) -> PreparedNight:
        """Return epochs of other signals, each corrected as the epoch is in whose place it stands.

        Parameters
        ----------
        rows
            Places in this night, (n,).
        signals
            Panel's name -> float32 (n, samples) microvolt, not corrected.
        """
        panels, places = {}, {}
        for name, values in signals.items():
            source = self.shown[name][rows]
            panels[name] = tuple(
                replace(channel, signals=values, correction=channel.correction.of_rows(rows, self.n_epochs))
                for channel in self.panels[name]
            )
            places[name] = np.where(np.isfinite(values).all(axis=1), np.maximum(source, 0), -1).astype(np.int8)
        return PreparedNight(self.layout, len(next(iter(signals.values()))), panels, places, self.scorable[rows])

    def through(self, panel: str, place: int) -> PreparedNight:
        """Return the night with one panel showing only one of its channels, as a voter sees it."""
        channels = {**self.panels, panel: (self.panels[panel][place],)}
        return self._of(self.layout, self.n_epochs, channels, self.scorable, self.quality)

    def replaced(self, rows: Rows, signals: Mapping[str, Samples]) -> PreparedNight:
        """Return the whole night with other signals, (n, samples) not corrected, at some of its places."""
        panels = {}
        for name, channels in self.panels.items():
            source, changed = self.shown[name][rows], []
            for place, channel in enumerate(channels):
                samples, in_channel = channel.signals, source == place
                if name in signals and in_channel.any():
                    samples = np.array(samples[:])
                    samples[np.arange(self.n_epochs)[rows][in_channel]] = signals[name][in_channel]
                changed.append(replace(channel, signals=samples))
            panels[name] = tuple(changed)
        return replace(self, panels=panels)

    def shown_in(self, panel: str, epoch: int) -> ShownChannel | None:
        """Return the channel that a panel shows in an epoch; the preferred one where none is usable."""
        channels = self.panels.get(panel)
        return None if channels is None else channels[max(0, int(self.shown[panel][epoch]))]

    def names(self, panel: str) -> npt.NDArray[np.object_]:
        """Return the name of the channel that a panel shows in each epoch, "" where it shows none: (n_epochs,)."""
        names = np.array([*(channel.name for channel in self.panels.get(panel, ())), ""], np.object_)
        return names[self.shown[panel]] if panel in self.shown else np.full(self.n_epochs, "", np.object_)

    def _of_rows(self, panel: str, rows: Rows, *, corrected: bool) -> Samples:
        channels = self.panels[panel]
        if len(channels) == 1:
            return self._of_channel(channels[0], rows, corrected=corrected)
        epochs, source = np.arange(self.n_epochs)[rows], self.shown[panel][rows]
        signals = np.full((len(epochs), channels[0].signals.shape[1]), np.nan, np.float32)
        for place, channel in enumerate(channels):
            in_channel = source == place
            if in_channel.any():
                signals[in_channel] = self._of_channel(channel, epochs[in_channel], corrected=corrected)
        return signals

    def _of_channel(self, channel: ShownChannel, rows: Rows, *, corrected: bool) -> Samples:
        signals = channel.signals[rows]
        if not corrected:
            return signals
        return apply_correction(signals, channel.correction.of_rows(rows, self.n_epochs), self.layout.rate)

    def narrowed(self, panel: str) -> Bools:
        """Return the epochs in which what a panel shows is narrowed, since an artefact fills the rest: (n_epochs,)."""
        narrowed = np.zeros(self.n_epochs, np.bool_)
        for place, channel in enumerate(self.panels.get(panel, ())):
            in_channel = self.shown[panel] == place
            narrowed[in_channel] = channel.correction.narrowed(self.n_epochs)[in_channel]
        return narrowed


def _read(
    recording: Recording, layout: ImageLayout, channels: Sequence[tuple[str, Channel]], judged: Sequence[Channel]
) -> tuple[dict[tuple[str, str], Samples | EpochFile], Quality]:
    """Read channels from the first epoch to the last: what panels show of them, and their quality."""
    shared = replace(recording, source=ReadOnce(recording.source))
    shape = recording.n_epochs, round(30 * layout.rate)
    in_files = 4 * math.prod(shape) * len(channels) > _MOST_BYTES
    signals: dict[tuple[str, str], Samples | EpochFile] = {
        (name, channel.name): EpochFile(*shape) if in_files else np.empty(shape, np.float32)
        for name, channel in channels
    }
    meter = QualityMeter(judged, recording.source, recording.n_epochs)
    measured = [channel for channel in (*judged, *meter.leads) if channel.exact_rate]
    with ThreadPoolExecutor(1, thread_name_prefix="quality") as worker:
        for first in range(0, recording.n_epochs, _BLOCK):
            count = min(_BLOCK, recording.n_epochs - first)
            raw = {channel.name: shared.raw_epochs(channel, first, count) for channel in measured}
            judging = worker.submit(meter.add, first, raw)
            for name, channel in channels:
                band = layout.panel(name).band
                epochs = shared.epochs(channel, rate=layout.rate, band=band, first=first, count=count)
                signals[name, channel.name][first : first + count] = epochs
            judging.result()
    return signals, meter.finish()


def _shown(
    layout: ImageLayout, panel: str, channel: Channel, stored: Samples | EpochFile, quality: Quality
) -> ShownChannel:
    """Take out what is not usable, a machine's tone and what is the heart's, and find the correction from the rest."""
    judged = quality.channels[channel.name]
    signals = stored[:]
    signals[~judged.usable] = np.nan  # a dead epoch is shown nowhere
    heart, tone = None, None
    if channel.role.modality in _CLEANED:
        toneless = without_tones(signals, layout.rate, judged.levels[QualityKind.TONE] > 0)
        signals, tone = toneless or (signals, None)
        cleaned = without_heart(
            signals,
            layout.rate,
            judged.levels[QualityKind.ECG_LEAK] > 0,
            ecg_beats=quality.beats,
            own_beats=judged.beats,
            low=layout.panel(panel).band[0],
        )
        signals, heart = cleaned or (signals, None)
    correction = panel_correction(layout.panel(panel), signals, layout.rate)
    stored[:] = signals
    return ShownChannel(channel.name, channel.role, stored, correction, channel, heart=heart, tone=tone)
