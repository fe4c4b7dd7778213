"""What is measured of every epoch of a channel, in a few numbers; nothing is judged here.

An epoch is measured by itself, so that the numbers do not depend on how a night is cut into blocks. Shares are shares
of time: of seconds for what can be seen in samples, of two-second windows for what needs a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from eegvlm.signals.quality_limits import CLIPPED_DOUBTFUL, MAINS_HZ, MAINS_SHARE, SLOPE_BANDS_HZ, SLOW_HZ, Modality
from eegvlm.signals.quality_tones import tone_uv
from eegvlm.signals.quality_transients import pop_seconds
from eegvlm.signals.source import EPOCH_S

Samples = npt.NDArray[np.float32]

MEASURES = np.dtype(
    [
        ("present", np.bool_),  # complete and without a gap; all else is 0 where it is not
        ("flat", np.float32),  # share of seconds that are constant
        ("quiet", np.float32),  # share of windows below the floor
        ("mains_only", np.float32),  # share of windows below the floor in which mains holds nearly all power
        ("mains", np.float32),  # share of windows in which mains holds nearly all power
        ("rms", np.float32),  # µV, median window, mains left out
        ("slope", np.float32),  # density of the highest by that of the lowest of five bands; inf: not measurable
        ("slow", np.float32),  # density of 0.25-0.9 Hz by that of the middle one of these bands; inf: not measurable
        ("low", np.float32),  # µV, extremes and the share of samples that lie in runs there
        ("high", np.float32),
        ("at_low", np.float32),
        ("at_high", np.float32),
        ("limited", np.float32),  # share of samples at the limits of the header
        ("plateau", np.float32),  # share of quarter seconds that stand still far from the epoch's median
        ("popped", np.float32),  # share of seconds that a pop hides
        ("drifting", np.float32),  # share of seconds whose mean lies far from that of the second before
        ("beat_uv", np.float32),  # height of sharp deflections with the heart; 0: none
        ("beat_rest", np.float32),  # µV, half the distance of the 16th and 84th percentile, where there are any
        ("beat_rate", np.float32),  # beats a minute
        ("alike", np.bool_),  # whether all EEG channels are alike
        ("tone_uv", np.float32),  # rms of the purest tone; 0: none
        ("repeated", np.float32),  # share of the epoch that is a copy of what came before
        ("log_power", np.float32, len(SLOPE_BANDS_HZ)),  # log density of each band, mean of the middle windows
        # squared distance of their 4th from their 12th; 0: not measured
        ("log_spread", np.float32, len(SLOPE_BANDS_HZ)),
    ]
)

# Fewer samples than this do not show that a signal moves.
_LEAST_SAMPLES = 8
_SECONDS = round(EPOCH_S)
_WINDOWS = 15
# An epoch of 256 Hz is 30 kB: this many stay in the processor's cache.
_EPOCHS_AT_ONCE = 32
# Half the width of the Hann window's main lobe, and mains that is not quite on its frequency.
_MAINS_WIDTH_HZ = 1.6
_LEAST_MAINS_UV = 1.0
# Share of its power that the Hann window leaves in the rest of a band into which mains aliases.
_SPILL = 1e-4
# Noise of a saturated amplifier, and how far from the median saturation is looked for.
_STILL_UV, _PLATEAU_UV = 2.0, 100.0


@dataclass(frozen=True)
class ChannelMeter:
    """Measures epochs of one channel.

    Parameters
    ----------
    rate
        Samples per second.
    modality
        What its signal is.
    step
        Smallest difference that can be stored, µV; 0 where unknown.
    limits
        Lowest and highest value that can be stored, µV; None where unknown, and for a derivation.
    """

    rate: float
    modality: Modality
    step: float
    limits: tuple[float, float] | None

    def measure(self, epochs: Samples) -> npt.NDArray[np.void]:
        """Measure epochs.

        Parameters
        ----------
        epochs
            Float32 (k, samples) in µV; NaN in gaps.

        Returns
        -------
        structured array (k,)
            Of :data:`MEASURES`.
        """
        rows = np.zeros(len(epochs), MEASURES)
        rows["slope"] = rows["slow"] = np.inf
        for at in range(0, len(epochs), _EPOCHS_AT_ONCE):
            block = np.ascontiguousarray(epochs[at : at + _EPOCHS_AT_ONCE], np.float32)
            row = rows[at : at + len(block)]
            if block.shape[1]:
                row["present"] = np.isfinite(block.sum(axis=1))
            if not row["present"].all():
                block = np.where(row["present"][:, None], block, np.float32(0))
            self._samples(block, row)
            self._spectrum(block, row)
        rows[~rows["present"]] = np.zeros((), MEASURES)
        return rows

    def _samples(self, block: Samples, row: npt.NDArray[np.void]) -> None:
        n = block.shape[1]
        if n >= 4 * _SECONDS * _LEAST_SAMPLES:
            quarters = _cut(block, 4 * _SECONDS)
            lowest, highest, mean = quarters.min(axis=2), quarters.max(axis=2), quarters.mean(axis=2)
            self._slow(mean, row)
            if np.isfinite(self.modality.drift_uv):
                still = highest - lowest < max(_STILL_UV, 4 * self.step)
                far = np.abs(mean - np.median(mean, axis=1, keepdims=True)) > _PLATEAU_UV
                row["plateau"] = (still & far).mean(axis=1)
            of_seconds = (len(block), _SECONDS, 4)
            low, high = lowest.reshape(of_seconds).min(axis=2), highest.reshape(of_seconds).max(axis=2)
            change = np.abs(np.diff(mean.reshape(of_seconds).mean(axis=2), axis=1))
            row["drifting"] = (change > self.modality.drift_uv).sum(axis=1) / _SECONDS
        elif n >= _LEAST_SAMPLES:
            pieces = _cut(block, min(_SECONDS, n // _LEAST_SAMPLES))
            low, high = pieces.min(axis=2), pieces.max(axis=2)
        else:
            return
        largest = np.maximum(np.abs(low), np.abs(high))
        # Rounding of a large offset to float32 must not look like movement.
        constant = high - low <= np.maximum(np.float32(0.5 * self.step), np.float32(4e-7) * largest)
        row["flat"] = constant.mean(axis=1)
        row["low"], row["high"] = low.min(axis=1), high.max(axis=1)
        self._extremes(block, row)
        self._limits(block, row)
        if np.isfinite(self.modality.pop_uv) and self.rate >= 50:
            row["popped"] = pop_seconds(block, self.rate, self.modality.pop_uv) / EPOCH_S

    def _slow(self, means: Samples, row: npt.NDArray[np.void]) -> None:
        """Measure the density of slow activity; means over a quarter of a second keep that of white noise as it is."""
        pieces = means.shape[1]
        window = np.hanning(pieces + 1)[:pieces]
        window *= np.sqrt(2 * EPOCH_S / pieces / (window**2).sum())
        transform = np.fft.rfft(_without_line(means[:, None])[:, 0] * window.astype(np.float32), axis=1)
        hz = np.fft.rfftfreq(pieces, EPOCH_S / pieces)
        used = np.flatnonzero((hz >= SLOW_HZ[0]) & (hz <= SLOW_HZ[1]))
        row["slow"] = (transform.real**2 + transform.imag**2)[:, used].mean(axis=1)

    def _extremes(self, block: Samples, row: npt.NDArray[np.void]) -> None:
        margin = np.maximum(0.5 * self.step, 4e-7 * np.maximum(np.abs(row["low"]), np.abs(row["high"])))
        # Where there are few steps of quantisation, the extreme is met often by itself.
        ranging = row["high"] - row["low"] > 80 * margin
        least = CLIPPED_DOUBTFUL * block.shape[1] / 2
        for field, at in (
            ("at_low", block <= (row["low"] + margin).astype(np.float32)[:, None]),
            ("at_high", block >= (row["high"] - margin).astype(np.float32)[:, None]),
        ):
            for index in np.flatnonzero(ranging & (at.sum(axis=1) >= least)):
                row[field][index] = _in_runs(at[index])

    def _limits(self, block: Samples, row: npt.NDArray[np.void]) -> None:
        if self.limits is None:
            return
        margin = max(0.5 * self.step, 4e-7 * max(abs(limit) for limit in self.limits))
        lowest, highest = np.float32(self.limits[0] + margin), np.float32(self.limits[1] - margin)
        for index in np.flatnonzero((row["low"] <= lowest) | (row["high"] >= highest)):
            epoch = block[index]
            row["limited"][index] = ((epoch <= lowest) | (epoch >= highest)).mean()

    @cached_property
    def _bins(self) -> _Bins | None:
        width = round(EPOCH_S * self.rate) // _WINDOWS
        hz = np.fft.rfftfreq(max(width, 2), 1 / self.rate)
        low, high = self.modality.band_hz
        high = min(high, 0.9 * self.rate / 2)
        if width < 2 * _LEAST_SAMPLES or high < 1.5 * low:
            return None
        mains = np.zeros(len(hz), np.bool_)
        for mains_hz in MAINS_HZ:
            alias = abs(mains_hz - self.rate * round(mains_hz / self.rate))
            mains |= np.abs(hz - alias) <= _MAINS_WIDTH_HZ
        used = (hz >= low) & (hz <= high) & ~mains
        bands = [
            np.flatnonzero((hz >= a) & (hz < b) & ~mains)
            for a, b in SLOPE_BANDS_HZ
            if self.modality.sloped and b <= self.rate / 2
        ]
        window = np.hanning(width + 1)[:width]
        window *= np.sqrt(2 / (self.rate * (window**2).sum()))
        return _Bins(
            width,
            window.astype(np.float32),
            float(hz[1]),
            np.flatnonzero(used),
            np.flatnonzero(mains & (hz >= low)),
            int(np.searchsorted(hz, 1.0)),
            # Up to 18 Hz at least, or a slope cannot be told.
            tuple(band for band in bands if len(band)) if len(bands) > 3 else (),
            _SPILL if (mains & (hz >= low) & (hz <= high)).any() else 0.0,
        )

    def _spectrum(self, block: Samples, row: npt.NDArray[np.void]) -> None:
        bins = self._bins
        if bins is None:
            return
        windows = block[:, : _WINDOWS * bins.width].reshape(len(block), _WINDOWS, bins.width)
        windows = _without_line(windows) * bins.window
        transform = np.fft.rfft(windows, axis=2)
        density = transform.real**2 + transform.imag**2
        activity = density[:, :, bins.used].sum(axis=2) * np.float32(bins.hz)
        mains = density[:, :, bins.mains].sum(axis=2) * np.float32(bins.hz)
        total = density[:, :, bins.from_1_hz :].sum(axis=2) * np.float32(bins.hz)
        quiet = activity < np.maximum(np.float32(self.modality.floor_uv**2), mains * np.float32(bins.spill))
        of_mains = (mains > MAINS_SHARE * total) & (mains > _LEAST_MAINS_UV**2)
        row["quiet"] = quiet.mean(axis=1)
        row["mains"] = of_mains.mean(axis=1)
        row["mains_only"] = (of_mains & quiet).mean(axis=1)
        row["rms"] = np.sqrt(np.median(activity, axis=1))
        if bins.slope:
            bands = np.stack([density[:, :, band].mean(axis=2) for band in bins.slope], axis=2)
            # The three strongest windows are left out: a moved lead must not hide that nothing is on it.
            order = np.argsort(activity, axis=1, kind="stable")[:, :-3, None]
            level = np.take_along_axis(bands, order, axis=1).mean(axis=1)
            lowest = level.min(axis=1)
            row["slope"] = np.where(lowest > 0, level.max(axis=1) / np.maximum(lowest, 1e-12), np.inf)
            middle = np.median(level, axis=1)
            row["slow"] = np.where(middle > 0, row["slow"] / np.maximum(middle, 1e-12), np.inf)
            logs = np.log(np.maximum(bands, 1e-12))
            # the middle nine of fifteen: what a few seconds of artefact do is left out
            logs.sort(axis=1)
            row["log_power"][:, : bands.shape[2]] = logs[:, 3:12].mean(axis=1)
            row["log_spread"][:, : bands.shape[2]] = (logs[:, 11] - logs[:, 3]) ** 2
            row["tone_uv"] = tone_uv(block, density.mean(axis=1), bins.hz)


@dataclass(frozen=True)
class _Bins:
    width: int
    window: Samples
    hz: float
    used: npt.NDArray[np.intp]
    mains: npt.NDArray[np.intp]
    from_1_hz: int
    slope: tuple[npt.NDArray[np.intp], ...]
    spill: float


def _cut(block: Samples, pieces: int) -> Samples:
    """Cut epochs into pieces of one length: (k, pieces, samples); they share a sample where it does not divide."""
    n = block.shape[1]
    width = -(-n // pieces)
    if pieces * width == n:
        return block.reshape(len(block), pieces, width)
    starts = np.minimum(np.arange(pieces) * n // pieces, n - width)
    return block[:, starts[:, None] + np.arange(width)]


def _in_runs(mask: npt.NDArray[np.bool_]) -> float:
    """Return the share of samples that lie in runs of three or more."""
    middle = mask[:-2] & mask[1:-1] & mask[2:]
    if not middle.any():
        return 0.0
    member = np.zeros(len(mask), np.bool_)
    for shift in range(3):
        member[shift : len(mask) - 2 + shift] |= middle
    return float(member.mean())


def _without_line(windows: Samples) -> Samples:
    """Remove the straight line of least squares: a drifting lead without EEG must not leak into its band."""
    width = windows.shape[2]
    time = np.linspace(-1, 1, width, dtype=np.float32)
    centred = windows - windows.mean(axis=2, keepdims=True)
    # einsum, not BLAS: its sums do not depend on how many epochs are measured together
    slope = np.einsum("kwn,n->kw", centred, time) / (time**2).sum()
    centred -= slope[:, :, None] * time
    return np.asarray(centred, np.float32)
