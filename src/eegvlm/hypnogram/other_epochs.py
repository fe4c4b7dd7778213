"""A scoring in epochs of another length or on another grid."""

from __future__ import annotations

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import (
    EPOCH_LENGTH_HINT,
    RULE,
    SAME_S,
    count_epochs,
    fill_epochs,
    grid,
    is_epoch_length,
    mean_probabilities,
)


def in_other_epochs(old: Hypnogram, epoch_s: float, *, onset_s: float | None, n_epochs: int | None) -> Hypnogram:
    """Return a scoring on another grid; see :meth:`.Hypnogram.resample_to`."""
    if not is_epoch_length(epoch_s):
        raise HypnogramError("hypnogram", "epoch length", epoch_s, EPOCH_LENGTH_HINT)
    onset_s = old.onset_s if onset_s is None else onset_s
    if n_epochs is None:
        n_epochs = count_epochs("hypnogram", old.end_s - onset_s, epoch_s)
    same_grid = abs(epoch_s - old.epoch_s) < SAME_S and abs(onset_s - old.onset_s) < SAME_S
    if same_grid and n_epochs == len(old):
        return old
    starts = old.onsets_s
    filled = fill_epochs(
        *(starts, starts + old.epoch_s, old.stages),
        onset_s=onset_s,
        epoch_s=epoch_s,
        n_epochs=n_epochs,
    )
    probabilities = None
    if old.probabilities is not None:
        probabilities = mean_probabilities(
            old.probabilities,
            old_onset_s=old.onset_s,
            old_epoch_s=old.epoch_s,
            edges_s=grid(onset_s, epoch_s, n_epochs + 1),
        )
    note = _resampling_note(old, epoch_s, onset_s, filled.n_mixed, filled.n_tied, n_epochs)
    return Hypnogram(
        filled.stages,
        epoch_s,
        old.start,
        onset_s,
        probabilities,
        (*old.notes, *([note] if note else [])),
        old.lights,
        timing=old.timing,
    )


def _resampling_note(
    old: Hypnogram, epoch_s: float, onset_s: float, n_mixed: int, n_tied: int, n_epochs: int
) -> str | None:
    """Say what resampling did; None where every old epoch fell on a new one."""
    offset_epochs = (onset_s - old.onset_s) / old.epoch_s
    if abs(epoch_s - old.epoch_s) < SAME_S and abs(offset_epochs - round(offset_epochs)) * old.epoch_s < SAME_S:
        return None
    ties = f", {n_tied} of them a tie" if n_tied else ""
    if abs(epoch_s - old.epoch_s) < SAME_S:
        action = f"laid on epochs that start {(onset_s - old.onset_s) % epoch_s:g} s after its own"
    else:
        action = f"resampled from epochs of {old.epoch_s:g} s to {epoch_s:g} s"
    return f"{action}: {RULE}; {n_mixed} of {n_epochs} epochs were mixed{ties}"
