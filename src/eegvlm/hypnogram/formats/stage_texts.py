"""The stages of a column that holds nothing but stages: labels, or integer codes by a coding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.codings import ASK_CODING, Coding
from eegvlm.hypnogram.formats.cells import is_given
from eegvlm.hypnogram.formats.event import Event
from eegvlm.hypnogram.formats.events import rechtschaffen_kales_notes
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.unknown_names import Group, most_odd_s, named, refuse_unknown
from eegvlm.hypnogram.stage import Stage, is_light_sleep, stage_of_spelling
from eegvlm.hypnogram.stage_map import folded

_INTEGER = re.compile(r"[+-]?\d{1,3}(?:\.0*)?", re.ASCII)
_FEWEST_OF_A_NIGHT = 120  # epochs
_PLAINLY_UNSCORED = frozenset(("?", "unscored", "not scored", "unknown"))


def are_codes(source: ScoringSource, texts: Sequence[str]) -> bool:
    """Tell whether texts are integer codes: some are integers, and they are not digits among letters."""
    integers = [text for text in set(texts) if _INTEGER.fullmatch(text) and folded(text) not in source.stage_map]
    return bool(integers) and not are_rechtschaffen_kales(texts)


def are_rechtschaffen_kales(texts: Sequence[str]) -> bool:
    """Tell whether texts are W, R and the digits 1 to 4.

    Without W one of the digits may be wake, and without R the 4 may be REM. Beside N1 they are something else.
    """
    digits = {text for text in texts if _INTEGER.fullmatch(text)}
    others = {stage_of_spelling(text) for text in set(texts) - digits}
    if not digits or not digits <= set("1234") or Stage.W not in others or others & {Stage.N1, Stage.N2, Stage.N3}:
        return False
    return Stage.R in others or "4" not in digits


def labelled_stages(
    source: ScoringSource, texts: Sequence[str], places: Sequence[str]
) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Return the stages of labels, int8 of shape (n,), and notes; empty cells and odd epochs are unscored.

    Raises
    ------
    HypnogramError
        If a label that is not known fills the time of a stage.
    """
    prefix = "stage " if are_rechtschaffen_kales(texts) else ""
    spelled = [prefix + text if prefix and _INTEGER.fullmatch(text) else text for text in texts]
    stages = np.full(len(texts), Stage.UNSCORED, dtype=np.int8)
    unknown: dict[str, list[Event]] = {}
    unscored: list[str] = []
    for k, (text, place) in enumerate(zip(spelled, places, strict=True)):
        if not is_given(text):
            continue
        stage = source.stage_of(text)
        if stage is None and folded(text) in source.stage_map:
            stage = Stage.UNSCORED
        if stage is None:
            unknown.setdefault(folded(text), []).append(Event(float(k), 1.0, text, place))
        else:
            stages[k] = stage
            plainly = folded(text) in _PLAINLY_UNSCORED or text.endswith("?")
            if stage is Stage.UNSCORED and not plainly:
                unscored.append(text)
    unknown_texts = [event.text for events in unknown.values() for event in events]
    if len(unknown_texts) > most_odd_s(len(texts), 1.0) or any(is_light_sleep(text) for text in unknown_texts):
        groups = [Group(tuple(events), float(len(events))) for events in unknown.values()]
        raise refuse_unknown(source, groups, spelled)
    by_spelling = (text for text, label in zip(spelled, texts, strict=True) if folded(label) not in source.stage_map)
    notes = rechtschaffen_kales_notes(by_spelling)
    if unscored:
        notes = (*notes, f"read as unscored: {named(unscored)}")
    if unknown_texts:
        notes = (*notes, f"unscored, for it is no known stage: {named(unknown_texts)}")
    return stages, notes


def decoded_codes(
    source: ScoringSource, texts: Sequence[str], places: Sequence[str], *, zero: Stage | None = None
) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Return the stages of integer codes, int8 of shape (n,), and notes; empty cells are unscored.

    Parameters
    ----------
    source
        The file, with the coding.
    texts, places
        The codes, and where they stand.
    zero
        What 0 means in a file of DREAMS, which depends on the rules by which it was scored.

    Raises
    ------
    HypnogramError
        If no coding is named, or it lacks a code.
    """
    coding = source.coding
    if coding is None:
        first = next(k for k, text in enumerate(texts) if _INTEGER.fullmatch(text))
        raise source.error(places[first], texts[first], ASK_CODING)
    stages = [_decode(source, coding, place, text, zero) for text, place in zip(texts, places, strict=True)]
    counts = Counter(int(float(text)) for text in texts if _INTEGER.fullmatch(text))
    undocumented = [(code, counts[code]) for code in sorted(coding.undocumented) if counts[code]]
    notes: tuple[str, ...] = tuple(
        f"{n} epochs have the undocumented code {code} and are unscored" for code, n in undocumented
    )
    return np.array(stages, dtype=np.int8), (*notes, *wake_missing(coding, stages))


def wake_missing(coding: Coding, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Say that a night read by a coding has no wake: codes that begin at 1 pass for those that begin at 0."""
    if len(stages) < _FEWEST_OF_A_NIGHT or Stage.W in stages:
        return ()
    return (f"by the coding {coding.name} ({coding.about}) no epoch is W; check that it is that of this file",)


def _decode(source: ScoringSource, coding: Coding, where: str, text: str, zero: Stage | None) -> Stage:
    if folded(text) in source.stage_map:
        mapped = source.stage_map[folded(text)]
        return Stage.UNSCORED if mapped is None else mapped
    if not is_given(text) or text == "?":
        return Stage.UNSCORED
    code = int(float(text)) if _INTEGER.fullmatch(text) else None
    if code == 0 and coding.name == "dreams":
        if zero is None:
            hint = "0 is S4 in HypnogramR&K files and unknown in HypnogramAASM files: keep the file's first line"
            raise source.error(where, text, hint)
        return zero
    stage = coding.stages.get(code) if code is not None else stage_of_spelling(text)
    if stage is None:
        raise source.error(where, text, f"the coding {coding.name} has {coding.about}")
    return stage
