"""``eegvlm dataset build``: a data set's epochs as a store for training, and as pictures."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eegvlm.cli.bar import bar
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
    from eegvlm.epochs import Manifest

_SHOWN_PER_CODE = 5


class Export(StrEnum):
    """How pictures are written."""

    PNG = "png"
    WEBDATASET = "webdataset"


def build(
    name: Name,
    root: Root = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the store.", show_default=False)],
    layout: Annotated[str, typer.Option("--layout", help="A layout's name, or a JSON file that holds one.")] = "nano",
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
    shard_nights: Annotated[int, typer.Option(min=1, help="Nights a Parquet file.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read nights.")] = 1,
    export: Annotated[
        Export | None, typer.Option("--export", help="Draw the pictures, too, into DIR/pictures-<kind>.")
    ] = None,
) -> None:
    """Write a data set's epochs as Parquet shards; run it again after an interruption, and it goes on.

    A shard holds int16 signals at the layout's rate, subject, night, epoch, stage and a hash of the source; pictures
    are drawn from it when a model is trained.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.datasets import open_dataset
    from eegvlm.epochs import EpochStore, build_store, export_pictures
    from eegvlm.epochs.building import CARD
    from eegvlm.epochs.manifest import MANIFEST
    from eegvlm.images import load_layout

    pictures_folder = out / f"pictures-{export}"
    check_output_folder(out, files=(CARD, MANIFEST))
    if export is not None:
        check_output_folder(pictures_folder)
    drawn = load_layout(layout)
    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    with bar("opening") as tell:
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
    with bar("nights") as tell:
        manifest = build_store(opened, drawn, out, shard_nights=shard_nights, workers=workers, progress=tell)
    _print_store(manifest, out, opened.aligned_by_in_words)
    if export is None:
        return
    with bar("pictures") as tell:
        pictures = export_pictures(EpochStore(out), pictures_folder, export.value, progress=tell)
    size = f"{pictures.n_bytes / max(1, pictures.nights) / 1e6:.2f} MB a night"
    typer.echo(f"{pictures.folder}: {pictures.pictures} pictures, {size}")


def _print_store(manifest: Manifest, out: Path, aligned_by: str) -> None:
    nights = len(manifest.nights)
    stages = ", ".join(f"{label} {count}" for label, count in manifest.stages.items())
    typer.echo(f"{out}: {nights} nights of {len(manifest.subjects)} subjects, {manifest.rows} epochs ({stages})")
    typer.echo(
        f"layout {manifest.layout.name}: {manifest.n_bytes / nights / 1e6:.2f} MB and "
        f"{manifest.seconds / nights:.2f} s a night"
    )
    if aligned_by:
        typer.echo(f"scorings laid on their recordings by: {aligned_by}")
    if manifest.saturated:
        cut = ", ".join(f"{panel} {count}" for panel, count in manifest.saturated.items())
        typer.echo(f"saturated samples, which were cut to the range: {cut}")
    _print_problems(manifest)


def _print_problems(manifest: Manifest) -> None:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for problem in manifest.all_problems:
        night = f"{problem.night}: " if problem.night and problem.night not in problem.message else ""
        groups[problem.severity, problem.code].append(night + problem.message)
    if not groups:
        typer.echo("No problems found.")
    for (severity, code), messages in sorted(groups.items()):
        typer.echo(f"{severity} {code}: {len(messages)}")
        for message in messages[:_SHOWN_PER_CODE]:
            typer.echo(f"  {message}")
        if len(messages) > _SHOWN_PER_CODE:
            typer.echo(f"  ... and {len(messages) - _SHOWN_PER_CODE} more, in manifest.json")
