"""From a channel's samples to filtered epochs at the rate that is wanted.

Epoch ``k`` begins exactly ``30 k`` seconds after the recording's start, whatever the rates are: outputs lie
on an absolute grid, and an output's place among the inputs is a fraction, never a running sum. The numbers do
not depend on how a night is cut into requests, to the bit: filters are finite and get their full margin from outside
the request, and as sums are rounded in the order in which they are formed, epochs are always computed in the same
blocks, of which a request takes its part. Only at a real edge (the recording's ends, a gap) the signal is continued
by its mirror image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from eegvlm.core.runs import true_runs
from eegvlm.signals.channel import Channel
from eegvlm.signals.filters import Resampler, band_taps, convolve, resampler
from eegvlm.signals.source import EPOCH_S, Source

Samples = npt.NDArray[np.float32]

_EPOCH = Fraction(EPOCH_S)
# Epochs that are computed together, counted from the start of the source: bounds the memory, and is long against the
# filters' margins.
_BLOCK = 32
# Where a ratio of rates is only approximated, positions are recomputed every this many epochs.
_ANCHOR = 64


def samples_per_epoch(rate: float) -> int:
    """Return the whole number of samples of an epoch: ``round(30 * rate)``."""
    count = round(EPOCH_S * rate)
    if count < 1:
        raise ValueError(f"{rate} Hz leaves no sample in an epoch")
    return count


@dataclass(frozen=True)
class Conditioner:
    """Cuts, filters and resamples one channel.

    Parameters
    ----------
    source, channel
        What to read.
    origin
        Sample number (at the channel's rate) at which epoch 0 begins.
    end
        Sample number at which the recording ends; a sample at or after it belongs to no epoch.
    per_epoch
        Samples of an epoch in the output.
    band
        Edges in Hz, see :func:`eegvlm.signals.filters.band_taps`.
    """

    source: Source
    channel: Channel
    origin: int
    end: int
    per_epoch: int
    band: tuple[float | None, float | None]

    @cached_property
    def _epoch_samples(self) -> Fraction:
        return _EPOCH * self.channel.exact_rate

    def epochs(self, first: int, count: int) -> Samples:
        """Compute epochs: float32 (count, per_epoch), NaN where one is incomplete."""
        result = np.full((count, self.per_epoch), np.nan, np.float32)
        if not self.channel.exact_rate:
            return result
        # a part that was cut out of a recording shares the blocks of the whole
        shift = math.floor(self.origin / self._epoch_samples + Fraction(1, 2))
        rate_out = Fraction(self.per_epoch) / _EPOCH
        polyphase = resampler(self.channel.exact_rate, rate_out)
        taps = band_taps(*self._effective_band(float(rate_out)), float(rate_out))
        begin = (first + shift) // _BLOCK * _BLOCK - shift
        for block in range(begin, first + count, _BLOCK):
            low, high = max(first, block), min(first + count, block + _BLOCK)
            result[low - first : high - first] = self._block(block, polyphase, taps)[low - block : high - block]
        complete = sum(self._ceil(epoch + 1) <= self.end for epoch in range(first, first + count))
        result[complete:] = np.nan
        return result

    def _effective_band(self, rate_out: float) -> tuple[float | None, float | None]:
        """Leave out an upper edge beyond both rates: the resampler is the limit then."""
        low, high = self.band
        usable = min(self.channel.rate, rate_out) / 2
        if low is not None and low >= usable:
            raise ValueError(
                f"{self.channel.name} at {self.channel.rate:g} Hz holds nothing above {usable:g} Hz, "
                f"the band begins at {low:g} Hz"
            )
        return low, None if high is None or high >= usable else high

    def _block(self, first: int, polyphase: Resampler, taps: npt.NDArray[np.float64]) -> Samples:
        """Compute the epochs from ``first`` on, those beyond the recording's ends included: (_BLOCK, per_epoch)."""
        result = np.full((_BLOCK, self.per_epoch), np.nan, np.float32)
        margin_out = len(taps) // 2
        margin_in = polyphase.half + math.ceil(margin_out * self._epoch_samples / self.per_epoch) + 2
        low = self._input(first) - margin_in
        high = self._input(first + _BLOCK) + 1 + margin_in
        window = self.channel.read(self.source, low, high)
        finite = np.isfinite(window)
        runs = [(0, high - low)] if finite.all() else true_runs(finite).tolist()
        for start, stop in runs:
            self._run(result, first, window[start:stop], low + start, polyphase, taps)
        return result

    def _run(
        self,
        result: Samples,
        first: int,
        samples: Samples,
        start: int,
        polyphase: Resampler,
        taps: npt.NDArray[np.float64],
    ) -> None:
        """Fill in the epochs that lie wholly in one stretch without a gap."""
        stop = start + len(samples)
        whole = [
            row
            for row in range(len(result))
            if self._input(first + row) >= start and self._ceil(first + row + 1) <= stop
        ]
        if not whole:
            return
        margin_out = len(taps) // 2
        out_first = (first + whole[0]) * self.per_epoch - margin_out
        n_out = len(whole) * self.per_epoch + 2 * margin_out
        need_low = math.floor(self._position(out_first)) - polyphase.half - 1
        need_high = math.floor(self._position(out_first + n_out)) + polyphase.half + 2
        # A large constant would cost precision; a band with a lower edge removes it anyhow.
        level = np.float32(samples.mean(dtype=np.float64))
        padded = np.pad(samples - level, (max(0, start - need_low), max(0, need_high - stop)), mode="symmetric")
        padded_start = min(start, need_low)
        resampled = self._resample(padded, padded_start, out_first, n_out, polyphase)
        filtered = convolve(resampled, taps)
        if self.band[0] is None:
            filtered = filtered + level
        result[whole[0] : whole[-1] + 1] = filtered.reshape(len(whole), self.per_epoch)

    def _resample(self, padded: Samples, start: int, first: int, count: int, polyphase: Resampler) -> Samples:
        if polyphase.exact:
            return polyphase.resample(padded, start, self._position(first), count)
        parts, at, end = [], first, first + count
        while at < end:
            anchor = _ANCHOR * self.per_epoch
            until = min(end, (at // anchor + 1) * anchor)
            begin = self._position(at // anchor * anchor)
            step = Fraction(polyphase.down, polyphase.up)
            parts.append(polyphase.resample(padded, start, begin + (at % anchor) * step, until - at))
            at = until
        return np.concatenate(parts)

    def _position(self, output: int) -> Fraction:
        """Input position of an output, exact."""
        return self.origin + output * self._epoch_samples / self.per_epoch

    def _input(self, epoch: int) -> int:
        return self.origin + epoch * self._epoch_samples.numerator // self._epoch_samples.denominator

    def _ceil(self, epoch: int) -> int:
        return self.origin - (-epoch * self._epoch_samples.numerator) // self._epoch_samples.denominator
