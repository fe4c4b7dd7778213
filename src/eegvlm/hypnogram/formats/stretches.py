"""From events to stretches of scored time that do not overlap.

An event without a length lasts until the next one where the list has a row at each change of stage, and one epoch
where it has a row an epoch. A stretch that runs into the next one is cut where that one starts, provided the
overlaps look like an exporter's slip; overlaps of any other kind are two scorings in one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.epoch_lengths import epoch_length_s
from eegvlm.hypnogram.formats.events_for_stages import refuse_events, refuse_marks
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.stage_changes import Rows, read_rows

_SAME_TIME_S = 0.01
_SLIGHT_OVERLAP = 0.05  # of an epoch: rounding, not worth a note
_FEW_OVERLAPS = 0.05  # of the scored time


class Timed(NamedTuple):
    """A stretch as a file gives it: start and length (s; None if not said), stage, text and place for errors."""

    onset_s: float
    duration_s: float | None
    stage: int
    text: str
    where: str


class Stretches(NamedTuple):
    """Stretches in order of time that do not overlap, and what was done to make them so.

    Attributes
    ----------
    starts_s, stops_s
        float, shape (n,).
    stages
        int8, shape (n,).
    notes
        Sentences for people.
    """

    starts_s: NDArray[np.float64]
    stops_s: NDArray[np.float64]
    stages: NDArray[np.int8]
    notes: tuple[str, ...]


def stretches_of(
    source: ScoringSource, timed: Sequence[Timed], *, epoch_s: float | None, end_s: float | None = None
) -> Stretches:
    """Order stretches by time, end those that have no length, cut those that run into the next.

    Parameters
    ----------
    source
        The file, for errors.
    timed
        The stretches, at least one.
    epoch_s
        Length of an epoch, where it is known.
    end_s
        Where the signal ends, if that is known: the last stage of a list of changes lasts until then.

    Raises
    ------
    HypnogramError
        If two stages are given for one time.
    """
    ordered = sorted(timed, key=lambda stretch: stretch.onset_s)
    stretches, notes = _without_repeats(ordered)
    starts = np.array([stretch.onset_s for stretch in stretches])
    stages = np.array([stretch.stage for stretch in stretches], dtype=np.int8)
    durations = np.array([stretch.duration_s or 0.0 for stretch in stretches])
    if 2 * np.count_nonzero(durations) > len(durations):
        stated = durations > 0
        stops = (starts + durations)[stated]
        refuse_events(source, stretches[0].where, starts[stated], stops, stages[stated])
    lengths, more = _lengths(source, stretches, durations, epoch_s=epoch_s, end_s=end_s)
    notes += more
    columns = zip(starts.tolist(), (starts + lengths).tolist(), stages.tolist(), stretches, strict=True)
    lasting = [row for row in columns if row[1] > row[0]]
    if not lasting:
        raise source.error(stretches[0].where, stretches[0].text, "no stage lasts any time; give starts and lengths")
    cut, more = _cut(source, lasting, epoch_s)
    begin, end, stage = zip(*cut, strict=True)
    return Stretches(np.array(begin), np.array(end), np.array(stage, dtype=np.int8), (*notes, *more))


def _without_repeats(ordered: list[Timed]) -> tuple[list[Timed], list[str]]:
    """Leave out a stretch that another one says as well: the same stage from the same time."""
    longest: dict[tuple[float, int], Timed] = {}
    for stretch in ordered:
        key = (round(stretch.onset_s, 3), stretch.stage)
        if key not in longest or (stretch.duration_s or 0.0) > (longest[key].duration_s or 0.0):
            longest[key] = stretch
    distinct = sorted(longest.values(), key=lambda repeated: repeated.onset_s)
    repeats = len(ordered) - len(distinct)
    stages = "1 stage that stands in the file twice was" if repeats == 1 else f"{repeats} stages that stand twice were"
    return distinct, [f"{stages} taken once"] if repeats else []


def _lengths(
    source: ScoringSource,
    stretches: Sequence[Timed],
    durations: NDArray[np.float64],
    *,
    epoch_s: float | None,
    end_s: float | None,
) -> tuple[NDArray[np.float64], list[str]]:
    """Give every stretch a length; 0 for those that are to be left out."""
    starts = np.array([stretch.onset_s for stretch in stretches])
    stages = np.array([stretch.stage for stretch in stretches], dtype=np.int8)
    open_ended = durations == 0
    if not open_ended.any():
        return durations, []
    until_next = np.diff(starts, append=np.inf)
    stated = durations[~open_ended]
    if stated.size > open_ended.sum():  # a stage of no length among others that have one
        length = epoch_s or epoch_length_s(stated)
        within = starts < np.append(-np.inf, np.maximum.accumulate(starts + durations)[:-1]) - _SAME_TIME_S
        lengths = np.where(open_ended, np.where(within, 0.0, np.minimum(until_next, length)), durations)
        notes = []
        if open_ended[-1] and not within[-1] and end_s is not None and end_s > starts[-1]:
            lengths[-1] = end_s - starts[-1]
            open_ended = open_ended[:-1]
            notes = [f"the last stage lasts until the signal ends, at {end_s:g} s"]
        if open_ended.any():
            n = int(open_ended.sum())
            counted = "1 stage of length 0 was" if n == 1 else f"{n} stages of length 0 were"
            notes.append(f"{counted} taken as {length:g} s at most")
        return lengths, notes
    listed = np.unique(starts)
    first = np.searchsorted(starts, listed)
    reading = read_rows(listed, stages[first], step=epoch_s)
    if reading.rows is Rows.EPOCHS and len(listed) > 1 and not stated.size:
        lengths = np.minimum(until_next, reading.step)
        holes = int((until_next[:-1] > 1.5 * reading.step).sum())
        note = f"{len(starts)} stages without a length were taken as {reading.step:g} s, the step between them"
        return lengths, [note + (f"; {holes} holes between them are unscored" if holes else "")]
    if reading.rows is Rows.UNCLEAR and not stated.size:
        refuse_marks(source, stretches[0].where, listed)
    lengths = np.where(open_ended, until_next, durations)
    notes = [f"{int(open_ended.sum())} stages without a length last until the next stage"]
    if open_ended[-1]:
        between = lengths[:-1][lengths[:-1] > 0]
        length = epoch_s or (epoch_length_s(between) if between.size else 30.0)
        if end_s is not None and end_s > starts[-1]:
            length = end_s - float(starts[-1])
            notes.append(f"the last one lasts until the signal ends, at {end_s:g} s")
        else:
            notes.append(f"the last one, from {starts[-1]:g} s, has no end and was taken as {length:g} s")
        lengths[-1] = length
    return lengths, notes


def _cut(
    source: ScoringSource, lasting: Sequence[tuple[float, float, int, Timed]], epoch_s: float | None
) -> tuple[list[tuple[float, float, int]], list[str]]:
    """End each stretch where the next one starts, at the latest; join what overlaps with its own stage."""
    length = epoch_s or 30.0
    cut: list[tuple[float, float, int]] = []
    over: list[float] = []
    nested: tuple[Timed, Timed] | None = None
    last: Timed | None = None
    for start, stop, stage, timed in lasting:
        if cut and last is not None and cut[-1][1] - start > _SAME_TIME_S:
            begin, reach, before = cut[-1]
            if stage == before:
                cut[-1] = (begin, max(reach, stop), stage)
                continue
            if start - begin <= _SAME_TIME_S:
                raise _two_at_one_time(source, last, timed)
            over.append(reach - start)
            if reach - stop > _SAME_TIME_S:  # an event within the stage, not a stage that ends late
                nested = nested or (last, timed)
        if cut:
            cut[-1] = (cut[-1][0], min(cut[-1][1], start), cut[-1][2])
        cut.append((start, stop, stage))
        last = timed
    amounts = np.array([amount for amount in over if amount > _SLIGHT_OVERLAP * length])
    if not amounts.size:
        return cut, []
    scored = sum(stop - start for start, stop, _ in cut)
    alike = amounts.size > 1 and bool((np.abs(amounts - amounts[0]) <= _SAME_TIME_S).all())
    slip = amounts.max() <= length + _SAME_TIME_S or amounts.sum() <= _FEW_OVERLAPS * scored
    if nested or not (alike or slip or amounts.size == 1):
        raise _two_at_one_time(source, *(nested or (lasting[0][3], lasting[1][3])))
    counted = (
        "1 stage that ran into the next was"
        if amounts.size == 1
        else f"{amounts.size} stages that ran into the next were"
    )
    return cut, [f"{counted} cut where the next starts (by {amounts.max():g} s at most)"]


def _two_at_one_time(source: ScoringSource, first: Timed, second: Timed) -> HypnogramError:
    value = f"{first.text} and {second.text} both at {second.onset_s:g} s"
    return source.error(second.where, value, "two stages overlap; give a file with one scoring")
