"""``eegvlm failing-channel``: one channel at a time fails for most of every epoch, and the model is judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

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
from eegvlm.cli.model_options import BatchSize, ChannelChoice, Device, Dtype, JudgedModel, JudgedSet, names_among
from eegvlm.cli.wide_console import wide_console
from eegvlm.core.notice import NOTICE

_KINDS = ("noise", "flat", "saturated", "swapped")
_MARKDOWN, _JSON = "channel-failure.md", "channel-failure.json"


def failing_channel(
    model: JudgedModel,
    dataset: JudgedSet,
    root: Annotated[str | None, typer.Argument(metavar="ROOT", help="Where it lies.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help=f"Folder for {_MARKDOWN} and {_JSON}.", show_default=False)] = None,
    roles: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Whose channel fails: eeg_central,eog_left ...", show_default="each in turn"),
    ] = None,
    kinds: Annotated[str, typer.Option(metavar="LIST", help="How it fails.")] = ",".join(_KINDS),
    share: Annotated[float, typer.Option(min=0.01, max=0.95, help="Share of each epoch, in one stretch.")] = 0.7,
    attributed: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="In N epochs of each night: what the answers hang on before and after; 0: not asked.",
        ),
    ] = 20,
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
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of the subjects.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples, places and epochs.")] = 0,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Let one channel at a time fail for most of every epoch, and judge the model again.

    Accuracy, balanced accuracy and kappa on the same epochs before and after, and what the answers hang on.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.signals import Role, parse_channels

    chosen = parse_channels(channels or ())
    role_names = tuple(str(role) for role in Role if role is not Role.OTHER)
    failing_roles = [
        Role(name) for name in names_among("--roles", role_names if roles is None else [roles], role_names)
    ]
    ways = names_among("--kinds", [kinds], _KINDS)
    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    if out is not None:
        check_output_folder(out, files=(_MARKDOWN, _JSON))
    nights = open_nights(dataset, root, scorer=scorer, wake_crop_min=wake_crop, only=only, rules=rules)

    from eegvlm.lab.evaluation import ConfusionBootstrap, systems
    from eegvlm.lab.evaluation.channel_failure import channel_failures
    from eegvlm.lab.evaluation.failing_channel import Kind
    from eegvlm.lab.evaluation.failure_attribution import PanelWorth
    from eegvlm.lab.evaluation.failure_report import FailureReport
    from eegvlm.staging import Stager

    stager = Stager.from_pretrained(model, device=device, dtype=dtype)
    with bar("failing channels") as tell:
        rows = channel_failures(
            systems.whole_model(stager, batch_size=batch_size),
            nights.nights,
            roles=failing_roles,
            kinds=[cast("Kind", way) for way in ways],
            share=share,
            attributed=PanelWorth(stager, attributed, seed) if attributed else None,
            channels=chosen,
            progress=tell,
            bootstrap=ConfusionBootstrap(resamples, seed),
        )
    about: dict[str, Any] = {key: value for key, value in stager.provenance.items() if key != "notice"}
    about |= {"data set": nights.name, "nights": len(nights.nights), "share of each epoch": share, "seed": seed}
    report = FailureReport(about, rows)
    console = wide_console()
    for table in report.tables():
        console.print(table.rich())
        console.print()
    for note in report.notes():
        console.print(f"note: {note}", soft_wrap=True)
    if out is not None:
        console.print("files: " + ", ".join(map(str, report.write(out))), soft_wrap=True)
    console.print(NOTICE, style="dim")
