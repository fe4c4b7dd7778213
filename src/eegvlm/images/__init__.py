"""Pictures of epochs: what is drawn where, the rasteriser, and the way back from a picture to the signal.

``render`` and ``recover_signal`` are imported when they are first asked for: a layout alone does not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eegvlm.images.corrections import Correction, corrected, signal_corrections
from eegvlm.images.layout import Floor, GridLines, ImageLayout, LayoutError, Level, Panel
from eegvlm.images.layout_json import layout_names, load_layout
from eegvlm.images.night import PreparedNight
from eegvlm.images.panels import panel_channels, panel_signals

if TYPE_CHECKING:
    from eegvlm.images.inverse import recover_signal
    from eegvlm.images.raster import render

__all__ = [
    "Correction",
    "Floor",
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

_LAZY = {"render": "eegvlm.images.raster", "recover_signal": "eegvlm.images.inverse"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
