"""``eegvlm dataset build``: a data set's epochs as a store for training, and exports of it."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

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
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.images import ImageLayout
    from eegvlm.lab.datasets import Dataset
    from eegvlm.lab.epochs import Manifest
    from eegvlm.lab.epochs.conversations import Rationales
    from eegvlm.lab.epochs.parts import Parts
    from eegvlm.lab.epochs.pictures import Kind

_SHOWN_PER_CODE = 5


class Export(StrEnum):
    """In which form a store is exported."""

    PARQUET = "parquet"
    PNG = "png"
    WEBDATASET = "webdataset"
    CONVERSATIONS = "conversations"


_SHARES = {Export.CONVERSATIONS: (0.2, 0.1)}


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
    shard_nights: Annotated[int, typer.Option(min=1, help="Nights a Parquet file, with --export parquet.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read nights.")] = 1,
    export: Annotated[
        Export | None,
        typer.Option(
            "--export",
            help="Write Parquet shards, too, into DIR/parquet, or draw the pictures into DIR/pictures-<kind>; "
            "conversations are about PNG.",
        ),
    ] = None,
    test: Annotated[
        float | None,
        typer.Option(min=0, max=0.99, help="Share of the persons who test; 0.2 of conversations, 0 of the others."),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(min=0, max=0.99, help="Share of the others who validate; 0.1 of conversations, 0 of the others."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="A published split instead: sleep-edf-20, mass, isruc-3 ...")
    ] = None,
    fold: Annotated[int, typer.Option(min=1, help="Which of its folds tests.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of persons.")] = 0,
) -> None:
    """Write a data set's epochs as a store of mapped nights; run it again after an interruption, and it goes on.

    A night holds int16 signals at the layout's rate, person, stages, onsets and hashes of the source. Training reads it
    where it lies, and draws the pictures when a batch is made.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.images import load_layout
    from eegvlm.lab.datasets import open_dataset
    from eegvlm.lab.epochs import EpochStore, build_store, export_parquet, export_pictures
    from eegvlm.lab.epochs.building import CARD
    from eegvlm.lab.epochs.manifest import MANIFEST

    exported_to = out / ("parquet" if export is Export.PARQUET else f"pictures-{export}")
    check_output_folder(out, files=(CARD, MANIFEST))
    if export is not None:
        check_output_folder(exported_to)
    image_layout = load_layout(layout)
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
    parts = None
    if export is not None:
        parts = _parts(opened, _SHARES.get(export, (0.0, 0.0)), test, validation, split, fold, seed)
    with bar("nights") as tell:
        manifest = build_store(opened, image_layout, out, workers=workers, progress=tell)
    _print_store(manifest, out, opened.aligned_by_in_words)
    if shard_nights > 1 and export is not Export.PARQUET:
        typer.echo(f"--shard-nights {shard_nights} has no effect: Parquet files are written with --export parquet")
    if export is None:
        return
    if export is Export.PARQUET:
        with bar("parquet") as tell:
            shards = export_parquet(EpochStore(out), exported_to, shard_nights=shard_nights, parts=parts, progress=tell)
        _print_export(exported_to, f"{shards.epochs} epochs", shards.n_bytes, shards.nights, parts)
        return
    with bar("pictures") as tell:
        pictures = export_pictures(
            EpochStore(out),
            exported_to,
            cast("Kind", export.value),
            parts=parts,
            rationales=_rationales(image_layout) if export is Export.CONVERSATIONS else None,
            progress=tell,
        )
    _print_export(exported_to, f"{pictures.pictures} pictures", pictures.n_bytes, pictures.nights, parts)


def _print_export(folder: Path, what: str, n_bytes: int, nights: int, parts: Parts | None) -> None:
    typer.echo(f"{folder}: {what}, {n_bytes / max(1, nights) / 1e6:.2f} MB a night")
    if parts is not None:
        counts = ", ".join(f"{part} {len(names)}" for part, names in parts.nights.items())
        typer.echo(f"nights by part ({parts.name}): {counts}")


def _parts(
    opened: Dataset,
    usual: tuple[float, float],
    test: float | None,
    validation: float | None,
    split: str | None,
    fold: int,
    seed: int,
) -> Parts | None:
    """Divide the nights as asked; refuse shares beside a published split, and parts without an export."""
    from eegvlm.lab.datasets import PROTOCOLS, published_splits, with_validation
    from eegvlm.lab.epochs.parts import Parts, divided_by_person

    if split is None:
        shares = (usual[0] if test is None else test, usual[1] if validation is None else validation)
        return divided_by_person(opened.nights, test=shares[0], validation=shares[1], seed=seed)
    if test is not None or validation is not None:
        hint = "a published split says who tests and validates: leave --test and --validation out"
        raise InputError("arguments", "--split", split, hint)
    splits = published_splits(opened.nights, split)
    if fold > len(splits):
        raise InputError("arguments", "--fold", fold, f"{split} has {len(splits)} folds")
    chosen = splits[fold - 1]
    return Parts.of(chosen if chosen.validation else with_validation(chosen, PROTOCOLS[split].validation, seed=seed))


def _rationales(layout: ImageLayout) -> Rationales:
    from eegvlm.lab.training.night_texts import composed_rationales

    return lambda signals, stages: composed_rationales(dict(signals), layout, stages)


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
