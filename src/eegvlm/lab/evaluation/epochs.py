"""The judged epochs of many nights in one row, with the confidence of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.answers import N_STAGES, NightAnswers
from eegvlm.lab.evaluation.figures import Floats


@dataclass(frozen=True, eq=False)
class JudgedEpochs:
    """Epochs that the expert scored.

    Attributes
    ----------
    truth
        int8 (n,), the expert's stages, 0 to 4.
    right
        bool (n,); False where there is no valid answer.
    answered
        bool (n,).
    confidence
        float (n,): the probability of the stage that was answered; 0 where there is no valid answer.
    probabilities
        float (n, 5), rows sum to 1; one fifth each where there is no valid answer.
    subject
        Index of the subject of each epoch, (n,).
    n_subjects
        Number of subjects.
    """

    truth: npt.NDArray[np.int8]
    right: npt.NDArray[np.bool_]
    answered: npt.NDArray[np.bool_]
    confidence: Floats
    probabilities: Floats
    subject: npt.NDArray[np.intp]
    n_subjects: int


def judged_epochs(nights: Sequence[NightAnswers], subjects: Sequence[str]) -> JudgedEpochs | None:
    """Join nights; None where the answers have no probabilities.

    Parameters
    ----------
    nights
        Either all with probabilities or none.
    subjects
        Their subjects, each once; fixes the order.

    Raises
    ------
    InputError
        If some nights have probabilities and others have none.
    """
    bare = [night.night for night in nights if night.probabilities is None]
    if len(bare) == len(nights):
        return None
    if bare:
        hint = "give every night its probabilities (NaN where there is no answer), or none"
        raise InputError(f"answers of night {bare[0]}", "probabilities", "none", hint)
    place = {subject: index for index, subject in enumerate(subjects)}
    parts = []
    for night in nights:
        probabilities = night.probabilities
        if probabilities is None:  # refused above
            continue
        scored, answered = night.scored, night.answered
        rows = probabilities.astype(np.float64)
        rows[~answered] = 1 / N_STAGES
        rows /= rows.sum(axis=1, keepdims=True)
        stages = np.where(answered, night.stages, 0).astype(np.intp)
        confidence = np.where(answered, rows[np.arange(len(rows)), stages], 0.0)
        right = answered & (night.stages == night.truth)
        where = np.full(len(rows), place[night.subject], np.intp)
        parts.append([column[scored] for column in (night.truth, right, answered, confidence, rows, where)])
    truth, right, answered, confidence, rows, where = (
        np.concatenate(parts_of) for parts_of in zip(*parts, strict=True)
    )
    return JudgedEpochs(truth, right, answered, confidence, rows, where, len(subjects))
