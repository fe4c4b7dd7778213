"""Whether a signal can be what its label says, judged by samples from all over the recording.

The measure is the median, over two-second windows that are not flat, of a robust standard deviation (half the
distance between the 16th and the 84th percentile): slow drift, artefacts and a few dead hours do not move it.
Sleep EEG lies near 18 microvolt by this measure, from about 4 (a quiet adult, eyes open) to about 100 (N3 of
a child). The limits below leave more than a factor of five on both sides, and still lie within 10^3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.signals.problems import Problem
from eegvlm.signals.source import Source

# Robust amplitude in microvolt: impossible below and above the outer pair, unusual outside of the inner pair.
LIMITS: dict[str, tuple[float, float, float, float]] = {
    "eeg": (0.2, 1.0, 300.0, 1000.0),
    "eog": (0.2, 1.0, 1000.0, 3000.0),
    "emg": (0.02, 0.1, 1000.0, 3000.0),
    "ecg": (0.5, 2.0, 5000.0, 30000.0),
}
TYPICAL = {"eeg": 18.0, "eog": 25.0, "emg": 5.0, "ecg": 80.0}

_WINDOW_S = 2.0
# No window is wider, whatever rate a header claims; an EEG sampled at 20 kHz stays below.
_WIDEST = 1 << 16
_PIECES = 24
_WINDOWS_PER_PIECE = 4
FLAT_ERROR, FLAT_WARNING = 0.95, 0.2
CLIPPED_ERROR, CLIPPED_WARNING = 0.5, 0.005


@dataclass(frozen=True)
class Amplitude:
    """What the sampled windows of a signal show, in the unit of its samples.

    Parameters
    ----------
    robust
        Robust amplitude; NaN where every window is flat or empty.
    low, high
        Extremes of the sampled windows; NaN where there are none.
    flat
        Share of windows that do not move.
    clipped
        Share of samples at the storage limits, outside of flat windows.
    windows
        Number of windows with signal.
    median
        Of all samples; NaN where there are none.
    beyond
        Share of samples beyond the storage limits.
    """

    robust: float
    low: float
    high: float
    flat: float
    clipped: float
    windows: int
    median: float = math.nan
    beyond: float = 0.0


def measure(source: Source, terms: tuple[tuple[int, float], ...]) -> Amplitude:
    """Sample windows spread over the stored signal and measure them.

    Parameters
    ----------
    source
        The store of signals.
    terms
        (signal, weight) pairs that add up to the channel; all of one rate.

    Returns
    -------
    Amplitude
        From at most 96 windows of two seconds.
    """
    signals = [source.signals[index] for index, _ in terms]
    n_samples = min(signal.n_samples for signal in signals)
    width = min(_WIDEST, max(2, round(_WINDOW_S * signals[0].rate)))
    windows = _sample_windows(source, terms, n_samples, min(width, n_samples))
    windows = windows[np.isfinite(windows).all(axis=1)]
    if windows.size == 0 or windows.shape[1] < 2:
        return Amplitude(math.nan, math.nan, math.nan, 0.0, 0.0, 0)
    low, high = windows.min(axis=1), windows.max(axis=1)
    step = signals[0].step if len(terms) == 1 else 0.0
    # Rounding to float32 on a large offset must not look like movement.
    flat = high - low <= np.maximum(0.5 * step, 4e-7 * np.maximum(np.abs(low), np.abs(high)))
    moving = windows[~flat]
    robust = clipped = math.nan
    if len(moving):
        quantiles = np.quantile(moving, (0.16, 0.84), axis=1)
        robust = float(np.median(quantiles[1] - quantiles[0]) / 2)
        # A slow or rare signal may stand still in most of its windows' middle.
        if robust == 0.0:
            robust = float(np.median(moving.std(axis=1)))
    limits = signals[0].limits
    beyond = 0.0
    if len(terms) == 1 and limits is not None:
        margin = 0.5 * step
        # A count more, and what float32 rounds off.
        slack = max(1.5 * step, 4e-7 * max(map(abs, limits)))
        outside = (windows < limits[0] - slack) | (windows > limits[1] + slack)
        beyond = float(outside.mean())
        if len(moving):
            clipped = float(np.mean((moving <= limits[0] + margin) | (moving >= limits[1] - margin)))
            clipped = max(0.0, clipped - float(outside[~flat].mean()))
    return Amplitude(
        robust,
        float(low.min()),
        float(high.max()),
        float(flat.mean()),
        0.0 if math.isnan(clipped) else clipped,
        len(windows),
        float(np.median(windows)),
        beyond,
    )


def judge(name: str, modality: str, amplitude: Amplitude, units: tuple[str, ...]) -> list[Problem]:
    """Compare a measured amplitude with what its modality allows.

    Parameters
    ----------
    name
        Channel or label, for the messages.
    modality
        ``"eeg"``, ``"eog"``, ``"emg"`` or ``"ecg"``.
    amplitude
        From :func:`measure`.
    units
        Spelling of the units in the file.

    Returns
    -------
    list of Problem
        Severity ``"error"`` where the channel cannot serve.
    """
    if amplitude.windows == 0:
        return [Problem("no-signal", f"{name} holds no samples to look at", name, "error")]
    problems = list(judge_lead(name, amplitude))
    if any(problem.severity == "error" for problem in problems):
        return problems
    lowest, low, high, highest = LIMITS[modality]
    robust = amplitude.robust
    if not lowest <= robust <= highest:
        problems.append(Problem("implausible-amplitude", _implausible(name, modality, robust, units), name, "error"))
    elif not low <= robust <= high:
        message = f"{name} has a robust amplitude of {robust:.3g} µV, unusual for {modality.upper()}"
        problems.append(Problem("unusual-amplitude", message, name))
    return problems


def judge_lead(name: str, amplitude: Amplitude) -> list[Problem]:
    """Judge what holds for any lead, whatever it is referenced to: flat, or clipped."""
    if amplitude.flat >= FLAT_ERROR:
        return [Problem("flat-channel", f"{name} is flat in {amplitude.flat:.0%} of its length", name, "error")]
    problems = []
    if amplitude.flat >= FLAT_WARNING:
        message = f"{name} is flat in about {amplitude.flat:.0%} of its length"
        problems.append(Problem("partly-flat", message, name))
    if amplitude.clipped >= CLIPPED_WARNING:
        severe = amplitude.clipped >= CLIPPED_ERROR
        message = f"{name} is clipped: {amplitude.clipped:.1%} of its samples lie at the limit of its range"
        problems.append(Problem("clipped-channel", message, name, "error" if severe else "warning"))
    return problems


def _implausible(name: str, modality: str, robust: float, units: tuple[str, ...]) -> str:
    power = 3 * round(math.log10(max(robust, 1e-12) / TYPICAL[modality]) / 3)
    quoted_units = ", ".join(dict.fromkeys(f"'{unit}'" for unit in units))
    wrong = f"about 10^{abs(power)} times too {'large' if power > 0 else 'small'}" if power else "impossible"
    return (
        f"{name} has an amplitude of {_amount(robust)}, {wrong} for {modality.upper()}: "
        f"unit {quoted_units} or calibration is wrong"
    )


def _amount(microvolt: float) -> str:
    for factor, unit in ((1e6, "V"), (1e3, "mV"), (1.0, "µV")):
        if microvolt >= factor:
            return f"{microvolt / factor:.3g} {unit}"
    return f"{microvolt * 1e3:.3g} nV"


def _sample_windows(
    source: Source, terms: tuple[tuple[int, float], ...], n_samples: int, width: int
) -> npt.NDArray[np.float32]:
    """Windows as rows: (windows, width), from pieces spread evenly over the stored samples."""
    total = n_samples // width if width else 0
    if total <= _PIECES * _WINDOWS_PER_PIECE:
        starts = [(0, total)] if total else []
    else:
        firsts = np.linspace(0, total - _WINDOWS_PER_PIECE, _PIECES).astype(int)
        starts = [(int(first), _WINDOWS_PER_PIECE) for first in firsts]
    pieces = []
    for first, count in starts:
        piece = np.zeros(count * width, np.float32)
        for index, weight in terms:
            piece += np.float32(weight) * source.read(index, first * width, (first + count) * width)
        pieces.append(piece.reshape(count, width))
    return np.concatenate(pieces) if pieces else np.empty((0, max(width, 1)), np.float32)
