"""YASA's SleepStaging on arrays: the one place of this package that calls it.

YASA is optional (extra ``second-reader``) and imported only when it is asked for stages. It resamples to 100 Hz,
filters 0.4 to 30 Hz, and normalises its features over the whole night, so it must be given the whole night at once.
Not covered: age and sex, which YASA can use and which a recording's header would have to give away.

References
----------
Vallat & Walker 2021, An open-source, high-performance tool for automated sleep staging, eLife 10:e70092.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.hypnogram.stage import STAGES

Modality = Literal["eeg", "eog", "emg"]

LEAST_RATE = 80.0
"""Hz that a channel must exceed; YASA refuses slower ones."""
LEAST_MINUTES = 5.0
"""Minutes below which YASA warns that its stages are unreliable."""

_INSTALL = "pip install 'eeg-vlm[second-reader]'"
_OLDEST = (0, 7)  # the first version whose predict() returns probabilities with the stages
_SPELLINGS = {"W": ("W", "WAKE"), "R": ("R", "REM")}


def yasa_version() -> str:
    """Return the version of the installed YASA, without importing it.

    Raises
    ------
    InputError
        If YASA or MNE-Python is not installed, or YASA is older than 0.7.
    """
    try:
        version("mne")
        installed = version("yasa")
    except PackageNotFoundError as error:
        raise InputError("yasa", "installation", f"{error.name} is not installed", _INSTALL) from error
    major, minor = installed.split(".")[:2]
    if (int(major), int(minor)) < _OLDEST:
        raise InputError("yasa", "version", installed, f"0.7 or later is needed: {_INSTALL}")
    return installed


def yasa_probabilities(signals: Mapping[Modality, npt.NDArray[np.float32]], rate: float) -> npt.NDArray[np.float32]:
    """Return YASA's stage probabilities for a whole night.

    Parameters
    ----------
    signals
        Modality -> (n, samples) of consecutive complete 30-s epochs, in µV. ``eeg`` is required, preferably a central
        derivation; ``eog`` and ``emg`` (chin) are optional.
    rate
        Samples per second of all of them.

    Returns
    -------
    numpy.ndarray
        float32 (n, 5) in the order W, N1, N2, N3, R.

    Raises
    ------
    InputError
        If YASA is not installed, or does not answer for every epoch.
    """
    yasa_version()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # YASA's own, and its dependencies'
        import mne
        import yasa

        names = list(signals)
        microvolt = np.stack([signals[name].reshape(-1) for name in names]).astype(np.float64)
        raw = mne.io.RawArray(microvolt * 1e-6, mne.create_info(names, rate, names), verbose="ERROR")
        used = {f"{name}_name": name for name in names}
        table = yasa.SleepStaging(raw, **used).predict().proba
    columns = [
        next(name for name in _SPELLINGS.get(stage.label, (stage.label,)) if name in table.columns) for stage in STAGES
    ]
    probabilities: npt.NDArray[np.float32] = table[columns].to_numpy(np.float32)
    n_epochs = len(signals["eeg"])
    if len(probabilities) != n_epochs:
        hint = "this version of YASA drops or adds epochs; install another"
        raise InputError("yasa", "epochs", f"{len(probabilities)} answers for {n_epochs} epochs", hint)
    return probabilities
