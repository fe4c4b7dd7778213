"""Which column of a table holds the stages, and which others say the same.

A column is known by its name, or as the only one whose texts are stages. Two columns that say different things are the
stages of two scorers, of whom the user names one.
"""

from __future__ import annotations

from collections.abc import Sequence

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import SeveralScorersError
from eegvlm.hypnogram.formats.cells import CellKind, is_given
from eegvlm.hypnogram.formats.column_names import ColumnRole, Meaning
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.stage import says_sleep_stage
from eegvlm.hypnogram.stage_map import folded


def stage_column(
    source: ScoringSource, table: TextTable, kinds: Sequence[CellKind], meanings: Sequence[Meaning | None]
) -> tuple[int, bool, tuple[str, ...]]:
    """Find the column of stages.

    Parameters
    ----------
    source, table
        The table.
    kinds, meanings
        What the cells of each column are, and what its name says.

    Returns
    -------
    column, all_stages, notes
        Its number, whether each of its rows is a stage, and how it was found where no name says it.

    Raises
    ------
    HypnogramError
        If there is none, or several say different things and the user names none.
    """
    if source.scorer is not None and table.header is not None:
        named = [k for k, name in enumerate(table.header) if folded(name) == folded(source.scorer)]
        if len(named) == 1 and kinds[named[0]] in (CellKind.TEXT, CellKind.NUMBER):
            return named[0], True, (f"column '{table.name(named[0])}' was read, the scorer that was asked for",)
    usable = (CellKind.TEXT, CellKind.NUMBER)
    by_name = [k for k, m in enumerate(meanings) if m and m.role is ColumnRole.STAGE and kinds[k] in usable]
    by_content = [
        k
        for k, m in enumerate(meanings)
        if kinds[k] is CellKind.TEXT
        and (m is None or m.role in (ColumnRole.STAGE, ColumnRole.TEXT))
        and all(source.stage_of(t) is not None for t in table.cells(k) if is_given(t))
    ]
    if by_name:
        labels = [k for k in by_name if kinds[k] is CellKind.TEXT] or by_name
        chosen = labels[0]
        rivals = {*labels, *by_content} - {chosen}
        _refuse_rivals(source, table, chosen, sorted(rivals))
        return chosen, True, ()
    by_text = [
        k
        for k, m in enumerate(meanings)
        if m and m.role is ColumnRole.TEXT and kinds[k] is CellKind.TEXT and _names_stages(source, table.cells(k))
    ]
    if by_text or by_content:
        chosen = (by_text or by_content)[0]
        _refuse_rivals(source, table, chosen, sorted({*by_text, *by_content} - {chosen}))
        named_so = meanings[chosen] is not None
        note = () if named_so else (f"column {table.name(chosen)} was read, the only one that holds stages",)
        explicit = {says_sleep_stage(text) for text in table.cells(chosen) if source.stage_of(text) is not None}
        return chosen, chosen in by_content and len(explicit) == 1, note
    codes = [k for k, m in enumerate(meanings) if m and m.role is ColumnRole.TEXT and kinds[k] is CellKind.NUMBER]
    if len(codes) == 1:
        return codes[0], True, ()
    texts = [k for k, m in enumerate(meanings) if m and m.role is ColumnRole.TEXT and kinds[k] is CellKind.TEXT]
    if len(texts) == 1:
        return texts[0], False, ()  # whose texts are no stages; the error names them
    if table.header is None:
        hint = "name the columns in a first line, each for what it is: epoch, onset_s, end_s, duration_s, stage"
        columns = ", ".join(table.rows[0].cells)
    else:
        hint = "no column holds the stages; name it 'stage' or with --scorer, or say what its texts mean with --map"
        columns = ", ".join(table.header)
    raise source.error(f"line {table.header_line}, columns", columns, hint)


def _names_stages(source: ScoringSource, cells: Sequence[str]) -> bool:
    return any(source.stage_of(text) is not None for text in set(cells) if is_given(text))


def _refuse_rivals(source: ScoringSource, table: TextTable, chosen: int, rivals: Sequence[int]) -> None:
    """Refuse a second column of stages that says something else."""
    other = [k for k in rivals if not same_stages(source, table, k, chosen)]
    if other:
        raise SeveralScorersError.of(source.path, "columns", tuple(table.name(k) for k in (chosen, *other)))


def same_stages(source: ScoringSource, table: TextTable, first: int, second: int) -> bool:
    """Tell whether two columns say the same: equal stages, or a code for each label."""
    codes: dict[str, str] = {}
    for a, b in zip(table.cells(first), table.cells(second), strict=True):
        stages = [source.stage_of(text) for text in (a, b)]
        if None not in stages and stages[0] != stages[1]:
            return False
        key = str(stages[1]) if stages[1] is not None else folded(b)
        if codes.setdefault(folded(a), key) != key:
            return False
    return True


def could_be_codes(cells: Sequence[str], coding: Coding | None) -> bool:
    """Tell whether cells are few different ones, and codes of the coding where one is named."""
    codes = {text for text in cells if is_given(text)}
    return len(codes) <= 9 and (coding is None or all(_code(text) in coding.stages for text in codes))


def _code(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None
