"""The user's own names of stages: ``Light=N2, Deep=N3, Arousal=ignore``.

For scorings whose names no software writes. A name is compared as a whole; letter case and surrounding space do
not matter. What is mapped to ``ignore`` is no stage and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.stage import Stage, stage_of_spelling

StageMap = Mapping[str, Stage | None]
"""Folded text to its stage; None where it is no stage."""

_IGNORE = "ignore"
_HINT = "write names and stages as in 'Light=N2,Deep=N3'; a stage is W, N1, N2, N3, R, ? or ignore"


def parse_stage_map(text: str) -> StageMap:
    """Read what ``--map`` holds.

    Parameters
    ----------
    text
        ``name=stage`` pairs, split by commas; a stage is W, N1, N2, N3, R (or a spelling of one), ``?`` or
        ``ignore``.

    Raises
    ------
    HypnogramError
        If a pair has no ``=``, a stage is not known, or a name is mapped twice.

    Examples
    --------
    >>> dict(parse_stage_map("Light=N2, Arousal=ignore"))
    {'light': <Stage.N2: 2>, 'arousal': None}
    """
    stages: dict[str, Stage | None] = {}
    for pair in text.split(","):
        name, equals, label = (part.strip() for part in pair.rpartition("="))
        stage = None if label.casefold() == _IGNORE else stage_of_spelling(label)
        if not name or not equals or (stage is None and label.casefold() != _IGNORE):
            raise HypnogramError("--map", "pair", pair.strip(), _HINT)
        if folded(name) in stages:
            raise HypnogramError("--map", "name", name, "it is mapped twice; give it one stage")
        stages[folded(name)] = stage
    return MappingProxyType(stages)


def stage_map_of(names: str | StageMap | None) -> StageMap:
    """Return the map that a caller gives: as text (:func:`parse_stage_map`), as it is, or none at all."""
    return parse_stage_map(names) if isinstance(names, str) else names or {}


def folded(text: str) -> str:
    """Return a text as names are compared: one space between words, letter case and EDF+ channel taken away."""
    return " ".join(text.partition("@@")[0].split()).casefold()
