"""Log band powers of one EEG channel with their neighbours: what the spectral baseline sees.

Notable: no normalisation by the recording, so that an excerpt is read as a whole night is. Nothing above 30 Hz: what
lies there is the recorder more than the sleeper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.lab.evaluation.figures import Floats
from eegvlm.signals import Channel, Recording, RecordingError, Role

BANDS_HZ = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 12.0),
    "sigma": (12.0, 16.0),
    "beta": (16.0, 30.0),
}
NEIGHBOURS = 2
ROLES = (Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL)
"""The channel that is read: the first of these that the recording has."""

_RATE = 100.0
_WINDOW_S = 4.0
_BLOCK = 240
_LEAST_POWER = 1e-3  # µV²; an epoch of zeros has a logarithm too


def eeg_channel(recording: Recording) -> Channel:
    """Return the channel that is read.

    Raises
    ------
    RecordingError
        If the recording has no EEG channel.
    """
    channel = recording.pick(ROLES)
    if channel is None:
        labels = ", ".join(candidate.name for candidate in recording.channels) or "none"
        hint = f"name it with --channels eeg=LABEL; the channels are {labels}"
        raise RecordingError(recording.path, "EEG channel", "none recognised", hint)
    return channel


def band_power_features(recording: Recording) -> Floats:
    """Compute the features of every epoch.

    Parameters
    ----------
    recording
        At least one EEG channel.

    Returns
    -------
    float (n_epochs, 50)
        Log10 of the power in each band (µV²) and of its share of all bands, of the epoch and of the two before and
        after it; where a neighbour does not exist or has no signal the epoch stands in for it. NaN where the epoch
        itself has no signal.

    Raises
    ------
    RecordingError
        If there is no EEG channel.
    """
    channel = eeg_channel(recording)
    blocks = [
        _band_powers(
            recording.epochs(
                channel,
                rate=_RATE,
                band=(0.3, 35.0),
                first=first,
                count=min(_BLOCK, recording.n_epochs - first),
            )
        )
        for first in range(0, recording.n_epochs, _BLOCK)
    ]
    powers = np.concatenate(blocks)
    logs = np.log10(np.hstack([powers, powers / powers.sum(axis=1, keepdims=True)]))
    return with_neighbours(logs, NEIGHBOURS)


def with_neighbours(rows: Floats, reach: int) -> Floats:
    """Put the rows before and after beside each row: (n, f) to (n, (2 * reach + 1) * f), the row itself in the middle.

    A neighbour outside of the night, or with a NaN, is replaced by the row itself.
    """
    n = len(rows)
    whole = ~np.asarray(np.isnan(rows).any(axis=1))
    parts = []
    for shift in range(-reach, reach + 1):
        at = np.arange(n) + shift
        inside = (at >= 0) & (at < n)
        usable = inside & whole[np.clip(at, 0, n - 1)]
        parts.append(rows[np.where(usable, at, np.arange(n))])
    return np.hstack(parts)


def _band_powers(epochs: npt.NDArray[np.float32]) -> Floats:
    """Return the power in each band (n, 5), µV²; NaN rows stay NaN."""
    from scipy.signal import welch

    frequencies, density = welch(epochs.astype(np.float64), fs=_RATE, nperseg=round(_WINDOW_S * _RATE), axis=-1)
    step = frequencies[1] - frequencies[0]
    powers = [
        density[:, (frequencies >= low) & (frequencies < high)].sum(axis=1) * step for low, high in BANDS_HZ.values()
    ]
    floored: Floats = np.maximum(np.stack(powers, axis=1), _LEAST_POWER)
    return floored
