"""Sharp events of an epoch that are not EEG: pops of an electrode, beats of the heart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.signals.quality_limits import POP_STEP_S

Samples = npt.NDArray[np.float32]

# A pop decays over half a second, an R wave has come back after 50 ms.
_STAYS_S, _KEPT = 0.15, 0.5
# Half the width of an R wave.
_SHARP_S = 0.04
_BEATS_A_MINUTE = (40.0, 140.0)
_REFRACTORY_S = 0.35
# The typical deflection beside the median of everything; a sine has 1.4, noise 4.
_STANDS_OUT = 5.0


def pop_seconds(block: Samples, rate: float, pop_uv: float) -> npt.NDArray[np.float32]:
    """Return how many seconds of each epoch are hidden by pops.

    Parameters
    ----------
    block
        Float32 (k, samples), µV.
    rate
        Samples per second.
    pop_uv
        Least step within 30 ms. For 0.15 s it must keep half of its height: a sharp wave, an R wave and muscle come
        back.

    Returns
    -------
    float32 (k,)
        A pop hides the second in which it lies, and the next one.
    """
    lag = max(1, round(POP_STEP_S * rate))
    hidden = np.zeros(len(block), np.float32)
    step = np.abs(block[:, lag:] - block[:, :-lag])
    for index in np.flatnonzero(step.max(axis=1) > pop_uv):
        times = _pops(block[index], step[index], lag, rate, pop_uv)
        seconds = np.unique(np.concatenate([times.astype(int), times.astype(int) + 1]))
        hidden[index] = (seconds < 30).sum()
    return hidden


def _pops(epoch: Samples, step: Samples, lag: int, rate: float, pop_uv: float) -> npt.NDArray[np.float64]:
    """Return the times in seconds at which the signal steps and stays."""
    # a step stands out of what else is fast: else it is muscle, or noise
    over = np.flatnonzero(step > max(pop_uv, 8 * float(np.median(step[::8]))))
    if not len(over):
        return np.zeros(0)
    groups = np.split(over, np.flatnonzero(np.diff(over) > 0.2 * rate) + 1)
    before, stays = round(0.15 * rate), round(_STAYS_S * rate)
    times = []
    for group in groups:
        top = group[step[group].argmax()]
        after = epoch[top + lag : top + lag + stays]
        if top < lag or len(after) < stays:
            continue
        level = float(np.median(epoch[max(0, top - before) : top + 1]))
        rise = float(epoch[top + lag]) - level
        if rise and float(((after - level) / rise).min()) > _KEPT:
            times.append(top / rate)
    return np.asarray(times)


def sharpness(epoch: Samples, rate: float) -> Samples:
    """Return how far each sample stands above its neighbours 40 ms away: float32 (samples,), µV, 0 at the ends."""
    reach = max(1, round(_SHARP_S * rate))
    sharp = np.zeros_like(epoch)
    if len(epoch) > 2 * reach:
        sharp[reach:-reach] = epoch[reach:-reach] - 0.5 * (epoch[: -2 * reach] + epoch[2 * reach :])
    return sharp


def r_waves(epoch: Samples, rate: float) -> npt.NDArray[np.intp]:
    """Find the R waves of an ECG channel, regular or not.

    Parameters
    ----------
    epoch
        Float32 (samples,), µV, at 50 Hz or more.
    rate
        Samples per second.

    Returns
    -------
    intp (n,)
        Samples at which they peak; empty where they do not stand out, or are fewer than 40 a minute.
    """
    sharp = sharpness(epoch, rate)
    peaks = _peaks(sharp if float(sharp.max()) >= -float(sharp.min()) else -sharp, rate)
    return peaks if len(peaks) >= 0.8 * _BEATS_A_MINUTE[0] * len(epoch) / rate / 60 else np.zeros(0, np.intp)


def regular_beats(epoch: Samples, rate: float) -> npt.NDArray[np.intp]:
    """Find alike, sharp deflections at the pace of a heart in a channel that should have none.

    Parameters
    ----------
    epoch, rate
        As in :func:`r_waves`.

    Returns
    -------
    intp (n,)
        Samples at which they peak; empty where they are not unmistakable: 40 to 140 a minute throughout, intervals
        within 15 % of their median for three in five, heights within a third of theirs for seven in ten, and shapes
        that typically correlate above 0.8 with their mean.
    """
    none = np.zeros(0, np.intp)
    peaks = r_waves(epoch, rate)
    if len(peaks) < 4:
        return none
    sharp = sharpness(epoch, rate)
    intervals = np.diff(peaks) / rate
    pace = float(np.median(intervals))
    if not 60 / _BEATS_A_MINUTE[1] <= pace <= 60 / _BEATS_A_MINUTE[0]:
        return none
    if len(peaks) < 0.8 * len(epoch) / rate / pace or np.mean(np.abs(intervals - pace) < 0.15 * pace) < 0.6:
        return none
    heights = np.abs(sharp[peaks])
    if np.mean(np.abs(heights - np.median(heights)) < np.median(heights) / 3) < 0.7:
        return none
    reach = round(2 * _SHARP_S * rate)
    inside = peaks[(peaks >= reach) & (peaks < len(sharp) - reach)]
    shapes = sharp[inside[:, None] + np.arange(-reach, reach + 1)]
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    mean = shapes.mean(axis=0)
    size = np.sqrt((shapes**2).sum(axis=1) * (mean**2).sum())
    return peaks if float(np.median((shapes * mean).sum(axis=1) / size)) > 0.8 else none


def _peaks(sharp: Samples, rate: float) -> npt.NDArray[np.intp]:
    """Return the peaks that stand out of the rest, at least 0.35 s apart."""
    none = np.zeros(0, np.intp)
    refractory = round(_REFRACTORY_S * rate)
    pieces = sharp[: len(sharp) // refractory * refractory].reshape(-1, refractory)
    if not len(pieces):
        return none
    peaks = pieces.argmax(axis=1) + refractory * np.arange(len(pieces))
    heights = sharp[peaks]
    # at 40 a minute a beat lies in a quarter of the pieces
    typical = float(np.sort(heights)[int(0.85 * len(heights))])
    # every eighth sample tells the size of the rest
    if typical < _STANDS_OUT * float(np.median(np.abs(sharp[::8]))):
        return none
    peaks = peaks[heights > 0.55 * typical]
    # one deflection across a boundary of pieces gives two peaks: the higher one stays
    close = np.flatnonzero(np.diff(peaks) < refractory)
    lower = np.where(sharp[peaks[close]] < sharp[peaks[close + 1]], close, close + 1)
    return np.asarray(np.delete(peaks, lower), np.intp)


def peak_times(values: npt.NDArray[np.floating], peaks: npt.NDArray[np.intp], rate: float) -> npt.NDArray[np.float64]:
    """Return when peaks are reached, to a part of a sample: where parabolas through them have their vertex.

    Parameters
    ----------
    values
        Samples, (n,).
    peaks
        Samples at which they peak, up or down; none is the first or the last.
    rate
        Samples per second.

    Returns
    -------
    float64 (len(peaks),)
        Seconds after the first sample.
    """
    left, top, right = (values[peaks + shift].astype(np.float64) for shift in (-1, 0, 1))
    curve = left - 2 * top + right
    part = 0.5 * (left - right) / np.where(curve == 0, np.inf, curve)
    return np.asarray((peaks + part.clip(-0.5, 0.5)) / rate)


def locked_height(
    epoch: Samples, rate: float, times_s: npt.NDArray[np.float64], least_uv: float = 0.0
) -> tuple[float, float]:
    """Average a channel around the beats of another one.

    Parameters
    ----------
    epoch, rate
        The channel, as in :func:`r_waves`.
    times_s
        Seconds after the epoch's start at which the heart beats.
    least_uv
        A height below this counts as none.

    Returns
    -------
    tuple of float
        Height in µV of the sharpest deflection within 0.1 s of the beat in the mean over beats, and the same in
        standard errors.
    """
    reach = round(0.1 * rate)
    at = np.round(times_s * rate).astype(np.intp)
    at = at[(at >= reach) & (at < len(epoch) - reach)]
    if len(at) < 4:
        return 0.0, 0.0
    sharp = sharpness(epoch, rate)
    height = float(np.abs(sharp[at[:, None] + np.arange(-reach, reach + 1)].mean(axis=0)).max())
    if height < least_uv:
        return 0.0, 0.0
    error = float(sharp.std()) / np.sqrt(len(at))
    return (height, height / error) if error else (0.0, 0.0)
