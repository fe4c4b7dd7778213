"""Signals of one modality are mostly recorded alike: one whose header says otherwise may be wrongly scaled.

A wrong number in a calibration mostly leaves a plausible one. It shows beside its siblings: an amplifier gives all
EEG channels one range, one gain and one rate. Nothing is said where signals have a range each, as in files whose writer
fits the range to the data.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

from eegvlm.signals.edf_header import EdfSignal
from eegvlm.signals.label_parsing import modality_of, read_label
from eegvlm.signals.problems import Problem
from eegvlm.signals.units import read_unit

# Logarithm of the least ratio of two ranges that are set by hand; Sleep-EDF's two EEGs differ by 0.01.
_SETTINGS = math.log10(1.25)

_Calibration = tuple[float | None, float | None, float | None, int | None, int | None]


def compare_siblings(signals: Sequence[EdfSignal], labels: Sequence[str]) -> Mapping[int, tuple[Problem, ...]]:
    """Compare each signal's calibration, rate and polarity with those of its modality.

    Parameters
    ----------
    signals
        Those with samples, in file order.
    labels
        Their unique labels.

    Returns
    -------
    mapping
        From a signal's number to its problems, all of severity ``"warning"``.
    """
    modalities: dict[str, list[int]] = defaultdict(list)
    for index, signal in enumerate(signals):
        lead = read_label(signal.label)
        if lead is not None:
            modalities[modality_of(lead)].append(index)
    problems: dict[int, list[Problem]] = defaultdict(list)
    for modality, group in modalities.items():
        calibrations = {index: _calibration(signals[index]) for index in group}
        for index, sibling in _outliers(calibrations).items():
            problems[index].append(_calibration_differs(modality, labels, signals, index, sibling))
        if len(group) == 2 and _contradict(*calibrations.values()):
            problems[group[1]].append(_calibration_differs(modality, labels, signals, group[1], group[0]))
        for index, sibling in _outliers({index: signals[index].samples for index in group}).items():
            message = (
                f"'{labels[index]}' has {signals[index].samples} samples a data record, most {modality.upper()} "
                f"signals have {signals[sibling].samples}; it is read at the rate that the header gives it"
            )
            problems[index].append(Problem("rate-differs", message, labels[index]))
    leads = {index: _inverted(signals[index]) for group in modalities.values() for index in group}
    for index in _outliers(leads):
        message = (
            f"'{labels[index]}' has its physical minimum and maximum the other way round than most signals of the "
            "file; it is turned over, as the header says"
        )
        problems[index].append(Problem("polarity-differs", message, labels[index]))
    return {index: tuple(signal_problems) for index, signal_problems in problems.items()}


def _calibration(signal: EdfSignal) -> _Calibration:
    return (
        read_unit(signal.unit).factor,
        signal.physical_min,
        signal.physical_max,
        signal.digital_min,
        signal.digital_max,
    )


def _inverted(signal: EdfSignal) -> bool:
    low, high = signal.physical_min, signal.physical_max
    return low is not None and high is not None and low > high


def _outliers(values: Mapping[int, Hashable]) -> dict[int, int]:
    """Where at least two and more than half of the values agree: the others, each with one that agrees."""
    if not values:
        return {}
    usual, count = Counter(values.values()).most_common(1)[0]
    if count < 2 or 2 * count <= len(values):
        return {}
    example = next(index for index, value in values.items() if value == usual)
    return {index: example for index, value in values.items() if value != usual}


def _contradict(calibration: _Calibration, other: _Calibration) -> bool:
    """Tell whether two calibrations differ in a single field, by a power of ten, or as two settings of an amplifier."""
    if sum(a != b for a, b in zip(calibration, other, strict=True)) == 1:
        return True
    ranges = [(c[1], c[2]) for c in (calibration, other) if c[1] is not None and c[2] is not None and c[1] != c[2]]
    if len(ranges) < 2:
        return False
    power = math.log10(abs((ranges[0][1] - ranges[0][0]) / (ranges[1][1] - ranges[1][0])))
    if round(power) != 0 and abs(power - round(power)) < 1e-3:
        return True
    # Whole numbers, alike on both sides of zero, are set by hand; a range that was fitted to the data is not like this.
    as_set = all(low == int(low) and abs(low + high) <= 0.01 * abs(high - low) for low, high in ranges)
    return as_set and abs(power) >= _SETTINGS


def _calibration_differs(
    modality: str, labels: Sequence[str], signals: Sequence[EdfSignal], index: int, sibling: int
) -> Problem:
    message = (
        f"'{labels[index]}' is calibrated as {_shown(signals[index])}, unlike '{labels[sibling]}' "
        f"({_shown(signals[sibling])}), which is {modality.upper()} as well; each is scaled as the header says"
    )
    return Problem("calibration-differs", message, labels[index])


def _shown(signal: EdfSignal) -> str:
    unit, low, high, digital_low, digital_high = (
        signal.unit or "units",
        *("?" if value is None else f"{value:g}" for value in (signal.physical_min, signal.physical_max)),
        *("?" if value is None else str(value) for value in (signal.digital_min, signal.digital_max)),
    )
    return f"{low} to {high} {unit} for {digital_low} to {digital_high}"
