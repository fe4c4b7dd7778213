"""A scoring laid on the epochs of its recording, by time; whatever does not fit is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import SAME_S, count_epochs


def clock_offset_s(start: datetime | None, reference: datetime | None) -> float:
    """Seconds from one recording's start to another's; 0 where either is not known."""
    if start is None or reference is None:
        return 0.0
    return (start - reference).total_seconds()


def align(
    hypnogram: Hypnogram, *, duration_s: float, start: datetime | None = None, epoch_s: float = 30.0
) -> Hypnogram:
    """Lay a scoring on the epochs of a recording.

    The result has one stage for each epoch of the recording, the partial last one included. Where both
    start times are known the scoring is moved by their difference; otherwise its times are taken to count
    from the recording's start. A scoring in epochs of another length, or that starts between two epochs,
    is resampled (:meth:`Hypnogram.resample_to`). Notes say what lies outside the signal and what part of
    the signal has no scoring.

    Parameters
    ----------
    hypnogram
        The scoring.
    duration_s
        Length of the recording, seconds.
    start
        The recording's start, naive local time; None if it is not known.
    epoch_s
        Length of the recording's epochs, seconds.

    Raises
    ------
    HypnogramError
        If the scoring and the recording do not overlap in time.
    """
    if not duration_s > 0:
        raise HypnogramError("recording", "duration", duration_s, "expected seconds above zero")
    offset_s = clock_offset_s(hypnogram.start, start)
    lights = hypnogram.lights and hypnogram.lights.shifted(offset_s)
    moved = replace(hypnogram, start=start or hypnogram.start, onset_s=hypnogram.onset_s + offset_s, lights=lights)
    if moved.onset_s >= duration_s or moved.end_s <= 0:
        where = f"{moved.onset_s:g} to {moved.end_s:g} s of a recording of {duration_s:g} s"
        hint = "it does not overlap its signal; check the start times, or leave out the start to align by onset"
        raise HypnogramError("hypnogram", "time", where, hint)
    notes = []
    if offset_s:
        notes.append(f"moved by {offset_s:+g} s, the difference between the start times")
    n_epochs = count_epochs("recording", duration_s, epoch_s)
    aligned = moved.resample_to(epoch_s, onset_s=0.0, n_epochs=n_epochs)
    return aligned.with_notes(*notes, *_outside_notes(moved, duration_s), *_unscored_notes(moved, duration_s))


def _outside_notes(moved: Hypnogram, duration_s: float) -> list[str]:
    """Say what of the scoring lies before or after the signal."""
    notes = []
    onsets = moved.onsets_s
    before, after = onsets + moved.epoch_s <= SAME_S, onsets >= duration_s - SAME_S
    for outside, where in ((before, "before the signal starts"), (after, "after the signal ends")):
        if outside.any():
            n_scored = int(np.count_nonzero(outside & moved.scored))
            notes.append(
                f"{int(outside.sum())} epochs of {moved.epoch_s:g} s lie {where} and are left out "
                f"({n_scored} of them scored)"
            )
    return notes


def _unscored_notes(moved: Hypnogram, duration_s: float) -> list[str]:
    """Say what of the signal the scoring does not reach."""
    notes = []
    if moved.onset_s > SAME_S:
        notes.append(f"the first {moved.onset_s:g} s of the signal are not in the scoring (unscored)")
    if duration_s - moved.end_s > SAME_S:
        notes.append(f"the last {duration_s - moved.end_s:g} s of the signal are not in the scoring (unscored)")
    return notes
