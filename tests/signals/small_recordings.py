"""Small simulated recordings of every kind that is read here: what a damaged file was before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from edf_files import EdfFile, Lead

from eegvlm.lab.simulation import simulate_night

_SECONDS = 90


def _signals(rate: float) -> dict[str, np.ndarray]:
    """Return 90 s of a simulated night, in microvolt."""
    night = simulate_night(hours=_SECONDS / 3600, seed=3, rate=rate)
    return {label: np.asarray(samples[: round(_SECONDS * rate)]) for label, samples in night.signals.items()}


def _lead(
    label: str,
    microvolt: np.ndarray,
    samples: int,
    limit: float = 800.0,
    digital: tuple[int, int] = (-32768, 32767),
    low: float | None = None,
) -> Lead:
    """Store samples in microvolt as a recorder with a symmetrical range does."""
    low = -limit if low is None else low
    gain = (limit - low) / (digital[1] - digital[0])
    counts = np.round((microvolt - low) / gain + digital[0]).clip(*digital).astype(int)
    return Lead(label, counts, samples, physical=(f"{low:g}", f"{limit:g}"), digital=digital)


def _polysomnogram(rate: float = 128) -> list[Lead]:
    limits = {"EMG chin": 500.0, "ECG": 3000.0}
    leads = [_lead(label, samples, round(rate), limits.get(label, 800.0)) for label, samples in _signals(rate).items()]
    oxygen = np.tile([950, 951, 949], _SECONDS // 3)
    return [*leads, Lead("SpO2", oxygen, 1, unit="%", physical=(0, 100), digital=(0, 1000))]


def _edf() -> EdfFile:
    return EdfFile(_polysomnogram())


def _edf_continuous() -> EdfFile:
    return EdfFile(_polysomnogram(), plus="C", onsets=[f"+{second}.25" for second in range(_SECONDS)])


def _edf_discontinuous() -> EdfFile:
    seconds = [*range(40), *range(70, 70 + _SECONDS - 40)]
    return EdfFile(_polysomnogram(), plus="D", onsets=[f"+{second}" for second in seconds])


def _bdf() -> EdfFile:
    """Single leads as BioSemi stores them: 24 bits, DC, references of their own."""
    signals = _signals(128)
    drift = 40.0 * np.sin(np.arange(_SECONDS * 128) / 2000)
    named = {
        "C4": signals["EEG C4-M1"] + drift + 9000,
        "F4": signals["EEG F4-M1"] + drift - 4000,
        "M1": drift + 1200,
        "E1": signals["EOG E1-M2"] + drift + 800,
        "E2": signals["EOG E2-M2"] + drift - 2500,
        "M2": drift - 300,
    }
    digital = (-8388608, 8388607)
    leads = [_lead(label, samples, 128, 262143, digital, low=-262144) for label, samples in named.items()]
    return EdfFile(leads, kind="BDF")


def _sleep_edf() -> EdfFile:
    """A range for each signal, 12 bits, data records of 30 s."""
    signals, twelve_bits = _signals(100), (-2048, 2047)
    return EdfFile(
        [
            _lead("EEG Fpz-Cz", signals["EEG F4-M1"], 3000, 192, twelve_bits),
            _lead("EEG Pz-Oz", signals["EEG O2-M1"] / 2, 3000, 196, twelve_bits, low=-197),
            _lead("EOG horizontal", signals["EOG E1-M2"], 3000, 1009, twelve_bits),
            _lead("EMG submental", signals["EMG chin"], 3000, 500, (-2500, 2500)),
        ],
        record_s="30",
        identification="",
    )


SMALL_RECORDINGS: dict[str, Callable[[], EdfFile]] = {
    "EDF": _edf,
    "EDF+C": _edf_continuous,
    "EDF+D": _edf_discontinuous,
    "BDF": _bdf,
    "Sleep-EDF": _sleep_edf,
}
