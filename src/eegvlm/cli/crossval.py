"""``eegvlm crossval``: train and judge a recipe fold by fold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from eegvlm.cli.model_options import BatchSize, StagingDevice, StagingDtype
from eegvlm.cli.wide_console import wide_console
from eegvlm.core.extras import check_extra
from eegvlm.errors import InputError


def crossval(
    recipe: Annotated[
        Path, typer.Argument(help="A recipe: a YAML file, or the name of a packaged one, e.g. sleep-edf-20.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder. Default: runs/<name of the recipe>-crossval.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
    folds: Annotated[int | None, typer.Option(min=2, help="Groups of persons; each is tested once.")] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="A published split: sleep-edf-20, mass, isruc-3, shhs ...")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="LIST", help="Folds that are run now, e.g. 1,3; others can follow.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting of the recipe."),
    ] = None,
    judge_known: Annotated[
        bool, typer.Option("--judge-known", help="Judge persons, too, whom the recipe's base has met.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of the persons.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples.")] = 0,
    batch_size: BatchSize = 32,
    device: StagingDevice = "auto",
    dtype: StagingDtype = "auto",
) -> None:
    """Train a model for each fold, judge it on persons it has not met, and pool the answers.

    A killed run goes on with --resume. Intervals are over persons.
    """
    from rich.progress import track

    check_extra("train", "crossval")
    from eegvlm.cli.evaluate import print_report
    from eegvlm.cli.train import roots_of
    from eegvlm.lab.evaluation import ConfusionBootstrap
    from eegvlm.lab.evaluation.crossval import CLAIM, Options, cross_validate
    from eegvlm.lab.training import read_recipe
    from eegvlm.lab.training.data_checks import check_root_names
    from eegvlm.lab.training.packaged_recipes import recipe_path
    from eegvlm.lab.training.recipe import check_split
    from eegvlm.lab.training.run_folder import check_goes_on
    from eegvlm.lab.training.split_recipe import BY_PERSON, split_option

    recipe = recipe_path(recipe)
    what = read_recipe(recipe, change or ())
    if folds is not None and split is not None:
        raise InputError("arguments", "--folds", folds, "a published split has its own number: leave one of them out")
    if folds is not None:
        divided = replace(split_option(what.data.split, protocol=BY_PERSON), folds=folds)
        what = replace(what, data=replace(what.data, split=divided))
    elif split is not None:
        what = replace(what, data=replace(what.data, split=split_option(what.data.split, protocol=split)))
    check_split(what.data, recipe)
    console, folder = wide_console(), out or Path("runs") / f"{what.name}-crossval"
    roots = roots_of(recipe, data or [])
    check_root_names(what, roots)
    if resume:
        check_goes_on(folder, record=CLAIM)
    report = cross_validate(
        what,
        folder,
        data=roots,
        resume=resume,
        options=Options(_numbers(only), judge_known, device, dtype, batch_size),
        track=lambda items, what: track(items, description=what, console=console),
        tell=lambda sentence: console.print(sentence, soft_wrap=True),
        bootstrap=ConfusionBootstrap(resamples, seed),
    )
    print_report(report, console)
    console.print("files: " + ", ".join(str(file) for file in report.write(folder)), soft_wrap=True)


def _numbers(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(number) for number in text.split(","))) if text else ()
    except ValueError:
        raise InputError("arguments", "--only", text, "give numbers of folds, such as 1,3") from None
