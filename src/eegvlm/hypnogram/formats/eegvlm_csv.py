"""``hypnogram.csv`` as this package writes it: one row an epoch, with probabilities.

A ``#`` line may precede the header. It holds the clock time of the recording's start (``start=...``) and the
notes, split by `` | ``; it is free of commas and quotes, so that no spreadsheet makes cells of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.field_checks import QUALITY_WORDS
from eegvlm.hypnogram.formats import columns, probability_text
from eegvlm.hypnogram.formats.eegvlm_json import start_of
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.resample import MOST_S, is_epoch_length
from eegvlm.hypnogram.stage import STAGES, Stage, stage_of_spelling

_HEADER = ("epoch", "onset_s", "duration_s", "stage", *probability_text.COLUMNS, "confidence")
_ROUNDING_S = 2e-3  # what a spreadsheet that saves three decimals may take away
_SEPARATOR = " | "


def _recognises(source: ScoringSource) -> bool:
    line = columns.first_line(decoded(source.head))
    cells = tuple(cell.strip() for cell in line.split(columns.delimiter_of(line)))
    return cells[:4] == _HEADER[:4]


def _read(source: ScoringSource) -> Hypnogram:
    text = source.text()
    delimiter = columns.delimiter_of(columns.first_line(text))
    comma = delimiter == ";"  # a spreadsheet of a country with decimal commas
    rows = columns.rows_of(source, text, delimiter)
    if not rows or rows[0].cells[:4] != _HEADER[:4]:
        raise source.error("header", columns.first_line(text), f"expected {','.join(_HEADER)}")
    header, body = rows[0].cells, rows[1:]
    if not body:
        raise source.error("epochs", "none", "expected one line an epoch under the header")
    stages = np.empty(len(body), dtype=np.int8)
    times = np.empty((len(body), 2))
    for k, row in enumerate(body):
        if columns.number(source, row, 0, "epoch", comma=comma) != k + 1:
            raise source.error(f"line {row.line}, epoch", row.cells[0], f"expected {k + 1}: epochs count up from 1")
        times[k] = [columns.number(source, row, c, _HEADER[c], comma=comma) for c in (1, 2)]
        stage = stage_of_spelling(columns.cell(row, 3))
        if stage is None:
            raise source.error(f"line {row.line}, stage", columns.cell(row, 3), "expected W, N1, N2, N3, R or ?")
        stages[k] = stage
    _refuse_uneven(source, body, times)
    start, notes = _comment(source, text)
    probabilities = _probabilities(source, header, body, comma=comma)
    quality = _quality(source, header, body)
    return Hypnogram(stages, float(times[0, 1]), start, float(times[0, 0]), probabilities, notes, quality=quality)


def _refuse_uneven(source: ScoringSource, body: list[columns.TableRow], times: NDArray[np.float64]) -> None:
    onset_s, epoch_s = times[0]
    if not (np.abs(times) <= MOST_S).all() or not is_epoch_length(epoch_s):
        hint = "expected numbers of seconds, durations from 0.01 to 3600"
        raise source.error("onset_s and duration_s", f"{onset_s:g} and {epoch_s:g}", hint)
    off = np.abs(times - np.stack([onset_s + epoch_s * np.arange(len(times)), np.full(len(times), epoch_s)], axis=1))
    wrong = np.flatnonzero((off > _ROUNDING_S).any(axis=1))
    if wrong.size:
        line, row = body[wrong[0]].line, times[wrong[0]]
        hint = f"expected {onset_s + epoch_s * wrong[0]:g} and {epoch_s:g}: epochs of one length without gaps"
        raise source.error(f"line {line}, onset_s and duration_s", f"{row[0]:g} and {row[1]:g}", hint)


def _probabilities(
    source: ScoringSource, header: tuple[str, ...], body: list[columns.TableRow], *, comma: bool
) -> NDArray[np.float32] | None:
    where = [header.index(name) for name in probability_text.COLUMNS if name in header]
    if not where:
        return None
    if len(where) != len(STAGES):
        raise source.error("header", ",".join(header), f"expected all of {', '.join(probability_text.COLUMNS)}")
    table = np.full((len(body), len(STAGES)), np.nan, dtype=np.float32)
    for k, row in enumerate(body):
        for stage, column in enumerate(where):
            if columns.cell(row, column):
                table[k, stage] = columns.number(source, row, column, header[column], comma=comma)
        n_finite = int(np.isfinite(table[k]).sum())
        off_by = abs(float(table[k].sum(dtype=np.float64)) - 1)
        if n_finite not in (0, len(STAGES)) or (n_finite and not (off_by <= 1e-3 and (table[k] >= 0).all())):
            cells = " ".join(columns.cell(row, column) for column in where)
            raise source.error(f"line {row.line}, probabilities", cells, "expected five that sum to 1, or none")
    return None if np.isnan(table).all() else table


def _quality(source: ScoringSource, header: tuple[str, ...], body: list[columns.TableRow]) -> tuple[str, ...] | None:
    if "quality" not in header:
        return None
    words = [columns.cell(row, header.index("quality")) for row in body]
    for row, word in zip(body, words, strict=True):
        if word not in QUALITY_WORDS:
            raise source.error(f"line {row.line}, quality", word, f"expected {', '.join(QUALITY_WORDS[:3])} or nothing")
    return tuple(words) if any(words) else None


def _comment(source: ScoringSource, text: str) -> tuple[datetime | None, tuple[str, ...]]:
    """Start time and notes from the ``#`` lines before the header."""
    start, notes = None, []
    for line in text.splitlines():
        bare = line.strip().strip('";,')  # a spreadsheet that saves the file pads the line with delimiters
        if bare and not bare.startswith("#"):
            break
        for part in bare.lstrip("# ").split(_SEPARATOR):
            if part.startswith("start="):
                start = start_of(source, part.removeprefix("start="))
            elif part.strip():
                notes.append(part.strip())
    return start, tuple(notes)


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    if coding is not None:
        raise HypnogramError(path, "coding", coding.name, "hypnogram.csv holds labels; write .txt for codes")
    header = _HEADER if hypnogram.quality is None else (*_HEADER, "quality")
    lines = [*comment_lines(hypnogram.start, hypnogram.notes), ",".join(header)]
    confidence = hypnogram.confidence
    empty = [""] * (len(STAGES) + 1)
    for k, (onset, stage) in enumerate(zip(hypnogram.onsets_s, hypnogram, strict=True)):
        cells = [str(k + 1), repr(round(float(onset), 6)), repr(hypnogram.epoch_s), stage.label]
        if hypnogram.probabilities is None or confidence is None:
            cells += empty
        else:
            cells += probability_text.cells_of(hypnogram.probabilities[k], missing="")
            has_confidence = stage != Stage.UNSCORED and not np.isnan(confidence[k])
            cells.append(probability_text.text_of(confidence[k]) if has_confidence else "")
        if hypnogram.quality is not None:
            cells.append(hypnogram.quality[k])
        lines.append(",".join(cells))
    return {path: ("\n".join(lines) + "\n").encode()}


def comment_lines(start: datetime | None, notes: Sequence[str]) -> list[str]:
    """Return the ``#`` line before the header: the recording's start and the notes; empty where there are neither."""
    parts = [] if start is None else [f"start={start.isoformat()}"]
    parts += [plain for note in notes if (plain := _plain(note))]
    return [f"# {_SEPARATOR.join(parts)}"] if parts else []


def _plain(note: str) -> str:
    """Make a note safe for one line of a table: no comma, quote, line break, separator."""
    plain = re.sub(r"[\x00-\x1f\x7f\s]+", " ", re.sub(r'[,;"|]', " ", note)).strip("# ")
    return re.sub(r"^start=", "start ", plain)


FORMAT = Format(
    "csv",
    "hypnogram.csv of this package",
    (".csv",),
    _recognises,
    _read,
    _write,
    frozenset({"start", "onset_s", "epoch_s", "probabilities", "notes", "quality"}),
)
