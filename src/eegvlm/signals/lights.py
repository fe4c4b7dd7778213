"""Lights off and lights on: from the markers of a recording or of a scoring to one stretch in the dark.

Time in bed runs from lights off to lights on (AASM manual, chapter II). Technicians mark both once, as a rule.
Where they marked them more often, the night is the longest stretch in the dark, and light of less than an hour
does not end it: a visit to the bathroom belongs to time in bed, a day between two nights does not. The hour is
the gap within which van Hees et al. 2018 (Sci. Rep. 8:12975) join blocks of sleep.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from eegvlm.signals.lights_spelling import Switch, lights_switch, marker_text, mentions_lights
from eegvlm.signals.problems import Problem

BRIDGED_LIGHT_S = 3600.0
_SAME_S = 1.0  # annotations are often exported once a channel; recorders round times to the second
_MOST_LISTED = 6


@dataclass(frozen=True)
class Lights:
    """When lights went off and on.

    Parameters
    ----------
    off_s, on_s
        Seconds after the recording's start; None where it is not known.
    source
        Where that was said, as a part of a sentence: ``the recording's own markers 'Lights Off', 'Lights On'``.
    """

    off_s: float | None
    on_s: float | None
    source: str

    def shifted(self, seconds: float) -> Lights:
        """Return the same lights on a clock that starts ``seconds`` earlier."""
        off_s = None if self.off_s is None else self.off_s + seconds
        return Lights(off_s, None if self.on_s is None else self.on_s + seconds, self.source)

    def within(self, start_s: float, stop_s: float) -> Lights | None:
        """Return the lights of a part of the recording, in seconds after the start of that part.

        Lights that went off before the part, or on after it, are not known in it (None). None altogether
        where nothing is left, or where the part lies outside of the dark.
        """
        off_s = self.off_s if self.off_s is not None and self.off_s >= start_s else None
        on_s = self.on_s if self.on_s is not None and self.on_s <= stop_s else None
        ended = on_s is not None and on_s <= start_s
        if ended or (off_s is not None and off_s >= stop_s) or (off_s is None and on_s is None):
            return None
        return Lights(off_s, on_s, self.source).shifted(-start_s)

    def to_dict(self) -> dict[str, object]:
        """Return ``off_s``, ``on_s`` and ``source``, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class LightsMarker:
    """An annotation about lights.

    Parameters
    ----------
    onset_s
        Seconds after the recording's start.
    text
        The annotation, without its channel.
    switch
        What it marks; None where it mentions lights among other words.
    """

    onset_s: float
    text: str
    switch: Switch | None


class ReadLights(NamedTuple):
    """What markers amount to: the lights, and what was odd about the markers."""

    lights: Lights | None
    problems: tuple[Problem, ...]


class _Stretch(NamedTuple):
    """A stretch in the dark with the markers at its ends; without one it reaches the recording's end."""

    off: LightsMarker | None
    on: LightsMarker | None
    length_s: float


def lights_marker(onset_s: float, text: str) -> LightsMarker | None:
    """Return an annotation as a marker, or None where it has nothing to do with lights."""
    if not math.isfinite(onset_s) or not mentions_lights(text):
        return None
    return LightsMarker(onset_s, marker_text(text), lights_switch(text))


def lights_of_markers(markers: Iterable[LightsMarker], start_s: float, stop_s: float, *, whose: str) -> ReadLights:
    """Find lights off and lights on among markers.

    Parameters
    ----------
    markers
        In any order.
    start_s, stop_s
        Where the recording (or the scoring) begins and ends.
    whose
        ``recording`` or ``scoring``, for the sentences.

    Returns
    -------
    ReadLights
        Lights are None where there is no marker that can be used. Problems: ``lights-unclear`` (a text only
        mentions lights, and no marker was found), ``lights-outside`` (a marker lies outside of the recording),
        ``lights-repeated`` (more than one lights off and one lights on).
    """
    ordered = sorted(markers, key=lambda marker: marker.onset_s)
    clear = _without_repeats([marker for marker in ordered if marker.switch])
    problems = []
    if not clear and ordered:
        problems.append(_unclear(ordered))
    outside = [m for m in clear if not start_s - _SAME_S <= m.onset_s <= stop_s + _SAME_S]
    if outside:
        problems.append(_outside(outside, whose))
    inside = [replace(m, onset_s=min(max(m.onset_s, start_s), stop_s)) for m in clear if m not in outside]
    chosen = _longest(_stretches(inside, start_s, stop_s), stop_s - start_s)
    if [marker.switch for marker in inside] not in ([], ["off"], ["on"], ["off", "on"]) or (inside and not chosen):
        problems.append(_repeated(inside, chosen))
    if chosen is None:
        return ReadLights(None, tuple(problems))
    ends = [marker for marker in (chosen.off, chosen.on) if marker]
    texts = ", ".join(f"'{marker.text}'" for marker in ends)
    source = f"the {whose}'s own marker{'s' if len(ends) > 1 else ''} {texts}"
    off_s, on_s = (None if marker is None else marker.onset_s for marker in (chosen.off, chosen.on))
    return ReadLights(Lights(off_s, on_s, source), tuple(problems))


def _without_repeats(markers: Sequence[LightsMarker]) -> list[LightsMarker]:
    distinct: list[LightsMarker] = []
    for marker in markers:
        if not any(k.switch == marker.switch and marker.onset_s - k.onset_s <= _SAME_S for k in distinct[-2:]):
            distinct.append(marker)
    return distinct


def _stretches(markers: Sequence[LightsMarker], start_s: float, stop_s: float) -> list[_Stretch]:
    """List the stretches in the dark, those joined that light of less than an hour divides."""
    stretches: list[_Stretch] = []
    off: LightsMarker | None = None
    for marker in markers:
        last = stretches[-1] if stretches else None
        if marker.switch == "off":
            off = off or marker
        elif off is not None:
            stretches = _joined(stretches, _Stretch(off, marker, marker.onset_s - off.onset_s))
            off = None
        elif last is None:
            # Lights were off when the recording began, or the marker is one of the evening.
            stretches.append(_Stretch(None, marker, marker.onset_s - start_s))
        elif last.off and last.on and marker.onset_s - last.on.onset_s < BRIDGED_LIGHT_S:
            stretches[-1] = _Stretch(last.off, marker, marker.onset_s - last.off.onset_s)
    if off is not None:
        stretches = _joined(stretches, _Stretch(off, None, stop_s - off.onset_s))
    return stretches


def _joined(stretches: list[_Stretch], new: _Stretch) -> list[_Stretch]:
    last = stretches[-1] if stretches else None
    if last and last.off and last.on and new.off and new.off.onset_s - last.on.onset_s < BRIDGED_LIGHT_S:
        gap_s = new.off.onset_s - last.on.onset_s
        return [*stretches[:-1], _Stretch(last.off, new.on, last.length_s + gap_s + new.length_s)]
    return [*stretches, new]


def _longest(stretches: Sequence[_Stretch], whole_s: float) -> _Stretch | None:
    # A lights on without a lights off before it ends a night only if most of the recording precedes it;
    # otherwise it is a marker of the preparations in the evening.
    believable = [s for s in stretches if s.length_s > 0 and (s.off or s.length_s >= whole_s / 2)]
    return max(believable, key=lambda stretch: stretch.length_s, default=None)


def _unclear(markers: Sequence[LightsMarker]) -> Problem:
    # The text may hold anything, a name as well: only its time is given.
    message = f"an annotation at {markers[0].onset_s:g} s mentions lights but is no plain marker; it is not used"
    return Problem("lights-unclear", message)


def _outside(markers: Sequence[LightsMarker], whose: str) -> Problem:
    return Problem("lights-outside", f"lights are marked outside of the {whose} ({_listed(markers)}); not used")


def _repeated(markers: Sequence[LightsMarker], chosen: _Stretch | None) -> Problem:
    begin = "the start" if chosen is None or chosen.off is None else f"{chosen.off.onset_s:g} s"
    end = "the end" if chosen is None or chosen.on is None else f"{chosen.on.onset_s:g} s"
    decision = "no stretch in the dark follows from them, and they are not used"
    if chosen is not None:
        decision = f"the longest stretch in the dark counts, from {begin} to {end}"
    return Problem("lights-repeated", f"lights are not marked off once and on once ({_listed(markers)}); {decision}")


def _listed(markers: Sequence[LightsMarker]) -> str:
    entries = [f"{marker.switch} at {marker.onset_s:g} s" for marker in markers[:_MOST_LISTED]]
    more = len(markers) - len(entries)
    return ", ".join(entries) + (f" and {more} more" if more else "")
