"""Recordings that a test can stage: noise with the slope of EEG, for without it an epoch would not be staged."""

from __future__ import annotations

from pathlib import Path

import edfio
import numpy as np
from scipy.signal import lfilter

from eegvlm.signals import Recording, read_recording


def noise_recording(*, minutes: float, seed: int = 0, rate: int = 128, gap: slice | None = None) -> Recording:
    rng = np.random.default_rng(seed)
    n = round(minutes * 60 * rate)
    loudness = np.repeat(rng.uniform(4, 40, size=n // (15 * rate) + 1), 15 * rate)[:n]
    channels = {}
    for label in ("EEG C4-M1", "EOG E1-M2"):
        signal = 0.3 * lfilter([1], [1, -rng.uniform(0.93, 0.97)], rng.standard_normal(n)) * loudness
        if gap is not None:
            signal[gap.start * rate : gap.stop * rate] = np.nan
        channels[label] = (signal.astype(np.float32), float(rate))
    return Recording.from_arrays(channels)


def write_edf(path: Path, *, minutes: float, seed: int = 0) -> Recording:
    recording = noise_recording(minutes=minutes, seed=seed)
    signals = [
        edfio.EdfSignal(
            np.clip(recording.samples(channel), -500, 500),
            channel.rate,
            label=channel.sources[0],
            physical_dimension="uV",
            physical_range=(-500, 500),
        )
        for channel in recording.channels
    ]
    edfio.Edf(signals).write(path)
    return read_recording(path)
