"""``eegvlm merge``: a run that was stopped early to a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def merge(
    run: Annotated[Path, typer.Argument(help="Folder of a run of eegvlm train.")],
    out: Annotated[Path, typer.Option(help="Folder of the checkpoint.")],
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
) -> None:
    """Write a plain checkpoint from what a run has learnt so far: adapters merged, calibrated, with its card."""
    from rich.console import Console
    from rich.progress import track

    from eegvlm.cli.train import roots_of
    from eegvlm.core.files import check_output_folder
    from eegvlm.lab.training import merge as merged

    check_output_folder(out)
    console = Console(markup=False)
    checkpoint = merged(
        run,
        out,
        data=roots_of(run, data or []),
        progress=lambda items, what: track(items, description=what, console=console),
    )
    console.print(f"checkpoint: {checkpoint}", highlight=False)
