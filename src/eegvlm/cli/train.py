"""``eegvlm train``: a recipe to a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eegvlm.core.extras import check_extra
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.lab.training import Recipe
    from eegvlm.lab.training.processes import Processes


def train(
    recipe: Annotated[
        Path, typer.Argument(help="A recipe: a YAML file, or the name of a packaged one, e.g. fine-tune.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/<name of the recipe>.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
    fold: Annotated[
        str | None,
        typer.Option(metavar="K/N", help="Test fold k of n groups of persons; a tenth of the rest validates."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="A published split: sleep-edf-20, mass, isruc-3, shhs ...")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in the folder.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, e.g. data.train.simulated.0.nights=4."),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what the run will cost, and do not start it; needs no data.")
    ] = False,
) -> None:
    """Train a model from a recipe; a killed run goes on with --resume."""
    from rich.console import Console
    from rich.progress import track

    check_extra("train", "train")
    from eegvlm.lab.training import read_recipe
    from eegvlm.lab.training import train as run
    from eegvlm.lab.training.data_checks import check_root_names
    from eegvlm.lab.training.packaged_recipes import recipe_path
    from eegvlm.lab.training.processes import Processes
    from eegvlm.lab.training.recipe import check_split
    from eegvlm.lab.training.split_recipe import split_option

    processes = Processes.join()
    console = Console(quiet=not processes.main, markup=False)
    try:
        recipe = recipe_path(recipe)
        what = read_recipe(recipe, change or ())
        if fold is not None or split is not None:
            chosen = split_option(what.data.split, protocol=split, fold=fold)
            what = replace(what, data=replace(what.data, split=chosen))
            check_split(what.data, recipe)
        of_fold = "" if fold is None else f"-fold-{fold.replace('/', '-of-')}"
        folder = out or Path("runs") / f"{what.name}{of_fold}"
        roots = roots_of(recipe, data or [])
        check_root_names(what, roots)
        if not estimate:
            processes.on_main(lambda: _check(what, folder, roots, resume=resume))
        timing = estimate or not resume
        processes.on_main(lambda: _tell(console, what, processes, estimate_only=estimate, timing=timing))
        if estimate:
            return
        checkpoint = run(
            what,
            folder,
            data=roots,
            resume=resume,
            progress=lambda items, what: track(items, description=what, console=console),
        )
    except InputError:
        if processes.main:
            raise
        raise typer.Exit(2) from None  # the main process says it
    console.print(f"checkpoint: {checkpoint}", highlight=False)


def _check(recipe: Recipe, folder: Path, roots: Mapping[str, Path], *, resume: bool) -> None:
    """Refuse what would stop the run later, before its steps are timed."""
    from eegvlm.lab.training.data_checks import check_data
    from eegvlm.lab.training.run_folder import check_claim, check_goes_on

    if resume:
        check_goes_on(folder)
    check_claim(recipe, folder, resume=resume)
    check_data(recipe, roots)


def _tell(console: Any, recipe: Recipe, processes: Processes, *, estimate_only: bool, timing: bool) -> None:
    """Print what the run will cost; hours where a short trial is made."""
    from eegvlm.lab.training.estimate import estimate, lines
    from eegvlm.lab.training.timing import timed, why_not

    try:
        costs = estimate(recipe, processes)
    except InputError as error:
        if estimate_only:
            raise
        console.print(f"what it will cost is unknown: {error}", highlight=False, markup=False)
        return
    reason = (
        why_not(costs, processes, estimate_only=estimate_only) if timing else "a run that goes on is not timed again"
    )
    if not reason:
        console.print("timing a few steps of each phase ...", highlight=False)
        costs = timed(recipe, costs)
    for line in lines(costs, processes, reason or "the data decide how many steps there are"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def roots_of(recipe: Path, sources: list[str]) -> dict[str, Path]:
    """Return the folder of each named source."""
    roots = {}
    for source in sources:
        name, separator, folder = source.partition("=")
        if not separator or not name:
            raise InputError(recipe, "--data", source, "write it as NAME=FOLDER")
        if not Path(folder).exists():
            raise InputError(folder, "--data", name, "no such folder: name the one in which its files lie")
        roots[name] = Path(folder)
    return roots
