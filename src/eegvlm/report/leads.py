"""EEG leads that the model did not read, so that the page shows all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.images import PreparedNight
from eegvlm.signals import Channel, Recording

BAND = (0.3, 35.0)
"""Hz, as the AASM manual recommends for EEG (chapter III)."""
MOST = 8


@dataclass(frozen=True, eq=False)
class FurtherLeads:
    """EEG leads of a recording that no panel shows; read when the page is written.

    Parameters
    ----------
    recording
        The night.
    channels
        At most :data:`MOST`.
    left_out
        How many more there are.
    """

    recording: Recording
    channels: tuple[Channel, ...]
    left_out: int = 0

    @classmethod
    def of(cls, recording: Recording, night: PreparedNight) -> FurtherLeads:
        """Return the leads of a recording that a prepared night does not show."""
        shown_names = {channel.name for channels in night.panels.values() for channel in channels}
        further = [
            channel
            for channel in recording.channels
            if channel.role.modality == "eeg" and channel.name not in shown_names and channel.exact_rate
        ]
        return cls(recording, tuple(further[:MOST]), max(0, len(further) - MOST))

    def epochs(self, rate: float, first: int, count: int) -> Sequence[npt.NDArray[np.float32]]:
        """Read some epochs of each lead: float32 (count, samples) microvolt in :data:`BAND`, NaN in gaps."""
        return [
            self.recording.epochs(channel, rate=rate, band=self.band(channel), first=first, count=count)
            for channel in self.channels
        ]

    def band(self, channel: Channel) -> tuple[float, float | None]:
        """Return the band in which a lead is shown; its upper edge is None where the rate does not reach it."""
        return (BAND[0], BAND[1] if channel.rate > 2 * BAND[1] else None)
