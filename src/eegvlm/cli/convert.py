"""``eegvlm convert``: a scoring from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eegvlm.cli.scoring_options import OnsetUnitOption, ScorerOption, StageMapOption


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The scoring to read.", show_default=False)],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The file to write: .edf, .csv, .tsv, .json, .txt, -nsrr.xml or -profusion.xml.",
            show_default=False,
        ),
    ],
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="F", help="Format of IN, if its content does not tell.")
    ] = None,
    to_format: Annotated[
        str | None, typer.Option("--to", metavar="F", help="Format of OUT, if its name does not tell.")
    ] = None,
    coding: Annotated[
        str | None,
        typer.Option(metavar="C", help="Integer codes of IN: yasa, isruc, ucddb, dreams, aasm or profusion."),
    ] = None,
    out_coding: Annotated[
        str | None,
        typer.Option(metavar="C", help="Write integer codes of this coding (.txt) instead of labels."),
    ] = None,
    epoch_length: Annotated[
        float | None, typer.Option(metavar="S", help="Resample to epochs of this many seconds (30 for AASM).")
    ] = None,
    in_epoch_length: Annotated[
        float | None,
        typer.Option(metavar="S", help="Seconds of one epoch of IN, where the file does not say."),
    ] = None,
    stage_map: StageMapOption = None,
    scorer: ScorerOption = None,
    onset_unit: OnsetUnitOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what OUT names if it exists.")] = False,
) -> None:
    """Convert a scoring from one format to another.

    Formats: edf, nsrr, profusion, json, csv, bids, txt; noxturnal can be read.
    R&K stages become AASM stages. What was assumed or lost on the way is printed.
    """
    from rich.console import Console

    from eegvlm.core.files import check_output_file
    from eegvlm.hypnogram import lost_in, read_hypnogram, write_hypnogram

    check_output_file(target, overwrite=overwrite)
    hypnogram = read_hypnogram(
        source,
        format=from_format,
        coding=coding,
        epoch_s=in_epoch_length,
        onset_unit=onset_unit,
        scorer=scorer,
        stage_map=stage_map,
    )
    if epoch_length is not None:
        hypnogram = hypnogram.resample_to(epoch_length)
    write_hypnogram(hypnogram, target, format=to_format, coding=out_coding, overwrite=overwrite)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{source}: {hypnogram}")
    for note in hypnogram.notes:
        console.print(f"  note: {note}")
    console.print(f"{target}: written")
    written_as = "txt" if out_coding is not None and to_format is None else to_format
    if lost := lost_in(hypnogram, target, format=written_as):
        console.print(f"  note: this format does not keep: {', '.join(lost)}")
