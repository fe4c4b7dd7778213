"""The numbers of a column of a table, and the errors of columns of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.cells import is_given, moments_of, numbers_of, times_of_day
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.table_layout import TimeColumn
from eegvlm.hypnogram.formats.table_text import TextTable


def numbers_in(
    source: ScoringSource, table: TextTable, column: TimeColumn, *, ascending: bool = False
) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN for empty cells; ``ascending`` as in :func:`.cells.numbers_of`.

    Raises
    ------
    HypnogramError
        If a cell is no number.
    """
    cells = table.cells(column.index)
    values = numbers_of(cells, ascending=ascending)
    if values is None:
        wrong = next((k for k, text in enumerate(cells) if is_given(text) and numbers_of([text]) is None), 0)
        hint = "expected a number of a time; write decimals with a point and no thousands separators"
        raise source.error(f"line {table.rows[wrong].line}, {column.name}", cells[wrong], hint)
    return values


def no_time(source: ScoringSource, table: TextTable, column: TimeColumn) -> HypnogramError:
    """Make the error for a cell that is no time."""
    cells = table.cells(column.index)
    wrong = next(
        (k for k, t in enumerate(cells) if is_given(t) and times_of_day([t]) is None and moments_of([t]) is None), 0
    )
    hint = "expected a time such as 22:41:17, 10:41:17 PM or 2024-10-26 22:41:17"
    return source.error(f"line {table.rows[wrong].line}, {column.name}", cells[wrong], hint)


def contradiction(
    source: ScoringSource, table: TextTable, first: TimeColumn, second: TimeColumn, row: int
) -> HypnogramError:
    """Make the error for two columns that say different things of a row, which is counted from 0."""
    line = table.rows[row]
    value = f"{line.cells[first.index]} and {line.cells[second.index]}"
    hint = "the two columns contradict each other in this row; take the wrong one out of the file"
    return source.error(f"line {line.line}, '{first.name}' and '{second.name}'", value, hint)
