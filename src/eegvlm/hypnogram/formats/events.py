"""Scorings written as events: a stage, when it starts, how long it lasts.

EDF+ annotations, NSRR XML, BIDS events and many tables are of this kind. One event may cover one epoch or an
hour; there may be gaps; and other annotations may lie between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.format import Source
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import MOST_S, RULE, count_epochs, fill_epochs, is_epoch_length
from eegvlm.hypnogram.stage import Stage, is_rechtschaffen_kales, says_sleep_stage, stage_of_spelling
from eegvlm.signals.lights import LightsMarker, lights_marker, lights_of_markers

# Epoch lengths in use: 30 s (AASM), 20 s (part of MASS), and shorter ones of automatic scorers.
EPOCH_LENGTHS_S = (30.0, 20.0, 10.0, 5.0, 4.0, 2.0, 1.0)
_GRID_TOLERANCE = 0.02  # of an epoch: clocks of recorders drift, files round
_MOST_OVERLAP = 0.05  # of an epoch


class Event(NamedTuple):
    """A labelled stretch of time: start (s), length (s; None if not said), the text, where it stands."""

    onset_s: float
    duration_s: float | None
    text: str
    where: str


@dataclass(frozen=True)
class StageEvents:
    """The events of a file that are stages, notes on the others, and the markers of lights among those."""

    events: tuple[Event, ...]
    stages: NDArray[np.int8]
    notes: tuple[str, ...]
    lights_markers: tuple[LightsMarker, ...] = ()


def pick_stages(source: Source, events: Sequence[Event]) -> StageEvents:
    """Pick the events that name a stage.

    Where any event calls itself a sleep stage (``Sleep stage ...``), only those and ``Movement time`` are
    taken. Otherwise any spelling of W, N1, N2, N3 and R is, and ``?``; words such as ``Movement`` or
    ``Artefact`` are not, for among other annotations they mean something else.

    Raises
    ------
    HypnogramError
        If a ``Sleep stage ...`` is not known, or there is no stage at all.
    """
    explicit = any(says_sleep_stage(event.text) for event in events)
    picked: list[Event] = []
    stages: list[Stage] = []
    lights: list[LightsMarker] = []
    for event in events:
        stage = _stage_among_others(event.text, explicit=explicit)
        if stage is None and explicit and says_sleep_stage(event.text):
            hint = "expected Sleep stage W, N1, N2, N3, R, 1, 2, 3, 4 or ?"
            raise source.error(event.where, event.text, hint)
        if stage is not None:
            picked.append(event)
            stages.append(stage)
        elif marker := lights_marker(event.onset_s, event.text):
            lights.append(marker)
    if not picked:
        found = f"{len(events)} annotations, none of them a stage" if events else "no annotation"
        raise source.error("sleep stages", found, "give a file with annotations such as 'Sleep stage N2'")
    notes = rechtschaffen_kales_notes(event.text for event in picked)
    others = len(events) - len(picked)
    if others:
        marked = (f"lights {marker.switch} is marked at {marker.onset_s:g} s" for marker in lights if marker.switch)
        notes = (*notes, f"{others} other annotations are not sleep stages", *marked)
    return StageEvents(tuple(picked), np.array(stages, dtype=np.int8), notes, tuple(lights))


def rechtschaffen_kales_notes(texts: Iterable[str]) -> tuple[str, ...]:
    """Say how labels of the rules of 1968 were read, if there are any among the texts."""
    if any(is_rechtschaffen_kales(text) for text in texts):
        return ("R&K stages were read as AASM stages: S1 N1, S2 N2, S3 and S4 N3, movement time unscored",)
    return ()


def hypnogram_from_events(
    source: Source, picked: StageEvents, *, start: datetime | None = None, epoch_s: float | None = None
) -> Hypnogram:
    """Lay the stages of a file on epochs.

    The first epoch starts with the first stage. The epochs are as long as the user says, else as the file
    says, else as the events tell (:func:`epoch_length_s`). An event without a length lasts until the next
    one. Time without an event is unscored.

    Raises
    ------
    HypnogramError
        If a time is not a number, or two different stages overlap.
    """
    order = sorted(range(len(picked.events)), key=lambda k: picked.events[k].onset_s)
    events = [picked.events[k] for k in order]
    stages = picked.stages[order]
    for event in events:
        for name, value in (("start", event.onset_s), ("duration", event.duration_s)):
            if value is not None and (not abs(value) <= MOST_S or (name == "duration" and value < 0)):
                raise source.error(f"{event.where}, {name}", value, "expected a number of seconds")
    epoch_s = source.epoch_s or epoch_s
    starts, stops, notes = _stretches(events, stages, epoch_s)
    epoch_s = epoch_s or round(epoch_length_s(stops - starts), 6)  # a difference of two times has a rounding error
    _refuse_overlaps(source, events, stages, starts, stops, epoch_s)
    starts = np.maximum(starts, np.append(-np.inf, np.maximum.accumulate(stops)[:-1]))
    stops = np.maximum(stops, starts)

    onset_s, end_s = float(starts[0]), float(stops.max())
    off_grid_s = float(np.abs((starts - onset_s + epoch_s / 2) % epoch_s - epoch_s / 2).max())
    # A drifting clock may carry the last epoch a hair beyond the grid: that is no epoch of its own.
    hair_s = _GRID_TOLERANCE * epoch_s
    n_epochs = max(1, count_epochs(str(source.path), end_s - onset_s - hair_s, epoch_s))
    filled = fill_epochs(starts, stops, stages, onset_s=onset_s, epoch_s=epoch_s, n_epochs=n_epochs)
    if off_grid_s > hair_s:
        notes.append(
            f"stages start up to {off_grid_s:g} s off the {epoch_s:g}-s grid: {RULE}; "
            f"{filled.n_mixed} of {n_epochs} epochs were mixed"
        )
    if gap_s := _gap_s(starts, stops):
        notes.append(f"{gap_s:g} s between the stages are not scored")
    hypnogram = Hypnogram(filled.stages, epoch_s, start, onset_s, None, (*picked.notes, *notes))
    return _with_lights(hypnogram, picked.lights_markers)


def _with_lights(hypnogram: Hypnogram, markers: Sequence[LightsMarker]) -> Hypnogram:
    """Add the lights by their markers, which may lie before the first and after the last stage."""
    times = [0.0, hypnogram.onset_s, hypnogram.end_s, *(marker.onset_s for marker in markers)]
    lights, problems = lights_of_markers(markers, min(times), max(times), whose="scoring")
    return replace(hypnogram, lights=lights).with_notes(*(problem.message for problem in problems))


def epoch_length_s(durations_s: NDArray[np.float64]) -> float:
    """Tell the length of the epochs from the lengths of the events.

    If all events are equally long (the last may be shorter) and at most 30 s, that is the length. Otherwise
    it is the longest of 30, 20, 10, 5, 4, 2 and 1 s of which nine in ten events are a whole multiple; 30 s if
    there is none.
    """
    common = float(durations_s[0])
    slack = _GRID_TOLERANCE * common
    equal = bool((np.abs(durations_s[:-1] - common) <= slack).all()) and durations_s[-1] <= common + slack
    if equal and is_epoch_length(common) and common <= EPOCH_LENGTHS_S[0] * (1 + _GRID_TOLERANCE):
        usual = [length for length in EPOCH_LENGTHS_S if abs(length - common) <= _GRID_TOLERANCE * length]
        return usual[0] if usual else common
    for length in EPOCH_LENGTHS_S:
        multiples = np.round(durations_s / length)
        fits = (multiples >= 1) & (np.abs(durations_s - multiples * length) <= _GRID_TOLERANCE * length)
        if fits.mean() >= 0.9:
            return length
    return 30.0


def _stage_among_others(text: str, *, explicit: bool) -> Stage | None:
    stage = stage_of_spelling(text)
    if explicit:
        taken = says_sleep_stage(text) or text.strip().casefold() == "movement time"
    else:
        taken = stage is not Stage.UNSCORED or text.strip() in ("?", "unscored", "Unscored", "Movement time")
    return stage if taken else None


def _stretches(
    events: list[Event], stages: NDArray[np.int8], epoch_s: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Start and end of each event; an event without a length lasts until the next, the last for one epoch."""
    starts = np.array([event.onset_s for event in events])
    durations = np.array([event.duration_s or 0.0 for event in events])
    open_ended = durations == 0
    notes = []
    if open_ended.any():
        until_next = np.diff(starts, append=starts[-1])
        durations = np.where(open_ended, until_next, durations)
        known = durations[durations > 0]
        if open_ended[-1]:
            durations[-1] = epoch_s or (epoch_length_s(known) if known.size else 30.0)
        notes.append(f"{int(open_ended.sum())} stages without a length last until the next stage")
    return starts, starts + durations, notes


def _refuse_overlaps(
    source: Source,
    events: list[Event],
    stages: NDArray[np.int8],
    starts: NDArray[np.float64],
    stops: NDArray[np.float64],
    epoch_s: float,
) -> None:
    reach = np.maximum.accumulate(stops)[:-1]
    clash = (reach - starts[1:] > _MOST_OVERLAP * epoch_s) & (stages[:-1] != stages[1:])
    if clash.any():
        first = int(np.flatnonzero(clash)[0])
        value = f"{events[first].text} and {events[first + 1].text} both at {starts[first + 1]:g} s"
        raise source.error(events[first + 1].where, value, "two stages overlap; give a file with one scoring")


def _gap_s(starts: NDArray[np.float64], stops: NDArray[np.float64]) -> float:
    """Seconds between the stages that no stage covers."""
    gaps = starts[1:] - np.maximum.accumulate(stops)[:-1]
    return round(float(gaps[gaps > 0.01].sum()), 3) if len(gaps) else 0.0
