"""Rows of a table of which nobody can say what they are: lines without time that name no stage, merged cells, sums.

In a list without times each line moves all that follow, so a title or the number of a page among the labels is not
an odd epoch. A spreadsheet's merged cells leave a stage in the first of its rows only. A table of sums has a row a
stage, as a short nap could have.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eegvlm.hypnogram.formats.cells import is_given
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.formats.unknown_names import shortened
from eegvlm.hypnogram.stage_map import folded

_FEWEST_STAGES = 3
_MOST_STAGES = 8  # W, S1 to S4, R, movement time, unscored
_MANY_STAGES, _MANY_ROWS = 5, 10  # fewer rows of real epochs may all differ


def without_ignored(source: ScoringSource, table: TextTable, column: int) -> TextTable:
    """Take out the rows that the user's map calls no stage.

    Raises
    ------
    HypnogramError
        If no row is left.
    """
    ignored = {text for text, stage in source.stage_map.items() if stage is None}
    is_row = [folded(text) not in ignored for text in table.cells(column)]
    if not any(is_row):
        raise source.error("--map", ", ".join(sorted(ignored)), "it leaves no row; name the stages")
    return table.with_rows(is_row) if ignored else table


def refuse_lines_between(source: ScoringSource, places: Sequence[str], texts: Sequence[str]) -> None:
    """Refuse a text that names no stage in a list without times.

    Raises
    ------
    HypnogramError
        The sentence names the line and the two things that it may be.
    """
    for place, text in zip(places, texts, strict=True):
        is_understood = (
            (text.isascii() and text.isdigit()) or source.stage_of(text) is not None or folded(text) in source.stage_map
        )
        if is_given(text) and not is_understood:
            name = shortened(text)
            hint = (
                "it names no stage, and nothing says whether it is an epoch, which would move all lines after it; "
                f'take it out, or say so with --map "{name}=?" (an epoch without a stage) or "{name}=ignore"'
            )
            raise source.error(place, name, hint)


def refuse_merged_cells(source: ScoringSource, table: TextTable, column: int) -> None:
    """Refuse stages that stand only where they change, with empty cells below them.

    Raises
    ------
    HypnogramError
        If cells are empty and no stage stands in two rows that follow each other.
    """
    filled = [k for k, text in enumerate(table.cells(column)) if text]
    n_empty = len(table.rows) - len(filled)
    if not filled or not n_empty or (len(filled) < _MANY_STAGES and len(table.rows) < _MANY_ROWS):
        return
    texts = [folded(table.cells(column)[k]) for k in filled]
    if all(before != text for before, text in pairwise(texts)):
        first = next(k for k, text in enumerate(table.cells(column)) if not text)
        hint = (
            "the stage stands only where it changes, so empty cells may be part of a merged one, an event or no stage; "
            "write the stage in each row, and ? where there is none"
        )
        raise source.error(f"line {table.rows[first].line}, {table.name(column)}", f"empty, as {n_empty} others", hint)


def refuse_sums(source: ScoringSource, texts: Sequence[str], places: Sequence[str]) -> None:
    """Refuse a few rows with each stage once, of which only starts or only lengths are known: sums, or latencies.

    Raises
    ------
    HypnogramError
        The sentence says what would make a scoring of them.
    """
    if not _FEWEST_STAGES <= len(texts) <= _MOST_STAGES or len({folded(text) for text in texts}) < len(texts):
        return
    hint = "each stage stands once, as in a table of sums or latencies; give a scoring, with a start and an end a row"
    raise source.error(f"{places[0]} to {places[-1]}", ", ".join(texts), hint)
