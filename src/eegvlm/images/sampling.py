"""Epochs from all over a recording, which stand for the whole of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eegvlm.images.channels import panel_signals
from eegvlm.images.layout import ImageLayout
from eegvlm.signals import Recording

STRETCH, _ENOUGH = 10, 240  # epochs


def sampled_signals(layout: ImageLayout, recording: Recording) -> dict[str, NDArray[np.float32]]:
    """Return signals from all over a recording: of up to 240 epochs in 24 places spread over it evenly.

    Returns
    -------
    dict
        Panel name to (n, samples) microvolt at the layout's rate; all epochs have a signal.
    """
    scorable = recording.scorable
    usable = np.flatnonzero(scorable)
    places = [slice(0, recording.n_epochs)]
    if len(usable) > _ENOUGH:
        firsts = (int(usable[place.start]) for place in stretches(len(usable)))
        places = [slice(first, min(first + STRETCH, recording.n_epochs)) for first in firsts]
    parts = [panel_signals(layout, recording, place.start, place.stop - place.start) for place in places]
    held = np.concatenate([scorable[place] for place in places])
    return {name: np.concatenate([part[name] for part in parts])[held] for name in parts[0]}


def stretches(n: int) -> list[slice]:
    """Return which of n consecutive epochs to measure: all of up to 240, or 24 stretches of ten, spread evenly."""
    if n <= _ENOUGH:
        return [slice(0, n)]
    firsts = np.linspace(0, n - STRETCH, _ENOUGH // STRETCH).astype(int).tolist()
    return [slice(first, first + STRETCH) for first in firsts]
