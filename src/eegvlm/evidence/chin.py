"""Chin tone: how tense the chin muscle is, in microvolt and beside the rest of the night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eegvlm.evidence.channel_spectra import ChannelSpectra
from eegvlm.evidence.event_table import Floats

_RATE = 64
LEAST_NYQUIST_HZ = 30.0
"""A slower channel holds an envelope or too little muscle; its tone is not measured."""


@dataclass(frozen=True)
class ChinTone:
    """Tone of every epoch; NaN where there is no signal.

    Attributes
    ----------
    name
        The channel.
    rms_uv
        float64 (n,): median over the epoch's seconds of the rms above 10 Hz, so that a twitch is not tone.
    relative
        float64 (n,): that beside the night's median, 1 being the median.
    """

    name: str
    rms_uv: Floats
    relative: Floats

    @classmethod
    def of(cls, name: str, rms_uv: Floats) -> ChinTone:
        """Set the tone of a night's epochs beside their median."""
        usual = np.nanmedian(rms_uv) if np.isfinite(rms_uv).any() else np.nan
        return cls(name, rms_uv, rms_uv / usual if usual > 0 else np.full(len(rms_uv), np.nan))


def measure_chin(signal: ChannelSpectra) -> ChinTone | None:
    """Measure the chin's tone, or return None where the channel is too slow to hold muscle activity."""
    if signal.nyquist < LEAST_NYQUIST_HZ:
        return None
    high = min(60.0, 0.95 * signal.nyquist)
    envelope = signal.envelope(10.0, high, rate=_RATE, rolloff=(3.0, 3.0))
    power = (envelope.astype(np.float64) ** 2 / 2).reshape(signal.n_epochs, 30, _RATE).mean(axis=2)
    rms = np.where(signal.present, np.median(np.sqrt(power), axis=1), np.nan)
    return ChinTone.of(signal.name, rms)
