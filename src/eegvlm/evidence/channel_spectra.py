"""One channel of a night as overlapping spectra, from which any band comes out at any rate, without epoch borders.

A night is transformed once, in blocks of 20 epochs of which the outer two are margin. A band is then a window on the
spectra and one short inverse transform: it costs as much as the rate it comes out at, and nothing is delayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import fft

from eegvlm.evidence.event_table import Bools, EventTable
from eegvlm.images.epoch_file import EpochFile

Samples = npt.NDArray[np.float32]
_Number = TypeVar("_Number", np.float32, np.complex64)

EPOCH_S = 30
INNER = 18
"""Epochs of a block that are not margin."""
_MARGIN = 1  # epochs
_SPAN_S = (INNER + 2 * _MARGIN) * EPOCH_S
_HIGHEST_HZ = 100.0
_BLOCKS_AT_ONCE = 16  # bounds the memory beside the result


@dataclass(frozen=True)
class ChannelSpectra:
    """A channel of a night, ready to be filtered.

    Attributes
    ----------
    name
        The channel's name.
    rate
        Samples per second of the original.
    n_epochs
        Number of 30-s epochs.
    present
        bool (n_epochs,): epochs with signal in all of their samples.
    spectra
        complex64 (blocks, bins): a bin is 1/600 Hz.
    """

    name: str
    rate: float
    n_epochs: int
    present: Bools
    spectra: npt.NDArray[np.complex64]

    @classmethod
    def of(cls, epochs: Samples, rate: float, name: str, level: float | None = None) -> ChannelSpectra:
        """Transform epochs (n, samples) in µV; an epoch with NaN counts as absent and is silent.

        Silence lies at ``level``, a constant that must not cost precision; None: their :func:`usual_level`.
        """
        n, per_epoch = epochs.shape
        present = np.asarray(np.isfinite(epochs).all(axis=1), np.bool_)
        if level is None:
            level = usual_level(epochs, present)
        blocks = max(1, -(-n // INNER))
        whole = np.zeros(((blocks * INNER) + 2 * _MARGIN, per_epoch), np.float32)
        np.subtract(epochs, np.float32(level), out=whole[1 : n + 1])
        whole[1 : n + 1][~present] = 0
        # beyond the ends the signal is continued by its mirror image
        whole[0], whole[n + 1] = whole[1, ::-1], whole[n, ::-1]
        flat = whole.reshape(-1)
        size = (INNER + 2 * _MARGIN) * per_epoch
        rows = np.lib.stride_tricks.sliding_window_view(flat, size)[:: INNER * per_epoch]
        bins = int(min(rate / 2, _HIGHEST_HZ) * _SPAN_S) + 1
        spectra = np.empty((len(rows), bins), np.complex64)
        for row, spectrum in zip(rows, spectra, strict=True):
            spectrum[:] = fft.rfft(row)[:bins]
        spectra /= np.float32(size)
        return cls(name, rate, n, present, spectra)

    @property
    def nyquist(self) -> float:
        """Half of the original rate, Hz."""
        return self.rate / 2

    def band(self, low: float, high: float, *, rate: int, rolloff: tuple[float, float]) -> Samples:
        """Return a band of the whole night.

        Parameters
        ----------
        low, high
            Edges in Hz, where the gain is one half.
        rate
            Samples per second wanted; more than twice ``high``.
        rolloff
            Width in Hz of the cosine flanks at the lower and the upper edge.

        Returns
        -------
        float32 (30 * rate * n_epochs,)
            µV.
        """
        gain, last = self._gain(low, high, rolloff)
        size = _SPAN_S * rate
        parts = []
        for first in range(0, len(self.spectra), _BLOCKS_AT_ONCE):
            out = fft.irfft(self.spectra[first : first + _BLOCKS_AT_ONCE, :last] * gain, size, axis=1)
            out *= np.float32(size)
            parts.append(_inner(out, rate))
        return np.concatenate(parts)[: self.n_epochs * EPOCH_S * rate]

    def analytic(
        self, low: float, high: float, *, rate: int, rolloff: tuple[float, float]
    ) -> tuple[npt.NDArray[np.complex64], float]:
        """Return a band's analytic signal, moved down so that its middle lies at 0 Hz; and that middle in Hz.

        Its modulus is the envelope: half of the peak-to-peak amplitude. Parameters as in :meth:`band`, but ``rate``
        need only exceed the band's width with its flanks.
        """
        gain, last = self._gain(low, high, rolloff)
        first = int(max(0.0, low - rolloff[0]) * _SPAN_S)
        middle = round(0.5 * (low + high) * _SPAN_S)
        size = _SPAN_S * rate
        parts = []
        for block in range(0, len(self.spectra), _BLOCKS_AT_ONCE):
            spectra = self.spectra[block : block + _BLOCKS_AT_ONCE, first:last]
            shifted = np.zeros((len(spectra), size), np.complex64)
            shifted[:, (np.arange(first, last) - middle) % size] = spectra * (2 * gain[first:])
            out = fft.ifft(shifted, axis=1, overwrite_x=True)
            out *= np.float32(size)
            parts.append(_inner(out, rate))
        return np.concatenate(parts)[: self.n_epochs * EPOCH_S * rate], middle / _SPAN_S

    def envelope(self, low: float, high: float, *, rate: int, rolloff: tuple[float, float]) -> Samples:
        """Return a band's envelope: half of the peak-to-peak amplitude, µV."""
        return np.asarray(np.abs(self.analytic(low, high, rate=rate, rolloff=rolloff)[0]))

    def seen(self, events: EventTable) -> EventTable:
        """Drop the events that reach into epochs without signal or beyond the night."""
        absent = np.concatenate([[0], np.cumsum(~self.present)])
        first = np.clip((events.onset_s // EPOCH_S).astype(int), 0, self.n_epochs)
        last = np.clip((events.end_s // EPOCH_S).astype(int) + 1, 0, self.n_epochs)
        return events.keep(absent[last] == absent[first])

    def _gain(self, low: float, high: float, rolloff: tuple[float, float]) -> tuple[Samples, int]:
        last = min(int((high + rolloff[1] / 2) * _SPAN_S) + 2, self.spectra.shape[1])
        f = np.arange(last) / _SPAN_S
        rise = np.clip((f - low) / max(rolloff[0], 1e-9) + 0.5, 0, 1)
        fall = np.clip((high - f) / max(rolloff[1], 1e-9) + 0.5, 0, 1)
        gain = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
        return gain.astype(np.float32), last


def _inner(out: npt.NDArray[_Number], rate: int) -> npt.NDArray[_Number]:
    """Return blocks end to end, without their margins."""
    margin = _MARGIN * EPOCH_S * rate
    return np.ascontiguousarray(out[:, margin : margin + INNER * EPOCH_S * rate]).reshape(-1)


def usual_level(epochs: Samples | EpochFile, present: Bools) -> float:
    """Return the median of epochs (n, samples) that are present, from up to 128 of them all over the night."""
    rows = np.flatnonzero(present)[:: max(1, len(present) // 64)]
    return float(np.median(epochs[rows])) if len(rows) else 0.0


def smoothed(values: Samples, width: int) -> Samples:
    """Return a centred moving average over an odd number of samples."""
    half = width // 2
    total = np.cumsum(np.pad(values, (half + 1, half), mode="edge"), dtype=np.float64)
    return np.asarray((total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1), np.float32)


def background(values: Samples, *, rate: int, block_s: float, blocks: int) -> Samples:
    """Return the usual level around each sample: the running median of block means, interpolated.

    Parameters
    ----------
    values
        (n,) at ``rate``, all positive.
    block_s
        Length of a block.
    blocks
        Odd number of blocks under the median.
    """
    length = round(block_s * rate)
    count = max(1, len(values) // length)
    means = values[: count * length].reshape(count, -1).mean(axis=1) if count * length <= len(values) else values[:1]
    padded = np.pad(means, blocks // 2, mode="reflect" if count > blocks // 2 else "edge")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, blocks), axis=1)
    at = (np.arange(count) + 0.5) * length
    return np.asarray(np.interp(np.arange(len(values)), at, medians), np.float32)
