"""The options that say which model is run, on which channels, and how; every command that stages has some of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

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


class ComputeEngine(StrEnum):
    """What computes."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"


EngineChoice = Annotated[
    ComputeEngine,
    typer.Option(
        help="torch: the reference, and the way to reasons. onnx: stages alone, without loading torch. "
        "auto: onnx where no reasons are asked for, and runtime and graphs are there."
    ),
]


def engine_of(
    engine: ComputeEngine, model: str, explain: str | None, *, device: str, dtype: str, examples: bool = False
) -> Literal["torch", "onnx"]:
    """Return what computes: as chosen, or ONNX Runtime where it can give all that is asked for.

    Raises
    ------
    InputError
        If ``onnx`` is asked for and cannot be had.
    """
    from eegvlm.model.weights import checkpoint_path
    from eegvlm.staging.engines import choose_engine

    if engine is ComputeEngine.ONNX and examples:
        raise InputError("arguments", "engine", "onnx", "examples are read by torch: leave --examples or --engine out")
    labels_alone = explain == "none" and not examples
    preferred = ComputeEngine.TORCH if engine is ComputeEngine.AUTO and not labels_alone else engine
    return choose_engine(preferred.value, checkpoint_path(model), device=device, dtype=dtype)


def names_among(option: str, texts: Iterable[str], choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chosen names in the order of the choices.

    Parameters
    ----------
    option
        As the user wrote it.
    texts
        Texts of names, separated by commas.
    choices
        The names that may be chosen.

    Raises
    ------
    InputError
        If a name is none of these.
    """
    requested = {name.strip() for part in texts for name in part.split(",")}
    for name in sorted(requested - set(choices)):
        raise InputError("arguments", option, name, f"choose from {', '.join(choices)}")
    return tuple(name for name in choices if name in requested)
