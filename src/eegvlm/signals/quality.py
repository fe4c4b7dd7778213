"""The quality of every epoch and channel: what is wrong, how badly, and when.

Only the result lives here. :mod:`eegvlm.signals.quality_meter` measures it, and
:mod:`eegvlm.signals.quality_limits` says where each limit comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.extras import import_extra
from eegvlm.core.runs import true_runs
from eegvlm.signals.source import EPOCH_S

if TYPE_CHECKING:
    import pandas as pd

Levels = npt.NDArray[np.int8]
Times = npt.NDArray[np.float64]


class QualityLevel(IntEnum):
    """How far an epoch of a channel can be trusted."""

    GOOD = 0
    DOUBTFUL = 1
    """Used, and reported."""
    UNUSABLE = 2
    """Not to be staged from."""


class QualityKind(StrEnum):
    """What is wrong with a signal; definitions and limits in :mod:`eegvlm.signals.quality_limits`."""

    FLAT = "flat"
    NOISE_FLOOR = "noise-floor"
    MAINS = "mains"
    OPEN_INPUT = "open-input"
    CLIPPED = "clipped"
    POPS = "pops"
    DRIFT = "drift"
    ECG_LEAK = "ecg-leak"
    LOST_REFERENCE = "lost-reference"
    TONE = "tone"
    REPEATED = "repeated"
    STEADY = "steady"

    @property
    def words(self) -> str:
        """What a person calls it."""
        return _WORDS[self]


_WORDS = {
    QualityKind.FLAT: "flat",
    QualityKind.NOISE_FLOOR: "nothing but amplifier noise",
    QualityKind.MAINS: "nothing but mains",
    QualityKind.OPEN_INPUT: "noise of an open input",
    QualityKind.CLIPPED: "clipped",
    QualityKind.POPS: "electrode pops",
    QualityKind.DRIFT: "drift",
    QualityKind.ECG_LEAK: "the heart in it",
    QualityKind.LOST_REFERENCE: "reference lost",
    QualityKind.TONE: "a tone in it",
    QualityKind.REPEATED: "samples repeated",
    QualityKind.STEADY: "no more change than noise has",
}


@dataclass(frozen=True)
class ChannelQuality:
    """The quality of one channel.

    Parameters
    ----------
    name
        Name of the channel.
    levels
        Kind -> int8 (n_epochs,) of :class:`QualityLevel`; every kind is present. 0 where an epoch is incomplete or
        touches a gap: such an epoch is unscorable for that reason, and is not judged.
    beats
        Beats of the heart that this channel shows itself, where no ECG shows them: seconds after the recording's
        start, float64 (n,).
    """

    name: str
    levels: Mapping[QualityKind, Levels]
    beats: Times = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def level(self) -> Levels:
        """The worst level of each epoch: int8 (n_epochs,)."""
        return np.asarray(np.max([*self.levels.values()], axis=0), np.int8)

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Which epochs may be staged from: bool (n_epochs,)."""
        return self.level < QualityLevel.UNUSABLE


@dataclass(frozen=True)
class Stretch:
    """Consecutive epochs of one channel with the same defect.

    Parameters
    ----------
    channel
        Name of the channel.
    kind, level
        What is wrong, and how badly.
    first, last
        Epochs counted from 0; ``last`` is part of the stretch.
    """

    channel: str
    kind: QualityKind
    level: QualityLevel
    first: int
    last: int

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return self.last - self.first + 1

    def clock(self, start: datetime) -> tuple[datetime, datetime]:
        """Return the local times at which the stretch begins and ends.

        Parameters
        ----------
        start
            Naive local time of epoch 0: :attr:`eegvlm.signals.Recording.start`.
        """
        return (
            start + timedelta(seconds=EPOCH_S * self.first),
            start + timedelta(seconds=EPOCH_S * (self.last + 1)),
        )

    def to_dict(self, start: datetime | None = None) -> dict[str, Any]:
        """Describe it in plain types, as :meth:`Quality.to_dict` does."""
        described: dict[str, Any] = {
            "channel": self.channel,
            "kind": self.kind.value,
            "level": self.level.name.lower(),
            "first_epoch": self.first + 1,
            "last_epoch": self.last + 1,
        }
        if start is not None:
            begin, end = self.clock(start)
            described |= {"start": begin.isoformat(), "stop": end.isoformat()}
        return described


@dataclass(frozen=True)
class Quality:
    """The quality of a recording.

    Parameters
    ----------
    channels
        By name of the channel, in the order in which they were given.
    n_epochs
        Number of epochs of the recording.
    beats
        R waves of the ECG: seconds after the recording's start, float64 (n,); empty where none is recorded.
    """

    channels: Mapping[str, ChannelQuality]
    n_epochs: int
    beats: Times = field(default_factory=lambda: np.zeros(0))

    def joined(self, other: Quality) -> Quality:
        """Return the quality of both sets of channels; of a channel in both, as this one has it."""
        return Quality({**other.channels, **self.channels}, self.n_epochs, self.beats)

    def stretches(self) -> tuple[Stretch, ...]:
        """Return runs of consecutive epochs with one defect at one level, by channel, then by time."""
        result: list[Stretch] = []
        for name, channel in self.channels.items():
            of_channel = [
                Stretch(name, kind, level, first, stop - 1)
                for kind, levels in channel.levels.items()
                for level in (QualityLevel.DOUBTFUL, QualityLevel.UNUSABLE)
                for first, stop in true_runs(levels == level).tolist()
            ]
            result += sorted(of_channel, key=lambda stretch: (stretch.first, -stretch.level))
        return tuple(result)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the level of each epoch and channel: ``good``, ``doubtful`` or ``unusable``; epochs count from 1.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        pandas = import_extra("pandas", "pandas", "Quality.to_dataframe")
        words = np.array([level.name.lower() for level in QualityLevel])
        table = {name: words[channel.level] for name, channel in self.channels.items()}
        return pandas.DataFrame(table, index=pandas.RangeIndex(1, self.n_epochs + 1, name="epoch"))

    def to_dict(self, start: datetime | None = None) -> dict[str, Any]:
        """Describe it in plain types, for JSON; epochs count from 1 there, as scorers do.

        Parameters
        ----------
        start
            Naive local time of epoch 0; stretches then have their times, too.
        """
        return {
            "n_epochs": self.n_epochs,
            "channels": {
                name: {
                    "doubtful_epochs": int((channel.level == QualityLevel.DOUBTFUL).sum()),
                    "unusable_epochs": int((channel.level == QualityLevel.UNUSABLE).sum()),
                }
                for name, channel in self.channels.items()
            },
            "stretches": [stretch.to_dict(start) for stretch in self.stretches()],
        }
