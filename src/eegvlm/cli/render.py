"""``eegvlm render``: one epoch as the model sees it, with what a person needs to read it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from eegvlm.core.files import check_output_file, replacing
from eegvlm.errors import InputError
from eegvlm.signals import EPOCH_S, Recording, parse_channels, read_recording

if TYPE_CHECKING:
    from eegvlm.images import ImageLayout, PreparedNight
    from eegvlm.images.figure import PanelLabel
    from eegvlm.images.shown_channel import ShownChannel

_READABLE_WIDTH = 1000


def render(
    recording: Annotated[Path, typer.Argument(help="Recording: EDF, BDF, or what MNE reads.")],
    epoch: Annotated[int, typer.Option("--epoch", help="Which epoch, counted from 1.")],
    out: Annotated[Path, typer.Option("--out", help="The PNG to write.")],
    layout: Annotated[str, typer.Option("--layout", help="A layout's name, or a JSON file that holds one.")] = "nano",
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", help="Your own channels: eeg=Fpz-Cz,eog_left=LOC; A-B derives A against B."),
    ] = None,
    scale: Annotated[
        int | None, typer.Option("--scale", min=1, max=16, help="How many times the pixels are enlarged.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the model's pixels alone, without axes and names.")] = False,
) -> None:
    """Draw one epoch as the model sees it."""
    from eegvlm.images import PreparedNight, load_layout
    from eegvlm.images.figure import enlarge, figure

    if out.suffix.lower() != ".png":
        raise InputError(out, "--out", out.suffix or "no ending", "name a file that ends in .png")
    check_output_file(out)
    image_layout = load_layout(layout)
    opened = read_recording(recording, parse_channels(channels or ()))
    if not 1 <= epoch <= opened.n_epochs:
        hint = f"the recording has {opened.n_epochs} epochs: give 1 to {opened.n_epochs}"
        raise InputError(recording, "--epoch", epoch, hint)
    night = PreparedNight.read(opened, image_layout)
    if not night.panels:
        names = ", ".join(channel.name for channel in opened.channels) or "none"
        hint = f"name one with --channels eeg=LABEL; the channels are {names}"
        raise InputError(recording, f"channels for layout {image_layout.name}", "none found", hint)
    channels_shown = {panel.name: night.shown_in(panel.name, epoch - 1) for panel in image_layout.panels}
    picture = night.pictures(np.array([epoch - 1]))[0].numpy()
    if raw:
        image = enlarge(picture, scale or 1)
    else:
        state = _state(opened, night, epoch)
        image = figure(
            image_layout,
            picture,
            _labels(image_layout, channels_shown),
            title=f"{recording.name}, epoch {epoch} of {opened.n_epochs}",
            subtitle=", ".join(filter(None, (_times(opened, epoch), state))),
            scale=scale or max(1, round(_READABLE_WIDTH / image_layout.width)),
        )
    with replacing(out) as temporary:
        image.save(temporary, format="PNG", optimize=True)
    what = ", ".join(f"{name}: {channel.name if channel else 'none'}" for name, channel in channels_shown.items())
    typer.echo(f"{out}: epoch {epoch} of {opened.n_epochs}, layout {image_layout.name} ({what})")


def _labels(layout: ImageLayout, channels: dict[str, ShownChannel | None]) -> dict[str, PanelLabel]:
    from eegvlm.images import Correction
    from eegvlm.images.figure import PanelLabel

    labels = {}
    for panel in layout.panels:
        channel = channels[panel.name]
        role = channel.role if channel and channel.role else panel.roles[0]
        name = " ".join(dict.fromkeys((role.modality.upper(), role.place)))
        correction = channel.correction if channel else Correction()
        channel_note = channel.channel.note if channel and channel.channel else ""
        note = "; ".join(filter(None, (channel_note, correction.in_words)))
        labels[panel.name] = PanelLabel(name, channel.name if channel else "no channel", note, correction.gain)
    return labels


def _times(recording: Recording, epoch: int) -> str:
    start = timedelta(seconds=(epoch - 1) * EPOCH_S)
    stop = start + timedelta(seconds=EPOCH_S)
    text = f"{start} to {stop} after the start"
    if recording.start is not None:
        text += f" ({recording.start + start:%H:%M:%S} to {recording.start + stop:%H:%M:%S})"
    return text


def _state(recording: Recording, night: PreparedNight, epoch: int) -> str:
    if recording.scorable[epoch - 1]:
        return "" if night.usable[epoch - 1] else "no usable EEG"
    is_partial = epoch == recording.n_epochs and recording.partial_last_s
    return f"incomplete: {recording.partial_last_s:g} s" if is_partial else "in a gap of the recording"
