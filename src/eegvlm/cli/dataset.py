"""``eegvlm dataset``: which data sets can be opened, what a copy of one holds, and how an open one is fetched."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eegvlm.cli.bar import bar
from eegvlm.cli.dataset_build import build
from eegvlm.cli.dataset_options import (
    Coding,
    EpochLength,
    Extend20s,
    Grid,
    Name,
    Only,
    OnsetUnit,
    Root,
    Scorer,
    Scorings,
    StageMap,
    Subject,
    WakeCrop,
    folder_rules,
    grid_name,
)

if TYPE_CHECKING:
    from rich.console import Console

    from eegvlm.lab.datasets import Dataset, DatasetProblem, DatasetSummary

dataset = typer.Typer(
    name="dataset",
    help="Public data sets and folders of scored nights: list, check, build, download.",
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

dataset.command("build")(build)

_SHOWN_PER_CODE = 5
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


@dataset.command("list")
def list_datasets(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the data sets that can be opened: their files, their licence, where to get them."""
    from eegvlm.lab.datasets import DATASETS

    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "name": info.name,
                        "title": info.title,
                        "files": info.files,
                        "recordings": info.recordings,
                        "subjects": info.subjects,
                        "licence": info.licence,
                        "where": info.where,
                        "download": info.download is not None,
                    }
                    for info in DATASETS.values()
                ],
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True)
    table.add_column("name", no_wrap=True, style="bold")
    table.add_column("files expected", overflow="fold")
    table.add_column("nights", justify="right")
    table.add_column("subjects", justify="right")
    table.add_column("licence")
    table.add_column("where to get it", overflow="fold")
    for info in DATASETS.values():
        where = f"{info.where}\neegvlm dataset download {info.name}" if info.download else info.where
        table.add_row(
            info.name,
            Text(f"{info.title}\n{info.files}"),
            str(info.recordings or "-"),
            str(info.subjects or "-"),
            Text(info.licence),
            Text(where),
        )
    _console().print(table)


@dataset.command("check")
def check(
    name: Name,
    root: Root = None,
    scorer: Scorer = None,
    wake_crop: WakeCrop = None,
    only: Only = None,
    coding: Coding = None,
    scorings: Scorings = None,
    epoch_length: EpochLength = None,
    subject: Subject = None,
    stage_map: StageMap = None,
    onset_unit: OnsetUnit = None,
    grid: Grid = "scoring",
    extend_20s: Extend20s = False,
    channels: Annotated[
        bool, typer.Option("--channels", help="Open each recording and match its channels, too.")
    ] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Print every problem, not the first of each kind.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Check a copy of a data set: subjects, nights, hours, stages, and every problem.

    Exit status 2 where no night can be used.
    """
    from eegvlm.lab.datasets import DatasetError, open_dataset, summarise
    from eegvlm.lab.datasets.problems import why_no_night

    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    with bar("reading", quiet=as_json) as tell:
        opened = open_dataset(
            name,
            root,
            scorer=scorer,
            wake_crop_min=wake_crop,
            only=only,
            grid=grid_name(grid),
            extend_20s=extend_20s,
            rules=rules,
            progress=tell,
        )
    with bar("channels", quiet=as_json) as tell:
        summary = summarise(opened, channels=channels, progress=tell)
    if as_json:
        whole = {"name": opened.name, "options": dict(opened.options), **summary.to_dict()}
        typer.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        _print_check(opened, summary, show_all=show_all)
    if not summary.nights:
        hint = "no night can be used; the problems above say why" if summary.problems else why_no_night(opened.name, ())
        raise DatasetError(opened.root, f"data set {opened.name}", "no scored night", hint)


@dataset.command("download")
def download_dataset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="sleep-edf, hmc or ucddb.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="ROOT", help="Folder for the files.", show_default=False)],
    subset: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Paths or names that fit, such as 'SC40*'.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A mirror's folder with SHA256SUMS.txt.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the files and fetch none.")] = False,
) -> None:
    """Download an open data set from PhysioNet.

    One file after the other, each verified by its SHA-256. Run the same command again after an interruption: it goes
    on where it stopped, and files that are there are not fetched again.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.lab.datasets import DATASETS
    from eegvlm.lab.datasets.physionet import download, list_remote

    if not dry_run:
        check_output_folder(out)
    base, files = list_remote(name, url=url, subset=subset)
    if dry_run:
        for file in files:
            typer.echo(file.path)
        return
    console = _console()
    info = DATASETS[name]
    console.print(f"{info.title} ({info.licence}): {len(files)} files from {base}", soft_wrap=True)
    with _transfer_progress(len(files)) as tell:
        done = download(base, files, out, progress=tell)
    console.print(
        f"{len(done.fetched)} fetched ({done.n_bytes / 1e6:.1f} MB), {len(done.kept)} were there; all verified. "
        f"Check them with: eegvlm dataset check {name} {out}",
        soft_wrap=True,
    )


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(highlight=False, markup=False, stderr=stderr)
    return console if console.is_terminal else Console(highlight=False, markup=False, stderr=stderr, width=150)


def _print_check(opened: Dataset, summary: DatasetSummary, *, show_all: bool) -> None:
    from rich.table import Table

    console = _console()
    lengths = ", ".join(f"{count} scored in epochs of {s:g} s" for s, count in summary.epoch_lengths.items())
    console.print(
        f"{opened.name}: {summary.subjects} subjects, {summary.nights} nights, {summary.hours:.1f} hours"
        + (f"; {lengths}" if lengths else ""),
        style="bold",
        soft_wrap=True,
    )
    options = ", ".join(f"{key} {value}" for key, value in opened.options.items() if value is not None)
    console.print(f"options: {options or 'none'}", soft_wrap=True)
    if summary.aligned_by:
        console.print(f"scorings laid on their recordings by: {summary.aligned_by_in_words}", soft_wrap=True)
    if summary.stages:
        title = "epochs" if opened.options.get("extend_20s") else "30-s epochs"
        table = Table(title=title, title_justify="left", title_style="dim")
        table.add_column("scorer")
        for column in next(iter(summary.stages.values())):
            table.add_column(column, justify="right")
        for scorer, counts in summary.stages.items():
            table.add_row(scorer, *(str(count) for count in counts.values()))
        console.print(table)
    if summary.roles:
        table = Table(title="nights with a channel for", title_justify="left", title_style="dim")
        for role in summary.roles:
            table.add_column(role, justify="right")
        table.add_row(*(str(count) for count in summary.roles.values()))
        console.print(table)
    _print_problems(console, summary.problems, show_all=show_all)


def _print_problems(console: Console, problems: tuple[DatasetProblem, ...], *, show_all: bool) -> None:
    from rich.text import Text

    groups: dict[tuple[str, str], list[DatasetProblem]] = defaultdict(list)
    for problem in problems:
        groups[problem.severity, problem.code].append(problem)
    if not groups:
        console.print("No problems found.")
    for severity, code in sorted(groups, key=lambda key: (tuple(_COLOURS).index(key[0]), key[1])):
        group = groups[severity, code]
        head = Text(f"{severity} {code}: {len(group)}", style=_COLOURS[severity])
        console.print(head, soft_wrap=True)
        listed = group if show_all else group[:_SHOWN_PER_CODE]
        for problem in listed:
            console.print(Text(f"  {problem.message}"), soft_wrap=True)
        if len(listed) < len(group):
            console.print(Text(f"  ... and {len(group) - len(listed)} more (--all prints them)"))


@contextmanager
def _transfer_progress(n_files: int) -> Iterator[Callable[[str, int, int | None], None] | None]:
    console = _console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(path: str, done: int, total: int | None) -> None:
            if path not in tasks:
                for old in tasks.values():
                    bar.remove_task(old)
                tasks.clear()
                tasks[path] = bar.add_task(path, total=total)
            bar.update(tasks[path], completed=done, total=total)

        yield tell
