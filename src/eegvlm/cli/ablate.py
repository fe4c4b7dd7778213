"""``eegvlm ablate``: variants of a recipe in one table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eegvlm.cli.model_options import BatchSize, StagingDevice, StagingDtype
from eegvlm.cli.wide_console import wide_console
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.lab.training import Recipe


def ablate(
    recipe: Annotated[Path, typer.Argument(help="A recipe whose persons are divided, e.g. recipes/sleep-edf-20.yaml.")],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=A,B",
            help="A setting and its values: model.alignment=none,add; model.context_epochs=0,1; "
            "model.layout=nano,psg-336; phases.reason.enabled=true,false; inputs=both,picture,evidence; "
            "modalities=eeg,eeg+eog. May be repeated: every combination is run, and the first is the reference.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder. Default: runs/<name of the recipe>-ablation.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=FOLDER", help="Where a recorded source of the recipe lies."),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Sources of the recipe, each learnt from alone; default: together."),
    ] = None,
    test: Annotated[
        str | None, typer.Option(metavar="A,B", help="Sources of the recipe, each tested apart; default: together.")
    ] = None,
    modalities: Annotated[
        str | None, typer.Option(metavar="LIST", help="Signals that all variants are drawn, e.g. eeg,ecg.")
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Folds whose persons are tested, e.g. 1,2 or all; default: the recipe's."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder, or add to it.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting of the recipe, for all variants."),
    ] = None,
    judge_known: Annotated[
        bool, typer.Option("--judge-known", help="Judge persons, too, whom the recipe's base has met.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of the persons.")] = 2000,
    batch_size: BatchSize = 32,
    device: StagingDevice = "auto",
    dtype: StagingDtype = "auto",
) -> None:
    """Train every variant of a recipe with every seed, judge all on the same unseen persons, and print one table.

    A killed ablation goes on with --resume; more values or seeds can be added later. Intervals are over persons.
    """
    from rich.progress import track

    from eegvlm.cli.train import roots_of
    from eegvlm.lab.evaluation import ConfusionBootstrap
    from eegvlm.lab.evaluation.ablation import CLAIM, Plan
    from eegvlm.lab.evaluation.ablation import ablate as run
    from eegvlm.lab.evaluation.ablation_axes import Axis, variants
    from eegvlm.lab.evaluation.crossval import Options
    from eegvlm.lab.training import read_recipe
    from eegvlm.lab.training.data_checks import check_root_names
    from eegvlm.lab.training.packaged_recipes import recipe_path
    from eegvlm.lab.training.run_folder import check_goes_on

    recipe = recipe_path(recipe)
    what = read_recipe(recipe, change or ())
    roots, folder = roots_of(recipe, data or []), out or Path("runs") / f"{what.name}-ablation"
    check_root_names(what, roots)
    if resume:
        check_goes_on(folder, record=CLAIM)
    axes = [Axis.parse(text) for text in over or ()]
    plan = Plan(
        what,
        variants(recipe, axes, changes=change or (), modalities=_names(modalities)),
        seeds,
        _names(train),
        _names(test),
        _folds(folds, what, roots),
    )
    console = wide_console()
    ablation = run(
        plan,
        folder,
        data=roots,
        resume=resume,
        options=Options((), judge_known, device, dtype, batch_size),
        track=lambda items, what: track(items, description=what, console=console),
        tell=lambda sentence: console.print(sentence, soft_wrap=True),
        bootstrap=ConfusionBootstrap(resamples, 0),
    )
    for table in (ablation.table(), *ablation.matrices()):
        console.print(table.rich())
    for note in ablation.notes():
        console.print(f"note: {note}", soft_wrap=True)
    console.print(NOTICE, style="dim")
    console.print("files: " + ", ".join(str(file) for file in ablation.write(folder)), soft_wrap=True)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip())) if text else ()


def _folds(text: str | None, recipe: Recipe, roots: Mapping[str, Path]) -> tuple[int, ...]:
    from eegvlm.images import load_layout
    from eegvlm.lab.training.parts import n_folds

    if text == "all":
        return tuple(range(1, n_folds(recipe.data, load_layout(recipe.model.layout), roots) + 1))
    try:
        return tuple(dict.fromkeys(int(number) for number in _names(text)))
    except ValueError:
        raise InputError("arguments", "--folds", text, "give numbers of folds, such as 1,3, or all") from None
