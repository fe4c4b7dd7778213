"""From what was measured of a channel to levels of quality, with the whole recording in view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.signals import quality_limits as limits
from eegvlm.signals.quality import Levels, QualityKind, QualityLevel
from eegvlm.signals.quality_limits import HALF, Modality

Rows = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


def judge_channel(rows: Rows, modality: Modality, step: float, *, beats_from: str) -> dict[QualityKind, Levels]:
    """Judge every epoch of a channel.

    Parameters
    ----------
    rows
        Structured (n_epochs,) of :data:`eegvlm.signals.quality_measures.MEASURES`.
    modality
        What the signal is.
    step
        Smallest difference that can be stored, µV; 0 where unknown.
    beats_from
        ``"ecg"`` where the beats are those of an ECG channel, ``"itself"`` where they were looked for in this one.

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
        QualityKind.OPEN_INPUT: _open_input(rows["slope"], nothing | ~present),
        QualityKind.CLIPPED: _clipped(rows, step),
        QualityKind.POPS: _levels(rows["popped"] > 0, rows["popped"] > HALF),
        QualityKind.DRIFT: _levels(rows["drifting"] >= limits.DRIFT_DOUBTFUL_S / 30 - 1e-6, rows["drifting"] > HALF),
        QualityKind.ECG_LEAK: _leak(rows, in_context=beats_from == "itself"),
        QualityKind.LOST_REFERENCE: _levels(rows["alike"], rows["alike"] & (rows["rms"] > limits.ALIKE_UNUSABLE_UV)),
    }
    for level in levels.values():
        level[~present] = QualityLevel.GOOD
    return levels


def _levels(doubtful: Mask, unusable: Mask) -> Levels:
    return np.where(unusable, QualityLevel.UNUSABLE, np.where(doubtful, QualityLevel.DOUBTFUL, 0)).astype(np.int8)


def _open_input(slope: npt.NDArray[np.float32], left_out: Mask) -> Levels:
    slope = np.where(left_out, np.inf, slope)
    unusable = slope < limits.SLOPE_UNUSABLE
    beside = np.zeros_like(unusable)
    beside[1:] |= unusable[:-1]
    beside[:-1] |= unusable[1:]
    unusable = unusable | (beside & (slope < limits.SLOPE_BESIDE_UNUSABLE))
    return _levels(slope < limits.SLOPE_DOUBTFUL, unusable)


def _clipped(rows: Rows, step: float) -> Levels:
    """Join samples at the header's limits with runs at an extreme that the recording never exceeds."""
    present = rows["present"]
    share = rows["limited"].copy()
    if present.any():
        lowest, highest = float(rows["low"][present].min()), float(rows["high"][present].max())
        margin = max(0.5 * step, 4e-7 * max(abs(lowest), abs(highest)))
        runs = np.where(rows["low"] <= lowest + margin, rows["at_low"], 0)
        runs = runs + np.where(rows["high"] >= highest - margin, rows["at_high"], 0)
        share = np.maximum(share, runs)
    return _levels(share >= limits.CLIPPED_DOUBTFUL, share > HALF)


def _leak(rows: Rows, *, in_context: bool) -> Levels:
    height = rows["beat_uv"]
    seen = height >= limits.LEAK_UV
    if in_context and len(rows) > 2:
        seen = seen & _has_company(seen, rows["beat_rate"])
    dwarfs = (height > limits.LEAK_UNUSABLE_UV) & (height > limits.LEAK_UNUSABLE_TIMES * rows["beat_rest"])
    return _levels(seen, seen & dwarfs)


def _has_company(seen: Mask, rate: npt.NDArray[np.float32]) -> Mask:
    """Tell whether another epoch within two has beats at the same pace: a heart does not stop."""
    company = np.zeros_like(seen)
    for shift in (1, 2):
        same = seen[shift:] & seen[:-shift] & (np.abs(rate[shift:] - rate[:-shift]) < 0.2 * rate[shift:])
        company[shift:] |= same
        company[:-shift] |= same
    return company
