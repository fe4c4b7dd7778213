"""A channel as a panel shows it, and which of several derivations of a panel each epoch is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from eegvlm.core.runs import true_runs
from eegvlm.images.corrections import Correction
from eegvlm.images.epoch_file import EpochFile
from eegvlm.signals import Channel, Quality, QualityKind, Role
from eegvlm.signals.heartbeat import HeartLeak
from eegvlm.signals.tone_removal import RemovedTone

Samples = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

# Shares of the complete epochs: in most of them an electrode pops, or in few.
_MOST, _FEW = 0.5, 0.1


@dataclass(frozen=True, eq=False)
class ShownChannel:
    """A channel as a panel shows it.

    Parameters
    ----------
    name
        The channel's name.
    role
        The part it plays; None where a night was made of signals alone.
    signals
        float32 (n_epochs, samples): microvolt at the layout's rate, in the panel's band, before the correction, and
        without what was taken out of it; NaN where an epoch is not usable. Those of a long night lie in a file.
    correction
        What is done to it before it is drawn.
    channel
        Where it comes from; None where a night was made of signals alone.
    instead_of
        Name of the channel that would be preferred if its electrode did not pop; "" where there is none.
    heart
        What of the heart was taken out of it; None where there was nothing.
    tone
        Which tones of a machine were; None where there were none.
    """

    name: str
    role: Role | None
    signals: Samples | EpochFile
    correction: Correction
    channel: Channel | None = None
    instead_of: str = ""
    heart: HeartLeak | None = None
    tone: RemovedTone | None = None

    @property
    def usable(self) -> Bools:
        """Which epochs it can show: bool (n_epochs,)."""
        signals = self.signals
        return np.asarray(np.isfinite(signals.first_samples if isinstance(signals, EpochFile) else signals[:, 0]))


def pops_in_most(channel: ShownChannel, quality: Quality, scorable: Bools) -> bool:
    """Tell whether an electrode's pops spoil more than half of the complete epochs."""
    return bool(_pops(channel, quality, scorable).sum() > _MOST * scorable.sum())


def without_pops(channels: tuple[ShownChannel, ...], quality: Quality, scorable: Bools) -> tuple[ShownChannel, ...]:
    """Return channels of a panel with another one preferred where the electrode of the first pops in most epochs.

    The best other one that pops, or is not usable, in less than a tenth of the epochs is put first. The whole night
    changes, not the epochs with pops: read from one derivation, it is staged at least as well as from two in turn, and
    a night of few pops best as it is (``benchmarks/quality.py pops``).
    """
    first, *others = channels
    if not pops_in_most(first, quality, scorable):
        return channels
    for candidate in others:
        spoilt = _pops(candidate, quality, scorable) | ~candidate.usable[scorable]
        if candidate.channel is not None and spoilt.sum() < _FEW * scorable.sum():
            note = "; ".join(
                filter(None, (candidate.channel.note, f"stands in for {first.name}, whose electrode pops"))
            )
            best = replace(candidate, channel=replace(candidate.channel, note=note), instead_of=first.name)
            return (best, *(other for other in channels if other is not candidate))
    return channels


def shown_places(channels: Sequence[ShownChannel]) -> npt.NDArray[np.int8]:
    """Say which channel each epoch is read from: the preferred one, or for a stretch the best other one."""
    usable = np.stack([channel.usable for channel in channels])
    places = np.where(usable[0], 0, -1).astype(np.int8)
    if len(channels) == 1:
        return places
    for start, stop in true_runs(places < 0):
        stretch = slice(start, stop)
        # most of the stretch from one derivation; ties go to the preferred one
        for place in 1 + np.argsort(-usable[1:, stretch].sum(axis=1), kind="stable"):
            free = (places[stretch] < 0) & usable[place, stretch]
            places[stretch][free] = place
    return places


def _pops(channel: ShownChannel, quality: Quality, scorable: Bools) -> Bools:
    """Tell which of the complete epochs an electrode's pops spoil."""
    return np.asarray(quality.channels[channel.name].levels[QualityKind.POPS][scorable] > 0)
