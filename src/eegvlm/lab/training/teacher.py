"""YASA as a teacher: its soft stages for simulated nights, offline.

A simulated epoch can look like another stage than the one that made it. What an independent stager, itself
fitted on thousands of real nights, says about it draws the model towards what real epochs look like. YASA (BSD-3) is
used while training alone, and only where a recipe asks for it.

References
----------
Vallat & Walker 2021, An open-source, high-performance tool for automated sleep staging, eLife 10:e70092.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.core.random_streams import RunStream
from eegvlm.errors import InputError
from eegvlm.hypnogram.yasa_staging import yasa_probabilities, yasa_version
from eegvlm.lab.simulation import Randomisation, randomise

# Every night is shown through a recorder of its own: the teacher's habits must not depend on the simulator's gain.
_RECORDER = Randomisation.from_dict({**Randomisation.none().to_dict(), "eq_db": 1.3, "gain_db": 1.3})


def taught_probabilities(epochs: npt.NDArray[np.float32], rate: float, *, seed: int) -> npt.NDArray[np.float32]:
    """Return the teacher's probabilities for a whole night of one EEG.

    Parameters
    ----------
    epochs
        (n, samples) of consecutive 30-s epochs, in µV.
    rate
        Samples per second.
    seed
        Of the simulated recorder that changes the night.

    Returns
    -------
    numpy.ndarray
        float32 (n, 5) in the order W, N1, N2, N3, R.

    Raises
    ------
    InputError
        If YASA is not installed.
    """
    try:
        yasa_version()
    except InputError as error:
        hint = f"{error.hint}, or set teacher to none"
        raise InputError("recipe", "teacher", f"yasa: {error.value}", hint) from error
    randomised = randomise(
        epochs, np.random.default_rng([seed, RunStream.TEACHER_RECORDER]), _RECORDER, rate=rate, per="night"
    )
    return yasa_probabilities({"eeg": randomised}, rate)
