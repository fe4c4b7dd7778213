"""``eegvlm train``: a recipe to a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eegvlm.errors import InputError


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, e.g. recipes/nano.yaml.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/<name of the recipe>.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in the folder.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, e.g. data.train.simulated.0.nights=4."),
    ] = None,
) -> None:
    """Train a model from a recipe; a killed run goes on with --resume."""
    from rich.console import Console
    from rich.progress import track

    from eegvlm.training import read_recipe
    from eegvlm.training import train as run

    console = Console()
    what = read_recipe(recipe, change or ())
    checkpoint = run(
        what,
        out or Path("runs") / what.name,
        data=_roots(recipe, data or []),
        resume=resume,
        progress=lambda items, what: track(items, description=what, console=console),
    )
    console.print(f"checkpoint: {checkpoint}", highlight=False)


def _roots(recipe: Path, given: list[str]) -> dict[str, Path]:
    """Return the folder of each named source."""
    roots = {}
    for one in given:
        name, separator, folder = one.partition("=")
        if not separator or not name:
            raise InputError(recipe, "--data", one, "write it as NAME=FOLDER")
        if not Path(folder).exists():
            raise InputError(folder, "--data", name, "no such folder")
        roots[name] = Path(folder)
    return roots
