"""``eegvlm convert``: a scoring from one format to another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from eegvlm.cli.scoring_options import OnsetUnitOption, ScorerOption, StageMapOption
from eegvlm.core.scoring_names import CODINGS, READABLE, WRITABLE, choice_of

_SHORTEST_SCORED_S = 20.0  # scorers use epochs of 20 or 30 s; shorter ones are of programs


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="The scoring to read; night.edf:Hypnogram is a signal.", show_default=False),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The file to write: .edf, .csv, .tsv, .json, .txt, -nsrr.xml or -profusion.xml.",
            show_default=False,
        ),
    ],
    from_format: Annotated[
        str | None,
        typer.Option("--from", metavar="F", help=f"Format of IN, if its content does not tell: {', '.join(READABLE)}."),
    ] = None,
    to_format: Annotated[
        str | None,
        typer.Option("--to", metavar="F", help=f"Format of OUT, if its name does not tell: {', '.join(WRITABLE)}."),
    ] = None,
    coding: Annotated[
        str | None,
        typer.Option(metavar="C", help=f"Integer codes of IN: {choice_of(CODINGS)}."),
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
    with_recording: Annotated[
        Path | None,
        typer.Option("--with", metavar="EDF", help="Write a copy of this recording with the scoring in it to OUT."),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="Leave out the # line above a table (start, notes), so that any program reads it."
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what OUT names if it exists.")] = False,
) -> None:
    """Convert a scoring from one format to another.

    R&K stages become AASM stages. What was assumed or lost on the way is printed.
    """
    from rich.console import Console

    from eegvlm.core.files import check_output_file
    from eegvlm.hypnogram import HypnogramError, lost_in, read_hypnogram, write_hypnogram
    from eegvlm.hypnogram.formats.registry import format_to_write
    from eegvlm.hypnogram.joining import write_joined

    check_output_file(target, overwrite=overwrite)
    recording_s = None
    if with_recording is not None:
        from eegvlm.signals.edf import open_edf

        recording_s = float(open_edf(with_recording).duration_s)
    hypnogram = read_hypnogram(
        source,
        format=from_format,
        coding=coding,
        epoch_s=in_epoch_length,
        onset_unit=onset_unit,
        scorer=scorer,
        stage_map=stage_map,
        recording_s=recording_s,
    )
    if epoch_length is not None:
        hypnogram = hypnogram.resample_to(epoch_length)
    elif hypnogram.epoch_s < _SHORTEST_SCORED_S:
        note = f"epochs of {hypnogram.epoch_s:g} s; --epoch-length 30 makes the epochs of the AASM of them"
        hypnogram = hypnogram.with_notes(note)
    console = Console(highlight=False, soft_wrap=True, markup=False)
    written_as = "txt" if out_coding is not None and to_format is None else to_format
    if plain and (with_recording is not None or (written_as or format_to_write(target).name) != "csv"):
        raise HypnogramError(target, "--plain", target.suffix, "only hypnogram.csv has a # line; leave --plain out")
    if with_recording is not None:
        if written_as not in (None, "edf") or out_coding is not None:
            raise HypnogramError(target, "--with", written_as, "a recording holds its scoring as EDF+ annotations")
        lost = lost_in(hypnogram, target, format="edf")
        notes = (*hypnogram.notes, *write_joined(hypnogram, with_recording, target, overwrite=overwrite))
    else:
        lost, notes = lost_in(hypnogram, target, format=written_as), hypnogram.notes
        if plain:
            lost += [] if hypnogram.start is None else ["start time"]
            hypnogram = replace(hypnogram, start=None, notes=())
        write_hypnogram(hypnogram, target, format=to_format, coding=out_coding, overwrite=overwrite)
    console.print(f"{source}: {hypnogram}")
    for note in notes:
        console.print(f"  note: {note}")
    console.print(f"{target}: written")
    if lost:
        console.print(f"  note: this format does not keep: {', '.join(lost)}")
