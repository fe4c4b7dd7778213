"""Lists in which a clock time stands before the name of a stage or of any other event.

The software that writes them knows which rows are stages; what it calls an arousal or a comment never is one, even
where its text is the name of a stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from eegvlm.hypnogram.formats.clock_times import ClockTime, onsets_by_clock
from eegvlm.hypnogram.formats.epoch_list import DEFAULT_EPOCH_S
from eegvlm.hypnogram.formats.events import Event, StageEvents, hypnogram_from_events, pick_stages
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.hypnogram.timing import Timing


@dataclass(frozen=True)
class ListedEvent:
    """A row of a list: its clock time, length in seconds (None if not said), text, place, and whether it is a stage."""

    clock: ClockTime
    duration_s: float | None
    text: str
    where: str
    is_stage: bool


def stages_among(source: ScoringSource, stages: Sequence[Event], others: Sequence[Event]) -> StageEvents:
    """Pick stages where the file says which events are stages; of the others, only markers of lights are used.

    Raises
    ------
    HypnogramError
        If there is no stage.
    """
    if not stages:
        raise source.error("sleep stages", f"{len(others)} events, none of them a stage", "export the sleep stages too")
    comments = [event for event in others if stage_of_spelling(event.text) is None]
    return pick_stages(source, sorted([*stages, *comments], key=lambda event: event.onset_s))


def hypnogram_from_list(
    source: ScoringSource,
    rows: Sequence[ListedEvent],
    *,
    start: ClockTime | None = None,
    date_text: str | None = None,
    epoch_s: float | None = None,
    to_next: bool = False,
) -> Hypnogram:
    """Read a list of events by their clock times.

    Parameters
    ----------
    source
        The file.
    rows
        Its events, in the order of the file.
    start
        The recording's start; the first stage is taken, with a note, if the file does not say it.
    date_text
        The date, where the rows do not hold it.
    epoch_s
        Length of an epoch, where the file says it.
    to_next
        Whether the rows of stages are changes of stage, each lasting to the next one.

    Raises
    ------
    HypnogramError
        If there is no stage, or two stages overlap.
    """
    first = start or rows[0].clock
    begin, elapsed, date_note = onsets_by_clock(first, [row.clock for row in rows], date_text=date_text)
    stages: list[Event] = []
    others: list[Event] = []
    for onset_s, row in zip(elapsed, rows, strict=True):
        (stages if row.is_stage else others).append(Event(onset_s, row.duration_s, row.text, row.where))
    notes = [date_note] if date_note else []
    if to_next:
        stages, more = lasting_to_next(source, stages)
        notes += more
    picked = stages_among(source, stages, others)
    hypnogram = hypnogram_from_events(source, picked, start=begin, epoch_s=epoch_s)
    if start is None:
        hypnogram = from_first_stage(hypnogram)
    return hypnogram.with_notes(*notes)


def lasting_to_next(
    source: ScoringSource, changes: Sequence[Event], *, end_s: float | None = None
) -> tuple[list[Event], list[str]]:
    """Give each change of stage the length to the next one.

    Parameters
    ----------
    source
        The file; the length of the recording, where the user gave it, ends the last stage.
    changes
        The changes, in any order.
    end_s
        The end of the recording, where the file says it.

    Returns
    -------
    list of Event
        In order of time.
    list of str
        A note on the last stage, where nothing says when it ends.

    Raises
    ------
    HypnogramError
        If two different stages start at one time.
    """
    events = sorted(changes, key=lambda event: event.onset_s)
    for change, following in pairwise(events):
        if change.onset_s == following.onset_s and change.text != following.text:
            value = f"{change.text} and {following.text} both at {change.onset_s:g} s"
            raise source.error(following.where, value, "two stages start at one time; give a file with one scoring")
    lasting = [
        change._replace(duration_s=round(following.onset_s - change.onset_s, 6))
        for change, following in pairwise(events)
        if following.onset_s > change.onset_s
    ]
    if not events:
        return [], []
    last, notes = events[-1], []
    stop_s = end_s if source.recording_s is None else source.recording_s
    if stop_s is not None and stop_s > last.onset_s:
        length_s = round(stop_s - last.onset_s, 6)
    else:
        length_s = source.epoch_s or DEFAULT_EPOCH_S
        notes = [f"the last stage, from {last.onset_s:g} s, has no end and was taken as {length_s:g} s"]
    return [*lasting, last._replace(duration_s=length_s)], notes


def from_first_stage(hypnogram: Hypnogram) -> Hypnogram:
    """Take the start of the first stage as the recording's start, for files that give only clock times."""
    start: datetime | None = None if hypnogram.start is None else hypnogram.time_of(0)
    lights = hypnogram.lights and hypnogram.lights.shifted(-hypnogram.onset_s)
    return replace(hypnogram, start=start, onset_s=0.0, lights=lights, timing=Timing.CLOCK).with_notes(
        "the start of the first stage was taken as the recording's start, which the file does not say"
    )
