"""DCSM, the Danish Center for Sleep Medicine: one folder a patient, ``psg.h5`` with ``hypnogram.ids``.

The file is U-Time's: signals under ``channels``, one ``sample_rate`` for all. It does not say its unit, which is
inferred from the size of the EEG (volts or microvolts differ by a million) and said with every recording. A recording
that was converted to ``psg.edf`` is taken, too. Perslev et al. 2021, npj Digit. Med. 4:72.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from eegvlm.lab.datasets.hdf5_record import StoredSignal, StoredSignals, hdf5_or_edf
from eegvlm.lab.datasets.pairing import DatasetLayout, Name, RecordingName, ScoringName
from eegvlm.lab.datasets.problems import DatasetError
from eegvlm.signals import Problem

SCORER = "expert"
_PATIENT = re.compile(r"tp[0-9a-f]{8}(?:[_-][0-9a-f]{4}){3}[_-][0-9a-f]{12}", re.IGNORECASE)
_NOT_VOLTS = frozenset(("spo2", "nasal", "thorax", "abdomen", "snore"))
# Sleep EEG is tens of microvolts: in volts its spread is far below this, in microvolts far above.
_BETWEEN = 1e-2


def read_name(path: PurePath) -> Name | None:
    """Tell what a file of this data set is by its name and its folder."""
    patient, name = path.parent.name.lower(), path.name.lower()
    if _PATIENT.fullmatch(patient) is None:
        return None
    if name in ("psg.h5", "psg.edf", f"{patient}.h5", f"{patient}.edf"):
        return RecordingName(patient, patient)
    return ScoringName(patient, SCORER) if name in ("hypnogram.ids", f"{patient}.ids") else None


def stored_signals(file: Any, path: Path) -> StoredSignals:
    """Find the signals of a file, and infer their unit."""
    rate = file.attrs.get("sample_rate")
    if rate is None or "channels" not in file:
        raise DatasetError(path, "HDF5", "no channels or no sample_rate", "give DCSM's psg.h5 as it was downloaded")
    names = list(file["channels"])
    eeg = [name for name in names if re.fullmatch(r"[FCO][34z12]-[MA][12]", name, re.IGNORECASE)]
    if not eeg:
        raise DatasetError(path, "channels", ", ".join(names[:5]), "expected an EEG such as C3-M2")
    samples = file["channels"][eeg[0]]
    first = len(samples) // 4
    spread = float(np.std(np.asarray(samples[first : first + 300_000], np.float64)))
    unit, factor = ("volts", 1e6) if spread < _BETWEEN else ("microvolts", 1.0)
    message = (
        f"the file does not say its unit; its samples are read as {unit}, which is inferred from the size of {eeg[0]}"
    )
    signals = tuple(
        StoredSignal(f"channels/{name}", name, float(rate), None if name.casefold() in _NOT_VOLTS else factor)
        for name in names
    )
    return StoredSignals(signals, (Problem("calibration-inferred", message, None),))


LAYOUT = DatasetLayout("dcsm", "dcsm", read_name, (SCORER,), signals=partial(hdf5_or_edf, describe=stored_signals))
