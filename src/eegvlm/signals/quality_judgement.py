"""From what was measured of a channel to levels of quality, with the whole recording in view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from eegvlm.signals import quality_limits as limits
from eegvlm.signals.quality import Levels, QualityKind, QualityLevel
from eegvlm.signals.quality_limits import HALF, Modality

Rows = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


def judge_channel(rows: Rows, modality: Modality, step: float) -> dict[QualityKind, Levels]:
    """Judge every epoch of a channel.

    Parameters
    ----------
    rows
        Structured (n_epochs,) of :data:`eegvlm.signals.quality_measures.MEASURES`.
    modality
        What the signal is.
    step
        Smallest difference that can be stored, µV; 0 where unknown.

    Returns
    -------
    dict
        Kind -> int8 (n_epochs,).
    """
    present = rows["present"]
    flat = _levels(rows["flat"] > 0, rows["flat"] > HALF)
    no_signal = (rows["quiet"] > HALF) & (flat < QualityLevel.UNUSABLE)
    by_mains = rows["mains_only"] >= HALF * rows["quiet"]
    # A stretch without signal that does not fill half of the epoch, and is not constant either
    partly = (rows["quiet"] > 0) & (rows["quiet"] > rows["flat"] + 0.1) & ~no_signal & (flat < QualityLevel.UNUSABLE)
    floor = _levels(partly & ~by_mains, no_signal & ~by_mains)
    mains = _levels((partly & by_mains) | (rows["mains"] > HALF), no_signal & by_mains)
    nothing = (flat == QualityLevel.UNUSABLE) | no_signal
    levels = {
        QualityKind.FLAT: flat,
        QualityKind.NOISE_FLOOR: floor,
        QualityKind.MAINS: mains,
        QualityKind.OPEN_INPUT: _open_input(rows, nothing | ~present),
        QualityKind.CLIPPED: _clipped(rows, step),
        QualityKind.POPS: _levels(rows["popped"] > 0, rows["popped"] > HALF),
        QualityKind.DRIFT: _levels(rows["drifting"] >= limits.DRIFT_DOUBTFUL_S / 30 - 1e-6, rows["drifting"] > HALF),
        QualityKind.ECG_LEAK: _leak(rows),
        QualityKind.TONE: _levels(rows["tone_uv"] > 0, np.zeros(len(rows), np.bool_)),
        QualityKind.REPEATED: _levels(rows["repeated"] >= limits.REPEATED_DOUBTFUL_S / 30, rows["repeated"] > HALF),
        QualityKind.STEADY: _steady(rows, nothing | ~present) if modality.sloped else np.zeros(len(rows), np.int8),
        QualityKind.LOST_REFERENCE: _levels(rows["alike"], rows["alike"] & (rows["rms"] > limits.ALIKE_UNUSABLE_UV)),
    }
    for level in levels.values():
        level[~present] = QualityLevel.GOOD
    return levels


def _levels(doubtful: Mask, unusable: Mask) -> Levels:
    return np.where(unusable, QualityLevel.UNUSABLE, np.where(doubtful, QualityLevel.DOUBTFUL, 0)).astype(np.int8)


def _open_input(rows: Rows, left_out: Mask) -> Levels:
    """Find noise without slope: two epochs in a row, and what borders on them and is nearly as flat."""
    slope, slow = np.where(left_out, np.inf, rows["slope"]), np.where(left_out, np.inf, rows["slow"])
    level = (slope < limits.FLATTEST) & (slow < limits.SLOWEST)
    unusable = level if len(level) == 1 else level & _beside(level)
    nearly = (slope < limits.FLATTEST_BESIDE) & (slow < limits.SLOWEST_BESIDE)
    unusable = unusable | (nearly & _beside(unusable))
    between = np.zeros_like(unusable)
    between[1:-1] = unusable[:-2] & unusable[2:]
    unusable = unusable | (between & (slope < limits.FLATTEST_BESIDE) & (slow < limits.SLOWEST_BETWEEN))
    return _levels((slope < limits.FLATTEST) & (slow < limits.SLOWEST_DOUBTFUL), unusable)


def _beside(mask: Mask) -> Mask:
    beside = np.zeros_like(mask)
    beside[1:] |= mask[:-1]
    beside[:-1] |= mask[1:]
    return beside


def _clipped(rows: Rows, step: float) -> Levels:
    """Join samples at the header's limits with runs at an extreme that the recording never exceeds."""
    present = rows["present"]
    share = np.maximum(rows["limited"], rows["plateau"])
    if present.any():
        lowest, highest = float(rows["low"][present].min()), float(rows["high"][present].max())
        margin = max(0.5 * step, 4e-7 * max(abs(lowest), abs(highest)))
        runs = np.where(rows["low"] <= lowest + margin, rows["at_low"], 0)
        runs = runs + np.where(rows["high"] >= highest - margin, rows["at_high"], 0)
        share = np.maximum(share, runs)
    return _levels(share >= limits.CLIPPED_DOUBTFUL, share > HALF)


def _leak(rows: Rows) -> Levels:
    height = rows["beat_uv"]
    leaks = height >= limits.LEAK_UV
    if len(rows) > 2:
        leaks = leaks & _has_company(leaks, rows["beat_rate"])
    dwarfs = (height > limits.LEAK_UNUSABLE_UV) & (height > limits.LEAK_UNUSABLE_TIMES * rows["beat_rest"])
    return _levels(leaks, leaks & dwarfs)


def _steady(rows: Rows, left_out: Mask) -> Levels:
    """Find stretches whose epochs differ from each other as the windows within them do: an analysis of variance."""
    levels = np.zeros(len(rows), np.int8)
    living = np.flatnonzero(~left_out)
    if len(living) < limits.STEADY_EPOCHS:
        return levels
    power, spread = (
        sliding_window_view(rows[field][living].astype(np.float64), limits.STEADY_EPOCHS, axis=0)
        for field in ("log_power", "log_spread")
    )
    # the median: a few epochs of artefact must not hide that all others are alike
    within = np.median(spread, axis=2) / limits.STEADY_NOISE
    ratio = power.var(axis=2, ddof=1) / np.maximum(within, 1e-12)
    measured = within.max(axis=1) > 0
    for first in np.flatnonzero(measured & (ratio.max(axis=1) < limits.STEADY_F)):
        levels[living[first : first + limits.STEADY_EPOCHS]] = QualityLevel.UNUSABLE
    return levels


def _has_company(leaks: Mask, rate: npt.NDArray[np.float32]) -> Mask:
    """Tell whether another epoch within two has beats at the same pace: a heart does not stop."""
    company = np.zeros_like(leaks)
    for shift in (1, 2):
        same = leaks[shift:] & leaks[:-shift] & (np.abs(rate[shift:] - rate[:-shift]) < 0.2 * rate[shift:])
        company[shift:] |= same
        company[:-shift] |= same
    return company
