"""Maps of epochs as weights of stretches of time, for the report's traces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eegvlm.attribution.attribution import Attribution
from eegvlm.attribution.patches import seconds_of_pixels
from eegvlm.report.overlay import Overlay
from eegvlm.signals import EPOCH_S

_BINS = 60  # half a second each: shorter than a patch in any packaged layout
_WORDS = {
    "background": "an empty panel",
    "other": "a patch of another epoch",
    "noise": "noise of the same spectrum",
}


def overlay_of(attribution: Attribution) -> Overlay:
    """Return the maps of a night for :func:`eegvlm.report.write_report`.

    Patches one above the other, at the same time in the same panel, are added up.
    """
    layout, labels = attribution.layout, attribution.patches.labels
    areas = np.bincount(labels[labels >= 0].ravel(), minlength=len(attribution.patches))
    epochs: dict[int, dict[str, npt.NDArray[np.float64]]] = {}
    for epoch, losses in zip(attribution.epochs.tolist(), attribution.losses, strict=True):
        spread = np.append(losses / np.maximum(areas, 1), 0.0)[labels]  # nats a pixel
        epochs[epoch] = {
            panel.name: np.bincount(
                np.floor(seconds_of_pixels(layout, panel) * _BINS / EPOCH_S).astype(int).ravel(),
                weights=spread[panel.top : panel.top + panel.height].ravel(),
                minlength=_BINS,
            ).astype(np.float64)
            for panel in layout.panels
        }
    caption = (
        "Orange speaks for the stage, purple against it: how far its log probability falls when that part of the "
        f"picture is replaced by {_WORDS[attribution.blank]}"
    )
    return Overlay(caption, epochs)
