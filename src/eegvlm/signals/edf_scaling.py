"""From the calibration of a signal in the header to its scale in microvolt, and what is odd about it by itself."""

from __future__ import annotations

from dataclasses import dataclass

from eegvlm.signals.edf_header import EdfHeader, EdfSignal
from eegvlm.signals.problems import Problem
from eegvlm.signals.source import Signal
from eegvlm.signals.units import read_unit


@dataclass(frozen=True)
class ScalingPlace:
    """Where a signal's samples lie in a data record, and how to scale them."""

    offset: int
    samples: int
    gain: float
    shift: float


def scale(header: EdfHeader, signal: EdfSignal, label: str, n_records: int) -> tuple[Signal, ScalingPlace]:
    """Work out the calibration; without one, samples stay digital counts and the signal is barred.

    Parameters
    ----------
    header
        Of the file.
    signal
        The signal's fields.
    label
        Its unique label.
    n_records
        Data records that are read.

    Returns
    -------
    described, place
        The signal with its faults, and where and how its samples are read.
    """
    unit = read_unit(signal.unit)
    faults = []
    physical = (signal.physical_min, signal.physical_max)
    digital = (signal.digital_min, signal.digital_max)
    gain, shift, limits, resting = 1.0, 0.0, None, []
    pmin, pmax, dmin, dmax = *physical, *digital
    if pmin is None or pmax is None or dmin is None or dmax is None or not _usable(pmin, pmax, dmin, dmax):
        ranges = f"physical {_range(physical)}, digital {_range(digital)}"
        message = f"'{label}' holds raw counts of unknown size, its calibration is broken: {ranges}"
        faults.append(Problem("no-calibration", message, label, "error"))
    else:
        factor = 1.0 if unit.factor is None else unit.factor
        gain = (pmax - pmin) / (dmax - dmin) * factor
        shift = pmin * factor - dmin * gain
        limits = (min(pmin, pmax) * factor, max(pmin, pmax) * factor)
        resting = [(pmin + pmax) / 2 * factor] + ([shift] if dmin < 0 < dmax else [])
        if pmin == dmin and pmax == dmax:
            message = f"'{label}' is stored at one {signal.unit or 'unit'} a count: perhaps it was never calibrated"
            faults.append(Problem("unit-calibration", message, label))
        largest = 2 ** (8 * header.sample_bytes - 1)
        if dmin < -largest or dmax >= largest:
            message = (
                f"the header says that '{label}' is stored as {dmin} to {dmax}, which {8 * header.sample_bytes} bits "
                "cannot hold; it is scaled as the header says"
            )
            faults.append(Problem("digital-range", message, label))
    if unit.factor is None:
        message = f"'{label}' is in '{signal.unit}', which is no voltage"
        faults.append(Problem("not-a-voltage", message, label, "error"))
    elif not unit.certain:
        fault = f"an unknown unit '{signal.unit}'" if signal.unit else "no unit"
        message = f"'{label}' has {fault}; it is read as microvolt, and its amplitude tested"
        faults.append(Problem("unit-assumed", message, label))
    described = Signal(
        label,
        signal.label,
        signal.samples / header.record_s,
        signal.unit,
        unit.factor,
        signal.samples * n_records,
        limits,
        abs(gain) if limits else 0.0,
        tuple(faults),
        tuple(resting),
    )
    return described, ScalingPlace(signal.offset, signal.samples, gain, shift)


def _usable(pmin: float, pmax: float, dmin: int, dmax: int) -> bool:
    return pmin != pmax and dmin < dmax and max(abs(pmin), abs(pmax)) < 1e15 and max(abs(dmin), abs(dmax)) < 2**32


def _range(pair: tuple[float | None, float | None]) -> str:
    return " to ".join("not a number" if value is None else f"{value:g}" for value in pair)
