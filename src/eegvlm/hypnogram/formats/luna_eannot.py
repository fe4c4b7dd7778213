"""Luna's ``.eannot``: one label an epoch of 30 s, from the recording's start. Source: Luna's reference. Only read."""

from __future__ import annotations

from eegvlm.hypnogram.formats.epoch_list import hypnogram_from_texts
from eegvlm.hypnogram.formats.format import Format, ScoringSource
from eegvlm.hypnogram.hypnogram import Hypnogram

_SUFFIX = ".eannot"


def _recognises(source: ScoringSource) -> bool:
    return source.path.name.casefold().endswith(_SUFFIX)


def _read(source: ScoringSource) -> Hypnogram:
    lines = [line.strip() for line in source.text().rstrip().splitlines()]
    if not lines:
        raise source.error("content", "no line", "expected one label a line")
    if "" in lines:
        hint = "write ? for an unscored epoch, or take it out"
        raise source.error(f"line {lines.index('') + 1}", "empty", hint)
    return hypnogram_from_texts(source, lines, [f"line {k}" for k in range(1, len(lines) + 1)])


FORMAT = Format("eannot", "Luna .eannot", (_SUFFIX,), _recognises, _read, None, holds_codes=True)
