"""Pictures of epochs: what is drawn where, the rasteriser, and the way back from a picture to the signal.

``render`` and ``recover_signal`` are imported when they are first asked for: a layout alone does not wait for torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eegvlm.images.corrections import Correction, corrected, signal_corrections
from eegvlm.images.layout import ArtefactLimit, GridLines, ImageLayout, LayoutError, Level, Panel
from eegvlm.images.layout_json import layout_names, load_layout
from eegvlm.images.night import PreparedNight
from eegvlm.images.panels import panel_channels, panel_signals

if TYPE_CHECKING:
    from eegvlm.images.inverse import recover_signal
    from eegvlm.images.raster import render

__all__ = [
    "ArtefactLimit",
    "Correction",
    "GridLines",
    "ImageLayout",
    "LayoutError",
    "Level",
    "Panel",
    "PreparedNight",
    "corrected",
    "layout_names",
    "load_layout",
    "panel_channels",
    "panel_signals",
    "recover_signal",
    "render",
    "signal_corrections",
]

__getattr__, _, _ = lazy_loader.attach(__name__, submod_attrs={"inverse": ["recover_signal"], "raster": ["render"]})
