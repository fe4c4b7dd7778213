"""``eegvlm attribute``: what a model's answers hang on, by patch of the picture and by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eegvlm.cli.bar import bar
from eegvlm.cli.dataset_options import (
    Coding,
    EpochLength,
    Only,
    OnsetUnit,
    Scorer,
    Scorings,
    StageMap,
    Subject,
    WakeCrop,
    folder_rules,
    open_nights,
)
from eegvlm.cli.model_options import ChannelChoice, Device, Dtype, JudgedModel
from eegvlm.cli.wide_console import wide_console
from eegvlm.core.notice import NOTICE
from eegvlm.errors import InputError

if TYPE_CHECKING:
    from eegvlm.attribution import AttributedRecording
    from eegvlm.hypnogram import Hypnogram
    from eegvlm.lab.datasets import Night
    from eegvlm.signals import Recording
    from eegvlm.staging import Stager

    Channels = Mapping[str, str | Sequence[str]]


class Blank(StrEnum):
    """What stands in a patch's place."""

    BACKGROUND = "background"
    OTHER = "other"
    NOISE = "noise"


class Followed(StrEnum):
    """Whose stage's probability is followed."""

    ANSWER = "answer"
    EXPERT = "expert"


class GivenInputs(StrEnum):
    """What a model that reads evidence is given."""

    BOTH = "both"
    PICTURE = "picture"


def attribute(
    model: JudgedModel,
    recording: Annotated[
        str,
        typer.Argument(
            metavar="RECORDING|DATASET",
            help="EDF, EDF+, BDF, or what MNE reads; or one of `eegvlm dataset list`, simulated:nights=4,seed=3000000.",
        ),
    ],
    root: Annotated[str | None, typer.Argument(metavar="ROOT", help="Where the data set lies.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for attribution.json, attribution.npz and the figures.")] = Path(
        "attributed"
    ),
    patches: Annotated[
        str, typer.Option(help="14: squares of 14 pixels; panel: whole channels; 3s: three seconds of each channel.")
    ] = "14",
    blank: Annotated[
        Blank,
        typer.Option(
            help="What stands in a patch's place: the panel's background, another epoch's patch, or noise of the "
            "same spectrum."
        ),
    ] = Blank.BACKGROUND,
    draws: Annotated[int, typer.Option(min=1, help="Draws of other and noise that are averaged.")] = 1,
    epochs: Annotated[
        str | None, typer.Option(metavar="LIST", help="Epochs of a recording, from 1, such as 12,40-45.")
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, metavar="N", help="Without --epochs: N of each night, of all stages alike.")
    ] = 100,
    of: Annotated[
        Followed, typer.Option(help="Whose stage is followed; expert: only of a data set.")
    ] = Followed.ANSWER,
    inputs: Annotated[
        GivenInputs, typer.Option(help="picture: withhold the evidence from a model that reads it.")
    ] = GivenInputs.BOTH,
    curves: Annotated[bool, typer.Option("--curves/--no-curves", help="Deletion and insertion curves.")] = True,
    figures: Annotated[str, typer.Option(help="png, svg, pdf, separated by commas, or none.")] = "png",
    report: Annotated[
        bool, typer.Option("--report", help="Stage the recording, too: a report with the epochs' maps laid over.")
    ] = False,
    channels: ChannelChoice = None,
    wake_crop: WakeCrop = None,
    only: Only = None,
    scorer: Scorer = None,
    coding: Coding = None,
    scorings: Scorings = None,
    epoch_length: EpochLength = None,
    subject: Subject = None,
    stage_map: StageMap = None,
    onset_unit: OnsetUnit = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the epochs, blanks and orders that are drawn.")] = 0,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Pictures read at a time.", show_default="as suits the device")
    ] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Map what a model's answers hang on: patches of the picture are blanked, one at a time.

    Maps, means by stage, shares of channels, and curves that say whether the maps are right.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.lab.datasets import DATASETS
    from eegvlm.signals import parse_channels, read_recording

    chosen = parse_channels(channels or ())
    formats = () if figures == "none" else tuple(name.strip() for name in figures.split(","))
    rows = None if epochs is None else _places(epochs)
    is_dataset = recording.partition(":")[0] in DATASETS
    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    for option, value in (("--epochs", epochs), ("--report", report or None)):
        if is_dataset and value is not None:
            raise InputError("arguments", option, value, "it is for one recording: name a file, or leave it out")
    if not is_dataset and of is Followed.EXPERT:
        raise InputError("arguments", "--of", of.value, "a recording alone has no expert: name a data set")
    check_output_folder(out, files=_files(formats, report=report))
    nights: Sequence[Night] = ()
    opened = None
    if is_dataset:
        nights = open_nights(recording, root, scorer=scorer, wake_crop_min=wake_crop, only=only, rules=rules).nights
    else:
        opened = read_recording(Path(recording), chosen)

    from eegvlm.attribution import Blanking, attribute_recording, cut, write_attribution
    from eegvlm.attribution.figures import check_formats
    from eegvlm.staging import Stager

    check_formats(formats)
    stager = Stager.from_pretrained(model, inputs=inputs.value, device=device, dtype=dtype)
    cut(stager.processor.layout, patches)
    cutting = Blanking(patches, blank.value, draws if blank is not Blank.BACKGROUND else 1, curves, seed)
    attributed: dict[str, AttributedRecording] = {}
    failed: list[InputError] = []
    for name, read in _readers(opened, nights, chosen, of):
        try:
            night, expert = read()
            with bar(name) as tell:
                attributed[name] = attribute_recording(
                    stager,
                    night,
                    cutting,
                    name=name,
                    epochs=rows,
                    most=most,
                    expert=expert,
                    batch_size=batch_size,
                    progress=tell,
                )
        except InputError as error:
            failed.append(error)
    if not attributed:
        raise failed[0]
    provenance = {
        **stager.provenance,
        "followed": of.value,
        "inputs": inputs.value,
        "seed": seed,
        "nights": list(attributed),
        "left_out": [str(error) for error in failed],
    }
    written = write_attribution(out, {name: result.attribution for name, result in attributed.items()}, provenance)
    if formats:
        written += _draw(out, attributed, formats, stager.provenance["model"], everything=rows is not None)
    if opened is not None and report:
        written.append(_report(out, stager, opened, attributed[opened.path.stem]))
    _print(attributed, failed, written)


def _readers(
    opened: Recording | None, nights: Sequence[Night], chosen: Channels, of: Followed
) -> Iterator[tuple[str, Callable[[], tuple[Recording, Hypnogram | None]]]]:
    """Yield the name of each night, and what opens it."""

    def read(night: Night) -> tuple[Recording, Hypnogram | None]:
        return night.recording(chosen), night.hypnogram() if of is Followed.EXPERT else None

    if opened is not None:
        yield opened.path.stem, lambda: (opened, None)
    for night in nights:
        yield night.name, partial(read, night)


def _places(epochs: str) -> list[int]:
    """Return epochs from 0 of a list such as ``12,40-45``, which counts from 1."""
    places: list[int] = []
    for part in epochs.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or int(first) > int(last or first):
            raise InputError("arguments", "--epochs", part, "give numbers and ranges from 1, such as 12,40-45")
        places += range(int(first) - 1, int(last or first))
    return places


def _files(formats: Sequence[str], *, report: bool) -> list[str]:
    """Return the names of the files that are written."""
    figures = [f"{name}.{kind}" for name in ("stages", "epochs") for kind in formats]
    return ["attribution.json", "attribution.npz", *figures, *(["report.html"] if report else [])]


def _draw(
    out: Path, attributed: Mapping[str, AttributedRecording], formats: Sequence[str], model: str, *, everything: bool
) -> list[Path]:
    from eegvlm.attribution.figures import EPOCHS_FIGURE, STAGES_FIGURE, epochs_figure, stages_figure, write_figures
    from eegvlm.attribution.recording import surest

    nights = [night.attribution for night in attributed.values()]
    first = nights[0]
    epochs = [epoch for night in attributed.values() for epoch in night.shown]
    blanked = f"model {model}, patches {first.patches.name}, blank: {first.blank}"
    figures = {
        STAGES_FIGURE: stages_figure(nights, f"What the answer hangs on, by stage ({blanked})"),
        EPOCHS_FIGURE: epochs_figure(
            first.layout,
            first.patches,
            epochs if everything else surest(epochs),
            f"Orange speaks for the stage, purple against it ({blanked})",
        ),
    }
    return write_figures(out, figures, formats)


def _report(out: Path, stager: Stager, recording: Recording, attributed: AttributedRecording) -> Path:
    """Stage the night and write its report with the maps laid over."""
    from eegvlm.attribution.overlay import overlay_of
    from eegvlm.report import write_report

    night = stager.stage(recording, measure=True)
    return write_report(out / "report.html", night, overlay=overlay_of(attributed.attribution))


def _print(
    attributed: Mapping[str, AttributedRecording], failed: Sequence[InputError], written: Sequence[Path]
) -> None:
    from rich.table import Table

    from eegvlm.attribution import by_stage
    from eegvlm.attribution.figures import panel_words

    nights = [night.attribution for night in attributed.values()]
    layout = nights[0].layout
    console = wide_console()
    table = Table(title="Fall of the stage's log probability without each channel, nats (share)", title_justify="left")
    curves = nights[0].curves is not None
    for column in ("stage", "epochs", *panel_words(layout), *(("deletion", "insertion") if curves else ())):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage_mean in by_stage(nights):
        cells = [
            "-" if loss != loss else f"{loss:.3f}" + (f" ({share:.0%})" if share > 0 else "")
            for loss, share in zip(stage_mean.panel_losses.tolist(), stage_mean.panel_shares.tolist(), strict=True)
        ]
        areas = stage_mean.areas or {}
        ranked = [
            f"{areas[kind]:.2f} / {areas[f'{kind} by chance']:.2f}" for kind in ("deletion", "insertion") if areas
        ]
        table.add_row(
            "all" if stage_mean.stage is None else stage_mean.stage.label, str(stage_mean.epochs), *cells, *ranked
        )
    console.print(table)
    if curves:
        console.print(
            "deletion, insertion: mean probability of the stage while patches are blanked, or brought back, those "
            "with the largest falls first / by chance; lower is better for deletion, higher for insertion",
            soft_wrap=True,
        )
    for error in failed:
        console.print(f"left out: {error}", soft_wrap=True)
    console.print("files: " + ", ".join(map(str, written)), soft_wrap=True)
    console.print(NOTICE, style="dim")
