"""Two readers' probabilities pooled into one hypnogram."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import SAME_S

_FLOOR = 1e-6  # a probability that was rounded to zero must not veto a stage


def check_same_epochs(ours: Hypnogram, second: Hypnogram, name: str = "second reader") -> None:
    """Refuse a second scoring whose epochs are not those of the first.

    Parameters
    ----------
    ours, second
        Two scorings of one recording.
    name
        What to call the second in the error.

    Raises
    ------
    HypnogramError
        If they differ in the number, the length or the onset of their epochs.
    """
    hint = f"it must give one stage for each {ours.epoch_s:g}-s epoch of the recording, from its start"
    if len(second) != len(ours):
        raise HypnogramError(name, "epochs", f"{len(second)} instead of {len(ours)}", hint)
    if abs(second.epoch_s - ours.epoch_s) > SAME_S or abs(second.onset_s - ours.onset_s) > SAME_S:
        value = f"{second.epoch_s:g} s from {second.onset_s:g} s on"
        raise HypnogramError(name, "epochs", value, hint)


def pooled(
    ours: Hypnogram, second: Hypnogram, weights: tuple[float, float] = (0.5, 0.5), *, other: str = "a second reader"
) -> Hypnogram:
    """Pool two readers' probabilities: the weighted mean of their logarithms, renormalised.

    An epoch that ``ours`` leaves unscored stays unscored, whatever the second reader says of it. An epoch that only
    the second leaves unscored has no second opinion: it keeps the stage and probabilities of ``ours``, and a note
    counts such epochs. Probabilities below 1e-6 count as 1e-6.

    Parameters
    ----------
    ours, second
        Two scorings of one recording with probabilities, in the same epochs.
    weights
        Of ours and of the second; not negative, with sum 1.
    other
        What the second is, for the note.

    Returns
    -------
    Hypnogram
        Stages are the likeliest of the pooled probabilities. Clock time and notes are those of ``ours``.

    Raises
    ------
    HypnogramError
        If one has no probabilities, the epochs are not the same, or the weights do not sum to 1.

    References
    ----------
    Genest & Zidek 1986, Combining probability distributions: a critique and an annotated bibliography, Statistical
    Science 1(1):114-135.

    Examples
    --------
    >>> ours = Hypnogram(np.array([1]), probabilities=np.array([[0.2, 0.5, 0.3, 0, 0]]))
    >>> second = Hypnogram(np.array([2]), probabilities=np.array([[0.1, 0.1, 0.8, 0, 0]]))
    >>> pooled(ours, second).labels
    ['N2']
    """
    if min(weights) < 0 or not abs(sum(weights) - 1) <= 1e-6:
        raise HypnogramError("pool", "weights", weights, "give two numbers of 0 or more with sum 1")
    check_same_epochs(ours, second)
    of_ours, of_second = _probabilities(ours, "first reader"), _probabilities(second, "second reader")
    is_pooled = np.isfinite(of_ours).all(axis=1) & np.isfinite(of_second).all(axis=1)
    logs = weights[0] * np.log(of_ours[is_pooled]) + weights[1] * np.log(of_second[is_pooled])
    shares = np.exp(logs)
    shares /= shares.sum(axis=1, keepdims=True)
    stages = ours.stages.copy()
    stages[is_pooled] = shares.argmax(axis=1)
    probabilities = np.array(ours.probabilities, np.float32)
    probabilities[is_pooled] = shares
    note = f"pooled with {other}: weighted mean of log probabilities, weights {weights[0]:g} and {weights[1]:g}"
    notes = (*ours.notes, note, *_unpooled_note(int((ours.scored & ~is_pooled).sum())))
    return replace(ours, stages=stages, probabilities=probabilities, notes=notes)


def _probabilities(reader: Hypnogram, name: str) -> NDArray[np.float64]:
    """Return probabilities of at least the floor: float64 (n, 5), NaN where an epoch is not scored."""
    if reader.probabilities is None:
        raise HypnogramError(name, "probabilities", "none", "only readers that give probabilities can be pooled")
    return np.where(reader.scored[:, None], np.maximum(reader.probabilities.astype(np.float64), _FLOOR), np.nan)


def _unpooled_note(n_epochs: int) -> list[str]:
    if not n_epochs:
        return []
    keeps = "epoch without a second opinion keeps" if n_epochs == 1 else "epochs without a second opinion keep"
    return [f"{n_epochs} {keeps} the first reader's probabilities"]
