"""The summary of a cohort: a row a night as CSV and Parquet, and the nights that failed.

Rows come from the journal one by one and are written in blocks, so that their number costs no memory.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eegvlm.lab.cohort.output import Output
from eegvlm.lab.cohort.row import COLUMNS

SUMMARY, TABLE, FAILURES = "summary.csv", "summary.parquet", "failures.csv"
_BLOCK = 5_000
_FAILURE_COLUMNS = ("night", "recording", "reason", "tried_again")

Row = Mapping[str, Any]
Rows = Callable[[], Iterator[Row]]


def write_summary(output: Output, rows: Rows) -> bool:
    """Write ``summary.csv``, and ``summary.parquet`` where pyarrow is installed.

    Parameters
    ----------
    output
        Where to.
    rows
        Gives the rows of the finished nights, in the order in which they are written; called once for each file.

    Returns
    -------
    bool
        Whether the Parquet file was written.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    with output.replacing(SUMMARY) as path:
        _write_csv(path, COLUMNS, rows())
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    with output.replacing(TABLE) as path:
        _write_parquet(path, rows())
    return True


def write_failures(output: Output, failures: Iterable[Row]) -> None:
    """Write ``failures.csv``: which night, why, and whether the next run tries it again.

    Parameters
    ----------
    output
        Where to.
    failures
        Lines of the journal of nights that failed.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    rows = ({**failure, "tried_again": "no" if failure["lasting"] else "yes"} for failure in failures)
    with output.replacing(FAILURES) as path:
        _write_csv(path, _FAILURE_COLUMNS, rows)


def _write_csv(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(columns), extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    with pq.ParquetWriter(path, schema) as writer:
        block: list[Row] = []
        for row in rows:
            block.append(row)
            if len(block) == _BLOCK:
                writer.write_table(pa.Table.from_pylist(block, schema))
                block = []
        writer.write_table(pa.Table.from_pylist(block, schema))
