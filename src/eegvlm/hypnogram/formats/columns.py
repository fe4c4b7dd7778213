"""Delimited text: rows of cells with their line numbers, columns by name, numbers as people write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.formats.unknown_names import shortened

_DELIMITERS = ("\t", ";", ",")


@dataclass(frozen=True)
class TableRow:
    """The cells of a line, stripped of surrounding space, and the line's number in the file (from 1)."""

    line: int
    cells: tuple[str, ...]


def rows_of(source: ScoringSource, text: str, delimiter: str) -> list[TableRow]:
    """Split text into rows; lines that are empty or begin with ``#`` are left out.

    Raises
    ------
    HypnogramError
        If the text is not well-formed (a quote that never ends, say).
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped) and not stripped[0].startswith("#"):
                _refuse_rows_in_quotes(source, reader.line_num, cells, delimiter)
                rows.append(TableRow(reader.line_num, stripped))
    except csv.Error as error:
        raise source.error(f"line {reader.line_num}", error, "expected a table as text") from error
    return rows


def _refuse_rows_in_quotes(source: ScoringSource, last_line: int, cells: Sequence[str], delimiter: str) -> None:
    """Refuse a cell between quotes that holds rows: its quote opens in a remark and closes in another, far below."""
    for text in cells:
        _, *lines = text.splitlines() or [""]
        if len(cells) > 1 and any(line.count(delimiter) >= len(cells) - 1 for line in lines):
            hint = "the rows up to the next quote would be part of this cell; take the quote out, or close it"
            raise source.error(f"line {last_line - len(lines)}", f'"{shortened(text)}', hint)


def first_line(text: str) -> str:
    """Return the first line that is neither empty nor begins with ``#``."""
    lines = (line.strip() for line in io.StringIO(text))
    return next((line for line in lines if line and not line.startswith("#")), "")


def delimiter_of(line: str) -> str:
    """Return the delimiter that occurs most often in a line: tab, semicolon or comma (comma if none does)."""
    return max(_DELIMITERS, key=lambda delimiter: (line.count(delimiter), delimiter == ","))


def column_of(header: Sequence[str], names: Iterable[str]) -> int | None:
    """Return the index of the first column that has one of the names, in the order of the names."""
    folded = [" ".join(cell.casefold().replace("_", " ").split()) for cell in header]
    return next((folded.index(name) for name in names if name in folded), None)


def cell(row: TableRow, column: int) -> str:
    """Return a cell, empty where the row is too short."""
    return row.cells[column] if column < len(row.cells) else ""


def number(source: ScoringSource, row: TableRow, column: int, name: str, *, comma: bool = False) -> float:
    """Return the number in a cell.

    Parameters
    ----------
    comma
        Whether a comma is the decimal sign (in tables split by semicolons).

    Raises
    ------
    HypnogramError
        If it is no number.
    """
    text = cell(row, column)
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        raise source.error(f"line {row.line}, {name}", text, "expected a number") from None
