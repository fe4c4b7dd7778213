"""Options of every command that reads a scoring of other software: names of stages, scorer, unit of times."""

from __future__ import annotations

from typing import Annotated

import typer

StageMapOption = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="NAMES",
        help="What names of stages mean that are not known, as in 'Light=N2,Deep=N3' (a stage, ? or ignore).",
    ),
]
ScorerOption = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="NAME",
        help="Whose stages to read, where a table holds those of several: a name, or the name of a column.",
    ),
]
OnsetUnitOption = Annotated[
    str | None,
    typer.Option(
        "--onset-unit",
        metavar="U",
        help="What the times of a table count: s, ms, min, h, samples at a rate such as 256Hz; clock or elapsed for "
        "hh:mm:ss.",
    ),
]
