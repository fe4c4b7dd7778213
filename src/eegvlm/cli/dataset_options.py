"""The options that say which nights of a data set are meant; every command that opens one has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from eegvlm.core.scoring_names import CODINGS, choice_of
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.hypnogram.epoch_grid import GridName
    from eegvlm.lab.datasets import Dataset, FolderRules

Name = Annotated[str, typer.Argument(metavar="NAME", help="One of `eegvlm dataset list`.", show_default=False)]
Root = Annotated[
    str | None,
    typer.Argument(metavar="ROOT", help="Where it lies; nights=4,seed=0,hours=8 for simulated.", show_default=False),
]
Scorer = Annotated[str | None, typer.Option(metavar="S", help="Whose stages are used, where several scored.")]
WakeCrop = Annotated[
    float | None, typer.Option("--wake-crop", metavar="MIN", help="Keep MIN minutes of wake around sleep.")
]
Only = Annotated[str | None, typer.Option(metavar="GLOB", help="Nights whose name fits, such as '01-03-*'.")]
Coding = Annotated[
    str | None, typer.Option(metavar="C", help=f"folder: what integer codes mean: {choice_of(CODINGS)}.")
]
Scorings = Annotated[str | None, typer.Option(metavar="GLOB", help="folder: names of scorings, such as '*-nsrr.xml'.")]
EpochLength = Annotated[
    float | None, typer.Option(metavar="S", help="folder: seconds of an epoch, where files do not say.")
]
StageMap = Annotated[
    str | None,
    typer.Option("--map", metavar="NAME=STAGE,...", help="folder: names of the scorer's own, Light=N2,Deep=N3."),
]
OnsetUnit = Annotated[
    str | None, typer.Option(metavar="UNIT", help="folder: what times count: s, ms, min, 256Hz, clock, elapsed.")
]
Subject = Annotated[
    str | None, typer.Option(metavar="REGEX", help="folder: its first group is the subject, '(S\\d+)_.*'.")
]

Grid = Annotated[
    str,
    typer.Option(
        metavar="scoring|recording", help="Epochs: those of the default scorer, or counted from the recording's start."
    ),
]
Extend20s = Annotated[
    bool,
    typer.Option("--extend-20s", help="Keep 20-s epochs, each with 5 s of signal added on both sides."),
]


def grid_name(grid: str) -> GridName:
    """Return a grid that exists.

    Raises
    ------
    InputError
        If it does not.
    """
    from eegvlm.hypnogram.epoch_grid import GRIDS

    for name in GRIDS:
        if name == grid:
            return name
    raise InputError("arguments", "--grid", grid, f"choose {' or '.join(GRIDS)}")


def folder_rules(
    scorings: str | None,
    coding: str | None,
    epoch_length: float | None,
    subject: str | None,
    stage_map: str | None,
    onset_unit: str | None,
) -> FolderRules | None:
    """Return how a folder's files are named, where that was said; other data sets know it."""
    from eegvlm.lab.datasets import FolderRules

    rules = FolderRules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    return None if rules == FolderRules() else rules


def open_nights(name: str, root: str | None, **options: Any) -> Dataset:
    """Open a data set that has nights.

    Raises
    ------
    InputError
        If it has none, or cannot be opened.
    """
    from eegvlm.lab.datasets import open_dataset
    from eegvlm.lab.datasets.problems import why_no_night

    opened = open_dataset(name, root, **options)
    if not opened.nights:
        why = why_no_night(opened.name, opened.problems)
        raise InputError(opened.root, f"data set {opened.name}", "no scored night", why)
    return opened
