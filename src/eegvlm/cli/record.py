"""``eegvlm record``: who a checkpoint was trained and validated on, shown or written into it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def record(
    checkpoint: Annotated[str, typer.Argument(help="Name of a packaged model, or a checkpoint folder.")],
    write: Annotated[
        bool,
        typer.Option("--write", help="Write the record anew from the names of the nights of its recipe."),
    ] = False,
    recipe: Annotated[
        Path | None, typer.Option(help="The recipe it was trained with. Default: the one that its card quotes.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
) -> None:
    """Show how many persons a checkpoint was trained and validated on, by data set; with --write, record them."""
    from rich.console import Console

    from eegvlm.lab.datasets.training_record import read_record
    from eegvlm.model import checkpoint_path

    console = Console(markup=False, highlight=False)
    folder = checkpoint_path(checkpoint)
    if write:
        from eegvlm.cli.train import roots_of
        from eegvlm.images import load_layout
        from eegvlm.lab.training.recipe import read_recipe
        from eegvlm.lab.training.record import recipe_of_card, record_of_recipe, write_record

        what = recipe_of_card(folder) if recipe is None else read_recipe(recipe)
        roots = roots_of(recipe or folder, data or [])
        write_record(folder, record_of_recipe(what, load_layout(what.model.layout), roots))
    trained_on = read_record(folder)
    if trained_on is None:
        console.print(f"{checkpoint} does not say who it was trained on; --write records it", soft_wrap=True)
        return
    for sentence in trained_on.sentences():
        console.print(sentence, soft_wrap=True)
