"""The options that say which model is run, on which channels, and how; every command that stages has some of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from eegvlm.errors import InputError

JudgedModel = Annotated[str, typer.Argument(metavar="MODEL", help="Name of a packaged model, or a checkpoint folder.")]
JudgedSet = Annotated[
    str,
    typer.Argument(metavar="DATASET", help="One of `eegvlm dataset list`, or simulated:nights=4,seed=3000000,hours=8."),
]
ChannelChoice = Annotated[
    list[str] | None,
    typer.Option("--channels", metavar="ROLE=LABEL,...", help="Choose channels yourself, e.g. eeg=Fpz-Cz."),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Epochs read at a time.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 ...")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16, float16.")]
# of models that a command trains first
StagingDevice = Annotated[str, typer.Option(help="Of staging: auto, cpu, cuda, cuda:1 ...")]
StagingDtype = Annotated[str, typer.Option(help="Of staging: auto, float32, bfloat16, float16.")]


def names_among(option: str, given: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in the order of those that are known.

    Parameters
    ----------
    option
        As the user wrote it.
    given
        Texts of names, separated by commas.
    known
        What there is.

    Raises
    ------
    InputError
        If a name is none of these.
    """
    asked = {name.strip() for part in given for name in part.split(",")}
    for name in sorted(asked - set(known)):
        raise InputError("arguments", option, name, f"choose from {', '.join(known)}")
    return tuple(name for name in known if name in asked)
