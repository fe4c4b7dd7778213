"""Scorings written as events: a stage, when it starts, how long it lasts.

EDF+ annotations, NSRR XML, BIDS events and many tables are of this kind. One event may cover one epoch or an
hour; there may be gaps; and other annotations may lie between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.formats.epoch_lengths import GRID_TOLERANCE, epoch_length_s
from eegvlm.hypnogram.formats.event import Event as Event
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.stretches import Timed, stretches_of
from eegvlm.hypnogram.formats.unknown_names import Group, groups_that_fill, most_odd_s, named, refuse_unknown
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import MOST_S, RULE, count_epochs, fill_epochs
from eegvlm.hypnogram.stage import Stage, is_light_sleep, is_rechtschaffen_kales, says_sleep_stage, stage_of_spelling
from eegvlm.hypnogram.stage_map import folded
from eegvlm.signals.lights import LightsMarker, lights_marker, lights_of_markers

_MANY_LABELS = 20  # a night, even as a list of changes
# Among other annotations only these mean an unscored epoch: Movement and Artefact are events there.
_PLAINLY_UNSCORED = ("?", "unscored", "not scored", "notscored", "sleep-unscored", "movement time")


@dataclass(frozen=True)
class StageEvents:
    """The events of a file that are stages, notes on the others, and the markers of lights among those."""

    events: tuple[Event, ...]
    stages: NDArray[np.int8]
    notes: tuple[str, ...]
    lights_markers: tuple[LightsMarker, ...] = ()


def pick_stages(source: ScoringSource, events: Sequence[Event]) -> StageEvents:
    """Pick the events that name a stage.

    Where any event calls itself a sleep stage (``Sleep stage ...``), only those and ``Movement time`` are
    taken. Otherwise any spelling of W, N1, N2, N3 and R is, and ``?``; words such as ``Movement`` or
    ``Artefact`` are not, for among other annotations they mean something else. The user's own names
    (``source.stage_map``) come before either. An odd epoch whose text is no stage is unscored. The notes name
    what was left out.

    Raises
    ------
    HypnogramError
        If a text that is not known fills the time of a stage, or there is no stage at all.
    """
    explicit = any(says_sleep_stage(event.text) and source.stage_of(event.text) is not None for event in events)
    picked: list[Event] = []
    stages: list[Stage] = []
    lights: list[LightsMarker] = []
    others: list[Event] = []
    for event in events:
        stage = _stage_among_others(source, event.text, explicit=explicit)
        if stage is not None:
            picked.append(event)
            stages.append(stage)
        else:
            others.append(event)
            if marker := lights_marker(event.onset_s, event.text):
                lights.append(marker)
    if not picked:
        texts = named(event.text for event in events)
        contents = f"{len(events)} annotations, none of them a stage: {texts}" if events else "no annotation"
        hint = "give a file with annotations such as 'Sleep stage N2', or name its stages with --map"
        raise source.error("sleep stages", contents, hint)
    more = _stages_among_the_rest(source, picked, others, explicit=explicit)
    picked += [event for event, _ in more]
    stages += [stage for _, stage in more]
    taken = {id(event) for event, _ in more}
    others = [event for event in others if id(event) not in taken]
    notes = rechtschaffen_kales_notes(event.text for event in picked)
    odd = [
        event.text
        for event, stage in zip(picked, stages, strict=True)
        if stage is Stage.UNSCORED and stage_of_spelling(event.text) is not Stage.UNSCORED
    ]
    if odd:
        notes = (*notes, f"unscored, for it is no known stage: {named(odd)}")
    if others:
        marked = (f"lights {marker.switch} is marked at {marker.onset_s:g} s" for marker in lights if marker.switch)
        left_out = f"{len(others)} other annotations are not sleep stages: {named(event.text for event in others)}"
        notes = (*notes, left_out, *marked)
    return StageEvents(tuple(picked), np.array(stages, dtype=np.int8), notes, tuple(lights))


def _stages_among_the_rest(
    source: ScoringSource, picked: Sequence[Event], others: Sequence[Event], *, explicit: bool
) -> list[tuple[Event, Stage]]:
    """Find stages among events that do not look like one: odd epochs, and stages that go by another name.

    Raises
    ------
    HypnogramError
        If they fill the time of a stage and no name for it is known.
    """
    unmapped = [event for event in others if folded(event.text) not in source.stage_map]
    rest = [event for event in unmapped if not lights_marker(event.onset_s, event.text)]
    if not all(_is_sound(event) for event in (*picked, *rest)):
        return []  # damaged times, which are refused where stages are laid on epochs
    lengths = np.array([event.duration_s for event in picked if event.duration_s] or [30.0])
    epoch_s = source.epoch_s or epoch_length_s(lengths)
    most_s = most_odd_s(int(lengths.sum() / epoch_s) if len(lengths) > 1 else len(picked), epoch_s)
    staged: list[tuple[Event, Stage]] = []
    unknown: list[Group] = []
    for group in groups_that_fill(picked, rest):
        stage = source.stage_of(group.text)
        if stage is not None:  # REM beside 'Sleep stage N2', or Movement between two stages
            staged += [(event, stage) for event in group.events if event.duration_s]
        else:
            unknown.append(group)
    singular = [event for event in rest if explicit and says_sleep_stage(event.text) and not event.duration_s]
    if len(lengths) < len(picked) / 2:  # a list of changes: an odd stage lasts until the next row
        staged += [(event, Stage.UNSCORED) for event in singular if len(event.text.split()) <= 3]
    if sum(group.seconds for group in unknown) > most_s or any(is_light_sleep(group.text) for group in unknown):
        raise refuse_unknown(source, unknown, (event.text for event in picked))
    return staged + [(event, Stage.UNSCORED) for group in unknown for event in group.events]


def rechtschaffen_kales_notes(texts: Iterable[str]) -> tuple[str, ...]:
    """Say how labels of the rules of 1968 were read, if there are any among the texts."""
    counts = Counter(texts)
    old = [text for text in counts if is_rechtschaffen_kales(text)]
    if not old:
        return ()
    note = "R&K stages were read as AASM stages: S1 N1, S2 N2, S3 and S4 N3, movement time unscored"
    fourth = next((text for text in old if "4" in text), None)
    if fourth is None or counts.total() < _MANY_LABELS or any(stage_of_spelling(t) is Stage.R for t in counts):
        return (note,)
    doubt = (
        f"'{fourth}' was read as N3, and nothing is REM: if it is REM in this file, say so with --map \"{fourth}=R\""
    )
    return note, doubt


def hypnogram_from_events(
    source: ScoringSource,
    picked: StageEvents,
    *,
    start: datetime | None = None,
    epoch_s: float | None = None,
    end_s: float | None = None,
) -> Hypnogram:
    """Lay the stages of a file on epochs.

    The first epoch starts with the first stage. The epochs are as long as the user says, else as the file
    says, else as the events tell (:func:`epoch_length_s`). How events without a length, repeats and overlaps
    are read: :mod:`.stretches`. Time without an event is unscored.

    Parameters
    ----------
    source
        The file.
    picked
        Its stages.
    start
        Clock time from which the events count.
    epoch_s
        Length of an epoch, where the file says it.
    end_s
        Where the signal ends, where the file says it.

    Raises
    ------
    HypnogramError
        If a time is not a number, or two different stages overlap.
    """
    for event in picked.events:
        for name, value in (("start", event.onset_s), ("duration", event.duration_s)):
            if value is not None and (not abs(value) <= MOST_S or (name == "duration" and value < 0)):
                raise source.error(f"{event.where}, {name}", value, "expected a number of seconds")
    epoch_s = source.epoch_s or epoch_s
    timed = [
        Timed(*event[:2], int(stage), *event[2:]) for event, stage in zip(picked.events, picked.stages, strict=True)
    ]
    starts, stops, stages, kept_notes = stretches_of(
        source, timed, epoch_s=epoch_s, end_s=source.recording_s if end_s is None else end_s
    )
    notes = list(kept_notes)
    epoch_s = epoch_s or round(epoch_length_s(stops - starts), 6)  # a difference of two times has a rounding error
    onset_s, stop_s = float(starts[0]), float(stops.max())
    off_grid_s = float(np.abs((starts - onset_s + epoch_s / 2) % epoch_s - epoch_s / 2).max())
    # A drifting clock may carry the last epoch a hair beyond the grid: that is no epoch of its own.
    hair_s = GRID_TOLERANCE * epoch_s
    n_epochs = max(1, count_epochs(str(source.path), stop_s - onset_s - hair_s, epoch_s))
    filled = fill_epochs(starts, stops, stages, onset_s=onset_s, epoch_s=epoch_s, n_epochs=n_epochs)
    if off_grid_s > hair_s:
        notes.append(
            f"stages start up to {off_grid_s:g} s off the {epoch_s:g}-s grid: {RULE}; "
            f"{filled.n_mixed} of {n_epochs} epochs were mixed"
        )
    if gap_s := _gap_s(starts, stops):
        notes.append(f"{gap_s:g} s between the stages are not scored")
    if onset_s < 0:
        notes.append(f"the first stage starts {-onset_s:g} s before the recording")
    hypnogram = Hypnogram(filled.stages, epoch_s, start, onset_s, None, (*picked.notes, *notes))
    return _with_lights(hypnogram, picked.lights_markers)


def _with_lights(hypnogram: Hypnogram, markers: Sequence[LightsMarker]) -> Hypnogram:
    """Add the lights by their markers, which may lie before the first and after the last stage."""
    times = [0.0, hypnogram.onset_s, hypnogram.end_s, *(marker.onset_s for marker in markers)]
    lights, problems = lights_of_markers(markers, min(times), max(times), whose="scoring")
    return replace(hypnogram, lights=lights).with_notes(*(problem.message for problem in problems))


def _stage_among_others(source: ScoringSource, text: str, *, explicit: bool) -> Stage | None:
    stage = source.stage_of(text)
    if folded(text) in source.stage_map:
        return stage
    if explicit:
        taken = says_sleep_stage(text) or folded(text) == "movement time"
    else:
        taken = stage is not Stage.UNSCORED or folded(text) in _PLAINLY_UNSCORED
    return stage if taken else None


def _is_sound(event: Event) -> bool:
    return abs(event.onset_s) <= MOST_S and 0 <= (event.duration_s or 0.0) <= MOST_S


def _gap_s(starts: NDArray[np.float64], stops: NDArray[np.float64]) -> float:
    """Seconds between the stages that no stage covers."""
    gaps = starts[1:] - np.maximum.accumulate(stops)[:-1]
    return round(float(gaps[gaps > 0.01].sum()), 3) if len(gaps) else 0.0
