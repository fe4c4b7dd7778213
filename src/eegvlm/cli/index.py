"""``eegvlm index``: scored nights to a store of epochs that resemble others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    folder_rules,
    open_nights,
)
from eegvlm.cli.model_options import Device


def index(
    nights: Annotated[
        str,
        typer.Argument(metavar="FOLDER|DATASET", help="A folder of recordings with scorings, or a data set's name."),
    ],
    root: Annotated[str | None, typer.Argument(metavar="ROOT", help="Where the data set lies.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the index.")] = Path("index"),
    encoder: Annotated[str, typer.Option(help="EEG-VLM whose enhancement network sees the epochs.")] = "nano",
    layout: Annotated[
        str | None,
        typer.Option(help="Keep pictures of this layout, or of this general-purpose checkpoint's, to show to it."),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, metavar="N", help="Epochs of a stage kept a night; 40 with --layout, else all."),
    ] = None,
    scorer: Scorer = None,
    only: Only = None,
    coding: Coding = None,
    scorings: Scorings = None,
    epoch_length: EpochLength = None,
    subject: Subject = None,
    stage_map: StageMap = None,
    onset_unit: OnsetUnit = None,
    device: Device = "auto",
) -> None:
    """Build a store of scored epochs by what the enhancement network sees and what was measured.

    `eegvlm stage --examples INDEX` shows the nearest of other persons to a general-purpose model, or lets them vote.
    """
    from eegvlm.core.files import check_output_folder
    from eegvlm.images import load_layout
    from eegvlm.lab.datasets import DATASETS
    from eegvlm.model.general import StagerSettings, is_general
    from eegvlm.retrieval import Encoder, build_index
    from eegvlm.retrieval.epoch_index import ABOUT, ARRAYS
    from eegvlm.staging.precision import choose_device

    check_output_folder(out, files=(ABOUT, ARRAYS))
    image_layout = None
    if layout is not None:
        image_layout = StagerSettings.read(Path(layout)).layout if is_general(Path(layout)) else load_layout(layout)
    rules = folder_rules(scorings, coding, epoch_length, subject, stage_map, onset_unit)
    name, place = (nights, root) if nights.partition(":")[0] in DATASETS else ("folder", nights)
    opened = open_nights(name, place, scorer=scorer, only=only, rules=rules)
    with bar("nights") as tell:
        store, left_out = build_index(
            opened.nights,
            out,
            encoder=Encoder.load(encoder, device=choose_device(device)),
            layout=image_layout,
            most_a_stage=most or (None if image_layout is None else 40),
            progress=tell,
        )
    persons = len({entry["person"] for entry in store.about["nights"]})
    typer.echo(f"{out}: {len(store)} epochs of {len(store.about['nights'])} nights of {persons} persons, by {encoder}")
    for night, why in left_out.items():
        typer.echo(f"left out: {night}: {why}")
