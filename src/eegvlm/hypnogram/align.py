"""A scoring laid on the epochs of its recording, by time; whatever does not fit is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from eegvlm.hypnogram.epoch_grid import EpochGrid, recording_grid
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import SAME_S
from eegvlm.hypnogram.timing import Span, Timing, clock_offset

_MOVED, _LAID = "moved by", "laid"  # how notes of placing begin


@dataclass(frozen=True)
class Placed:
    """A scoring whose times count from its recording's start.

    Attributes
    ----------
    hypnogram
        In its own epochs; its ``timing`` is what the place rests on.
    offset_s
        By how much it was moved.
    notes
        What was done, and what was assumed.
    assumed
        What was assumed of its day; "" where nothing was.
    """

    hypnogram: Hypnogram
    offset_s: float
    notes: tuple[str, ...]
    assumed: str = ""


def place(hypnogram: Hypnogram, *, duration_s: float, start: datetime | None = None) -> Placed:
    """Count a scoring's times from the start of its recording.

    Where both start times are known the scoring is moved by their difference; otherwise its times are taken to count
    from the recording's start already.

    Parameters
    ----------
    hypnogram, duration_s, start
        As in :func:`align`.

    Raises
    ------
    HypnogramError
        If the scoring has clock times without a date and the recording lasts so long that they fit two days.
    """
    span = Span(hypnogram.onset_s, hypnogram.end_s)
    offset = clock_offset(hypnogram.start, span, start, Span(0.0, duration_s))
    timing = hypnogram.timing.without_clock if offset is None else Timing.CLOCK
    offset_s = 0.0 if offset is None else offset.seconds
    notes = []
    if offset_s:
        notes.append(f"{_MOVED} {offset_s:+g} s, the difference between the start times")
    assumed = f"{_LAID} {offset.note}" if offset is not None and offset.note is not None else ""
    if assumed:
        notes.append(assumed)
    if timing is Timing.NOTHING:
        why = "it has clock times, the recording has none" if hypnogram.start is not None else "it holds no time"
        notes.append(
            f"{_LAID} on the recording by nothing: {why}, so its first epoch was taken as the recording's first"
        )
    lights = hypnogram.lights and hypnogram.lights.shifted(offset_s)
    aligned = replace(
        hypnogram,
        start=start or hypnogram.start,
        onset_s=hypnogram.onset_s + offset_s,
        lights=lights,
        timing=timing,
    )
    return Placed(aligned, offset_s, tuple(notes), assumed)


def notes_of_placing(hypnogram: Hypnogram) -> list[str]:
    """Return the notes of an aligned scoring that say how it was laid on its recording."""
    return [note for note in hypnogram.notes if note.startswith((_MOVED, _LAID))]


def align(
    hypnogram: Hypnogram,
    *,
    duration_s: float,
    start: datetime | None = None,
    epoch_s: float = 30.0,
    grid: EpochGrid | None = None,
) -> Hypnogram:
    """Lay a scoring on the epochs of a recording.

    The result has one stage for each epoch of the recording, the partial last one included; its ``timing`` says what
    the alignment rests on. Where both start times are known the scoring is moved by their difference; otherwise its
    times are taken to count from the recording's start. A scoring in epochs of another length, or that starts between
    two epochs, is resampled (:meth:`Hypnogram.resample_to`). Notes say what lies outside the signal and what part
    of the signal has no scoring.

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
    grid
        Other epochs than those that start with the recording, such as the scorer's own
        (:func:`eegvlm.hypnogram.epoch_grid.scoring_grid`); ``epoch_s`` does not matter then.

    Raises
    ------
    HypnogramError
        If the scoring and the recording do not overlap in time, or nobody can tell on which day they do.
    """
    if not duration_s > 0:
        raise HypnogramError("recording", "duration", duration_s, "expected seconds above zero")
    placed = place(hypnogram, duration_s=duration_s, start=start)
    shifted = placed.hypnogram
    if shifted.onset_s >= duration_s or shifted.end_s <= 0:
        where = f"{shifted.onset_s:g} to {shifted.end_s:g} s of a recording of {duration_s:g} s"
        hint = "it does not overlap its signal; check the start times, or leave out the start to align by onset"
        raise HypnogramError("hypnogram", "time", where, hint)
    grid = grid or recording_grid(duration_s, epoch_s=epoch_s)
    aligned = shifted.resample_to(grid.epoch_s, onset_s=grid.onset_s, n_epochs=grid.n_epochs)
    return aligned.with_notes(
        *placed.notes, *_outside_notes(shifted, duration_s), *_unscored_notes(shifted, duration_s)
    )


def _outside_notes(shifted: Hypnogram, duration_s: float) -> list[str]:
    """Say what of the scoring lies before or after the signal."""
    notes = []
    onsets = shifted.onsets_s
    before, after = onsets + shifted.epoch_s <= SAME_S, onsets >= duration_s - SAME_S
    for outside, where in ((before, "before the signal starts"), (after, "after the signal ends")):
        if outside.any():
            n_scored = int(np.count_nonzero(outside & shifted.scored))
            notes.append(
                f"{int(outside.sum())} epochs of {shifted.epoch_s:g} s lie {where} and are left out "
                f"({n_scored} of them scored)"
            )
    return notes


def _unscored_notes(shifted: Hypnogram, duration_s: float) -> list[str]:
    """Say what of the signal the scoring does not reach."""
    notes = []
    if shifted.onset_s > SAME_S:
        notes.append(f"the first {shifted.onset_s:g} s of the signal are not in the scoring (unscored)")
    if duration_s - shifted.end_s > SAME_S:
        notes.append(f"the last {duration_s - shifted.end_s:g} s of the signal are not in the scoring (unscored)")
    return notes
