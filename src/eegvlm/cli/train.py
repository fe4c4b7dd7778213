"""``eegvlm train``: a recipe to a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, e.g. recipes/nano.yaml.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/<name of the recipe>.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in the folder.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, e.g. data.train.nights=4."),
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
        resume=resume,
        progress=lambda seeds: track(seeds, description="nights", console=console),
    )
    console.print(f"checkpoint: {checkpoint}", highlight=False)
