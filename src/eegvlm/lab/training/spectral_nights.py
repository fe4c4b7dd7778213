"""Scored nights with band features and no signal: real stages in real sequence for the evidence encoder.

A file holds, for every epoch of many nights, the logarithm of the power of five bands on two EEG derivations and one
EOG, standardised by night before the spectrum: the level is gone, and what is left is how each band rises and falls
within the night. These are the relative entries of :mod:`eegvlm.evidence.vector`; all others are absent.

The data: Kemp et al. 2000, IEEE Trans. Biomed. Eng. 47(9):1185-1194 (Sleep-EDF Expanded), as features.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.evidence import BANDS, entry_places
from eegvlm.lab.epochs.night_file import NightLabels, one_hot
from eegvlm.lab.training.store import night_key

FILE = "band_features.npz"
SPECTRAL_VERSIONS = 4
"""Versions of a night: through either derivation, without and with EOG."""

_BANDS = tuple(BANDS)
_EVERY_STAGE = np.ones(5, dtype=bool)


@dataclass(frozen=True, eq=False)
class SpectralNight:
    """One night of band features; see :class:`.store.StoredNight`.

    Parameters
    ----------
    key
        Its name, unique in a run.
    labels
        Who slept, and the stages.
    logs
        float32 (epochs, 3, 5): log powers of delta, theta, alpha, sigma and beta of two EEG derivations and an EOG.
    """

    key: str
    labels: NightLabels
    logs: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.logs)

    def microvolt(self, epochs: int | slice) -> npt.NDArray[np.float32]:
        """Refuse: no signal is known."""
        raise InputError(self.key, "signal", "none", "let only evidence phases learn from nights of band features")

    def heard(self) -> npt.NDArray[np.bool_]:
        """See :class:`.store.StoredNight`."""
        return np.ones(len(self), np.bool_)

    def digest(self) -> bytes:
        """See :class:`.store.StoredNight`."""
        return hashlib.sha256(self.logs.tobytes() + self.labels.stages.tobytes()).digest()

    def entries(self, version: int) -> npt.NDArray[np.float32]:
        """Return evidence vectors (epochs, entries) through one derivation or the other, every second time with EOG.

        Relative entries are there up to a constant; see :func:`eegvlm.evidence.beside_median`.
        """
        places = entry_places()
        vectors = np.full((len(self), len(places)), np.nan, np.float32)
        eeg, eog = self.logs[:, version % 2], self.logs[:, 2]
        total = np.log(np.exp(eeg).sum(axis=1))
        for k, band in enumerate(_BANDS):
            vectors[:, places[f"eeg_rms_{band}_relative"]] = eeg[:, k] / 2
            vectors[:, places[f"eeg_share_{band}_relative"]] = eeg[:, k] - total
            if version // 2 % 2:
                vectors[:, places[f"eog_rms_{band}_relative"]] = eog[:, k] / 2
        return vectors


def read_spectral_nights(name: str, path: Path) -> list[SpectralNight]:
    """Read the nights of a file of band features.

    Parameters
    ----------
    name
        Of the source.
    path
        ``band_features.npz``, or the folder in which it lies: ``features`` (n, 3, >= 5) whose first five ``columns``
        are log powers of delta, theta, alpha, sigma and beta, NaN where there is none; ``stage`` (n,), -1: unscored;
        ``night`` (n,), the place of each epoch's night in ``night_name`` (nights,), of which what precedes ``__`` is
        the person. Epochs of a night stand in the order of time.

    Raises
    ------
    InputError
        If the file is not of this kind.
    """
    file = path / FILE if path.is_dir() else path
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            features = archive["features"].astype(np.float32)
            stage, night = (archive[key].astype(np.int64, casting="safe") for key in ("stage", "night"))
            names, columns = ([str(text) for text in np.atleast_1d(archive[key])] for key in ("night_name", "columns"))
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        hint = "give a file with features, stage, night, night_name and columns"
        raise InputError(file, "band features", error, hint) from error
    _check(file, features, stage, night, names, columns)
    nights = []
    for number, title in enumerate(names):
        rows = night == number
        stages = stage[rows].astype(np.int8)
        labels = NightLabels(_person(title), stages, one_hot(stages), _EVERY_STAGE)
        nights.append(SpectralNight(night_key(name, title), labels, features[rows, :, :5]))
    return nights


def _person(night: str) -> str:
    """Return the sleeper as the data set names them: ``00`` is subject SC400 of the cassette study."""
    subject = night.partition("__")[0]
    return f"sleep-edf:{f'SC4{subject}' if re.fullmatch('[0-9]{2}', subject) else subject}"


def _check(
    file: Path,
    features: npt.NDArray[np.float32],
    stage: npt.NDArray[np.int64],
    night: npt.NDArray[np.int64],
    names: list[str],
    columns: list[str],
) -> None:
    """Refuse a file whose arrays do not belong together, or hold what they cannot."""
    shape, band_columns = features.shape, [f"log_{band}" for band in _BANDS]
    if columns[:5] != band_columns:
        raise InputError(file, "columns", ", ".join(columns[:5]) or "none", f"begin with {', '.join(band_columns)}")
    if len(shape) != 3 or shape[1] != 3 or shape[2] < len(band_columns):
        raise InputError(file, "features", f"shape {shape}", "give (epochs, 3 channels, 5 columns or more)")
    for key, values in (("stage", stage), ("night", night)):
        if values.shape != shape[:1]:
            raise InputError(file, key, f"shape {values.shape}", f"give one of each of the {shape[0]} epochs")
    for key, values, least, most in (("stage", stage, -1, 4), ("night", night, 0, len(names) - 1)):
        if (wrong := values[(values < least) | (values > most)]).size:
            raise InputError(file, key, int(wrong[0]), f"give whole numbers from {least} to {most}")
    if np.isinf(features).any():
        raise InputError(file, "features", "infinite", "give finite numbers, NaN where there is no signal")
    if len(set(names)) < len(names):
        raise InputError(file, "night_name", "the same for several nights", "give every night its own")
    if empty := [title for number, title in enumerate(names) if not (night == number).any()]:
        raise InputError(file, "night_name", ", ".join(empty[:3]), "leave out nights without epochs")
    if not names:
        raise InputError(file, "night_name", "no nights", "give at least one")
