"""From text to a table: the delimiter, the header, and columns of equal length.

Understood: tabs, semicolons, bars, commas and blanks as delimiters, ``sep=;`` in the first line, a header behind
``#``, a line of units under the header, row names of R (one more cell than the header has), trailing delimiters.
Text before the header is refused, for it may hold what the rows mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eegvlm.hypnogram.formats import columns
from eegvlm.hypnogram.formats.cells import CellKind, is_given, kind_of
from eegvlm.hypnogram.formats.column_names import ColumnRole, meaning_of
from eegvlm.hypnogram.formats.columns import TableRow
from eegvlm.hypnogram.formats.format import ScoringSource

_DELIMITERS = ("\t", ";", "|", ",")
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_UNIT = re.compile(r"(?:[\[(].*[\])])?")
_MOST_PREAMBLE = 60


@dataclass(frozen=True)
class TextTable:
    """A table as text.

    Attributes
    ----------
    header
        The names of the columns; None where the file has none.
    header_line
        The line of the header, or of the first row.
    rows
        The rows under it, all of the same width.
    """

    header: tuple[str, ...] | None
    header_line: int
    rows: tuple[TableRow, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0].cells) if self.rows else len(self.header or ())

    def cells(self, column: int) -> list[str]:
        """Return the cells of a column."""
        return [row.cells[column] for row in self.rows]

    def name(self, column: int) -> str:
        """Return the name of a column; its number, from 1, where it has none."""
        name = self.header[column] if self.header else ""
        return name or str(column + 1)

    def with_rows(self, selected: list[bool]) -> TextTable:
        """Return the table with some of its rows."""
        rows = tuple(row for row, keep in zip(self.rows, selected, strict=True) if keep)
        return TextTable(self.header, self.header_line, rows)


def table_of(source: ScoringSource, text: str) -> TextTable:
    """Split text into a table.

    Raises
    ------
    HypnogramError
        If the text is not well-formed, holds no row, or rows of different width.
    """
    body, delimiter = _delimiter(source, text)
    rows = columns.rows_of(source, _one_blank_between(body) if delimiter == " " else body, delimiter)
    if not rows:
        raise source.error("content", "no line", "expected one stage a line")
    header, rows = _header(source, body, delimiter, rows)
    if header is not None and rows and _is_second_header(source, rows[0]):
        hint = "the table has two lines of names; keep the one that names each column, and take the other out"
        raise source.error(f"line {rows[0].line}", ", ".join(rows[0].cells), hint)
    width = max(len(row.cells) for row in rows) if rows else 0
    while width > 1 and not any(row.cells[width - 1] for row in rows if len(row.cells) == width):
        named = header is not None and len(header.cells) >= width and header.cells[width - 1]
        if named:
            break
        width -= 1
    names = header.cells if header else None
    if names is not None:
        while len(names) > max(width, 1) and not names[-1]:
            names = names[:-1]
        if width == len(names) + 1 and all(len(row.cells) >= width for row in rows):
            names = ("", *names)  # row names of R
        if width > len(names):
            line = next(row for row in rows if len(row.cells) == width)
            hint = f"the row has {width} cells and the header {len(names)}; give each column a name"
            raise source.error(f"line {line.line}", ", ".join(line.cells), hint)
        width = len(names)
        if rows and all(_UNIT.fullmatch(cell) for cell in rows[0].cells) and any(rows[0].cells):
            units = (*rows[0].cells, *[""] * width)[:width]
            names = tuple(f"{name} {unit}".strip() for name, unit in zip(names, units, strict=True))
            rows = rows[1:]
    padded = tuple(TableRow(row.line, (*row.cells, *[""] * width)[:width]) for row in rows)
    first = header.line if header else (rows[0].line if rows else 1)
    return TextTable(names, first, padded)


def _delimiter(source: ScoringSource, text: str) -> tuple[str, str]:
    lines = text.splitlines()
    if lines and (match := _SEP.fullmatch(lines[0].strip())):
        return "\n".join(["", *lines[1:]]), match[1]
    body = [line for line in lines if line.strip() and not line.lstrip().startswith("#")][:500]
    for delimiter in _DELIMITERS:
        if sum(delimiter in line for line in body) >= 0.9 * len(body) > 0:
            return text, delimiter
    if body and not any(delimiter in line for line in body for delimiter in _DELIMITERS):
        labels = sum(source.stage_of(line) is not None for line in body)  # Sleep stage 2, Stade 2
        if 2 * labels < len(body) and _blanks_split(body):
            return text, " "
    return text, columns.delimiter_of(body[0] if body else "")


def _blanks_split(lines: list[str]) -> bool:
    """Tell whether blanks delimit columns: as many in each line, and numbers or times in one of them."""
    split = [line.split() for line in lines]
    width = len(split[-1])
    if width < 2 or any(len(cells) != width for cells in split[1:]):
        return False
    return any(
        kind_of([cells[k] for cells in split[1:] or split]) not in (CellKind.TEXT, CellKind.EMPTY) for k in range(width)
    )


def _one_blank_between(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def _header(
    source: ScoringSource, text: str, delimiter: str, rows: list[TableRow]
) -> tuple[TableRow | None, list[TableRow]]:
    """Split the header from the rows."""
    first = rows[0]
    if _names_columns(source, first):
        return first, rows[1:]
    for row in rows[1:_MOST_PREAMBLE]:
        if (
            len(row.cells) > 1
            and _names_columns(source, row)
            and sum(meaning_of(cell) is not None for cell in row.cells) > 1
        ):
            hint = f"the table begins in line {row.line}; take out the lines before it"
            raise source.error(f"line {first.line}", ", ".join(first.cells), hint)
    commented = _commented_header(source, text, delimiter, first)
    if commented is not None:
        return commented, rows
    width = len(first.cells)
    if width > 1 and len(rows) > 1:
        kinds = [kind_of([row.cells[k] if k < len(row.cells) else "" for row in rows[1:]]) for k in range(width)]
        numeric = [k for k, kind in enumerate(kinds) if kind not in (CellKind.TEXT, CellKind.EMPTY)]
        if numeric and all(kind_of([first.cells[k]]) is CellKind.TEXT for k in numeric):
            return first, rows[1:]
    return None, rows


def _is_second_header(source: ScoringSource, row: TableRow) -> bool:
    """Tell whether a row under the header names columns, two or more, and holds nothing else."""
    filled = [cell for cell in row.cells if is_given(cell)]
    meanings = [meaning_of(cell) for cell in filled if source.stage_of(cell) is None]
    n_names = sum(meaning is not None and meaning.role is not ColumnRole.OTHER for meaning in meanings)
    return n_names >= 2 and 2 * n_names >= len(filled) and _names_columns(source, row)


def _names_columns(source: ScoringSource, row: TableRow) -> bool:
    """Tell whether a row is a header: a cell names a column and no stage, and none is a number or a time."""
    meanings = [meaning_of(cell) for cell in row.cells if is_given(cell) and source.stage_of(cell) is None]
    names_column = any(meaning is not None and meaning.role is not ColumnRole.OTHER for meaning in meanings)
    return names_column and all(kind_of([cell]) in (CellKind.TEXT, CellKind.EMPTY) for cell in row.cells)


def _commented_header(source: ScoringSource, text: str, delimiter: str, first: TableRow) -> TableRow | None:
    """Return the ``#`` line right before the first row where it names its columns."""
    before = [line for line in text.splitlines()[: first.line - 1] if line.strip()]
    if not before or not before[-1].lstrip().startswith("#"):
        return None
    bare = before[-1].lstrip().lstrip("#")
    cells = tuple(cell.strip().strip('"') for cell in (bare.split() if delimiter == " " else bare.split(delimiter)))
    row = TableRow(first.line - 1, cells)
    return row if len(cells) == len(first.cells) > 1 and _names_columns(source, row) else None
