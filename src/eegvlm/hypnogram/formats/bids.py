"""BIDS ``events.tsv`` (with ``events.json`` beside it): one row an event, onset and duration in seconds.

Written: one row an epoch, ``trial_type`` the stage, ``n/a`` for unscored, probabilities where known. The
sidecar describes the columns and, under ``SleepScoring``, holds what a table of events cannot: the length of
an epoch and the clock time of the recording's start. Read: any events file whose rows name stages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.codings import Coding
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats import columns, probability_text
from eegvlm.hypnogram.formats.eegvlm_json import epoch_length_of, loaded_object, start_of
from eegvlm.hypnogram.formats.format import Format, ScoringSource, decoded
from eegvlm.hypnogram.formats.table import hypnogram_from_table
from eegvlm.hypnogram.formats.table_text import TextTable
from eegvlm.hypnogram.hypnogram import Hypnogram
from eegvlm.hypnogram.stage import STAGES

_STAGE_NAMES = ("trial type", "stage", "sleep stage", "value", "annotation", "description")
_LEVELS = {
    "W": "Wakefulness",
    "N1": "NREM stage 1",
    "N2": "NREM stage 2",
    "N3": "NREM stage 3",
    "R": "REM sleep",
    "n/a": "not scored",
}


def _recognises(source: ScoringSource) -> bool:
    header = columns.first_line(decoded(source.head)).split("\t")
    return columns.column_of(header, ["onset"]) is not None and columns.column_of(header, ["duration"]) is not None


def _read(source: ScoringSource) -> Hypnogram:
    text = source.text()
    rows = columns.rows_of(source, text, "\t")
    if len(rows) < 2 or not _recognises(source):
        raise source.error("header", columns.first_line(text), "expected onset, duration and trial_type, split by tabs")
    start, epoch_s = _sidecar(source)
    if epoch_s is not None:  # a scoring of whole epochs, such as is written below: n/a is an epoch without a stage
        rows = [rows[0], *(_unscored_named(row, rows[0]) for row in rows[1:])]
    hypnogram = hypnogram_from_table(source, _as_table(source, rows), start=start, epoch_s=epoch_s)
    return _with_probabilities(source, hypnogram, rows)


def _as_table(source: ScoringSource, rows: list[columns.TableRow]) -> TextTable:
    """Take the columns that say when each stage is and what it is; BIDS leaves all others to the user.

    Onsets and durations are in seconds wherever the file is named as BIDS says or has a sidecar.
    """
    header = rows[0].cells
    bids = source.path.name.endswith("events.tsv") or source.path.with_suffix(".json").is_file()
    stage = _stage_column(source, rows)
    times = [columns.column_of(header, [name]) for name in ("onset", "duration")]
    picked_columns = [column for column in (*times, stage) if column is not None]
    if not bids or stage is None:
        picked_columns = list(range(len(header)))
    picked = tuple(columns.TableRow(row.line, tuple(columns.cell(row, k) for k in picked_columns)) for row in rows)
    names = picked[0].cells
    if bids and source.onset_unit is None:
        names = tuple(f"{name} (s)" if k in times else name for k, name in zip(picked_columns, names, strict=True))
    return TextTable(names, picked[0].line, picked[1:])


def _stage_column(source: ScoringSource, rows: Sequence[columns.TableRow]) -> int | None:
    """Return the column of the stages: the first by name that holds any, such as YASA's ``description``."""
    header = rows[0].cells
    named = [column for name in _STAGE_NAMES if (column := columns.column_of(header, [name])) is not None]
    for column in named:
        if any(source.stage_of(text) is not None for text in {columns.cell(row, column) for row in rows[1:]}):
            return column
    return named[0] if named else None


def _unscored_named(row: columns.TableRow, header: columns.TableRow) -> columns.TableRow:
    column = columns.column_of(header.cells, ["trial type"])
    if column is None or columns.cell(row, column) != "n/a":
        return row
    return replace(row, cells=tuple("?" if k == column else cell for k, cell in enumerate(row.cells)))


def _sidecar(source: ScoringSource) -> tuple[datetime | None, float | None]:
    """Start time and epoch length from the sidecar, where it holds them."""
    path = source.path.with_suffix(".json")
    if not path.is_file():
        return None, None
    beside = replace(source, path=path)
    scoring = loaded_object(beside).get("SleepScoring")
    if not isinstance(scoring, dict):
        return None, None
    start = start_of(beside, scoring.get("RecordingStart"))
    length = scoring.get("EpochLength")
    return start, None if length is None else epoch_length_of(beside, length)


def _with_probabilities(source: ScoringSource, hypnogram: Hypnogram, rows: list[columns.TableRow]) -> Hypnogram:
    """Add the probabilities, where there are five columns of them and one row an epoch."""
    header = rows[0].cells
    if not all(name in header for name in probability_text.COLUMNS):
        return hypnogram
    onset = columns.column_of(header, ["onset"]) or 0
    times = np.array([columns.number(source, row, onset, "onset") for row in rows[1:]])
    epochs = np.rint((times - hypnogram.onset_s) / hypnogram.epoch_s)
    if not np.array_equal(np.sort(epochs), np.arange(len(hypnogram))):
        return hypnogram.with_notes("probabilities were left out: the rows are not one an epoch")
    where = [header.index(name) for name in probability_text.COLUMNS]
    table: NDArray[np.float32] = np.full((len(hypnogram), len(STAGES)), np.nan, dtype=np.float32)
    for epoch, row in zip(epochs.astype(int), rows[1:], strict=True):
        for k, column in enumerate(where):
            if columns.cell(row, column) != "n/a":
                table[epoch, k] = columns.number(source, row, column, header[column])
    return replace(hypnogram, probabilities=table)


def _write(hypnogram: Hypnogram, path: Path, coding: Coding | None) -> Mapping[Path, bytes]:
    if coding is not None:
        raise HypnogramError(path, "coding", coding.name, "BIDS events hold labels, not codes; leave the coding out")
    header = ["onset", "duration", "trial_type"]
    probabilities = hypnogram.probabilities
    if probabilities is not None:
        header += probability_text.COLUMNS
    if hypnogram.quality is not None:
        header.append("quality")
    lines = ["\t".join(header)]
    for epoch, (onset, label) in enumerate(zip(hypnogram.onsets_s, hypnogram.labels, strict=True)):
        cells = [repr(round(float(onset), 6)), repr(hypnogram.epoch_s), "n/a" if label == "?" else label]
        if probabilities is not None:
            cells += probability_text.cells_of(probabilities[epoch], missing="n/a")
        if hypnogram.quality is not None:
            cells.append(hypnogram.quality[epoch] or "n/a")
        lines.append("\t".join(cells))
    sidecar = json.dumps(_description(hypnogram), indent=2, ensure_ascii=False) + "\n"
    return {path.with_suffix(".json"): sidecar.encode(), path: ("\n".join(lines) + "\n").encode()}


def _description(hypnogram: Hypnogram) -> dict[str, object]:
    described: dict[str, object] = {
        "onset": {"Description": "Start of the epoch after the start of the recording", "Units": "s"},
        "duration": {"Description": "Length of the epoch", "Units": "s"},
        "trial_type": {
            "LongName": "Sleep stage",
            "Description": "Sleep stage by AASM rules",
            "Levels": _LEVELS,
        },
    }
    if hypnogram.probabilities is not None:
        for name, stage in zip(probability_text.COLUMNS, STAGES, strict=True):
            described[name] = {"Description": f"Probability of {_LEVELS[stage.label]}; the five sum to 1"}
    if hypnogram.quality is not None:
        described["quality"] = {
            "Description": "Quality of the signal that the epoch was scored from",
            "Levels": {
                "good": "scored",
                "doubtful": "scored, from a signal of doubtful quality",
                "unusable": "not scored",
            },
        }
    described["SleepScoring"] = {
        "EpochLength": hypnogram.epoch_s,
        "RecordingStart": None if hypnogram.start is None else hypnogram.start.isoformat(),
        "Notes": list(hypnogram.notes),
    }
    return described


FORMAT = Format(
    "bids",
    "BIDS events.tsv with events.json",
    (".tsv",),
    _recognises,
    _read,
    _write,
    frozenset({"start", "onset_s", "epoch_s", "probabilities", "quality"}),
    holds_codes=True,
    holds_scorers=True,
    holds_units=True,
)
