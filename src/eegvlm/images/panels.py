"""Which channel of a recording each panel shows, and its signal at the layout's rate and in the panel's band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.images.layout import ImageLayout
from eegvlm.signals import Channel, Recording


def panel_channels(layout: ImageLayout, recording: Recording) -> dict[str, Channel | None]:
    """Return the channel of each panel.

    Parameters
    ----------
    layout
        The layout whose panels are to be filled.
    recording
        Where channels are looked for, by the panel's roles in their order.

    Returns
    -------
    dict
        Panel name to channel, in the layout's order; None where the recording has none, or one that is too slow to
        hold the panel's band (a chin EMG stored as one value a second).
    """
    channels = {}
    for panel in layout.panels:
        channel = recording.pick(panel.roles)
        lowest = panel.band[0] or 0.0
        channels[panel.name] = None if channel is None or channel.rate / 2 <= lowest else channel
    return channels


def panel_derivations(layout: ImageLayout, recording: Recording, panel: str) -> list[Channel]:
    """Return every channel of a recording that can stand in a panel, best first.

    Parameters
    ----------
    layout
        The layout.
    recording
        Where channels are looked for, by the panel's roles in their order. Where the user chose channels, there are no
        others.
    panel
        The panel's name.

    Returns
    -------
    list of Channel
        Those that hold the panel's band; the first is what :func:`panel_channels` returns.
    """
    geometry = layout.panel(panel)
    lowest = geometry.band[0] or 0.0
    candidates = [
        channel for role in geometry.roles for channel in recording.derivations(role) if channel.rate / 2 > lowest
    ]
    return list({channel.terms: channel for channel in reversed(candidates)}.values())[::-1]


def panel_signals(
    layout: ImageLayout, recording: Recording, first: int = 0, count: int | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return what :func:`~eegvlm.images.render` draws.

    Parameters
    ----------
    layout
        Gives the rate and the bands.
    recording
        Where the signals come from.
    first, count
        The epochs, counted from 0; by default all.

    Returns
    -------
    dict
        Panel name to float32 ``(count, samples)`` microvolt, NaN where an epoch is in a gap or incomplete. Panels
        without a channel are left out.
    """
    return {
        name: recording.epochs(channel, rate=layout.rate, band=layout.panel(name).band, first=first, count=count)
        for name, channel in panel_channels(layout, recording).items()
        if channel is not None
    }
