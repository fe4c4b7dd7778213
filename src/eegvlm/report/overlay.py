"""What an answer hangs on, laid over the traces of some epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.errors import InputError


@dataclass(frozen=True, eq=False)
class Overlay:
    """Weights of stretches of time, by epoch and panel.

    Parameters
    ----------
    caption
        What the colours mean, in a sentence without a full stop.
    epochs
        Epoch, from 0 -> panel's name -> a weight for each of any number of equal stretches of the epoch. Positive ones
        speak for the stage, negative ones against it; shades are relative to the epoch's largest.
    """

    caption: str
    epochs: Mapping[int, Mapping[str, npt.NDArray[np.floating]]]


def put_weights(details: Sequence[dict[str, Any]], overlay: Overlay, panels: Sequence[str]) -> None:
    """Add ``weights`` to the details of the overlay's epochs: for each panel, shades from -100 to 100, or None.

    Raises
    ------
    InputError
        If an epoch is none of the night's.
    """
    for epoch, by_panel in overlay.epochs.items():
        if not 0 <= epoch < len(details):
            raise InputError("report", "overlay: epoch", epoch + 1, f"the night has epochs 1 to {len(details)}")
        most = max((float(np.abs(weights).max()) for weights in by_panel.values()), default=0.0)
        details[epoch]["weights"] = [
            None if name not in by_panel or most == 0 else np.round(100 * by_panel[name] / most).astype(int).tolist()
            for name in panels
        ]
