"""Multinomial logistic regression on band powers: the baseline that a picture must beat.

scikit-learn's, on standardised features; every stage weighs alike whatever its share of the night, since a training
set's shares need not be those of the night to be staged. The penalty is strong: fitted on one set of recorders (or a
simulator) and used on others, a weak one is better at home and much worse abroad.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.core.extras import import_extra
from eegvlm.errors import InputError
from eegvlm.hypnogram import Hypnogram
from eegvlm.hypnogram.most_probable import most_probable
from eegvlm.lab.datasets import Night, split_by_subject
from eegvlm.lab.evaluation.answers import N_STAGES, NightAnswers
from eegvlm.lab.evaluation.band_powers import band_power_features, eeg_channel
from eegvlm.lab.evaluation.figures import Floats
from eegvlm.lab.evaluation.run import Channels, JudgedNight, JudgedReading, Progress, answer_nights
from eegvlm.signals import EPOCH_S, Recording

PENALTY = 0.1
_ITERATIONS = 300
_ASKED_BY = "--baseline logistic"


@dataclass(frozen=True, eq=False)
class LogisticStager:
    """A fitted regression; called with a recording it stages it.

    Attributes
    ----------
    regression
        A fitted pipeline of scikit-learn, whose classes are stages.
    """

    regression: Any

    def probabilities(self, features: Floats) -> Floats:
        """Return probabilities (n, 5) of features (n, features); NaN rows stay NaN."""
        probabilities = np.full((len(features), N_STAGES), np.nan)
        present = ~np.isnan(features).any(axis=1)
        if present.any():
            fitted = np.zeros((np.count_nonzero(present), N_STAGES))
            fitted[:, self.regression.classes_] = self.regression.predict_proba(features[present])
            probabilities[present] = fitted
        return probabilities

    def __call__(self, recording: Recording) -> JudgedReading:
        """Stage a recording; epochs without signal stay unscored."""
        probabilities = self.probabilities(band_power_features(recording))
        hypnogram = Hypnogram(
            most_probable(probabilities),
            EPOCH_S,
            recording.start,
            probabilities=probabilities.astype(np.float32),
        )
        return JudgedReading(hypnogram, {"eeg": eeg_channel(recording).name})


def fit(features: Floats, stages: npt.NDArray[np.int8], *, penalty: float = PENALTY) -> LogisticStager:
    """Fit the regression.

    Parameters
    ----------
    features
        (n, features); rows with NaN are left out.
    stages
        (n,), 0 to 4; epochs with -1 are left out.
    penalty
        Weight of half the squared weights (intercepts excepted) beside the mean loss.

    Raises
    ------
    InputError
        If fewer than two stages are left, or scikit-learn is not installed.
    """
    linear = import_extra("sklearn.linear_model", "baseline", _ASKED_BY)
    preparing = import_extra("sklearn.preprocessing", "baseline", _ASKED_BY)
    joining = import_extra("sklearn.pipeline", "baseline", _ASKED_BY)
    usable = (stages >= 0) & ~np.isnan(features).any(axis=1)
    features, truth = features[usable], stages[usable].astype(np.intp)
    if (different := len(np.unique(truth))) < 2:
        raise InputError("logistic regression", "stages to fit", different, "give nights of two or more")
    strength = 1 / (penalty * len(truth))  # scikit-learn weighs the sum of losses, not their mean
    regression = linear.LogisticRegression(C=strength, class_weight="balanced", max_iter=_ITERATIONS)
    return LogisticStager(joining.make_pipeline(preparing.StandardScaler(), regression).fit(features, truth))


def fit_on(nights: Iterable[JudgedNight], *, channels: Channels | None = None) -> LogisticStager:
    """Fit the regression on nights; see :func:`fit`."""
    rows = [_rows(night, channels) for night in nights]
    return fit(np.concatenate([features for features, _ in rows]), np.concatenate([stages for _, stages in rows]))


def cross_validate(
    nights: Sequence[Night],
    *,
    folds: int = 10,
    seed: int = 0,
    channels: Channels | None = None,
    progress: Progress | None = None,
) -> tuple[list[NightAnswers], dict[str, str]]:
    """Stage each subject's nights by a regression fitted on other subjects.

    Parameters
    ----------
    nights
        Of two subjects or more; each must be readable.
    folds, seed
        As in :func:`eegvlm.lab.datasets.split_by_subject`; no more folds than subjects.
    channels
        As in :func:`eegvlm.signals.read_recording`.
    progress
        As in :func:`eegvlm.lab.evaluation.evaluate`, over all folds.

    Returns
    -------
    answers, errors
        As :func:`eegvlm.lab.evaluation.run.answer_nights` gives them.

    Raises
    ------
    InputError
        If there are fewer than two subjects, or a night cannot be read.
    """
    subjects = len({night.person for night in nights})
    rows = {night.name: _rows(night, channels) for night in nights}
    answers: list[NightAnswers] = []
    errors: dict[str, str] = {}
    for split in split_by_subject(nights, folds=min(folds, subjects), seed=seed):
        features = np.concatenate([rows[night.name][0] for night in split.train])
        stager = fit(features, np.concatenate([rows[night.name][1] for night in split.train]))
        tell = None
        if progress is not None:
            tell = partial(_moved_on, progress, len(answers), len(nights))
        of_fold, failed = answer_nights(stager, split.test, channels=channels, progress=tell)
        answers += of_fold
        errors |= failed
    return answers, errors


def _moved_on(progress: Progress, before: int, total: int, done: int, of_fold: int, name: str) -> None:
    progress(before + done, total, name)


def _rows(night: JudgedNight, channels: Channels | None) -> tuple[Floats, npt.NDArray[np.int8]]:
    return band_power_features(night.recording(channels)), night.hypnogram().stages
