"""``eegvlm review``: the local page on which a scorer checks, corrects and signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eegvlm.cli.collection import collection_paused
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.signals import Recording


def review(
    night: Annotated[
        Path,
        typer.Argument(
            metavar="NIGHT_DIR|RECORDING",
            help="A folder that eegvlm stage wrote, one that holds several, or a recording.",
        ),
    ],
    scoring: Annotated[
        Path | None, typer.Option(help="A scorer's file, to compare with or, without a model, to begin with.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results of a recording.")] = Path("staged"),
    model: Annotated[str, typer.Option(help="Model for a recording that is not staged yet; none: no model.")] = "nano",
    channels: Annotated[
        list[str] | None,
        typer.Option(
            "--channels", metavar="ROLE=LABEL,...", help="Choose channels yourself, e.g. eeg=Fpz-Cz,eog=LOC-A2."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: the last one of this night, or any.")] = 0,
) -> None:
    """Open a page on this machine to check a night, correct it, and sign it."""
    from eegvlm.review import serve
    from eegvlm.review.work_list import find_nights
    from eegvlm.signals import read_recording
    from eegvlm.signals.overrides import parse_channels

    if scoring is not None and not scoring.is_file():
        raise InputError(scoring, "--scoring", "no such file", "check the path")
    if not night.exists():
        raise InputError(night, "night", "no such file or folder", "give a recording, or a folder that was staged")
    chosen = parse_channels(channels or ()) or None
    if night.is_dir():
        folders = find_nights(night)
    else:
        recording = read_recording(night, chosen)
        folders = [_folder_of(recording, out, model, is_scored=scoring is not None)]
    serve(folders, scoring=scoring, channels=chosen, port=port, ready=_say_address)


def _say_address(address: str) -> None:
    typer.echo(f"open {address}")
    typer.echo("close with the button on the page, or Ctrl-C")


def _folder_of(recording: Recording, out: Path, model: str, *, is_scored: bool) -> Path:
    """Return the folder of a recording's results; where there are none and no scoring is given, it is staged now."""
    from eegvlm.review.description import prepare
    from eegvlm.staging.results_folder import SUMMARY, ResultsFolder

    folder = out / recording.path.stem
    if (folder / SUMMARY).is_file():
        ResultsFolder(folder).check(recording.describe())
    elif model != "none" and not is_scored:
        _stage(recording, folder, model)
    prepare(folder, recording)
    return folder


def _stage(recording: Recording, folder: Path, model: str) -> None:
    with collection_paused():
        from eegvlm.staging import StageOptions, Stager
        from eegvlm.staging.pipeline import stage_recording

        stager = Stager.from_pretrained(model)
    typer.echo(f"staging {recording.path.name}: {recording.n_epochs} epochs", err=True)
    stage_recording(recording, folder, stager, StageOptions())
